"""Reading a channel: windows of its history, single messages, the newest number.

Source: WuKongIM `internal/api/message.go`, `channel.go`. A message is looked for by its number and
its id without reading the log; by its client number among the newest `SEARCHED_MAX`.
"""

from __future__ import annotations

from imcli.model.entities import PERSON, Message
from imcli.simulator.log import Log
from imcli.simulator.wukongim.api.calls import (
    ABSENT,
    BadRequest,
    Call,
    Reply,
    failed,
)
from imcli.simulator.wukongim.api.family import Window
from imcli.simulator.wukongim.api.names import chat_name
from imcli.simulator.wukongim.api.objects import written_message, written_range

SEARCHED_MAX = 10_000
NO_CHANNEL, NO_USER = "channel_id不能为空！", "login_uid不能为空！"


def message_sync(call: Call) -> Reply:
    """`POST /channel/messagesync`."""
    body = call.fields()
    channel_id, user = body.text("channel_id"), body.text("login_uid")
    if not channel_id.strip():
        return failed(NO_CHANNEL)
    if not user.strip():
        return failed(NO_USER)
    chat = chat_name(channel_id, body.channel_type())
    start, end = body.number("start_message_seq"), body.number("end_message_seq")
    limit, upwards = max(body.integer("limit"), 0), body.integer("pull_mode") == 1
    found, more = call.family.window(call, user, chat, Window(start, end, limit, upwards))
    return 200, {
        "start_message_seq": start,
        "end_message_seq": end,
        "more": more,
        "messages": written_range(found, call.form),
    }


def max_seq(call: Call) -> Reply:
    """`GET /channel/max_message_seq`.

    Before 2.2.5 a person channel must be named by its internal id.
    """
    channel_id = call.asked("channel_id")
    if not channel_id:
        return failed(NO_CHANNEL)
    channel_type = call.asked_type()
    key = chat_name(channel_id, channel_type)
    if channel_type == PERSON:
        user = call.asked("login_uid")
        if call.traits.later_routes and user and "@" not in channel_id:
            key = call.server.key_of(user, channel_id)
        else:
            key = call.family.key_of_internal(channel_id)
    last = call.family.last_seq(call.state, key)
    return failed("not found") if last is None else (200, {"message_seq": last})


def last_message(call: Call) -> Reply:
    """`GET /channel/last_message`."""
    user, channel_id = call.asked("login_uid"), call.asked("channel_id")
    if not channel_id:
        return failed(NO_CHANNEL)
    channel_type = call.asked_type()
    if channel_type == PERSON and not user:
        return failed(NO_USER)
    search = Search(call, user, _key(call, user, channel_id, channel_type))
    return search.one(search.newest())


def _key(call: Call, user: str, channel_id: str, channel_type: int) -> str:
    return call.server.key_of(user, chat_name(channel_id, channel_type))


class Search:
    """Looks for messages of one channel that a user may read ("": the back end)."""

    def __init__(self, call: Call, user: str, key: str) -> None:
        self._call = call
        self._user = user
        self._key = key
        self._log: Log | None = call.state.logs.get(key)

    def _readable(self, message: Message | None) -> Message | None:
        if message is None:
            return None
        may = self._call.family.may_read(self._call.server, self._user, self._key, message)
        return message if may else None

    def numbered(self, seq: int) -> Message | None:
        """Find by number in the channel."""
        return self._readable(self._log.get(seq) if self._log is not None and seq > 0 else None)

    def identified(self, message_id: int) -> Message | None:
        """Find by the server's id: ids rise with the numbers, so that halving finds it."""
        if self._log is None or message_id <= 0:
            return None
        low, high = 0, self._log.last
        while high - low > 1:
            middle = (low + high) // 2
            there = self._log.get(middle)
            if there is None or there.message_id < message_id:  # None: erased, and so older
                low = middle
            else:
                high = middle
        found = self.numbered(high)
        return found if found is not None and found.message_id == message_id else None

    def named(self, number: str) -> Message | None:
        """Find the oldest with a client number."""
        if self._log is None or not number:
            return None
        last = self._log.last
        newest = self._log.page(max(0, last - SEARCHED_MAX), last, 0)
        found = (m for m in newest if m.client_msg_no == number)
        return next((m for m in found if self._readable(m) is not None), None)

    def newest(self) -> Message | None:
        """Find the newest that can be read."""
        if self._log is None:
            return None
        seqs = range(self._log.last, max(0, self._log.last - SEARCHED_MAX), -1)
        return next((m for seq in seqs if (m := self.numbered(seq)) is not None), None)

    def one(self, message: Message | None) -> Reply:
        """Answer with a message, or that there is none."""
        if message is None:
            return ABSENT
        return 200, written_message(message, self._call.form, first=True)


def search(call: Call) -> Reply:
    """`POST /messages`: by numbers, ids and client numbers; what is not there is passed over."""
    body = call.fields()
    channel_id, user = body.text("channel_id"), body.text("login_uid")
    if not channel_id.strip():
        return failed(NO_CHANNEL)
    looked = Search(call, user, _key(call, user, channel_id, body.channel_type()))
    wanted = [looked.numbered(seq) for seq in body.numbers("message_seqs")[:SEARCHED_MAX]]
    wanted += [looked.identified(each) for each in body.numbers("message_ids")[:SEARCHED_MAX]]
    wanted += [looked.named(number) for number in body.texts("client_msg_nos")[:SEARCHED_MAX]]
    found = [message for message in wanted if message is not None]
    each = [written_message(message, call.form, first=True) for message in found]
    return 200, {"start_message_seq": 0, "end_message_seq": 0, "more": 0, "messages": each}


def search_one(call: Call) -> Reply:
    """`POST /message`: by id; WuKongIM finds nothing by client number (A24)."""
    body = call.fields()
    user, channel_id, channel_type = (
        body.text("login_uid"),
        body.text("channel_id"),
        body.channel_type(),
    )
    if not channel_id.strip():
        return failed(NO_CHANNEL)
    if not channel_type:
        return failed("channel_type不能为0")
    if channel_type == PERSON and not user.strip():
        return failed(NO_USER)
    looked = Search(call, user, _key(call, user, channel_id, channel_type))
    message_id, number = body.integer("message_id"), body.text("client_msg_no")
    if message_id or not call.family.finds_numbers():
        return looked.one(looked.identified(message_id))
    return looked.one(looked.named(number))


def by_client_number(call: Call) -> Reply:
    """`GET /message/byclientmsgno`; a person channel is named by its internal id."""
    channel_id, number = call.asked("channel_id"), call.asked("client_msg_no")
    channel_type = call.asked_type()
    if not channel_id or not channel_type or not number:
        raise BadRequest("channel_id, channel_type and client_msg_no cannot be empty")
    person = channel_type == PERSON
    internal = call.family.key_of_internal(channel_id) if person else ""
    looked = Search(call, "", internal or chat_name(channel_id, channel_type))
    return looked.one(looked.named(number))
