"""The law book of messages: who may send, what is stored, who is told, what a reader gets.

A refused send uses no sequence number and changes nothing. A send that was accepted once is
answered the same way again (`resend = deduplicate`). Commands share the channel's numbers; a
no-persist message has none and reaches online devices only.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from imcli.model.actions import Open, Pull, Send, Synchronise
from imcli.model.entities import DeviceKey, Message, MessageKind, channel_key, is_group
from imcli.model.events import (
    Accepted,
    Event,
    HistoryPage,
    Refused,
    Stored,
    Unanswered,
)
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.conversations.derived import is_expired
from imcli.simulator.delivery import overtake, push, take_commands
from imcli.simulator.log import Log, Unkept
from imcli.simulator.sessions import invalid_id, no_user
from imcli.simulator.state import Channel, Device, State
from imcli.simulator.telling import tell

PAGE_LIMIT_MAX = 10_000
"""Messages that one pull answers at most (WuKongIM `internal/api/message.go`)."""
OPENED_MAX = 100
"""Messages of the page that opening a chat shows."""

Answer = Callable[[State, Keeping, Send], list[Event]]


def send(state: State, keeping: Keeping, action: Send) -> list[Event]:
    """Send a message: lost on the way, refused, recognised, or accepted, stored and pushed."""
    if not action.device or state.users[action.user].devices[action.device].link is None:
        return _answer(state, keeping, action)
    return through_link(state, keeping, action, _answer)


def through_link(state: State, keeping: Keeping, action: Send, answer: Answer) -> list[Event]:
    """Let a send meet the faults of its device's link, on the way there and back."""
    device = state.device(action.user, action.device) if action.device else None
    if device is None or device.link is None:
        return answer(state, keeping, action)
    if device.link.drop_sends:
        _use_up(state, action, "drop_sends")
        return [Unanswered(action.user, action.device, False, action.client_msg_no)]
    events = answer(state, keeping, action)
    if device.link is not None and device.link.lose_acks:
        _use_up(state, action, "lose_acks")
        done = not isinstance(events[0], Refused)
        lost = Unanswered(action.user, action.device, done, action.client_msg_no)
        return [lost if isinstance(e, Accepted | Refused) else e for e in events]
    return events


def _use_up(state: State, action: Send, fault: str) -> None:
    """One frame has met a fault of its link; a link without faults left is clean again."""
    device = state.device_w(action.user, action.device)
    link = device.link
    assert link is not None, "only a link with a fault is asked"
    setattr(link, fault, getattr(link, fault) - 1)
    if link.is_clean():
        device.link = None
        state.session_version += 1


def _answer(state: State, keeping: Keeping, action: Send) -> list[Event]:
    key = channel_key(action.user, action.chat)
    known = _known(state, key, action)
    if known is not None:
        return [known]
    refused = _refusal(state, keeping, action, key)
    if refused is not None:
        if refused.reason == "blocked" and state.profile.block_feedback == "pretend":
            return [_pretend(state, action, key)]
        return [refused]
    if action.expire_ms < 0:
        return [Refused("invalid", "a message cannot expire before it is sent")]
    if action.no_persist:
        return _pass_on(state, action, key)
    return _store(state, keeping, action, key)


def _known(state: State, key: str, action: Send) -> Accepted | None:
    """Recognise a resend within the window and answer it as the first time.

    A send without a number is never a resend.
    """
    log = state.logs.get(key)
    if log is None or state.profile.resend != "deduplicate" or not action.client_msg_no:
        return None
    since_ms = state.now - state.profile.resend_window
    unkept = log.remembered(action.user, action.client_msg_no)
    if unkept is not None and unkept.accepted_ms >= since_ms:
        return _accepted(action, unkept.message_id, 0, None, duplicate=True)
    message = log.find(action.user, action.client_msg_no)
    if message is None or message.accepted_ms < since_ms:
        return None
    return _accepted(action, message.message_id, message.seq, message, duplicate=True)


def _accepted(
    action: Send, message_id: int, seq: int, message: Message | None, *, duplicate: bool = False
) -> Accepted:
    return Accepted(
        action.user, action.device, action.client_msg_no, message_id, seq, message, duplicate
    )


