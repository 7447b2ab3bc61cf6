"""Delivery: what reaches which device, over which link, and what is sent again.

A message goes once to every online device of every receiver and to the sender's other devices. A
device acknowledges what arrives; what is not acknowledged is sent again after `resend_after`, at
most `resend_count` times. Clean links need no queue and no timer: one `Pushed` event names all
devices that a message reached at once, and the list of them is cached per channel (`Fanout`). Only
links with a fault, and dead ones, are looked at one by one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

from imcli.model.entities import DeviceKey, Message
from imcli.model.events import ConversationPushed, Event, Lost, Pushed, SessionEnded
from imcli.simulator.state import Channel, Device, Fanout, State

Content = Message | ConversationPushed
"""What travels over a link."""


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
                found = absent
            else:
                found = clean if device.link is None and not device.dead else odd
            found.append(DeviceKey(user, name))
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
    fanout = state.fanouts.get(channel.key)
    if (
        fanout is None
        or fanout.version != state.session_version
        or fanout.members is not channel.members
    ):
        fanout = fanout_of(state, channel)
    sender = (message.sender, device)  # equal to its `DeviceKey`, and quicker to make
    reached = fanout.without.get(sender)
    if reached is None:
        reached = tuple([key for key in fanout.clean if key != sender])
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
    state.frames[waiting_frame(device, message.message_id)] = message
    due = state.now + state.profile.resend_after
    state.add_timer(due, "resend", key.user, key.device, device.session, message.message_id)
    link = device.link
    if device.dead:
        if attempt == 1:
            events.append(Lost(message, (key,)))
        return
    if link is not None and link.drop_messages:
        link.drop_messages -= 1
        events.append(Lost(message, (key,), attempt))
        _cleaned(state, device)
        return
    copies = 1
    if link is not None and link.duplicate_messages:
        link.duplicate_messages -= 1
        copies = 2
    for _ in range(copies):
        carry(state, key, device, message, attempt, events)
    _cleaned(state, device)


def waiting_frame(device: Device, message_id: int) -> int:
    """Number the frame of a push that this session has not acknowledged; it goes with `pending`.

    Copies on their way have numbers of their own (`_keep`): whoever takes one takes its frame.
    """
    return device.session << 40 | message_id


def _keep(state: State, content: Content) -> int:
    """Keep what is on its way to one device until it arrives or is lost."""
    state.timer_count += 1
    state.frames[state.timer_count] = content
    return state.timer_count


def _cleaned(state: State, device: Device) -> None:
    """A link without a fault left is an ordinary link again."""
    if device.link is not None and device.link.is_clean():
        device.link = None
        state.session_version += 1


def carry(
    state: State,
    key: DeviceKey,
    device: Device,
    content: Content,
    attempt: int,
    events: list[Event],
) -> None:
    """Bring a frame to a device: now, after the link's delay, or when the link is released."""
    link = device.link
    if link is not None and link.holding:
        link.held.append((_keep(state, content), attempt))
    elif link is not None and link.delay_ms:
        state.under_way += 1
        due = state.now + link.delay_ms
        state.add_timer(due, "deliver", key.user, key.device, _keep(state, content), attempt)
    else:
        _deliver(state, key, device, content, attempt, events)


def arrive(state: State, key: DeviceKey, frame: int, attempt: int, events: list[Event]) -> None:
    """A frame that was on its way reaches a device, if the link has not died meanwhile."""
    content = state.frames.pop(frame, None)
    device = state.device(key.user, key.device)
    if device is None or device.dead or not isinstance(content, Message | ConversationPushed):
        return
    _deliver(state, key, device, content, attempt, events)


def _deliver(
    state: State,
    key: DeviceKey,
    device: Device,
    content: Content,
    attempt: int,
    events: list[Event],
) -> None:
    """Give a frame to a device, which acknowledges it."""
    if isinstance(content, ConversationPushed):
        events.append(content)
        return
    if content.message_id in device.pending:
        _acknowledged(state, state.device_w(key.user, key.device), content.message_id)
    elif (content.channel, content.seq) in device.missed:  # given up, and comes all the same
        state.device_w(key.user, key.device).missed.remove((content.channel, content.seq))
    events.append(Pushed(content, (key,), attempt))


