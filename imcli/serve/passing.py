"""Time that passes in a served world: timers, resends, companions, each at its own moment.

The world is always as far as the clock when something happens in it, and wakes up by itself when
something is due. Where time is virtual it sleeps, until somebody lets time pass: then it goes from
one due moment to the next, so that a day brings the same as a day of waiting would have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from imcli.serve.world import World


class Timer(Protocol):
    """Something that will be called later."""

    def cancel(self) -> None:
        """Call it no more."""


class Loop(Protocol):
    """The part of an event loop that the world needs."""

    def call_soon(self, callback: Callable[[], None], /) -> object:
        """Call something in the next round."""

    def call_later(self, delay: float, callback: Callable[..., None], /, *args: Any) -> Timer:
        """Call something after some seconds."""


class Companion(Protocol):
    """What goes along with a world and has moments of its own: a script, webhooks."""

    def due_ms(self) -> int | None:
        """Say when it has something to do, or None."""

    def play(self, now_ms: int) -> None:
        """Do what is due."""


class Passing:
    """What the passing of time brings to a world."""

    def __init__(self, world: World, loop: Loop) -> None:
        self.companions: list[Companion] = []
        self._world = world
        self._loop = loop
        self._timer: Timer | None = None
        self._timer_ms = 0

    def catch_up(self, now_ms: int) -> None:
        """Let time pass: what companions do on the way is done at its own moment."""
        world = self._world
        while self.companions:
            dues = [(due, at) for at, due in enumerate(self._companions_due()) if due is not None]
            due, at = min(dues, default=(now_ms + 1, 0))
            if due > now_ms:
                break
            self._pass_until(max(due, world.now_ms))
            self.companions[at].play(max(due, world.now_ms))
        self._pass_until(now_ms)

    def _companions_due(self) -> list[int | None]:
        return [companion.due_ms() for companion in self.companions]

    def _pass_until(self, now_ms: int) -> None:
        world = self._world
        events = world.server.advance_to(now_ms)
        if events:
            world.route(events)
        world.post.resends.catch_up(now_ms)

    def next_due_ms(self) -> int | None:
        """Say when something happens by itself, or None."""
        timers = self._world.state.timers
        timer = timers[0][0] if timers else None
        dues = (timer, self._world.post.resends.next_ms(), *self._companions_due())
        return min((due for due in dues if due is not None), default=None)

    def arm(self) -> None:
        """See to it that the world wakes up when something is due."""
        clock = self._world.clock
        due = self.next_due_ms()
        if due is None:
            return
        if due <= clock.now_ms():
            self._loop.call_soon(self._world.begin)  # it became due within this turn
        elif not clock.virtual and (self._timer is None or due < self._timer_ms):
            if self._timer is not None:
                self._timer.cancel()
            self._timer_ms = due
            delay_s = (due - clock.now_ms() + 1) / 1000
            self._timer = self._loop.call_later(delay_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._world.begin()

    def advance_to(self, until_ms: int, move: Callable[[int], None]) -> None:
        """Let time pass that only moves when it is told to, from one due moment to the next.

        Args:
            until_ms: where to.
            move: moves the clock by so many milliseconds.
        """
        world = self._world
        world.begin()
        while True:
            due, now = self.next_due_ms(), world.clock.now_ms()
            step = until_ms if due is None else min(max(due, now), until_ms)
            move(step - now)
            self.catch_up(step)
            if step == until_ms:
                return
