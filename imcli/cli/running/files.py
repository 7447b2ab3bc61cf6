"""Scenario files: found, read with a bound, parsed all together; and files of reports written.

Every invalid file is reported before anything runs. In a folder `*.toml` are scenarios, but for
configuration files.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from imcli.cli.running.finding import find
from imcli.cli.text_files import replace_text, text_of, unreadable
from imcli.cli.world import World
from imcli.model.errors import CouldNotTell, ImcliError, InvalidInput, UsageError

if TYPE_CHECKING:
    from imcli.scenario.reading.written import Scenario
    from imcli.scenario.syntax import Case

Read = TypeVar("Read")

NOT_SCENARIOS = ("imcli.toml", "pyproject.toml")
FILE_BYTES_MAX = 1024 * 1024
PROBLEM_BLOCKS_MAX = 50
NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EPIPE, getattr(errno, "EDQUOT", -1))
"""What may happen to a file that could be opened: the disk is full or broken, its reader gone."""
READING = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""Bytes as they are, also where a system would translate the ends of lines; a pipe into which
nobody writes is empty, and not waited for."""


def find_files(world: World, paths: list[str]) -> list[str]:
    """Name the scenario files of these paths.

    Raises:
        NothingToRun: a path does not exist, or no file was found.
        InvalidInput: a folder cannot be read.
    """
    hint = "scenario files end in .toml"
    return find(world, paths, is_scenario, "scenario file", hint=hint)


def is_scenario(name: str) -> bool:
    """Tell whether a file of a folder is a scenario, by its name."""
    return name.endswith(".toml") and name not in NOT_SCENARIOS


def read_text(world: World, path: str) -> str:
    """Read one file as text.

    Raises:
        InvalidInput: it cannot be read, is too big, or is no UTF-8.
    """
    try:
        data = read_bounded(world.path(path))
    except OSError as error:
        raise unreadable(path, error) from None
    if len(data) > FILE_BYTES_MAX:
        raise InvalidInput(
            f"{path} is larger than {FILE_BYTES_MAX // 1024} KiB, the most a scenario may have",
            hint="one file is one situation: split it, or use a matrix",
        )
    return text_of(data, path)


def read_bounded(real: str) -> bytes:
    """Read a file, at most one byte more than a scenario may have.

    Room is made for as much as the file says that it has, so that most are read at once; what has
    no size (a pipe), or grows, is read on.

    Raises:
        OSError: it cannot be read.
    """
    file = os.open(real, READING)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):  # a pipe was opened without waiting for its writer
            os.set_blocking(file, True)
        size = min(found.st_size, FILE_BYTES_MAX)
        data = os.read(file, size + 1)
        while len(data) != size and len(data) <= FILE_BYTES_MAX:
            more = os.read(file, FILE_BYTES_MAX + 1 - len(data))
            if not more:
                break
            data += more
        return data
    finally:
        os.close(file)


def write_text(world: World, path: str, text: str) -> None:
    """Write one file whole: a reader sees the old text or the new one, never a part.

    Raises:
        UsageError: it cannot be written.
        CouldNotTell: there is no room for it.
    """
    real = os.path.realpath(world.path(path))
    if os.path.exists(real) and not os.path.isfile(real):
        write_stream(path, real, text)
        return
    try:
        replace_text(real, f"{real}.{world.token()}.tmp", text)
    except OSError as error:
        raise cannot_be_written(path, error) from None


def write_stream(path: str, real: str, text: str) -> None:
    """Write to what is no plain file (`/dev/stdout`, a pipe), which cannot be replaced."""
    try:
        with open(real, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise cannot_be_written(path, error) from None


def cannot_be_written(path: str, error: OSError) -> ImcliError:
    """Phrase why a file cannot be written: a full disk is no mistake of whoever named the file."""
    kind = CouldNotTell if error.errno in NO_ROOM else UsageError
    return kind(f"{path} cannot be written: {error.strerror or error}")


def parse_files(world: World, paths: list[str]) -> list[Scenario]:
    """Parse files; report the problems of all of them at once.

    Raises:
        InvalidInput: at least one is invalid.
    """
    from imcli.cli.running.own_profiles import profile_judge
    from imcli.scenario.reading.parse import parse_scenario

    judge = profile_judge()
    return read_each(world, paths, lambda text, path: parse_scenario(text, path, judge))


def read_each(world: World, paths: list[str], read: Callable[[str, str], Read]) -> list[Read]:
    """Read files by a function of a text and its path; report the problems of all at once.

    Raises:
        InvalidInput: at least one is invalid.
    """
    found: list[Read] = []
    invalid: list[InvalidInput] = []
    for path in paths:
        try:
            found.append(read(read_text(world, path), path))
        except InvalidInput as error:
            invalid.append(error)
    raise_together(invalid)
    return found


def raise_together(invalid: list[InvalidInput]) -> None:
    """Raise the problems of several files as one error."""
    if not invalid:
        return
    if len(invalid) == 1:
        raise invalid[0]
    blocks = [block for error in invalid for block in (error.problems or (error.message,))]
    left = len(blocks) - PROBLEM_BLOCKS_MAX
    shown = blocks[:PROBLEM_BLOCKS_MAX] + ([f"... and {left} more problems"] if left > 0 else [])
    raise InvalidInput(f"{len(invalid)} files are invalid", problems=tuple(shown))


def read_cases(world: World, paths: list[str]) -> list[Case]:
    """Read files and expand them into cases; report the problems of all of them at once.

    One file after the other, so that what a file is made of is let go before the next is read.

    Raises:
        InvalidInput: at least one is invalid.
    """
    from imcli.cli.running.own_profiles import profile_judge
    from imcli.scenario.reading.expand import cases
    from imcli.scenario.reading.parse import parse_scenario

    judge = profile_judge()
    each = read_each(world, paths, lambda text, path: cases(parse_scenario(text, path, judge)))
    return [case for some in each for case in some]
