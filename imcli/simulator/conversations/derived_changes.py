"""The reference, second part: what messages, marks and memberships do to a record.

Each function takes the state and gives the changes that a user's devices have to be told. A record
is frozen; `put` replaces it, gives it its place in the order of changes (for deltas), and keeps the
channel's `alert` table right: the members for whom the next message needs a closer look.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from imcli.model.actions import Accept, MarkUnread, Read, SetFlag
from imcli.model.entities import Message, channel_key, chat_of, is_group
from imcli.model.events import ChangeKind
from imcli.simulator.conversations.base import NOTHING, Change, Refusal, Result
from imcli.simulator.conversations.derived import has_left, spans_of
from imcli.simulator.record import OPEN, Held, Record
from imcli.simulator.state import State

MEMBERSHIP_CHANGES = frozenset({"joined", "left", "dismissed"})
"""What happens to a user; it is no change that the user made (`list_order = row-update`)."""


def put(
    state: State,
    user: str,
    key: str,
    record: Record,
    kind: ChangeKind,
    *,
    gone: bool = False,
    own: bool = True,
) -> Sequence[Change]:
    """Replace a record; nothing is told where nothing changed.

    `own` says that the user did it; what others do to a record is no change of the user's.
    """
    if state.record(user, key) == record:
        return NOTHING
    order = state.next_order()
    tombstone = order if gone else record.tombstone
    if not own or kind in MEMBERSHIP_CHANGES:
        new = replace(record, changed=order, tombstone=tombstone)
    else:
        now = state.stamp_ms()
        new = replace(record, changed=order, tombstone=tombstone, touched_ms=now, touched=order)
    state.set_record(user, key, new)
    watch(state, user, key, record)
    return (Change(user, chat_of(user, key), kind),)


def watch(state: State, user: str, key: str, record: Record) -> None:
    """Keep `alert` right: archived, held back, or without a record."""
    watched = user in state.channels[key].alert
    needed = record.archived or record.gone or bool(record.held)
    if needed and not watched:
        channel = state.channel_w(key)
        channel.alert = {**channel.alert, user: 1}
    elif watched and not needed:
        channel = state.channel_w(key)
        channel.alert = {name: 1 for name in channel.alert if name != user}


# Messages


def stored(state: State, key: str, message: Message) -> Sequence[Change]:
    """A message was appended: the sender's marks move, and members on `alert` are seen to."""
    sender = message.sender
    if message.seq == 1:
        _first_records(state, key)
    record = state.records[sender][key]
    if message.kind != "content":
        return _sequence_changes(state, key)
    changes: list[Change] = []
    alert = state.channels[key].alert
    if alert:
        for user in alert:
            if user in state.channels[key].members:
                changes += _alerted(state, user, key, message)
        record = state.records[sender][key]
    profile = state.profile
    if profile.own_send_reads:
        if not record.gone:
            read = replace(
                record,
                read_to=message.seq,
                marked_unread=False,
                touched_ms=message.time_ms,
                touched=message.message_id,
            )
            state.set_record(sender, key, read)
    else:
        if record.marked_unread:
            put(state, sender, key, replace(record, marked_unread=False), "marked")
        changes.append(Change(sender, chat_of(sender, key), "read"))
    return [*changes, *_sequence_changes(state, key)] if not profile.usual_lists else changes


def _first_records(state: State, key: str) -> None:
    """The first message of a person channel makes a record for whoever has none yet."""
    for user in state.channels[key].members:
        if state.record(user, key) is None:
            state.set_record(user, key, Record())


def _sequence_changes(state: State, key: str) -> Sequence[Change]:
    """Where a device cannot know from the message alone what its list says now, tell everybody."""
    profile = state.profile
    if profile.unread_counts != "sequence-difference" and profile.list_order != "row-update":
        return NOTHING
    return [Change(user, chat_of(user, key), "marked") for user in state.channels[key].members]


