"""`--watch`: look again and again, and print when something has changed.

On a terminal the picture is drawn over the one before; in a pipe each picture follows the last,
with a blank line between them (none where a line is a record). It ends when what is looked at says
so, when nobody reads any more, or with Ctrl-C, which is status 130 as always. Each look opens the
server anew: the embedded one would keep every other command waiting in between.
"""

from __future__ import annotations

import re
import select
from collections.abc import Callable
from typing import TextIO

from imcli.cli.shell import Shell
from imcli.cli.text import columns_of
from imcli.cli.world import is_terminal
from imcli.model.errors import UsageError

PAUSE_SECONDS = 0.5
COLOURS = re.compile("\x1b\\[[0-9;]*m")

Look = Callable[[], bool]
"""Prints what there is, and tells whether it is not worth looking any more."""


def shown(shell: Shell, look: Look, *, watch: bool) -> int:
    """Look once; with `--watch` until it is over."""
    if not watch:
        look()
        return 0
    if shell.form == "json":
        raise UsageError("--watch with --output json would be no JSON", hint="--output jsonl is")
    canvas = Canvas(shell)
    while True:
        with shell.captured() as lines:
            over = look()
        canvas.draw("\n".join(lines))
        if over:
            return 0
        shell.world.pause(PAUSE_SECONDS)
        refuse_absent_reader(shell.world.stdout)


def refuse_absent_reader(stream: TextIO) -> None:
    """End where whoever read has gone (`| head -1`): nothing may ever be written that finds out.

    A system that cannot tell finds out with the next picture.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    try:
        poll, number = select.poll(), stream.fileno()
    except (AttributeError, OSError, ValueError):
        return
    poll.register(number, 0)
    if any(found & (select.POLLERR | select.POLLHUP) for _, found in poll.poll(0)):
        raise BrokenPipeError


class Canvas:
    """Where pictures are drawn."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        stream, env = shell.world.stdout, shell.world.env
        self._over = is_terminal(stream) and env.get("TERM", "dumb") != "dumb"
        self._before: str | None = None

    def draw(self, picture: str) -> None:
        """Draw a picture, unless it is the one that is there."""
        if picture == self._before:
            return
        stream = self._shell.world.stdout
        if self._before is not None:
            stream.write(self._between(self._before))
        stream.write(picture + "\n" if picture else "")
        stream.flush()
        self._before = picture

    def _between(self, before: str) -> str:
        if self._over:
            height = lines_of(before, self._shell.world.columns)
            return f"\x1b[{height}A\x1b[J" if height else ""
        return "\n" if self._shell.form == "table" else ""


def lines_of(picture: str, columns: int) -> int:
    r"""Count the lines that a picture takes on a terminal.

    >>> lines_of("", 80), lines_of("one\ntwo", 80), lines_of("x" * 81, 80)
    (0, 2, 2)
    >>> lines_of("\x1b[1m" + "x" * 80 + "\x1b[0m", 80)
    1
    """
    if not picture:
        return 0
    plain = COLOURS.sub("", picture)
    return sum(max(1, -(-columns_of(line) // columns)) for line in plain.split("\n"))
