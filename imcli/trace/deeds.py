"""What a user's own actions do to the ledger, where no event says it.

One function per kind of action, in a table. Which change a message makes is told by `Stored` and
is the business of `ledger.py`; what a delete, a clear, a mark or a flag means is worked out here,
from the definitions. `done` is False where the action was refused or never reached the server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from imcli.model.actions import (
    Accept,
    Action,
    AddDevice,
    Clear,
    CreateUser,
    Delete,
    MarkUnread,
    Read,
    Send,
    SetClock,
    SetFlag,
)
from imcli.model.entities import is_group
from imcli.trace.policy import Policy
from imcli.trace.records import OPEN, Channel, Held, Part

UserAct = Delete | Clear | Read | MarkUnread | SetFlag | Accept


class Book(Protocol):
    """What the deeds need of the ledger."""

    policy: Policy
    devices: dict[str, dict[str, None]]
    now_ms: int
    step: int
    newest_id: int
    skewed: bool
    version: int

    def erase(self, channel: Channel) -> None:
        """Drop what no member can see any more, where the profile says so."""

    def reach(self, user: str, chat: str) -> Part | None:
        """Give a part, and make a person channel's where it is not there yet."""

    def touch(self, part: Part) -> None:
        """Note that the step touched this part."""


def _aim(ledger: Book, action: UserAct, done: bool) -> Part | None:
    """Touch the acting user's part; gives it, as one that changes, where the action has effect."""
    part = ledger.reach(action.user, action.chat)
    if part is None:
        return None
    ledger.touch(part)
    if not (done and part.record):
        return None
    part.stale = True
    return part


def _send(ledger: Book, action: Send, done: bool) -> None:
    """Touch both sides of a send that was refused; one that was stored has touched everybody."""
    part = ledger.reach(action.user, action.chat)
    if part is not None:
        ledger.touch(part)
        if not is_group(action.chat):
            ledger.touch(part.channel.parts[action.chat])


def _delete(ledger: Book, action: Delete, done: bool) -> None:
    part = _aim(ledger, action, done)
    if part is None:
        return
    policy, newest = ledger.policy, len(part.channel.log)
    last = min(action.up_to or OPEN, newest)
    whole = not action.up_to or last == newest
    if whole or last > max(part.cut, part.hide):
        part.pinned = part.archived = part.marked = False
        _cut(policy, part, last)
        if last >= newest > 0 or (newest and not part.record):
            part.held = _held_after_delete(policy, part)
    if not is_group(action.chat) and (action.for_both or policy.delete_scope == "two-way"):
        peer = part.channel.parts[action.chat]
        if peer is not part and peer.record and (whole or last > max(peer.cut, peer.hide)):
            peer.stale = True
            ledger.touch(peer)
            _cut(policy, peer, last)
    ledger.erase(part.channel)


def _cut(policy: Policy, part: Part, last: int) -> None:
    """Put the floor, or the hide mark, of one user at `last`; what a clear kept is kept no more."""
    part.deletes += 1
    part.kept = False
    if policy.delete_kind == "physical":
        part.record = part.pinned = part.muted = part.archived = part.marked = False
        part.cut = part.mark = part.hide = 0
        part.held = ""
        if part.present:
            part.spans = [[1, OPEN]]
        return
    if policy.delete_history == "kept":
        part.hide = max(part.hide, last)
        part.mark = max(part.mark, part.hide)
    else:
        part.cut = max(part.cut, last)
        part.mark = max(part.mark, part.cut)


def _held_after_delete(policy: Policy, part: Part) -> Held:
    """What will keep a deleted conversation out of the list when messages come.

    Without a record nothing is listed anyhow; but a sender is refused, or a message waits.
    """
    if not part.record and policy.on_message_after_delete not in ("reject", "request"):
        return ""
    match policy.on_message_after_delete:
        case "stay-hidden":
            return "hidden"
        case "reject" | "request" as asks if not is_group(part.chat) and part.chat != part.user:
            return asks
        case _:
            stays = part.record and policy.on_own_send_after_delete == "stay-hidden"
            return "own-hidden" if stays else ""


def _clear(ledger: Book, action: Clear, done: bool) -> None:
    """Set D, R and `kept`; the entry's time is that of the last clear that found anything."""
    if ledger.policy.delete_kind == "logical":
        _begin(ledger, action, done)
    part = _aim(ledger, action, done)
    if part is None:
        return
    if part.newest(1) or not part.kept:
        part.cleared = (ledger.now_ms, ledger.newest_id, ledger.step)
    part.kept = True
    part.cut = max(part.cut, len(part.channel.log))
    part.mark = max(part.mark, part.cut)
    ledger.erase(part.channel)


def _begin(ledger: Book, action: UserAct, done: bool) -> None:
    """What a user does about a chat that has no message yet makes the user's record of it."""
    part = ledger.reach(action.user, action.chat)
    if part is not None and done and not part.deletes:
        part.record = True


def _read(ledger: Book, action: Read, done: bool) -> None:
    part = _aim(ledger, action, done)
    if part is None:
        return
    upto = min(action.up_to or OPEN, len(part.channel.log))
    if upto < part.mark and action.up_to:
        return  # a lower one changes nothing
    part.mark = max(part.mark, upto)
    part.marked = False


def _mark_unread(ledger: Book, action: MarkUnread, done: bool) -> None:
    if action.count is None:
        _begin(ledger, action, done)
    part = _aim(ledger, action, done)
    if part is None:
        return
    if action.count is None:
        part.marked = True
    elif action.count == 0:
        part.mark = max(part.mark, len(part.channel.log))
    elif seqs := part.strangers():
        mark = seqs[-min(action.count, len(seqs))] - 1
        lower_only = ledger.policy.mark_unread == "lower-only"
        part.mark = max(part.mark, mark) if lower_only else mark


def _set_flag(ledger: Book, action: SetFlag, done: bool) -> None:
    if action.on:
        _begin(ledger, action, done)
    part = _aim(ledger, action, done)
    if part is not None:
        setattr(part, action.flag, action.on)


def _accept(ledger: Book, action: Accept, done: bool) -> None:
    part = ledger.reach(action.user, action.chat)
    if part is None:
        return
    ledger.touch(part)
    if done and part.held == "request":
        part.held = ""
        part.record = part.stale = True  # where there was none, with the whole history unread


def _set_clock(ledger: Book, action: SetClock, done: bool) -> None:
    ledger.skewed = ledger.skewed or not action.user


def _create_user(ledger: Book, action: CreateUser, done: bool) -> None:
    if done:
        ledger.devices.setdefault(action.user, {})


def _add_device(ledger: Book, action: AddDevice, done: bool) -> None:
    if done:
        own = ledger.devices.get(action.user, {})  # replaced, never changed: forks share it
        ledger.devices[action.user] = {**own, action.device: None}
        ledger.version += 1


DEEDS: dict[type[Action], Callable[[Book, Any, bool], None]] = {
    Delete: _delete,
    Clear: _clear,
    Read: _read,
    MarkUnread: _mark_unread,
    SetFlag: _set_flag,
    Accept: _accept,
    SetClock: _set_clock,
    CreateUser: _create_user,
    AddDevice: _add_device,
}
"""What each action does to the ledger, beyond what its events say; others do nothing."""

TRIES: dict[type[Action], Callable[[Book, Any, bool], None]] = {**DEEDS, Send: _send}
"""The same for what was not done: nothing, but it is noted whom it was about."""
