"""What the process around a served world needs of the system: signals, and its own mistakes.

A mistake of imcli's own that one client's bytes bring to light costs that client its connection and
nobody else anything; it is said in one line, and the report goes where reports of defects go.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
Report = Callable[[BaseException], str]
"""Writes a report of a defect and says in one line where it is."""


@contextlib.contextmanager
def signals(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Iterator[None]:
    """Let signals end the server; where loops know no signals, the usual interrupt does."""
    taken: list[signal.Signals] = []
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        for number in SIGNALS:
            loop.add_signal_handler(number, stop)
            taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)


def cost_the_offender(report: Report, say: Callable[[str], None]) -> Callable[..., None]:
    """Make the loop's handler of what nobody caught: it ends the connection that it came from."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError):  # of the system: no file left for another client
            say(f"the system says: {error.strerror or error}")
        elif isinstance(error, BaseException):
            say(report(error))
        else:
            say(str(context.get("message", "something went wrong")))
        transport = context.get("transport")
        if isinstance(transport, asyncio.Transport):
            transport.abort()

    return handle
