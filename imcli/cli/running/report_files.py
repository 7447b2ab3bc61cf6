"""The files that a run writes: opened before its first case, and valid at every moment after that.

JSON lines are written as they happen. The others are documents: a text that says that the run is
not over, replaced at its end. One that cannot be opened is wrong usage, known before anything has
run. What cannot be written later (a full disk) is named once; neither the run nor the other files
suffer, and how the run ends says that its report is not all there.

A run that cannot begin says so in the same files: what an earlier run left there would be taken for
its answer. Wrong usage touches no file, since nobody knows then what was meant.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec.structs import replace

from imcli.cli.running.files import cannot_be_written, write_text
from imcli.model.errors import CouldNotTell, ImcliError, InvalidInput, UsageError
from imcli.model.exit_status import ExitStatus, worst
from imcli.report.console import Show
from imcli.scenario.events import RunEvent, RunFinished, RunStarted

if TYPE_CHECKING:
    from imcli.cli.world import World

NOT_OVER = "the run was not over when this was written"


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

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are to be written."""
        return tuple(filter(None, (self.jsonl, self.junit, self.issue)))


class Report(Protocol):
    """A fold over the events of a run."""

    def handle(self, event: RunEvent) -> None:
        """Take the next event."""


class Rendered(Report, Protocol):
    """A fold that makes a document at the end."""

    def render(self) -> str:
        """The whole document."""


class ReportFile(Report, Protocol):
    """A fold that writes a file."""

    def open(self) -> None:
        """Make the file.

        Raises:
            UsageError: it cannot be written.
            CouldNotTell: there is no room for it.
        """

    def close(self) -> None:
        """Let go of it."""


class Document:
    """A file that is written whole, at the end."""

    def __init__(self, world: World, path: str, make: Callable[[], Rendered]) -> None:
        self._path = path
        self._world = world
        self._make = make
        self._fold = make()

    def open(self) -> None:
        """Write that the run is not over, where that can be replaced.

        Raises:
            UsageError: it cannot be written.
            CouldNotTell: there is no room; what an earlier run left is gone all the same.
        """
        real = os.path.realpath(self._world.path(self._path))
        if os.path.isdir(real):
            raise UsageError(f"{self._path} cannot be written: it is a folder")
        if os.path.exists(real) and not os.path.isfile(real):
            return
        fresh = self._make()
        fresh.handle(RunFinished((), ExitStatus.UNKNOWN, interrupted=True, reason=NOT_OVER))
        try:
            write_text(self._world, self._path, fresh.render())
        except CouldNotTell:
            with suppress(OSError):
                os.unlink(real)
            raise

    def handle(self, event: RunEvent) -> None:
        """Take the next event."""
        self._fold.handle(event)
        if isinstance(event, RunFinished):
            write_text(self._world, self._path, self._fold.render())

    def close(self) -> None:
        """Hold nothing open."""


