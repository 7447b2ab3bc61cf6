"""The garbage collector, told what stays.

Python looks for reference cycles whenever so many objects have been made, and once more among
everything when the process ends. Nearly all that this program makes before it does something stays
to the end: modules, commands, the scenarios that were read. Looking through them again and again is
a tenth of the time in which a verb starts and ends.

The collector belongs to the process, so only a process that is this program's own is spared it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MADE_MAX = 50_000
"""How many objects may be made before the collector looks for cycles among them: a command that
begins has made thirty thousand, through which Python's own number would send it forty times."""


class Collector:
    """The collector of this process; does nothing where the process is a caller's."""

    def __init__(self, *, ours: bool = False) -> None:
        self._ours = ours

    def begin(self) -> None:
        """The program starts."""
        if self._ours:
            gc.set_threshold(MADE_MAX, *gc.get_threshold()[1:])

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Whatever is made in here is kept, so nothing is looked for here, nor among it later."""
        if not self._ours:
            yield
            return
        gc.disable()
        try:
            yield
        finally:
            gc.freeze()
            gc.enable()

    def end(self) -> None:
        """The program ends: what is left needs no search, it goes with the process."""
        if self._ours:
            gc.freeze()