def _refusal(state: State, keeping: Keeping, action: Send, key: str) -> Refused | None:
    """Find the first reason, in the order of `REASONS`, why this may not be sent."""
    if is_group(action.chat):
        channel = state.channels.get(key)
        if channel is None:
            return Refused("invalid", f"there is no group {action.chat}")
        return _group_refusal(channel, action.user)
    refused = _person_refusal(state, action)
    if refused is not None:
        return refused
    held = keeping.may_write(state, action.user, key)
    return Refused(held.reason, held.detail) if held is not None else None


def _group_refusal(channel: Channel, sender: str) -> Refused | None:
    if channel.flags:
        if channel.flags.get("banned"):
            return Refused("banned", f"{channel.key} is banned")
        if channel.flags.get("muted"):
            return Refused("silenced", f"{channel.key} is muted by an administrator")
    if channel.dismissed:
        return Refused("dismissed", f"{channel.key} was dismissed")
    if sender in channel.blocked:
        return Refused("blocked", f"{sender} is on the black list of {channel.key}")
    if sender not in channel.members:
        return Refused("not-a-member", f"{sender} is not a member of {channel.key}")
    if channel.allowed and sender not in channel.allowed:
        return Refused("not-allowed", f"{sender} is not on the white list of {channel.key}")
    return None


def _person_refusal(state: State, action: Send) -> Refused | None:
    receiver = state.users.get(action.chat)
    if receiver is None or action.user not in state.users:
        name = action.chat if receiver is None else action.user
        return invalid_id(name) or no_user(name)
    if action.user in receiver.blocked:
        return Refused("blocked", f"{action.user} is on the black list of {action.chat}")
    if (
        state.profile.person_allow_list
        and action.user not in receiver.allowed
        and action.user != action.chat
    ):
        return Refused("not-allowed", f"{action.user} is not on the white list of {action.chat}")
    return None


def new_message(state: State, action: Send, key: str, seq: int) -> Message:
    """Make the message that a send becomes; `seq` 0 for one that no log gets."""
    kind: MessageKind = "command" if action.command else "notice" if action.notice else "content"
    now, stamp = state.now, state.stamp_ms()
    return Message(
        key,
        seq,
        state.next_order(),
        action.client_msg_no,
        action.user,
        action.text,
        kind,
        stamp,
        now + action.expire_ms if action.expire_ms else 0,
        action.no_red_dot,
        action.payload,
        False,
        action.setting,
        action.topic,
        stamp - now,
    )


def _store(state: State, keeping: Keeping, action: Send, key: str) -> list[Event]:
    """Give the message its number, keep it, and push it."""
    if key not in state.channels:
        state.person_channel(action.user, action.chat)
    log = state.log_w(key)
    message = new_message(state, action, key, log.last + 1)
    log.append(message)
    channel = state.channel_w(key)
    channel.order = message.message_id
    if state.surveys:
        state.note_message(key, message.message_id)
    changes = keeping.stored(state, key, message)
    events: list[Event] = [
        Stored(message),
        _accepted(action, message.message_id, message.seq, message),
    ]
    withheld = keeping.withheld(state, key, message) if channel.alert else ()
    push(state, channel, message, action.device, withheld, events)
    if changes:
        tell(state, keeping, changes, (action.user, action.device), events)
    return events


def _pass_on(state: State, action: Send, key: str) -> list[Event]:
    """Push a message that is stored nowhere; its number is remembered, so that it goes once."""
    message = new_message(state, action, key, 0)
    _remember(state, action, key, message.message_id)
    events: list[Event] = [Stored(message), _accepted(action, message.message_id, 0, message)]
    push(state, state.channels[key], message, action.device, (), events)
    return events


def _pretend(state: State, action: Send, key: str) -> Accepted:
    """Answer a send that goes nowhere; its number is remembered, so that a resend is known."""
    message_id = state.next_order()
    _remember(state, action, key, message_id)
    return _accepted(action, message_id, 0, None)


