"""All reports of one run: what is printed, and the files that were asked for (`report_files.py`).

The files come first: they are whole also where nobody reads what is printed to its end.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from imcli.cli.running.report_files import Report, ReportFiles, Wanted
from imcli.cli.world import is_terminal
from imcli.model.exit_status import ExitStatus
from imcli.report.console import ConsoleReport, Progress
from imcli.scenario.events import CaseFinished, RunEvent, RunFinished

if TYPE_CHECKING:
    from imcli.cli.shell import Shell

REDRAW_SECONDS = 0.1


class Reports:
    """Hands every event to every report; `end` takes the last one.

    `lost` is why nothing more can be printed: whoever read it has gone, or there is no room.
    """

    def __init__(self, shell: Shell, wanted: Wanted) -> None:
        self._shell = shell
        self._files = ReportFiles(shell.world, wanted)
        self._progress = ProgressLine(shell)
        self._console = self._made_console(wanted)
        self.lost: OSError | None = None

    def handle(self, event: RunEvent) -> None:
        """Hand an event on; the files have it even where nobody reads what is printed."""
        self._files.handle(event)
        self._print(event)
        self._progress.handle(event)

    def end(self, event: RunFinished) -> int:
        """Hand on the last event, name what could not be written, and give the exit status.

        Raises:
            OSError: nothing more could be printed; a `BrokenPipeError`: nobody is there to read.
        """
        self._progress.clear()
        self._print(event, flush=True)
        gone = self._reader_has_gone(event)
        if self.lost is not None:
            status = ExitStatus.INTERRUPTED if gone else ExitStatus.UNKNOWN
            event = replace(event, exit_status=int(status), interrupted=True)
        event = self._files.end(event)
        for trouble in () if gone else self._files.troubles:
            self._shell.tell(f"error: {trouble}")
        if self.lost is not None:
            raise BrokenPipeError if gone else self.lost
        return event.exit_status

    def _reader_has_gone(self, event: RunFinished) -> bool:
        """Whether nothing can be printed because nobody is there: a pipe's end, a terminal."""
        lost = self.lost
        ended = event.exit_status == ExitStatus.INTERRUPTED
        return lost is not None and (ended or lost.errno in (errno.EPIPE, errno.EIO))

    def close(self) -> None:
        """Let go of everything, whatever happened."""
        self._progress.clear()
        self._files.close()

    def _print(self, event: RunEvent, *, flush: bool = False) -> None:
        if self.lost is not None:
            return
        try:
            self._console.handle(event)
            if flush:
                self._shell.world.stdout.flush()
        except OSError as error:
            self.lost = error

    def _made_console(self, wanted: Wanted) -> Report:
        shell = self._shell
        whole = not is_terminal(shell.world.stdout)
        columns = shell.world.line_columns
        color = shell.colored()

        def write(line: str) -> None:
            self._progress.clear()
            shell.world.stdout.write(line + "\n")

        console: Report
        if wanted.targets > 1:
            from imcli.cli.running.columns import ColumnsReport

            console = ColumnsReport(
                write, columns=columns, color=color, show=wanted.show, whole=whole
            )
        elif shell.options.quiet and wanted.show == "failures":
            console = QuietConsole(write, columns, color)
        else:
            console = ConsoleReport(
                write, columns=columns, color=color, show=wanted.show, whole=whole
            )
        return console


class QuietConsole:
    """The console without its line per case: failures in full, and the last line."""

    def __init__(self, write: Callable[[str], None], columns: int, color: bool) -> None:
        self._write = write
        self._muted = False
        self._console = ConsoleReport(self._pass_on, columns=columns, color=color, brief=True)

    def handle(self, event: RunEvent) -> None:
        """Take the next event of the run."""
        self._muted = isinstance(event, CaseFinished)
        self._console.handle(event)

    def _pass_on(self, line: str) -> None:
        if not self._muted:
            self._write(line)


class ProgressLine:
    """One line on stderr that is overwritten, where stderr is a terminal that can do that."""

    def __init__(self, shell: Shell) -> None:
        world = shell.world
        self._world = world
        self._wanted = (
            is_terminal(world.stderr)
            and not shell.options.quiet
            and world.env.get("TERM", "dumb") != "dumb"
        )
        self._fold = Progress()
        self._drawn = False
        self._next = 0.0

    def handle(self, event: RunEvent) -> None:
        """Take the next event, and draw when it is time."""
        if not self._wanted:
            return
        self._fold.handle(event)
        now = self._world.elapsed()
        if now >= self._next:
            self._next = now + REDRAW_SECONDS
            self._drawn = True
            self._write("\r\x1b[K" + self._fold.line(self._world.columns - 1))

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._drawn = False
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            self._world.stderr.write(text)
            self._world.stderr.flush()
        except OSError:  # the terminal has gone: no reason to end, and nobody to tell
            self._wanted = self._drawn = False
