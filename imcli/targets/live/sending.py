"""Sending a message through a device's own connection, and what its answer says.

A SENDACK is definite: accepted, or refused with a reason code. A SEND can vanish without one, so a
client has to give up at some point. No SENDACK within the time, or a connection that ends before
it, says nothing: the message may or may not have been stored. Two reason codes are no refusal of
the message and say nothing either: trouble of the server's own (15), and what it could not decrypt
(9).
"""

from __future__ import annotations

from imcli.model.actions import Send
from imcli.model.entities import FORBIDDEN_ID_CHARACTERS, Message, channel_key
from imcli.model.events import Accepted, Refused, Unanswered
from imcli.model.reasons import REASON_BY_CODE
from imcli.targets.base import Outcome
from imcli.targets.live.devices import Device
from imcli.targets.live.session import Sent
from imcli.wire import codes
from imcli.wire.answers import contents_of
from imcli.wire.http import payload_bytes
from imcli.wire.instants import id_time_ms
from imcli.wire.packets import Sendack, WireError

DEAF_MS = 1_500
"""How long to wait for an answer on a connection that is known to give none."""
NOWHERE = (0, 0)
"""Id and number of a message that was not accepted."""


def send_through(device: Device, action: Send, within_ms: int) -> tuple[Outcome, tuple[int, int]]:
    """Send a message and wait for its answer; the device has a connection.

    Returns:
        What the sender learned, and the id and number of the message if it was accepted, also where
        a fault of the link kept that from the sender; else zeros.
    """
    channel_id, channel_type = device.world.names.address(action.chat)
    unfit = _unfit(action, channel_id)
    if unfit:
        return refused(action, "unsupported" if action.notice else "invalid", unfit), NOWHERE
    session = device.session
    assert session is not None, "somebody looked whether it is there"
    evidence, bell = device.world.evidence, device.world.bell
    with bell:
        evidence.sending(action.user, action.client_msg_no)
    try:
        sent = session.send(
            channel_id,
            channel_type,
            payload_bytes(action.text, action.payload),
            action.client_msg_no,
            flags=_flags(action),
            expire=max(1, action.expire_ms // 1000) if action.expire_ms else 0,
        )
    except WireError as error:
        return refused(action, "invalid", str(error)), NOWHERE
    deaf = session.state == "kicked"
    device.world.await_until(lambda: not sent.awaited, DEAF_MS if deaf else within_ms)
    ack = sent.ack
    went = ack is not None and ack.reason_code == codes.SUCCESS
    stored = (ack.message_id, ack.message_seq) if ack is not None and went else NOWHERE
    if ack is not None:
        with bell:
            evidence.answered(action.user, action.client_msg_no, stored[0], ack.message_seq)
    return _outcome(device, action, sent, within_ms), stored


def _unfit(action: Send, channel_id: str) -> str:
    if action.notice:
        return "WuKongIM has no notices"
    if not channel_id or any(sign in channel_id for sign in FORBIDDEN_ID_CHARACTERS):
        # Not asked: 2.1.3 to 2.2.0 accept such a message and die of it.
        return f"an id must not be empty or contain {FORBIDDEN_ID_CHARACTERS}"
    return ""


def _flags(action: Send) -> int:
    return (
        action.no_persist * codes.NO_PERSIST
        | (not action.no_red_dot) * codes.RED_DOT
        | action.command * codes.SYNC_ONCE
    )


def _outcome(device: Device, action: Send, sent: Sent, within_ms: int) -> Outcome:
    ack = sent.ack
    if ack is None or sent.lost:
        late = "the answer was lost" if sent.lost else f"no SENDACK within {within_ms} ms"
        ended = f"the connection of {device.key} ended: {sent.why}" if sent.why else ""
        return _unanswered(action, ended or late)
    if ack.reason_code == codes.SUCCESS:
        return accepted(action, ack.message_id, _message(device, action, ack))
    said = codes.describe_reason(ack.reason_code)
    if ack.reason_code == codes.SYSTEM_ERROR:
        return _unanswered(action, f"the server had trouble of its own: reason {said}")
    if ack.reason_code == codes.PAYLOAD_DECODE_ERROR:
        return _unanswered(action, f"what {device.key} sent could not be read: reason {said}")
    reason = REASON_BY_CODE.get(ack.reason_code)
    return refused(action, reason.name if reason else "invalid", f"reason {said}")


def _unanswered(action: Send, why: str) -> Outcome:
    event = Unanswered(action.user, action.device, False, action.client_msg_no)
    return Outcome("unknown", "", why, (event,))


def _message(device: Device, action: Send, ack: Sendack) -> Message:
    text, payload = contents_of(payload_bytes(action.text, action.payload))
    now_ms = id_time_ms(ack.message_id, device.server_now_ms)
    return Message(
        channel_key(action.user, action.chat),
        ack.message_seq,
        ack.message_id,
        action.client_msg_no,
        action.user,
        text or action.text,
        "content",
        now_ms,
        now_ms + action.expire_ms if action.expire_ms else 0,
        action.no_red_dot,
        payload,
        action.command,
    )


def refused(action: object, reason: str, detail: str) -> Outcome:
    """A definite no; a refused send names itself, so that it is found when it comes late."""
    user, number = (action.user, action.client_msg_no) if isinstance(action, Send) else ("", "")
    return Outcome("refused", reason, detail, (Refused(reason, detail, user, number),))


def accepted(action: Send, message_id: int, stored: Message | None) -> Outcome:
    """A definite yes."""
    event = Accepted(
        action.user,
        action.device,
        action.client_msg_no,
        message_id,
        stored.seq if stored else 0,
        stored,
    )
    return Outcome("ok", events=(event,))
