"""How WuKongIM takes a message: who may send, which log it enters, whom it reaches.

Sources: WuKongIM `internal/channel/handler/event_permission.go` (2.1.x), `internal/service/
permission.go` (2.2.5), `internal/api/message.go`; what devices get was recorded from all versions.

A send through the HTTP API passes every check of the *sender* and meets only the channel's ban; it
is answered before it is stored, so that a refused one looks like any other. A group need not
exist. Commands (`sync_once`) have a log of their own beside the channel's.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from imcli.model.actions import Send
from imcli.model.entities import Message, is_group
from imcli.model.events import Accepted, Event, Refused, Stored, Unanswered
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.delivery import push
from imcli.simulator.messages import new_message, through_link
from imcli.simulator.sessions import invalid_id
from imcli.simulator.state import Channel, State
from imcli.simulator.wukongim.ids import COMMAND_SUFFIX, checksum_64, key_of, session_key
from imcli.simulator.wukongim.traits import TRAITS

TEMPORARY = "\x1f8"
"""Ends the name of a channel that stands for named receivers: its type is 8."""
ONLINE_COMMANDS = "systemcmdonline"


def send(state: State, keeping: Keeping, action: Send) -> list[Event]:
    """Send a message over the device's link, or from the back end."""
    return through_link(state, keeping, action, answer)


def answer(state: State, keeping: Keeping, action: Send) -> list[Event]:
    """Take or refuse a send that has arrived; no frame and no call of WuKongIM says `notice`."""
    if action.notice:
        return [Refused("unsupported", "WuKongIM has no notices")]
    name = action.chat[1:] if is_group(action.chat) else action.chat
    refused = invalid_id(name)
    if refused is not None:
        return [refused]
    key = (session_key if action.device else key_of)(action.user, action.chat)
    refused = _refusal(state, action, state.channels.get(key) or Channel(key))
    if refused is not None:  # a refusal makes no channel
        return [refused if action.device else _untold(state, action)]
    return _take(state, keeping, action, channel_at(state, key))


def _untold(state: State, action: Send) -> Event:
    """The back end is answered before anything is checked, and so as if it had been taken.

    Whether a message was stored its log shows; of what is kept in no log, the answer is all that
    anybody learns.
    """
    if action.no_persist:
        return Accepted(action.user, "", action.client_msg_no, state.next_order(), 0)
    return Unanswered(action.user, "", False)


def deaf(state: State, keeping: Keeping, action: Send) -> list[Event]:
    """Take what a kicked device sends on a socket that was left open: nothing comes back to it."""
    told = (Accepted, Refused, Unanswered)
    done = [event for event in answer(state, keeping, action) if not isinstance(event, told)]
    return [Unanswered(action.user, action.device, bool(done), action.client_msg_no), *done]


def channel_of(state: State, user: str, chat: str) -> Channel:
    """Give the channel of a chat, made by being named."""
    return channel_at(state, key_of(user, chat))


def channel_at(state: State, key: str) -> Channel:
    """Give the channel of a key, made by being named."""
    found = state.channels.get(key)
    if found is not None:
        return found
    members = () if is_group(key) else sorted(key.split("@", 1))
    return state.add_channel(key, dict.fromkeys(members, 1))


def _refusal(state: State, action: Send, channel: Channel) -> Refused | None:
    """Check in WuKongIM's order: ban 19, deny list 4, membership 3, allow list 13.

    A command of the back end goes into a channel of its own, which nobody closes: it reaches the
    members of a banned, muted or dismissed group (measured, 2.1.3 to 2.2.5).
    """
    if action.command and not action.device:
        return None
    sender = state.users.get(action.user)
    if action.device and sender is not None and "muted" in sender.flags:
        return Refused("silenced", f"{action.user} has send_ban")
    if channel.flags.get("banned"):
        return Refused("banned", f"{channel.key} is banned")
    if channel.dismissed:
        return Refused("dismissed", f"{channel.key} was dismissed")
    if channel.flags.get("muted") and TRAITS[state.profile.version].send_ban == "stops":
        return Refused("silenced", f"{channel.key} has send_ban")  # from 2.2.5 on nobody asks (A29)
    if not action.device or (sender is not None and sender.system):
        return None
    if not is_group(action.chat):
        receiver = state.users.get(action.chat)
        if receiver is not None and receiver.system:
            return None
        if receiver is not None and action.user in receiver.blocked:
            return Refused("blocked", f"{action.user} is on the deny list of {action.chat}")
        allowed = receiver.allowed if receiver is not None else {}
        if state.profile.person_allow_list and action.user not in allowed:
            return Refused(
                "not-allowed", f"{action.user} is not on the allow list of {action.chat}"
            )
        return None
    return _sender_refusal(state, action.user, channel)


def _sender_refusal(state: State, sender: str, channel: Channel) -> Refused | None:
    traits = TRAITS[state.profile.version]
    if sender in channel.blocked:
        return Refused("blocked", f"{sender} is on the deny list of {channel.key}")
    if sender not in channel.members:
        return Refused("not-a-member", f"{sender} is no subscriber of {channel.key}")
    asked = traits.group_allow_list != "off" or state.profile.person_allow_list
    if not asked or sender in channel.allowed:
        return None
    emptied = traits.group_allow_list == "sticky" and channel.allow_emptied
    if channel.allowed or emptied:
        return Refused("not-allowed", f"{sender} is not on the allow list of {channel.key}")
    return None


def _take(state: State, keeping: Keeping, action: Send, channel: Channel) -> list[Event]:
    """Store the message, unless it is not to be kept, and push it."""
    apart = action.command and not action.device and not action.no_persist
    key = channel.key + COMMAND_SUFFIX if apart else channel.key
    if action.no_persist:
        message = _message(state, action, key, 0)
    else:
        if key not in state.logs:
            state.add_log(key)
        log = state.log_w(key)
        message = _message(state, action, key, log.last + 1)
        log.append(message)
        keeping.stored(state, key, message)
    events: list[Event] = [Stored(message), _ack(action, message)]
    for _ in range(2 if action.chat == action.user else 1):  # oneself is named twice as a receiver
        push(state, channel, message, action.device, (), events)
    return events


def send_apart(state: State, action: Send, receivers: Sequence[str]) -> list[Event]:
    """Send a command to named receivers: what is kept has a channel of its own per set of them.

    It makes no row of a conversation, so that nobody gets it but whoever is online (A22). All of
    them are known.
    """
    name = ONLINE_COMMANDS
    if not action.no_persist:
        name = f"{checksum_64(','.join(receivers))}{COMMAND_SUFFIX}"
    key = f"#{name}{TEMPORARY}"
    if key not in state.channels:
        state.add_channel(key, {})
    channel = state.channel_w(key)
    channel.members = dict.fromkeys(receivers, 1)
    seq = 0 if action.no_persist else state.logs[key].last + 1
    message = _message(state, action, channel.key, seq)
    if seq:
        state.log_w(channel.key).append(message)
    events: list[Event] = [Stored(message)]
    push(state, channel, message, "", (), events)
    return events


def _message(state: State, action: Send, key: str, seq: int) -> Message:
    """Make the message; `sync_once` of a device's own send is a flag on an ordinary message."""
    message = new_message(state, action, key, seq)
    if not action.command:
        return message
    kind = message.kind if not action.device else "content"
    return replace(message, kind=kind, sync_once=True)


def _ack(action: Send, message: Message) -> Accepted:
    return Accepted(
        action.user,
        action.device,
        action.client_msg_no,
        message.message_id,
        message.seq,
        message,
    )