def _remember(state: State, action: Send, key: str, message_id: int) -> None:
    """Remember a number that no log has, and forget those whose window is over."""
    if key not in state.channels:
        state.person_channel(action.user, action.chat)
    unkept = Unkept(action.user, action.client_msg_no, message_id, state.now)
    state.log_w(key).remember(unkept, state.now - state.profile.resend_window)


# Reading


def synchronise(state: State, keeping: Keeping, action: Synchronise) -> list[Event]:
    """Answer a list synchronisation, with the commands that the device missed."""
    if action.user not in state.users:
        return [no_user(action.user)]
    if min(action.page, action.page_size, action.message_count) < 0:
        return [Refused("invalid", "a page and a number of messages are not negative")]
    answer = keeping.listing(state, action)
    device = state.device(action.user, action.device) if action.device else None
    if device is None:
        return [answer]
    commands = _missed_commands(state, action, device)
    device = state.device_w(action.user, action.device)
    device.missed = []
    if not answer.partial:
        device.synced_ms = state.now
    return [replace(answer, commands=commands) if commands else answer]


def _missed_commands(state: State, action: Synchronise, device: Device) -> tuple[Message, ...]:
    """Give each command that the device has not had: missed while offline, or not acknowledged."""
    found: list[Message] = []
    for channel, seq in device.missed:
        log = state.logs.get(channel)
        message = log.get(seq) if log is not None else None
        if message is not None and not is_expired(state, message):
            found.append(message)
    key = DeviceKey(action.user, action.device)
    found += take_commands(state, key)
    if found:
        overtake(state, key, found)
    return tuple(sorted(found, key=lambda message: message.message_id))


def pull(state: State, keeping: Keeping, action: Pull) -> list[Event]:
    """Answer a page of history: what the user may see, oldest first."""
    if action.user not in state.users:
        return [no_user(action.user)]
    if min(action.start, action.end, action.limit) < 0:
        return [Refused("invalid", "a sequence number and a limit are not negative")]
    key = keeping.key_of(action.user, action.chat)
    if key not in state.channels:
        return [HistoryPage(action.user, action.device, action.chat, (), False)]
    limit = min(action.limit or PAGE_LIMIT_MAX, PAGE_LIMIT_MAX)
    above, upto = _window(state, action, key)
    found = _readable(state, keeping, action, key, (above, upto), limit + 1)
    more = len(found) > limit
    if more:
        found = found[:limit] if action.ascending else found[1:]
    return [HistoryPage(action.user, action.device, action.chat, tuple(found), more)]


def _window(state: State, action: Pull, key: str) -> tuple[int, int]:
    """Turn start and end into a range (above, up to]."""
    last = state.last_seq(key)
    if action.ascending:
        return max(action.start - 1, 0), min(action.end - 1, last) if action.end else last
    return action.end, min(action.start or last, last)


def _readable(
    state: State,
    keeping: Keeping,
    action: Pull,
    key: str,
    window: tuple[int, int],
    limit: int,
) -> list[Message]:
    """Collect visible messages of a window: the first `limit` of them in the pull's direction."""
    log = state.logs[key]
    spans = keeping.history_spans(state, action.user, key)
    found: list[Message] = []
    for first, last in spans if action.ascending else reversed(spans):
        above, upto = max(first, window[0]), min(last, window[1])
        while upto > above and len(found) < limit:
            if action.ascending:
                batch = log.visible_after(above, upto, limit - len(found))
                found += _unexpired(state, log, batch)
                above = batch[-1].seq if batch else upto
            else:
                batch = log.visible(above, upto, limit - len(found))
                found[:0] = _unexpired(state, log, batch)
                upto = batch[0].seq - 1 if batch else above
    return found


def _unexpired(state: State, log: Log, messages: list[Message]) -> list[Message]:
    if not log.has_expiring:
        return messages
    return [message for message in messages if not is_expired(state, message)]


def open_window(state: State, keeping: Keeping, action: Open) -> list[Event]:
    """Open a chat: pull the newest page, change nothing."""
    newest = Pull(action.user, action.device, action.chat, limit=OPENED_MAX, ascending=False)
    return pull(state, keeping, newest)
