"""Recordings as files: found, read with a bound, plain or packed.

In a folder `*.jsonl` and `*.jsonl.gz` are recordings. What a file is, its first
bytes say and not its name; a packed one is never unpacked further than the bound.
"""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from imcli.cli.running.files import raise_together
from imcli.cli.running.finding import find
from imcli.cli.text_files import unreadable
from imcli.cli.world import World
from imcli.model.errors import InvalidInput

if TYPE_CHECKING:
    from imcli.conform.recording import Recording

FILE_BYTES_MAX = 256 * 1024 * 1024
ENDINGS = (".jsonl", ".jsonl.gz")
GZIP_MARK = b"\x1f\x8b"


def find_recordings(world: World, paths: list[str]) -> list[str]:
    """Name the recordings of these paths.

    Raises:
        NothingToRun: a path does not exist, or no file was found.
    """
    hint = f"files of recordings end in {' or '.join(ENDINGS)}"
    return find(world, paths, lambda name: name.endswith(ENDINGS), "recording", hint=hint)


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
        raise unreadable(path, error) from None
    if len(data) > most:
        raise InvalidInput(f"{path} is larger than {most // 1024} KiB, the most that is read")
    return data