class Lines:
    """A file of JSON lines, each complete before the next case begins."""

    def __init__(self, world: World, path: str) -> None:
        from imcli.report.jsonl import JsonLinesReport

        self._path = path
        self._world = world
        self._file = -1
        self._length = 0
        self._fold = JsonLinesReport(self._write)

    def open(self) -> None:
        """Make the file, empty.

        Raises:
            UsageError: it cannot be written.
        """
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
            self._file = os.open(self._world.path(self._path), flags, 0o666)
        except OSError as error:
            raise cannot_be_written(self._path, error) from None
        except ValueError as error:
            raise UsageError(f"{self._path!r} cannot be written: {error}") from None

    def handle(self, event: RunEvent) -> None:
        """Write an event."""
        self._fold.handle(event)

    def _write(self, line: str) -> None:
        data = line.encode()
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            with suppress(OSError):  # half a line is none
                os.ftruncate(self._file, self._length)
            raise cannot_be_written(self._path, error) from None
        self._length += len(data)

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class ReportFiles:
    """Hands every event to every file; `troubles` are what could not be written, in words.

    Making one opens the files.

    Raises:
        UsageError: a file cannot be opened.
    """

    def __init__(self, world: World, wanted: Wanted) -> None:
        self.troubles: list[str] = []
        self._documents: list[ReportFile] = [*documents(world, wanted)]
        self._lines: list[ReportFile] = [Lines(world, wanted.jsonl)] if wanted.jsonl else []
        self._open = [*self._documents, *self._lines]
        for file in tuple(self._open):
            try:
                file.open()
            except CouldNotTell as error:
                self._give_up(file, error)
            except UsageError:
                self.close()
                raise

    def handle(self, event: RunEvent) -> None:
        """Hand an event on."""
        self._hand(self._open, event)

    def end(self, event: RunFinished) -> RunFinished:
        """Hand on the last event, and give it as the program is to understand it.

        JSON lines come last, so that their end tells how the program ends.
        """
        self._hand(self._documents, event)
        self._hand(self._lines, self._told(event))
        self.close()
        return self._told(event)

    def close(self) -> None:
        """Let go of all files."""
        for file in self._open:
            file.close()

    def _hand(self, files: list[ReportFile], event: RunEvent) -> None:
        for file in [file for file in files if file in self._open]:
            try:
                file.handle(event)
            except ImcliError as error:
                self._give_up(file, error)

    def _give_up(self, file: ReportFile, error: ImcliError) -> None:
        self.troubles.append(error.message)
        self._open.remove(file)
        file.close()

    def _told(self, event: RunFinished) -> RunFinished:
        if not self.troubles:
            return event
        return replace(
            event,
            exit_status=int(worst((event.exit_status, ExitStatus.UNKNOWN))),
            reason=event.reason or "; ".join(self.troubles),
        )


def documents(world: World, wanted: Wanted) -> list[Document]:
    """The documents that are written at the end."""
    found: list[Document] = []
    if wanted.junit:
        from imcli.report.junit import JUnitReport

        found.append(Document(world, wanted.junit, JUnitReport))
    if wanted.issue:
        from imcli.report.issue import IssueReport

        found.append(Document(world, wanted.issue, lambda: IssueReport(wanted.sources)))
    return found


def check_paths(world: World, wanted: Wanted) -> None:
    """Refuse two reports in one file, and `-`: stdout has the lines of the run.

    Raises:
        UsageError: naming the file.
    """
    seen: set[str] = set()
    for path in wanted.paths:
        if path == "-":
            raise UsageError(
                "a report goes to a file, and - is none: stdout has the lines of the run",
                hint="./- is a file of that name, /dev/stdout is stdout all the same",
            )
        real = os.path.realpath(world.path(path))
        if real in seen and not real.startswith("/dev/"):
            raise UsageError(f"{path} is named for two reports", hint="give each its own file")
        seen.add(real)


@contextmanager
def or_told(world: World, wanted: Wanted) -> Iterator[None]:
    """Where what is done here keeps a run from beginning, let its files say so."""
    try:
        yield
    except UsageError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if wanted.paths:
            tell_not_begun(world, wanted, error)
        raise


def tell_not_begun(world: World, wanted: Wanted, error: BaseException) -> None:
    """Write a run of no case, and why."""
    from imcli import __version__

    with suppress(ImcliError):  # what kept the run from beginning is more important
        files = ReportFiles(world, wanted)
        files.handle(RunStarted(f"imcli {__version__}", (), 0))
        files.end(broken_off(RunFinished((), ExitStatus.HELD), error))


def broken_off(end: RunFinished, error: BaseException) -> RunFinished:
    """Say in the last event of a run what ended it, and how the program ends for that."""
    if isinstance(error, KeyboardInterrupt):
        return replace(end, exit_status=int(ExitStatus.INTERRUPTED), interrupted=True)
    status = error.exit_status if isinstance(error, ImcliError) else ExitStatus.DEFECT
    return replace(end, exit_status=int(status), interrupted=True, reason=reason_of(error))


def reason_of(error: BaseException) -> str:
    """What is wrong, in full: a file's problems, and the message."""
    if isinstance(error, InvalidInput):
        return "\n\n".join((*error.problems, error.message))
    if isinstance(error, ImcliError):
        return error.message
    return f"a defect in imcli ({type(error).__name__}: {error})"