def _alerted(state: State, user: str, key: str, message: Message) -> Sequence[Change]:
    """See to one member for whom a content message may change more than the log."""
    record = state.records[user][key]
    own = user == message.sender
    if record.gone:
        if own or _is_remade(state, record):
            made = _made_anew(state, record, message, own=own)
            return put(state, user, key, made, "returned", own=own)
        return (Change(user, chat_of(user, key), "flags"),)
    held = _still_held(state, record.held, own=own)
    archived = record.archived and _stays_archived(state, record)
    kind: ChangeKind = "returned" if record.held and not held else "flags"
    told = put(state, user, key, replace(record, held=held, archived=archived), kind, own=own)
    return told or ((Change(user, chat_of(user, key), "flags"),) if held else NOTHING)


def _made_anew(state: State, record: Record, message: Message, *, own: bool) -> Record:
    """Give the record that a message makes in the place of one that a delete took away.

    An own message that is not to list makes one all the same, which is held back as if the old one
    were there still.
    """
    if not own:
        return Record()
    if message.seq == 1 or state.profile.on_own_send_after_delete == "reappear":
        return Record(read_to=message.seq)
    stays_hidden = state.profile.on_message_after_delete == "stay-hidden"
    held = _still_held(state, record.held, own=True) or ("hidden" if stays_hidden else "own-hidden")
    return Record(
        read_to=message.seq,
        hidden_to=record.hidden_to if held == "request" else 0,
        held=held,
        tombstone=record.tombstone,
    )


def _still_held(state: State, held: Held, *, own: bool) -> Held:
    """Say what keeps a deleted conversation out of the list after a content message.

    An own message that lists nothing ends a refusal all the same: its user has written.
    """
    if not own:
        return "" if held == "own-hidden" else held
    if held and state.profile.on_own_send_after_delete == "stay-hidden":
        return "own-hidden" if held == "reject" else held
    return ""


def _is_remade(state: State, record: Record) -> bool:
    """Tell whether content from others makes the record anew that a delete took away."""
    return not record.held and state.profile.on_message_after_delete != "stay-hidden"


def _stays_archived(state: State, record: Record) -> bool:
    policy = state.profile.archive_on_message
    return policy == "stay" or (policy == "stay-if-muted" and record.muted)


def may_write(state: State, sender: str, key: str) -> Refusal | None:
    """Refuse where the receiver deleted the conversation and rejects what comes after."""
    if state.profile.on_message_after_delete != "reject" or is_group(key):
        return None
    peer = chat_of(sender, key)
    record = state.record(peer, key)
    if peer != sender and record is not None and record.held == "reject":
        return Refusal("not-allowed", f"{peer} deleted the conversation and has not written since")
    return None


def withheld(state: State, key: str, message: Message) -> tuple[str, ...]:
    """Name the members with a request waiting: nothing is pushed to them but commands.

    A command is in no history, so that whoever is not given it now would never have it.
    """
    if state.profile.on_message_after_delete != "request" or message.kind == "command":
        return ()
    return tuple(
        user
        for user in state.channels[key].alert
        if user != message.sender and state.records[user][key].held == "request"
    )


# Marks and flags


def read(state: State, action: Read) -> Result:
    """Mark as read; a mark never goes back, and a lower one changes nothing."""
    if action.up_to < 0:
        return Refusal("invalid", "a sequence number is not negative")
    key = channel_key(action.user, action.chat)
    record = state.record(action.user, key)
    if record is None or record.gone:
        return NOTHING
    last = state.last_seq(key)
    upto = min(action.up_to, last) if action.up_to else last
    if action.up_to and upto < record.read_to:
        return NOTHING
    marked = replace(record, read_to=max(record.read_to, upto), marked_unread=False)
    return put(state, action.user, key, marked, "read")


def mark_unread(state: State, action: MarkUnread) -> Result:
    """Mark as unread: the newest messages, or the flag alone; none at all means read."""
    policy = state.profile.mark_unread
    if action.count is None and policy == "lower-only":
        return Refusal("unsupported", "the profile has no unread flag")
    if action.count is not None and policy == "flag":
        return Refusal("unsupported", "the profile has only the unread flag")
    if action.count is not None and action.count < 0:
        return Refusal("invalid", "a number of messages is not negative")
    key = channel_key(action.user, action.chat)
    record = state.record(action.user, key)
    if record is None and action.count is None and action.chat in state.users:
        record = _first_record(state, action)
    if record is None or record.gone:
        return NOTHING
    if action.count is None:
        return put(state, action.user, key, replace(record, marked_unread=True), "marked")
    mark = _mark_before(state, action.user, key, record, action.count)
    if mark is None:
        return NOTHING
    if policy == "lower-only":
        mark = max(mark, record.read_to)
    return put(state, action.user, key, replace(record, read_to=mark), "marked")


