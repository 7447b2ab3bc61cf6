"""Scenario files: found, read with a bound, parsed all together.

Every invalid file is reported before anything runs. A folder is searched for `*.toml` in the order
of names; configuration files and whatever begins with a dot are passed over.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from imcli.cli.world import World
from imcli.model.errors import CouldNotTell, ImcliError, InvalidInput, NothingToRun, UsageError

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
    """Name the files of these paths as the user would write them, each once, in stable order.

    Raises:
        NothingToRun: a path does not exist, or no file was found.
    """
    found: dict[str, None] = {}
    for path in paths:
        found.update(dict.fromkeys(files_of(world, path)))
    if not found:
        raise NothingToRun(
            f"there is no scenario file in {', '.join(paths)}",
            hint="scenario files end in .toml",
        )
    return list(found)


def files_of(world: World, path: str) -> Iterator[str]:
    """Name the files of one path."""
    real = world.path(path)
    if "\0" in path or not os.path.exists(real):
        if "\0" not in path and os.path.islink(real):
            raise NothingToRun(f"{path!r} is a link that leads to no file")
        raise NothingToRun(f"there is no file or folder {path!r}", hint=near_path(world, path))
    if not os.path.isdir(real):
        yield path
        return
    for folder, folders, names in os.walk(real):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.normpath(os.path.join(path, os.path.relpath(folder, real)))
        before = "" if inside == os.curdir else os.path.join(inside, "")
        for name in sorted(names):
            if name.endswith(".toml") and name[0] != "." and name not in NOT_SCENARIOS:
                yield before + name


def near_path(world: World, path: str) -> str:
    """Name what stands beside a path that does not exist and is spelled like it."""
    from imcli.cli.suggest import did_you_mean

    folder, name = os.path.split(path.rstrip("/"))
    try:
        beside = sorted(os.listdir(world.path(folder) if folder else world.cwd))
    except (OSError, ValueError):
        return ""
    seen = [os.path.join(folder, other) for other in beside if not other.startswith(".")]
    return did_you_mean(os.path.join(folder, name), seen)


def read_text(world: World, path: str) -> str:
    """Read one file as text.

    Raises:
        InvalidInput: it cannot be read, is too big, or is no UTF-8.
    """
    try:
        data = read_bounded(world.path(path))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > FILE_BYTES_MAX:
        raise InvalidInput(
            f"{path} is larger than {FILE_BYTES_MAX // 1024} KiB, the most a scenario may have",
            hint="one file is one situation: split it, or use a matrix",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"{path}:{line}: not UTF-8 text (byte {error.start})") from None


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
    beside = f"{real}.{world.token()}.tmp"
    try:
        with open(beside, "x", encoding="utf-8", newline="") as file:
            file.write(text)
        if os.path.exists(real):
            os.chmod(beside, os.stat(real).st_mode & 0o7777)
        os.replace(beside, real)
    except OSError as error:
        if os.path.exists(beside):
            os.unlink(beside)
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
