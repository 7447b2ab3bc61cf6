"""`/user...`: tokens, who is online, ending sessions.

Source: WuKongIM `internal/api/user.go`. A token makes a user known; with `device_level` 1 it ends
the sessions that the user has with the same device flag.
"""

from __future__ import annotations

from imcli.model.actions import Kick
from imcli.model.entities import DeviceKind
from imcli.simulator.conversations.row_list import SYSTEM_USER
from imcli.simulator.wukongim.api.calls import OK, Call, Reply, failed, is_special

FLAGS: dict[DeviceKind, int] = {"app": 0, "web": 1, "pc": 2}
EVERY = -1


def token(call: Call) -> Reply:
    """`POST /user/token`."""
    body = call.fields("updateTokenReq")
    uid = body.text("uid")
    if not uid:
        return failed("uid不能为空！")
    if not body.text("token"):
        return failed("token不能为空！")
    if is_special(uid) or uid == SYSTEM_USER:
        return failed("uid不合法！")
    call.know(uid)
    if body.integer("device_level") == 1:
        _kick(call, uid, body.integer("device_flag"))
    return OK


def device_quit(call: Call) -> Reply:
    """`POST /user/device_quit`; whatever happens, it is a success."""
    body = call.fields()
    _kick(call, body.text("uid"), body.integer("device_flag"))
    return OK


def _kick(call: Call, uid: str, flag: int) -> None:
    owner = call.state.users.get(uid)
    for name, device in list(owner.devices.items()) if owner is not None else ():
        if device.session and flag in (EVERY, FLAGS[device.kind]):
            call.apply(Kick(uid, name))


def online(call: Call) -> Reply:
    """`POST /user/onlinestatus`: one element per connection; nobody asked for is an object."""
    uids = call.uids()
    if not uids:
        return OK
    found = []
    for uid in uids:
        owner = call.state.users.get(uid)
        for device in owner.devices.values() if owner is not None else ():
            if device.session:
                found.append({"uid": uid, "device_flag": FLAGS[device.kind], "online": 1})
    return 200, found


def system_uids(call: Call) -> Reply:
    """`GET /user/systemuids`: the built-in one is not listed."""
    return 200, None
