"""The table of sentences, first part: what people and administrators do.

Each row says how a sentence reads, what it means, and which `Action` it is. Nothing here decides
what an action does: that is the server's. Holes are explained in `holes.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from imcli.model.actions import (
    LISTED_MESSAGES,
    Accept,
    AccessList,
    Action,
    AddDevice,
    AddMembers,
    Clear,
    Connect,
    CreateGroup,
    Delete,
    Disconnect,
    Dismiss,
    Drop,
    Flag,
    GroupFlag,
    Kick,
    Leave,
    MarkUnread,
    Open,
    Read,
    RemoveMembers,
    Send,
    SetAccess,
    SetFlag,
    SetGroupFlag,
    SetMembers,
    Synchronise,
)
from imcli.scenario.table.patterns import Slots
from imcli.scenario.table.rows import (
    ActionRow,
    OptionRow,
    SendFields,
    action_row,
    in_section,
)
from imcli.targets.base import Capability


def _flagged(flag: Flag, *, on: bool) -> Callable[[Slots], Action]:
    return lambda s: SetFlag(s.user, s.device, s.chat, flag, on)


def _own_list(access: AccessList, *, on: bool) -> Callable[[Slots], Action]:
    return lambda s: SetAccess(s.user, s.peer, access, on, s.device)


def _group_list(access: AccessList, *, on: bool) -> Callable[[Slots], Action]:
    return lambda s: SetAccess(s.group, s.user, access, on)


def _group_flag(flag: GroupFlag, *, on: bool) -> Callable[[Slots], Action]:
    return lambda s: SetGroupFlag(s.group, flag, on)


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

_GROUP_FLAGS: tuple[tuple[str, GroupFlag, bool, str, tuple[Capability, ...]], ...] = (
    ("bans", "banned", True, "bans the group: nobody may send", ()),
    ("unbans", "banned", False, "ends the ban", ()),
    ("mutes", "muted", True, "mutes the group: nobody may send", ("group-mute",)),
    ("unmutes", "muted", False, "ends the muting", ("group-mute",)),
)


def _synchronise(s: Slots) -> Action:
    return Synchronise(
        s.user,
        s.device,
        cursor=-1 if "from scratch" in s.words else None,
        only_unread="only unread" in s.words,
        message_count=LISTED_MESSAGES if s.number is None else s.number,
        page=s.number2 or 0,
        page_size=s.number3 or 0,
    )


def _simple(
    verb: str, meaning: str, build: Callable[[Slots], Action], *needs: Capability
) -> ActionRow:
    """Make the row of a verb that takes one conversation and nothing else."""
    return action_row(verb[:-1], f"ACTOR {verb} CHAT", meaning, f"A {verb} B", build, *needs)


def _presence(name: str, verb: str, meaning: str, build: Callable[[Slots], Action]) -> ActionRow:
    return action_row(name, f"ACTOR {verb}", meaning, f"A.web {verb}", build, "sessions")


USER_ACTIONS: tuple[ActionRow, ...] = (
    *in_section(
        "Messages",
        action_row(
            "send",
            "ACTOR sends [CHAT] [TEXT] [as NEWLABEL] [with OPTIONS]",
            "sends a message over the user's own connection",
            'B sends A "hi" as m1',
            _send,
            "sessions",
        ),
        action_row(
            "send-many",
            "ACTOR sends [CHAT] COUNT message/s [as NEWLABEL]",
            "sends so many messages, one after the other; `as m` names m1, m2, …",
            "B sends A 3 messages as m",
            _send,
            "sessions",
        ),
        action_row(
            "resend",
            "ACTOR resends LABEL [as NEWLABEL]",
            "sends a message again with the same client message number; without `as` the label "
            "takes over the newest answer",
            "B resends m1",
            lambda s: Send(s.user, s.device, "", "", ""),
            "sessions",
        ),
        action_row(
            "backend-send",
            "backend sends [CHAT] [TEXT] from USER [as NEWLABEL] [with OPTIONS]",
            "sends through the server's HTTP API, as an app's back end does",
            'backend sends A "hi" from B as m1',
            _send,
        ),
    ),
    *in_section(
        "Conversations",
        action_row(
            "delete",
            "ACTOR deletes CHAT [up to LABEL]",
            "removes the conversation from the user's list; `up to` names the bound",
            "A deletes B",
            lambda s: Delete(s.user, s.device, s.chat),
            refs=("up_to",),
            needs_if=(("label", "bounded-delete"),),
        ),
        action_row(
            "delete-for-both",
            "ACTOR deletes CHAT for both",
            "removes it for both; refused as `unsupported` where the profile is one-way",
            "A deletes B for both",
            lambda s: Delete(s.user, s.device, s.chat, for_both=True),
            "two-way-delete",
        ),
        action_row(
            "clear",
            "ACTOR clears CHAT",
            "clears the history and keeps the entry",
            "A clears B",
            lambda s: Clear(s.user, s.device, s.chat),
            "clear",
        ),
        action_row(
            "read",
            "ACTOR reads CHAT [up to LABEL]",
            "clears the unread count, or lowers it to what follows the named message",
            "A reads B",
            lambda s: Read(s.user, s.device, s.chat),
            refs=("up_to",),
            needs_if=(("label", "partial-read"),),
        ),
        action_row(
            "mark-unread",
            "ACTOR marks CHAT unread [COUNT]",
            "marks the newest COUNT messages unread; without a number only sets the mark",
            "A marks B unread 2",
            lambda s: MarkUnread(s.user, s.device, s.chat, s.number),
            needs_unless=(("number", "unread-flag"),),
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
    *in_section(
        "Synchronising",
        action_row(
            "sync",
            "ACTOR syncs [only unread] [from scratch] [with NUMBER message/s] "
            "[page COUNT2 by COUNT3]",
            "asks for the conversation list with the cursors that the device has; `from scratch` "
            "sends none and replaces the cache",
            "A.web syncs from scratch",
            _synchronise,
        ),
        action_row(
            "sync-only",
            "ACTOR syncs only CHATS",
            "asks for these conversations by channel",
            "A.web syncs only B, #team",
            lambda s: Synchronise(s.user, s.device, chats=s.chats),
            "by-channel",
        ),
    ),
    *in_section(
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
        action_row(
            "add-device",
            "USER adds device DEVICE",
            "a new device with an empty cache connects",
            "A adds device tablet",
            _add_device,
            "sessions",
        ),
        action_row(
            "kick",
            "admin kicks ACTOR",
            "an administrator ends one session, or all sessions of a user",
            "admin kicks A.web",
            lambda s: Kick(s.user, s.device),
        ),
    ),
    *in_section(
        "Groups",
        action_row(
            "create-group",
            "ACTOR creates NEWGROUP with USERS",
            "makes a group; its creator is a member",
            "A creates #team with B, C",
            lambda s: CreateGroup(s.group, s.users, s.user, s.device),
        ),
        action_row(
            "add-members",
            "ACTOR adds USERS to GROUP",
            "adds members; present ones stay as they are",
            "A adds D to #team",
            lambda s: AddMembers(s.group, s.users, s.user, s.device),
        ),
        action_row(
            "remove-members",
            "ACTOR removes USERS from GROUP",
            "ends memberships; absent ones are passed over",
            "A removes D from #team",
            lambda s: RemoveMembers(s.group, s.users, s.user, s.device),
        ),
        action_row(
            "leave",
            "ACTOR leaves GROUP",
            "a member leaves",
            "D leaves #team",
            lambda s: Leave(s.user, s.device, s.group),
        ),
        action_row(
            "dismiss",
            "ACTOR dismisses GROUP",
            "ends the group for ever",
            "A dismisses #team",
            lambda s: Dismiss(s.group, s.user, s.device),
        ),
        action_row(
            "set-members",
            "ACTOR sets GROUP to USERS",
            "replaces the member list",
            "A sets #team to A, B",
            lambda s: SetMembers(s.group, s.users, s.user, s.device),
        ),
    ),
    *in_section(
        "Permissions",
        *(
            action_row(
                verb[:-1],
                f"ACTOR {verb} PEER",
                f"{meaning} the user's own {colour} list",
                f"A {verb} B",
                _own_list(access, on=on),
            )
            for verb, access, on, meaning, colour in _ACCESS
        ),
        *(
            action_row(
                f"group-{verb[:-1]}",
                f"admin {verb} USER in GROUP",
                f"{meaning} the group's {colour} list",
                f"admin {verb} A in #team",
                _group_list(access, on=on),
            )
            for verb, access, on, meaning, colour in _ACCESS
        ),
        *(
            action_row(
                f"group-{verb[:-1]}",
                f"admin {verb} GROUP",
                meaning,
                f"admin {verb} #team",
                _group_flag(flag, on=on),
                *needs,
            )
            for verb, flag, on, meaning, needs in _GROUP_FLAGS
        ),
    ),
)
