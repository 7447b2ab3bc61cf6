"""All reports of one run: what is printed, and the files that were asked for.

Files are opened before the first case, so that one that cannot be written is known at once, and
are valid at every moment from then on: JSON lines as they happen, the others as empty documents
that are replaced at the end, also after an interrupt.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, TextIO

from imcli.cli.running.files import write_text
from imcli.cli.world import is_terminal
from imcli.model.errors import CouldNotTell, UsageError
from imcli.report.console import ConsoleReport, Progress, Show
from imcli.scenario.events import CaseFinished, RunEvent

if TYPE_CHECKING:
    from imcli.cli.shell import Shell

REDRAW_SECONDS = 0.1
PIPE_COLUMNS = 100


class Wanted(NamedTuple):
    """The reports that were asked for; empty paths are not wanted.

    `sources` are the texts of the scenario files, by path, for those reports that quote them.
    """

    show: Show = "failures"
    jsonl: str = ""
    junit: str = ""
    issue: str = ""
    targets: int = 1
    sources: Mapping[str, str] = {}


class Report(Protocol):
    """A fold over the events of a run."""

    def handle(self, event: RunEvent) -> None:
        """Take the next event."""


class Rendered(Report, Protocol):
    """A fold that makes a document at the end."""

    def render(self) -> str:
        """The whole document."""


class Reports:
    """Hands every event to every report; `close` writes what is written at the end."""

    def __init__(self, shell: Shell, wanted: Wanted) -> None:
        self._shell = shell
        check_paths(shell, wanted)
        self._documents = documents(wanted)
        for path, document in self._documents:
            write_text(shell.world, path, document.render())
        self._stream = open_stream(shell, wanted.jsonl) if wanted.jsonl else None
        self._progress = ProgressLine(shell)
        self._folds: list[Report] = [self._console(wanted), *(d for _, d in self._documents)]
        if self._stream is not None:
            self._folds.append(json_lines(self._stream, wanted.jsonl))

    def handle(self, event: RunEvent) -> None:
        """Hand an event on."""
        for fold in self._folds:
            fold.handle(event)
        self._progress.handle(event)

    def close(self) -> None:
        """Write the documents and close the stream."""
        self._progress.clear()
        if self._stream is not None:
            self._stream.close()
        for path, document in self._documents:
            write_text(self._shell.world, path, document.render())

    def _console(self, wanted: Wanted) -> Report:
        shell = self._shell
        whole = not is_terminal(shell.world.stdout)
        columns = PIPE_COLUMNS if whole else shell.world.columns
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
            self._world.stderr.write("\r\x1b[K" + self._fold.line(self._world.columns - 1))
            self._world.stderr.flush()
            self._drawn = True

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._world.stderr.write("\r\x1b[K")
            self._world.stderr.flush()
            self._drawn = False


def check_paths(shell: Shell, wanted: Wanted) -> None:
    """Refuse two reports in one file, and `-`: stdout has the lines of the run.

    Raises:
        UsageError: naming the file.
    """
    seen: set[str] = set()
    for path in filter(None, (wanted.jsonl, wanted.junit, wanted.issue)):
        if path == "-":
            raise UsageError(
                "a report goes to a file, and - is none: stdout has the lines of the run",
                hint="./- is a file of that name, /dev/stdout is stdout all the same",
            )
        real = os.path.realpath(shell.world.path(path))
        if real in seen and not real.startswith("/dev/"):
            raise UsageError(f"{path} is named for two reports", hint="give each its own file")
        seen.add(real)


def documents(wanted: Wanted) -> list[tuple[str, Rendered]]:
    """The documents that are written at the end, each with its path."""
    found: list[tuple[str, Rendered]] = []
    if wanted.junit:
        from imcli.report.junit import JUnitReport

        found.append((wanted.junit, JUnitReport()))
    if wanted.issue:
        from imcli.report.issue import IssueReport

        found.append((wanted.issue, IssueReport(wanted.sources)))
    return found


def open_stream(shell: Shell, path: str) -> TextIO:
    """Open the file of JSON lines.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        return open(shell.world.path(path), "w", encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be written: {said}") from None


def json_lines(stream: TextIO, path: str) -> Report:
    """The fold that writes JSON lines, each complete before the next case begins."""
    from imcli.report.jsonl import JsonLinesReport

    def write(line: str) -> None:
        try:
            stream.write(line)
            stream.flush()
        except OSError as error:
            raise CouldNotTell(f"{path} cannot be written: {error.strerror}") from None

    return JsonLinesReport(write)