def _acknowledged(state: State, device: Device, message_id: int) -> object:
    """A push waits for nothing any more; gives what it was."""
    del device.pending[message_id]
    return state.frames.pop(waiting_frame(device, message_id), None)


def take_commands(state: State, key: DeviceKey) -> list[Message]:
    """Give the commands that were pushed and not acknowledged: a synchronisation tells them."""
    found: list[Message] = []
    device = state.device(key.user, key.device)
    for message_id in list(device.pending) if device is not None else ():
        device = state.device_w(key.user, key.device)
        frame = state.frames.get(waiting_frame(device, message_id))
        if isinstance(frame, Message) and frame.kind == "command":
            _acknowledged(state, device, message_id)
            found.append(frame)
    return found


def overtake(state: State, key: DeviceKey, commands: Sequence[Message]) -> None:
    """What a device has by its synchronisation does not come a second time by a slow link."""
    told = {message.message_id for message in commands}

    def is_told(frame: int) -> bool:
        content = state.frames.get(frame)
        return isinstance(content, Message) and content.message_id in told

    link = state.device_w(*key).link
    if link is not None and link.held:
        overtaken = [frame for frame, _ in link.held if is_told(frame)]
        link.held = [each for each in link.held if each[0] not in overtaken]
        for frame in overtaken:
            del state.frames[frame]
    if state.under_way:
        _lose_frames(state, key, is_told)


def resend(
    state: State, user: str, name: str, session: int, message_id: int, events: list[Event]
) -> None:
    """The timer of an unacknowledged push is over: send it again, or give up."""
    device = state.device(user, name)
    if device is None or device.session != session or message_id not in device.pending:
        return
    attempt = device.pending[message_id]
    message = state.frames.get(waiting_frame(device, message_id))
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
    message = _acknowledged(state, device, message_id)
    if isinstance(message, Message) and message.kind == "command" and message.seq:
        device.missed.append((message.channel, message.seq))


def end_session(state: State, key: DeviceKey) -> Device:
    """End a device's session: frames on the link are lost, commands wait for the next one."""
    device = state.device_w(*key)
    if device.pending:
        for message_id in list(device.pending):
            _give_up(state, key, message_id)
    if device.link is not None:
        for frame, _ in device.link.held:
            state.frames.pop(frame, None)
        device.link.held = []
        _cleaned(state, device)
    if state.under_way:
        _lose_frames(state, key)
    device.session = device.ended_with = 0
    device.dead = False
    state.session_version += 1
    return device


def _lose_frames(
    state: State, key: DeviceKey, which: Callable[[int], bool] = lambda frame: True
) -> None:
    """What a link delays dies with the session: a later one must not get it."""
    delayed = [t for t in state.timers if t[2] == "deliver" and (t[3], t[4]) == key]
    lost = {t[1]: t[5] for t in delayed if which(t[5])}
    for frame in lost.values():
        state.frames.pop(frame, None)
    state.under_way -= len(lost)
    state.timers = [timer for timer in state.timers if timer[1] not in lost]
    heapq.heapify(state.timers)


def release(state: State, key: DeviceKey, *, reverse: bool, events: list[Event]) -> None:
    """Let through what a holding link has held."""
    device = state.device_w(key.user, key.device)
    link = device.link
    if link is None:
        return
    held, link.held, link.holding = link.held, [], False
    if device.dead:  # what was under way died with the link
        for frame, _ in held:
            state.frames.pop(frame, None)
        held = []
    for frame, attempt in reversed(held) if reverse else held:
        content = state.frames.pop(frame, None)
        if isinstance(content, Message | ConversationPushed):
            carry(state, key, device, content, attempt, events)
    _cleaned(state, device)
