"""Delivery: what reaches which device, over which link, and what is sent again.

A message goes once to every online device of every receiver and to the sender's other devices. A
device acknowledges what arrives; what is not acknowledged is sent again after `resend_after`, at
most `resend_count` times. Clean links need no queue and no timer: one `Pushed` event names all
devices that a message reached at once, and the list of them is cached per channel (`Fanout`). Only
links with a fault, and dead ones, are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imcli.model.entities import DeviceKey, Message, channel_key
from imcli.model.events import ConversationPushed, Event, Pushed, SessionEnded
from imcli.simulator.conversations.base import Change, Keeping
from imcli.simulator.state import Channel, Device, Fanout, State


def fanout_of(state: State, channel: Channel) -> Fanout:
    """Say whom a message reaches just now; cached until a session or a member changes."""
    cached = state.fanouts.get(channel.key)
    if (
        cached is not None
        and cached.version == state.session_version
        and cached.members is channel.members
    ):
        return cached
    fanout = _find_receivers(state, channel)
    state.fanouts[channel.key] = fanout
    return fanout


def _find_receivers(state: State, channel: Channel) -> Fanout:
    clean: list[DeviceKey] = []
    odd: list[DeviceKey] = []
    absent: list[DeviceKey] = []
    for user in channel.members:
        for name, device in state.users[user].devices.items():
            if not device.session:
                absent.append(DeviceKey(user, name))
            elif device.link is None and not device.dead:
                clean.append(DeviceKey(user, name))
            else:
                odd.append(DeviceKey(user, name))
    return Fanout(
        state.session_version, channel.members, tuple(clean), tuple(odd), tuple(absent), {}
    )


def push(
    state: State,
    channel: Channel,
    message: Message,
    device: str,
    withheld: Sequence[str],
    events: list[Event],
) -> None:
    """Push a message to everybody but the device that sent it and the users `withheld` from."""
    fanout = fanout_of(state, channel)
    sender = DeviceKey(message.sender, device)
    reached = fanout.without.get(sender)
    if reached is None:
        reached = tuple(key for key in fanout.clean if key != sender)
        fanout.without[sender] = reached
    if withheld:
        reached = tuple(key for key in reached if key.user not in withheld)
    if reached:
        events.append(Pushed(message, reached))
    for key in fanout.odd:
        if key != sender and key.user not in withheld:
            _push_odd(state, key, message, 1, events)
    if message.kind == "command" and message.seq:
        for key in fanout.absent:
            state.device_w(key.user, key.device).missed.append((message.channel, message.seq))


def _push_odd(
    state: State, key: DeviceKey, message: Message, attempt: int, events: list[Event]
) -> None:
    """Push over a link with a fault: it may get lost, wait, come late or come twice."""
    device = state.device_w(key.user, key.device)
    device.pending[message.message_id] = attempt
    state.frames[message.message_id] = message
    due = state.now + state.profile.resend_after
    state.add_timer(due, "resend", key.user, key.device, device.session, message.message_id)
    link = device.link
    if device.dead:
        return
    if link is not None and link.drop_messages:
        link.drop_messages -= 1
        _cleaned(state, device)
        return
    copies = 1
    if link is not None and link.duplicate_messages:
        link.duplicate_messages -= 1
        copies = 2
    for _ in range(copies):
        _carry(state, key, device, message.message_id, attempt, events)
    _cleaned(state, device)


def _cleaned(state: State, device: Device) -> None:
    """A link without a fault left is an ordinary link again."""
    if device.link is not None and device.link.is_clean():
        device.link = None
        state.session_version += 1


def _carry(
    state: State, key: DeviceKey, device: Device, frame: int, attempt: int, events: list[Event]
) -> None:
    """Bring a frame to a device: now, after the link's delay, or when the link is released."""
    link = device.link
    if link is not None and link.holding:
        link.held.append((frame, attempt))
    elif link is not None and link.delay_ms:
        state.under_way += 1
        due = state.now + link.delay_ms
        state.add_timer(due, "deliver", key.user, key.device, frame, attempt)
    else:
        arrive(state, key, frame, attempt, events)


