"""Recordings as files: found, read with a bound, plain or packed.

A folder is searched for `*.jsonl` and `*.jsonl.gz` in the order of names. What a file is, its first
bytes say and not its name; a packed one is never unpacked further than the bound.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from imcli.cli.running.files import near_path, raise_together
from imcli.cli.world import World
from imcli.model.errors import InvalidInput, NothingToRun

if TYPE_CHECKING:
    from imcli.conform.recording import Recording

FILE_BYTES_MAX = 256 * 1024 * 1024
ENDINGS = (".jsonl", ".jsonl.gz")
GZIP_MARK = b"\x1f\x8b"


def find_recordings(world: World, paths: list[str]) -> list[str]:
    """Name the files of these paths as the user would write them, each once, in stable order.

    Raises:
        NothingToRun: a path does not exist, or no file was found.
    """
    found: dict[str, None] = {}
    for path in paths:
        found.update(dict.fromkeys(_files_of(world, path)))
    if not found:
        raise NothingToRun(
            f"there is no recording in {', '.join(paths)}",
            hint=f"files of recordings end in {' or '.join(ENDINGS)}",
        )
    return list(found)


def _files_of(world: World, path: str) -> Iterator[str]:
    real = world.path(path)
    if "\0" in path or not os.path.exists(real):
        raise NothingToRun(f"there is no file or folder {path!r}", hint=near_path(world, path))
    if not os.path.isdir(real):
        yield path
        return
    for folder, folders, names in os.walk(real):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.relpath(folder, real)
        for name in sorted(names):
            if name.endswith(ENDINGS) and name[0] != ".":
                yield os.path.normpath(os.path.join(path, inside, name))


def read_files(world: World, files: list[str]) -> list[Recording]:
    """Read all recordings; report the problems of all files at once.

    Raises:
        InvalidInput: at least one is invalid.
    """
    from imcli.conform.recording import read_recordings

    recordings: list[Recording] = []
    invalid: list[InvalidInput] = []
    for file in files:
        try:
            recordings += read_recordings(read_bytes(world, file), file)
        except InvalidInput as error:
            invalid.append(error)
    raise_together(invalid)
    return recordings


def read_bytes(world: World, path: str, *, most: int = FILE_BYTES_MAX) -> bytes:
    """Read one file, unpacked.

    Raises:
        InvalidInput: it cannot be read, or is too big, or is not what it says it is.
    """
    try:
        with open(world.path(path), "rb") as file:
            data = file.read(most + 1)
        if data.startswith(GZIP_MARK):
            with gzip.open(BytesIO(data)) as packed:
                data = packed.read(most + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput(f"{path} cannot be unpacked: {error}") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise InvalidInput(f"{path} is larger than {most // 1024} KiB, the most that is read")
    return data
