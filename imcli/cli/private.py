"""Files that are for their owner alone: read only if nobody else may, written whole, one at a time.

Whatever holds a secret goes through here. A file that others could read is refused, not read: who
may have seen what is in it is for its owner to judge. Writing makes it private, and a reader sees
the old text or the new one. Two writers wait for each other at a lock beside the file.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager

from imcli.cli.text_files import OWNER_ONLY, replace_text, text_of, unreadable
from imcli.cli.world import World
from imcli.model.errors import InvalidInput, TargetUnavailable

BYTES_MAX = 1024 * 1024
LOCK_SECONDS = 10.0
LOCK_PAUSE_SECONDS = 0.02
OTHERS = 0o077


def read_private(path: str) -> str:
    """Read a text file that nobody else may read.

    Raises:
        InvalidInput: it is missing or no text, or others may read it.
    """
    try:
        with open(path, "rb") as file:
            refuse_shared(path, os.fstat(file.fileno()))
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise unreadable(path, error) from None
    if len(data) > BYTES_MAX:
        raise InvalidInput(f"{path} is larger than {BYTES_MAX // 1024} KiB")
    return text_of(data, path)


def refuse_shared(path: str, found: os.stat_result) -> None:
    """Refuse what others may read, or what belongs to somebody else.

    Raises:
        InvalidInput: saying what to do.
    """
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(f"{path} is no file")
    if os.name != "posix":
        return
    if found.st_uid not in (os.geteuid(), 0):
        raise InvalidInput(f"{path} belongs to somebody else, and a secret in it would too")
    if found.st_mode & OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        raise InvalidInput(
            f"{path} can be read or written by others (its mode is {mode:04o})",
            hint=f"chmod 600 {path}; a token that was in it may be known to others",
        )


def write_private(world: World, path: str, text: str) -> None:
    """Write a file whole, for its owner alone; a link stays a link.

    Raises:
        TargetUnavailable: it cannot be written.
    """
    real = os.path.realpath(path)
    try:
        replace_text(real, f"{real}.{world.token()}.tmp", text, private=True)
    except OSError as error:
        raise TargetUnavailable(f"{path} cannot be written: {error.strerror}") from None


@contextmanager
def locked(world: World, path: str) -> Iterator[None]:
    """Hold the lock of a file while it is read, changed and written; makes its folder.

    Raises:
        TargetUnavailable: somebody else holds it for ever, or it cannot be made.
    """
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    except OSError as error:
        raise TargetUnavailable(f"{path} cannot be written: {error.strerror}") from None
    try:
        await_lock(world, path, handle)
        yield
    finally:
        os.close(handle)


def await_lock(world: World, path: str, handle: int) -> None:
    """Wait for the lock; it ends with its holder, however that ends."""
    try:
        import fcntl
    except ImportError:  # a system without such locks: whole writes must do
        return
    until = world.elapsed() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if world.elapsed() >= until:
                raise TargetUnavailable(
                    f"{path} is being written by another imcli for more than {LOCK_SECONDS:g} s"
                ) from None
            time.sleep(LOCK_PAUSE_SECONDS)