def arrive(state: State, key: DeviceKey, frame: int, attempt: int, events: list[Event]) -> None:
    """A frame reaches a device, which acknowledges it."""
    device = state.device(key.user, key.device)
    content = state.frames.get(frame)
    if device is None or not device.session or device.dead or content is None:
        return
    if isinstance(content, Message):
        if content.message_id in device.pending:
            del state.device_w(key.user, key.device).pending[content.message_id]
        events.append(Pushed(content, (key,), attempt))
    elif isinstance(content, ConversationPushed):
        events.append(content)


def resend(
    state: State, user: str, name: str, session: int, message_id: int, events: list[Event]
) -> None:
    """The timer of an unacknowledged push is over: send it again, or give up."""
    device = state.device(user, name)
    if device is None or device.session != session or message_id not in device.pending:
        return
    attempt = device.pending[message_id]
    message = state.frames.get(message_id)
    if attempt <= state.profile.resend_count and isinstance(message, Message):
        _push_odd(state, DeviceKey(user, name), message, attempt + 1, events)
    elif device.dead:
        end_session(state, DeviceKey(user, name))
        events.append(SessionEnded(user, name, "timeout"))
    else:
        _give_up(state, DeviceKey(user, name), message_id)


def _give_up(state: State, key: DeviceKey, message_id: int) -> None:
    """Stop pushing; a command waits for the next synchronisation, the list has the rest."""
    device = state.device_w(key.user, key.device)
    del device.pending[message_id]
    message = state.frames.get(message_id)
    if isinstance(message, Message) and message.kind == "command" and message.seq:
        device.missed.append((message.channel, message.seq))


def end_session(state: State, key: DeviceKey) -> None:
    """End a device's session: frames on the link are lost, commands wait for the next one."""
    device = state.device_w(key.user, key.device)
    for message_id in list(device.pending):
        _give_up(state, key, message_id)
    if device.link is not None:
        device.link.held = []
        _cleaned(state, device)
    device.session = 0
    device.dead = False
    state.session_version += 1


def release(state: State, key: DeviceKey, *, reverse: bool, events: list[Event]) -> None:
    """Let through what a holding link has held."""
    device = state.device_w(key.user, key.device)
    link = device.link
    if link is None:
        return
    held, link.held, link.holding = link.held, [], False
    for frame, attempt in reversed(held) if reverse else held:
        _carry(state, key, device, frame, attempt, events)
    _cleaned(state, device)


def tell(
    state: State, keeping: Keeping, changes: Iterable[Change], device: str, events: list[Event]
) -> None:
    """Tell the devices of a user what changed in a conversation.

    The device that asked is told too: for it the event is what the answer said. With the policy
    `on-full-sync` nobody else learns of a delete.
    """
    for change in changes:
        owner = state.users[change.user]
        silent = not keeping.tells_others or (
            change.kind == "deleted" and state.profile.sync_deletes == "on-full-sync"
        )
        named = [
            name
            for name, each in owner.devices.items()
            if each.session and (not silent or name == device)
        ]
        if named:
            _tell_one(state, keeping, change, named, device, events)


def _tell_one(
    state: State,
    keeping: Keeping,
    change: Change,
    named: list[str],
    actor: str,
    events: list[Event],
) -> None:
    devices = state.users[change.user].devices
    direct = tuple(
        name
        for name in named
        if name == actor or (devices[name].link is None and not devices[name].dead)
    )
    event = _change_event(state, keeping, change, direct)
    if direct:
        events.append(event)
    for name in named:
        if name in direct or devices[name].dead:
            continue
        frame = state.next_order()
        state.frames[frame] = _change_event(state, keeping, change, (name,))
        key = DeviceKey(change.user, name)
        _carry(state, key, state.device_w(change.user, name), frame, 1, events)


def _change_event(
    state: State, keeping: Keeping, change: Change, devices: tuple[str, ...]
) -> ConversationPushed:
    key = channel_key(change.user, change.chat)
    record = state.record(change.user, key)
    return ConversationPushed(
        change.user,
        change.chat,
        change.kind,
        devices,
        state.order,
        record.deleted_to if record is not None else 0,
        keeping.entry(state, change.user, key, 0),
    )
