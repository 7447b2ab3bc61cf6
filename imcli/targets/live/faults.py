"""Faults on the link of one device, made here: between its connection and what it knows.

A message that a fault drops or holds is not acknowledged, as if it were still on its way, so the
server goes on as over a real bad link: it sends it again after its own time. Faults of a link are
those of the simulator (`simulator/delivery.py`), with the same words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from imcli.model.actions import Fault
from imcli.wire.packets import Recv


class LinkFaults:
    """What is wrong with one link; `quiet` while nothing is that concerns messages."""

    def __init__(self) -> None:
        self.quiet = True
        self.under_way = 0
        """Messages that were delayed or released and will arrive by themselves."""
        self._drop_messages = 0
        self._drop_sends = 0
        self._lose_acks = 0
        self._duplicate = 0
        self.delay_ms = 0
        self._holding = False
        self._held: list[Recv] = []
        self._lock = threading.Lock()

    def loses_send(self) -> bool:
        """Whether what is being sent never leaves."""
        with self._lock:
            if not self._drop_sends:
                return False
            self._drop_sends -= 1
            return True

    def loses_ack(self) -> bool:
        """Whether an answer never arrives."""
        with self._lock:
            if not self._lose_acks:
                return False
            self._lose_acks -= 1
            return True

    def incoming(self, recv: Recv) -> tuple[int, ...]:
        """Say after how many milliseconds a message arrives: once, twice, or not at all (yet)."""
        with self._lock:
            if self._drop_messages:
                self._drop_messages -= 1
                self._weigh()
                return ()
            copies = 1
            if self._duplicate:
                self._duplicate -= 1
                copies = 2
            if self._holding:
                self._held += [recv] * copies
                self._weigh()
                return ()
            if self.delay_ms:
                self.under_way += copies
            self._weigh()
            return (self.delay_ms,) * copies

    def arrived_late(self) -> None:
        """What was under way is there."""
        with self._lock:
            self.under_way -= 1

    def change(self, fault: Fault, deliver: Callable[[Recv, int], None]) -> None:
        """Begin or end a fault; `deliver` takes what is released, and after how many ms."""
        with self._lock:
            released = self._change(fault)
            delay_ms = self.delay_ms
            self.under_way += len(released)
            self._weigh()
        for recv in released:
            deliver(recv, delay_ms)

    def _change(self, fault: Fault) -> list[Recv]:
        match fault.kind:
            case "drops-messages":
                self._drop_messages += fault.count
            case "drops-sends":
                self._drop_sends += fault.count
            case "loses-acks":
                self._lose_acks += fault.count
            case "duplicates-messages":
                self._duplicate += fault.count
            case "delays":
                self.delay_ms = fault.duration_ms
            case "holds":
                self._holding = True
            case "releases":
                return self._release()
            case "releases-reversed":
                return self._release()[::-1]
            case "heals":
                return self._heal()
        return []

    def _release(self) -> list[Recv]:
        held, self._held, self._holding = self._held, [], False
        return held

    def _heal(self) -> list[Recv]:
        self._drop_messages = self._drop_sends = self._lose_acks = self._duplicate = 0
        self.delay_ms = 0
        return self._release()

    def lose_held(self) -> None:
        """The session is over, and with it what the link holds."""
        with self._lock:
            self._held = []

    def _weigh(self) -> None:
        self.quiet = not (self._drop_messages or self._duplicate or self.delay_ms or self._holding)
