"""`--wait`: when is the effect of a verb visible, and what to say where it does not become so.

On the embedded server and on a simulated one what a device is answered is all there is. A live
server tells of a conversation in several places, which need not agree at once: there the effect
must be in each of them that this verb changes. What stands in the way is named by the comparison
that `show-conversation` makes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from imcli.cli.verbs.desk import Desk
    from imcli.model.entities import Entry
    from imcli.trace.readings import Readings

Visible = Callable[["Entry | None"], bool]
"""Whether an entry of a list, or its absence, shows the effect."""
Stored = Callable[["Readings"], bool]
"""Whether the other places of a live server show it."""

BUSY = (
    "it may be busy, or have ignored it, as WuKongIM does with what it has not stored yet: look, "
    "and do it again"
)


class Effect(NamedTuple):
    """What a verb brings about: in the list, and elsewhere on a live server.

    `why_not` says why it may not come about there, for this verb alone; "" where it should.
    """

    listed: Visible
    stored: Stored = lambda readings: True
    why_not: Callable[[Readings], str] = lambda readings: ""


def wait_for(desk: Desk, user: str, device: str, chat: str, effect: Effect) -> None:
    """With `--wait`: return when the effect is visible.

    Raises:
        CouldNotTell: it was not, in time.
    """
    if not desk.live or not desk.target.identity.version:
        desk.wait_until(lambda: effect.listed(entry_of(desk, user, device, chat)), lambda: BUSY)
        return
    from imcli.cli.verbs.unread_live import read_beside

    last: list[Readings] = []

    def visible() -> bool:
        last[:] = [read_beside(desk, user, chat)]
        return effect.listed(last[0].listed) and effect.stored(last[0])

    desk.wait_until(visible, lambda: effect.why_not(last[0]) or in_the_way(last[0]))


def entry_of(desk: Desk, user: str, device: str, chat: str) -> Entry | None:
    """One conversation as a device sees it, or None."""
    from imcli.model.questions import ListView, Seen

    view = desk.observe(Seen(user, device, chat))
    assert isinstance(view, ListView)
    return next(iter(view.entries), None)


def in_the_way(readings: Readings) -> str:
    """Say what the places of a live server say of each other, else what it may be."""
    from imcli.trace.readings import compare

    findings = compare(readings)
    return f"the {findings[0].where}: {findings[0].said}" if findings else BUSY


# What the verbs change in the places of a live server


def is_read(readings: Readings) -> bool:
    """The record's mark is at the end of the log, and the answer by channel counts nothing."""
    marked = readings.record is not None and readings.mark >= readings.last
    by_channel = readings.by_channel
    return (marked or not readings.last) and (by_channel is None or by_channel.unread == 0)


def is_deleted(readings: Readings) -> bool:
    """The record is gone, where a version removes it; later ones keep it with a mark."""
    from imcli.model.versions import MARKED_SINCE

    return readings.record is None or readings.version >= MARKED_SINCE


def only_forward(readings: Readings) -> str:
    """Say that a mark only goes forward, where it does."""
    from imcli.model.versions import MARKED_SINCE

    if readings.version < MARKED_SINCE:
        return ""
    return "since 2.1.4 what was read stays read: the mark goes forward only (A7)"


def shows(seq: int) -> Stored:
    """The answer by channel has come to a message."""

    def stored(readings: Readings) -> bool:
        entry = readings.by_channel
        return entry is None or (entry.last is not None and entry.last.seq >= seq)

    return stored