def _mark_before(state: State, user: str, key: str, record: Record, count: int) -> int | None:
    """Find the mark just before the n-th newest countable message from others; None: none there."""
    log = state.logs[key]
    if count == 0:
        return max(record.read_to, log.last)
    found = 0
    for above, upto in reversed(spans_of(state, record, log.last)):
        seqs = _countable_seqs(state, user, key, above, upto, count - found)
        if seqs:
            found += len(seqs)
            mark = seqs[0] - 1
        if found == count:
            break
    return mark if found else None


def _countable_seqs(
    state: State, user: str, key: str, above: int, upto: int, limit: int
) -> list[int]:
    """Give the newest countable seqs of a range that others sent and that are not expired."""
    log = state.logs[key]
    expired = {m.seq for m in log.expiring(above, upto) if m.expires_ms <= state.now}
    seqs: list[int] = []
    while len(seqs) < limit:
        seq = log.countable_from_end(upto, user, above, 1)
        if not seq:
            break
        if seq not in expired:
            seqs.insert(0, seq)
        upto = seq - 1
    return seqs


def _first_record(state: State, action: MarkUnread | SetFlag) -> Record:
    """Begin a person channel by a flag that its first message will show."""
    state.person_channel(action.user, action.chat)
    return Record()


def set_flag(state: State, action: SetFlag) -> Result:
    """Pin, mute or archive; allowed before the first message of a person channel."""
    key = channel_key(action.user, action.chat)
    record = state.record(action.user, key)
    stays = state.profile.leave == "keep-read-only"
    if is_group(action.chat) and (record is None or has_left(record, stays=stays)):
        return Refusal("not-a-member", f"{action.user} is not a member of {action.chat}")
    if record is None:
        if action.chat not in state.users:
            return Refusal("invalid", f"there is no user {action.chat}")
        if not action.on:
            return NOTHING
        record = _first_record(state, action)
    elif record.gone:
        return NOTHING
    return put(state, action.user, key, replace(record, **{action.flag: action.on}), "flags")


def accept(state: State, action: Accept) -> Result:
    """Accept a waiting request: the conversation is listed from now on."""
    if state.profile.on_message_after_delete != "request":
        return Refusal("unsupported", "the profile has no message requests")
    key = channel_key(action.user, action.chat)
    record = state.record(action.user, key)
    if record is None or record.held != "request":
        return NOTHING
    listed = Record() if record.gone else replace(record, held="")
    return put(state, action.user, key, listed, "accepted")


# Membership


def joined(state: State, group: str, users: Sequence[str]) -> Sequence[Change]:
    """Begin memberships; what a newcomer can read is a matter of policy, and is not unread.

    Who comes back gets a tombstone: an entry that was kept to be read may be gone by that.
    """
    last = state.last_seq(group)
    changes: list[Change] = []
    for user in users:
        old = state.record(user, group)
        if old is None or old.gone:
            whole = last == 0 or state.profile.history_for_new_members == "all"
            first = 1 if whole else last + 1
            told = old.tombstone if old is not None else 0
            record = Record(intervals=((first, OPEN),), read_to=last, tombstone=told)
        else:
            record = replace(old, intervals=(*old.intervals, (last + 1, OPEN)))
            if state.profile.rejoin_history == "since-join":
                record = replace(record, read_to=max(record.read_to, last))
        changes += put(state, user, group, record, "joined", gone=old is not None)
    return changes


def left(state: State, group: str, users: Sequence[str], kind: ChangeKind) -> Sequence[Change]:
    """End memberships at the newest message."""
    last = state.last_seq(group)
    changes: list[Change] = []
    for user in users:
        record = state.record(user, group)
        if record is None or not record.present:
            continue
        closed = (*record.intervals[:-1], (record.intervals[-1][0], last))
        changes += put(state, user, group, replace(record, intervals=closed), kind, gone=True)
    return changes
