"""`/message/sync` and `/message/syncack`: commands that somebody missed."""

from __future__ import annotations

from imcli.simulator.wukongim.api.calls import OK, Call, Reply, failed
from imcli.simulator.wukongim.api.objects import written_range


def sync(call: Call) -> Reply:
    """`POST /message/sync`; `message_seq` is not read."""
    body = call.fields("syncReq")
    user, limit = body.text("uid"), body.integer("limit")
    if not user.strip():
        return failed("用户uid不能为空！")
    if limit < 0:
        return failed("limit不能为负数！")
    batches = call.family.missed(call, user, limit)
    return 200, [each for batch in batches for each in written_range(batch, call.form)]


def syncack(call: Call) -> Reply:
    """`POST /message/syncack`; `last_message_seq` must not be 0 and is not used."""
    body = call.fields("syncackReq")
    user = body.text("uid")
    if not user.strip():
        return failed("用户UID不能为空！")
    if not body.number("last_message_seq", 0, (1 << 32) - 1, "uint32"):
        return failed("最后一次messageSeq不能为0！")
    call.family.acknowledge(call, user)
    return OK
