"""The table of sentences, first part: actions, what they may say besides, and how they may end.

Each row says how a sentence reads, what it means, and which `Action` it is. Nothing here decides
what an action does: that is the server's. Holes are explained in `holes.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import msgspec

from imcli.model.actions import (
    Accept,
    AccessList,
    Action,
    AddDevice,
    AddMembers,
    Clear,
    Connect,
    Crash,
    CreateGroup,
    Delete,
    Disconnect,
    Dismiss,
    Drop,
    Fault,
    FaultKind,
    Flag,
    Flush,
    GroupFlag,
    Kick,
    Leave,
    MarkUnread,
    Open,
    Read,
    RemoveMembers,
    Request,
    Restart,
    Send,
    SetAccess,
    SetClock,
    SetFlag,
    SetGroupFlag,
    SetMembers,
    Synchronise,
    Wait,
)
from imcli.scenario.holes import compile_pattern
from imcli.scenario.patterns import DetailRow, Row, Slots
from imcli.scenario.syntax import Ending
from imcli.targets.base import Capability


class ActionRow(Row, frozen=True, kw_only=True):
    """A sentence that does something.

    `needs_if` are needs of a part that may be left out: (field of `Slots`, capability). `refs` are
    fields of the action that get the sequence number behind `label`. `ends` says that an ending
    (`but is refused`) makes sense.
    """

    build: Callable[[Slots], Action]
    needs: tuple[Capability, ...] = ()
    needs_if: tuple[tuple[str, Capability], ...] = ()
    refs: tuple[str, ...] = ()
    ends: bool = True


class SendFields(TypedDict, total=False):
    """What options change in a `Send`."""

    no_persist: bool
    no_red_dot: bool
    command: bool
    notice: bool
    expire_ms: int
    client_msg_no: str
    payload: str


class OptionRow(DetailRow, frozen=True, kw_only=True):
    """An option of a send."""

    build: Callable[[Slots], SendFields]


class EndingRow(Row, frozen=True, kw_only=True):
    """How an action may end other than well."""

    build: Callable[[Slots], Ending]


def _action(
    name: str,
    pattern: str,
    meaning: str,
    example: str,
    build: Callable[[Slots], Action],
    *needs: Capability,
    needs_if: tuple[tuple[str, Capability], ...] = (),
    refs: tuple[str, ...] = (),
    ends: bool = True,
) -> ActionRow:
    return ActionRow(
        name=name,
        section="",
        pattern=pattern,
        meaning=meaning,
        example=example,
        parts=compile_pattern(pattern),
        build=build,
        needs=needs,
        needs_if=needs_if,
        refs=refs,
        ends=ends,
    )


def _flagged(flag: Flag, *, on: bool) -> Callable[[Slots], Action]:
    return lambda s: SetFlag(s.user, s.device, s.chat, flag, on)


def _own_list(access: AccessList, *, on: bool) -> Callable[[Slots], Action]:
    return lambda s: SetAccess(s.user, s.peer, access, on, s.device)


def _group_list(access: AccessList, *, on: bool) -> Callable[[Slots], Action]:
    return lambda s: SetAccess(s.group, s.user, access, on)


def _group_flag(flag: GroupFlag, *, on: bool) -> Callable[[Slots], Action]:
    return lambda s: SetGroupFlag(s.group, flag, on)


def _fault(kind: FaultKind) -> Callable[[Slots], Action]:
    return lambda s: Fault(s.user, s.device, kind, s.number or 0, s.duration_ms)


def _send_fields(s: Slots) -> SendFields:
    fields: SendFields = {"client_msg_no": ""}
    for detail in s.details:
        assert isinstance(detail.row, OptionRow), "only options stand after a send"
        fields.update(detail.row.build(detail.slots))
    return fields


def _send(s: Slots) -> Action:
    if not s.details:
        return Send(s.user, s.device, s.chat, s.text or "", "")
    return Send(s.user, s.device, s.chat, s.text or "", **_send_fields(s))


def _add_device(s: Slots) -> Action:
    assert s.spec is not None, "the pattern has a DEVICE"
    return AddDevice(s.user, s.spec.name, s.spec.kind, s.spec.level)


_ACCESS: tuple[tuple[str, AccessList, bool, str, str], ...] = (
    ("blocks", "block", True, "puts a user on", "black"),
    ("unblocks", "block", False, "takes a user off", "black"),
    ("allows", "allow", True, "puts a user on", "white"),
    ("disallows", "allow", False, "takes a user off", "white"),
)
_GROUP_FLAGS: tuple[tuple[str, GroupFlag, bool, str], ...] = (
    ("bans", "banned", True, "bans the group: nobody may send"),
    ("unbans", "banned", False, "ends the ban"),
    ("mutes", "muted", True, "mutes the group: nobody may send"),
    ("unmutes", "muted", False, "ends the muting"),
)


def _synchronise(s: Slots) -> Action:
    return Synchronise(
        s.user,
        s.device,
        cursor=-1 if "from scratch" in s.words else None,
        only_unread="only unread" in s.words,
        message_count=20 if s.number is None else s.number,
        page=s.number2 or 0,
        page_size=s.number3 or 0,
    )


def _in(section: str, *rows: ActionRow) -> tuple[ActionRow, ...]:
    return tuple(msgspec.structs.replace(row, section=section) for row in rows)


def _simple(
    verb: str, meaning: str, build: Callable[[Slots], Action], *needs: Capability
) -> ActionRow:
    """Make the row of a verb that takes one conversation and nothing else."""
    return _action(verb[:-1], f"ACTOR {verb} CHAT", meaning, f"A {verb} B", build, *needs)


def _presence(name: str, verb: str, meaning: str, build: Callable[[Slots], Action]) -> ActionRow:
    return _action(name, f"ACTOR {verb}", meaning, f"A.web {verb}", build, "sessions")


def _link(name: str, words: str, meaning: str, example: str, kind: FaultKind) -> ActionRow:
    return _action(
        name,
        f"link ACTOR {words}",
        meaning,
        f"link A.phone {example}",
        _fault(kind),
        "faults",
        ends=False,
    )


ACTIONS: tuple[ActionRow, ...] = (
    *_in(
        "Messages",
        _action(
            "send",
            "ACTOR sends [CHAT] [TEXT] [as NEWLABEL] [with OPTIONS]",
            "sends a message over the user's own connection",
            'B sends A "hi" as m1',
            _send,
            "sessions",
        ),
        _action(
            "send-many",
            "ACTOR sends [CHAT] COUNT message/s [as NEWLABEL]",
            "sends so many messages, one after the other; `as m` names m1, m2, …",
            "B sends A 3 messages as m",
            _send,
            "sessions",
        ),
        _action(
            "resend",
            "ACTOR resends LABEL [as NEWLABEL]",
            "sends a message again with the same client message number; without `as` the label "
            "takes over the newest answer",
            "B resends m1",
            lambda s: Send(s.user, s.device, "", "", ""),
            "sessions",
        ),
        _action(
            "backend-send",
            "backend sends [CHAT] [TEXT] from USER [as NEWLABEL] [with OPTIONS]",
            "sends through the server's HTTP API, as an app's back end does",
            'backend sends A "hi" from B as m1',
            _send,
        ),
    ),
    *_in(
        "Conversations",
        _action(
            "delete",
            "ACTOR deletes CHAT [up to LABEL]",
            "removes the conversation from the user's list; `up to` names the bound",
            "A deletes B",
            lambda s: Delete(s.user, s.device, s.chat),
            refs=("up_to",),
        ),
        _action(
            "delete-for-both",
            "ACTOR deletes CHAT for both",
            "removes it for both; refused as `unsupported` where the profile is one-way",
            "A deletes B for both",
            lambda s: Delete(s.user, s.device, s.chat, for_both=True),
        ),
        _action(
            "clear",
            "ACTOR clears CHAT",
            "clears the history and keeps the entry",
            "A clears B",
            lambda s: Clear(s.user, s.device, s.chat),
            "clear",
        ),
        _action(
            "read",
            "ACTOR reads CHAT [up to LABEL]",
            "clears the unread count, or lowers it to what follows the named message",
            "A reads B",
            lambda s: Read(s.user, s.device, s.chat),
            refs=("up_to",),
            needs_if=(("label", "partial-read"),),
        ),
        _action(
            "mark-unread",
            "ACTOR marks CHAT unread [COUNT]",
            "marks the newest COUNT messages unread; without a number only sets the mark",
            "A marks B unread 2",
            lambda s: MarkUnread(s.user, s.device, s.chat, s.number),
        ),
        _simple(
            "opens",
            "opens the chat window: pulls history and changes nothing",
            lambda s: Open(s.user, s.device, s.chat),
        ),
        _simple(
            "pins",
            "puts it at the head of the list",
            _flagged("pinned", on=True),
            "settings",
        ),
        _simple("unpins", "takes the pin away", _flagged("pinned", on=False), "settings"),
        _simple("mutes", "mutes it", _flagged("muted", on=True), "settings"),
        _simple("unmutes", "ends the muting", _flagged("muted", on=False), "settings"),
        _simple("archives", "archives it", _flagged("archived", on=True), "settings"),
        _simple("unarchives", "takes it back", _flagged("archived", on=False), "settings"),
        _simple(
            "accepts",
            "accepts a message request (policy `request`)",
            lambda s: Accept(s.user, s.device, s.chat),
            "settings",
        ),
    ),
    *_in(
        "Synchronising",
        _action(
            "sync",
            "ACTOR syncs [only unread] [from scratch] [with NUMBER message/s] "
            "[page COUNT2 by COUNT3]",
            "asks for the conversation list with the cursors that the device has; `from scratch` "
            "sends none and replaces the cache",
            "A.web syncs from scratch",
            _synchronise,
        ),
        _action(
            "sync-only",
            "ACTOR syncs only CHATS",
            "asks for these conversations by channel",
            "A.web syncs only B, #team",
            lambda s: Synchronise(s.user, s.device, chats=s.chats),
        ),
    ),
    *_in(
        "Devices and sessions",
        _presence(
            "connect",
            "connects",
            "logs in and synchronises once",
            lambda s: Connect(s.user, s.device),
        ),
        _presence(
            "reconnect",
            "reconnects",
            "the same, said of a device that was there before",
            lambda s: Connect(s.user, s.device),
        ),
        _presence(
            "disconnect",
            "disconnects",
            "ends the session with a goodbye",
            lambda s: Disconnect(s.user, s.device),
        ),
        _presence(
            "drop",
            "drops",
            "the link dies without a goodbye",
            lambda s: Drop(s.user, s.device),
        ),
        _action(
            "add-device",
            "USER adds device DEVICE",
            "a new device with an empty cache connects",
            "A adds device tablet",
            _add_device,
            "sessions",
        ),
        _action(
            "kick",
            "admin kicks ACTOR",
            "an administrator ends one session, or all sessions of a user",
            "admin kicks A.web",
            lambda s: Kick(s.user, s.device),
        ),
    ),
    *_in(
        "Groups",
        _action(
            "create-group",
            "ACTOR creates NEWGROUP with USERS",
            "makes a group; its creator is a member",
            "A creates #team with B, C",
            lambda s: CreateGroup(s.group, s.users, s.user, s.device),
        ),
        _action(
            "add-members",
            "ACTOR adds USERS to GROUP",
            "adds members; present ones stay as they are",
            "A adds D to #team",
            lambda s: AddMembers(s.group, s.users, s.user, s.device),
        ),
        _action(
            "remove-members",
            "ACTOR removes USERS from GROUP",
            "ends memberships; absent ones are passed over",
            "A removes D from #team",
            lambda s: RemoveMembers(s.group, s.users, s.user, s.device),
        ),
        _action(
            "leave",
            "ACTOR leaves GROUP",
            "a member leaves",
            "D leaves #team",
            lambda s: Leave(s.user, s.device, s.group),
        ),
        _action(
            "dismiss",
            "ACTOR dismisses GROUP",
            "ends the group for ever",
            "A dismisses #team",
            lambda s: Dismiss(s.group, s.user, s.device),
        ),
        _action(
            "set-members",
            "ACTOR sets GROUP to USERS",
            "replaces the member list",
            "A sets #team to A, B",
            lambda s: SetMembers(s.group, s.users, s.user, s.device),
        ),
    ),
    *_in(
        "Permissions",
        *(
            _action(
                verb[:-1],
                f"ACTOR {verb} PEER",
                f"{meaning} the user's own {colour} list",
                f"A {verb} B",
                _own_list(access, on=on),
            )
            for verb, access, on, meaning, colour in _ACCESS
        ),
        *(
            _action(
                f"group-{verb[:-1]}",
                f"admin {verb} USER in GROUP",
                f"{meaning} the group's {colour} list",
                f"admin {verb} A in #team",
                _group_list(access, on=on),
            )
            for verb, access, on, meaning, colour in _ACCESS
        ),
        *(
            _action(
                f"group-{verb[:-1]}",
                f"admin {verb} GROUP",
                meaning,
                f"admin {verb} #team",
                _group_flag(flag, on=on),
            )
            for verb, flag, on, meaning in _GROUP_FLAGS
        ),
    ),
    *_in(
        "Time and the server",
        _action(
            "wait",
            "wait DURATION",
            "time passes; virtual in the simulator",
            "wait 5s",
            lambda s: Wait(s.duration_ms),
            ends=False,
        ),
        _action(
            "flush",
            "server flushes",
            "what is only in memory is written to the store",
            "server flushes",
            lambda _: Flush(),
            "flush",
            ends=False,
        ),
        _action(
            "restart",
            "server restarts",
            "the server stops in good order and starts again; devices reconnect and synchronise",
            "server restarts",
            lambda _: Restart(),
            "restart",
            ends=False,
        ),
        _action(
            "crash",
            "server crashes",
            "the same, and what is not durable is lost",
            "server crashes",
            lambda _: Crash(),
            "crash",
            ends=False,
        ),
        _action(
            "clock-ahead",
            "clock of ACTOR is DURATION ahead",
            "sets a device's clock ahead",
            "clock of A.phone is 1h ahead",
            lambda s: SetClock(s.duration_ms, s.user, s.device),
            "clocks",
            ends=False,
        ),
        _action(
            "clock-behind",
            "clock of ACTOR is DURATION behind",
            "sets a device's clock back",
            "clock of A.phone is 1h behind",
            lambda s: SetClock(-s.duration_ms, s.user, s.device),
            "clocks",
            ends=False,
        ),
        _action(
            "server-clock-ahead",
            "clock of server is DURATION ahead",
            "sets the server's clock ahead",
            "clock of server is 1h ahead",
            lambda s: SetClock(s.duration_ms),
            "clocks",
            ends=False,
        ),
        _action(
            "server-clock-behind",
            "clock of server is DURATION behind",
            "sets the server's clock back",
            "clock of server is 1h behind",
            lambda s: SetClock(-s.duration_ms),
            "clocks",
            ends=False,
        ),
    ),
    *_in(
        "Faults on one device's link",
        _link(
            "link-drops-messages",
            "drops COUNT message/s",
            "the next pushes towards it are lost",
            "drops 2 messages",
            "drops-messages",
        ),
        _link(
            "link-drops-sends",
            "drops COUNT send/s",
            "the next messages that it sends are lost",
            "drops 2 sends",
            "drops-sends",
        ),
        _link(
            "link-loses-acks",
            "loses COUNT ack/s",
            "the answers to its next sends are lost",
            "loses 1 ack",
            "loses-acks",
        ),
        _link(
            "link-delays",
            "delays by DURATION",
            "everything takes so much longer, both ways",
            "delays by 500ms",
            "delays",
        ),
        _link(
            "link-duplicates",
            "duplicates COUNT message/s",
            "the next pushes arrive twice",
            "duplicates 1 message",
            "duplicates-messages",
        ),
        _link("link-holds", "holds", "pushes wait on the link", "holds", "holds"),
        _link("link-releases", "releases", "what waited arrives, in order", "releases", "releases"),
        _link(
            "link-releases-in-reverse",
            "releases in reverse",
            "what waited arrives, newest first",
            "releases in reverse",
            "releases-reversed",
        ),
        _link("link-heals", "heals", "ends every fault on this link", "heals", "heals"),
    ),
    *_in(
        "Raw calls",
        _action(
            "request",
            "request METHOD TEXT [JSON] [as NEWLABEL]",
            "a raw HTTP call; `@A` and `#team` inside its texts become the real ids",
            'request POST "/user/online" {"uids": ["@A"]} as r1',
            lambda s: Request(s.method, s.text or "", s.json, s.new),
            "raw-requests",
        ),
    ),
)


def _option(
    field: str, pattern: str, meaning: str, example: str, build: Callable[[Slots], SendFields]
) -> OptionRow:
    return OptionRow(
        name=f"option-{field}",
        section="Options of a send",
        pattern=pattern,
        meaning=meaning,
        example=example,
        parts=compile_pattern(pattern),
        field=field,
        build=build,
    )


_OPTIONS = (
    _option(
        "no-persist",
        "no-persist",
        "is not stored; reaches online devices only",
        "B sends A with no-persist",
        lambda _: {"no_persist": True},
    ),
    _option(
        "no-red-dot",
        "no-red-dot",
        "does not count as unread",
        "B sends A with no-red-dot",
        lambda _: {"no_red_dot": True},
    ),
    _option(
        "command",
        "command",
        "a command (sync-once): never listed, counted or in history",
        "B sends A with command",
        lambda _: {"command": True},
    ),
    _option(
        "notice",
        "notice",
        "a notice: shown, and never revives a conversation",
        "B sends A with notice",
        lambda _: {"notice": True},
    ),
    _option(
        "expire",
        "expire DURATION",
        "stops being visible after that time",
        "B sends A with expire 60s",
        lambda s: {"expire_ms": s.duration_ms},
    ),
    _option(
        "number",
        "number TEXT",
        "the client's own message number",
        'B sends A with number "x"',
        lambda s: {"client_msg_no": s.text or ""},
    ),
    _option(
        "payload",
        "payload JSON",
        "the payload itself",
        'B sends A with payload {"type": 1}',
        lambda s: {"payload": s.json},
    ),
)
OPTIONS: tuple[OptionRow, ...] = tuple(
    msgspec.structs.replace(row, order=order) for order, row in enumerate(_OPTIONS)
)


def _ending(
    name: str, pattern: str, meaning: str, example: str, build: Callable[[Slots], Ending]
) -> EndingRow:
    return EndingRow(
        name=name,
        section="Endings of an action",
        pattern=pattern,
        meaning=meaning,
        example=example,
        parts=compile_pattern(pattern),
        build=build,
    )


ENDINGS: tuple[EndingRow, ...] = (
    _ending(
        "but-refused",
        "but is refused [with REASON]",
        "it must be refused, and nothing must have changed",
        "B sends #team but is refused with not-a-member",
        lambda s: Ending("refused", s.reason),
    ),
    _ending(
        "may-refused",
        "and may be refused",
        "either way is right",
        "A pins B and may be refused",
        lambda _: Ending("may"),
    ),
    _ending(
        "no-answer",
        "but gets no answer",
        "the answer is lost by a fault, or the device is offline and the action waits",
        "A deletes B but gets no answer",
        lambda _: Ending("no-answer"),
    ),
)
