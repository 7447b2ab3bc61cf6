"""`/user...`: tokens, who is online, ending sessions, system accounts.

Source: WuKongIM `internal/api/user.go`. A token makes a user known and stands for one device flag;
with `device_level` 1 it ends the sessions that the user has with that flag. A system account passes
the checks of senders; it is kept in the store and in each node's cache, and the cache is asked.
"""

from __future__ import annotations

from imcli.model.entities import DEVICE_FLAGS, SYSTEM_USER
from imcli.simulator.wukongim.api.calls import OK, Call, Handler, Reply, failed
from imcli.simulator.wukongim.api.names import is_special
from imcli.simulator.wukongim.api.surroundings import Ending

EVERY = -1
MASTER = 1


def token(call: Call) -> Reply:
    """`POST /user/token`; who is banned as a sender gets none."""
    body = call.fields("UpdateTokenReq")
    uid, text = body.text("uid"), body.text("token")
    flag, level = (body.number(f"device_{name}", 0, 255, "uint8") for name in ("flag", "level"))
    if not uid:
        return failed("uid不能为空！")
    if not text:
        return failed("token不能为空！")
    if is_special(uid):
        return failed("uid不能包含特殊字符！")
    if uid == SYSTEM_USER:
        return failed("系统账号不允许更新token！")
    owner = call.user_w(uid)
    if owner.flags.get("banned"):
        return 200, {"status": 19}
    if owner.dismissed and call.traits.later_routes:
        return 200, {"status": 24}
    owner.tokens = {**owner.tokens, flag: (text, level)}
    if level == MASTER:
        _end(call, uid, flag, "token")
    return OK


def device_quit(call: Call) -> Reply:
    """`POST /user/device_quit`; whatever happens, it is a success."""
    body = call.fields()
    uid, flag = body.text("uid"), body.integer("device_flag")
    for each in DEVICE_FLAGS.values() if flag == EVERY else (flag,):
        if call.family.may_quit(call.state, uid, each):
            _withdraw(call, uid, each)
            _end(call, uid, each, "quit")
    return OK


def _withdraw(call: Call, uid: str, flag: int) -> None:
    """Empty a token: with an empty one nobody logs in."""
    owner = call.state.user_w(uid)
    if flag in owner.tokens:
        owner.tokens = {**owner.tokens, flag: ("", MASTER)}


def _end(call: Call, uid: str, flag: int, why: Ending) -> None:
    for each in call.around.connected(call.state):
        if (each.uid, each.flag) == (uid, flag):
            call.end_session(uid, each.device, why)


def online(call: Call) -> Reply:
    """`POST /user/onlinestatus`: one element per connection; nobody asked for is an object."""
    uids = call.uids()
    if not uids:
        return OK
    connected = call.around.connected(call.state)
    return 200, [
        {"uid": uid, "device_flag": each.flag, "online": 1}
        for uid in uids
        for each in connected
        if each.uid == uid
    ]


# System accounts


def system_uids(call: Call) -> Reply:
    """`GET /user/systemuids`: those in the store; the built-in one is not listed."""
    found = [uid for uid, owner in call.state.users.items() if owner.listed_system]
    return 200, found or None


def _written(*, on: bool, listed: bool) -> Handler:
    """Make the handler that makes accounts system accounts, or ordinary ones again."""

    def handler(call: Call) -> Reply:
        for uid in call.fields().texts("uids"):
            owner = call.user_w(uid)
            owner.system = on
            if listed:
                owner.listed_system = on
        return OK

    return handler


SYSTEM_ACCOUNTS: dict[str, Handler] = {
    "systemuids_add": _written(on=True, listed=True),
    "systemuids_remove": _written(on=False, listed=True),
    "systemuids_add_to_cache": _written(on=True, listed=False),
    "systemuids_remove_from_cache": _written(on=False, listed=False),
}


def update_plugin(call: Call) -> Reply:
    """`POST /user/update_plugin_no`: which plugin answers for a user."""
    body = call.fields()
    uid, plugin = body.text("uid"), body.text("plugin_no")
    call.user_w(uid).plugin = plugin
    return OK
