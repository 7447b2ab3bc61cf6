"""Whose a state file is while a server stays on it: a claim that ends with its process.

A command needs a file for milliseconds, and others wait for it; a server keeps it for days. So the
server claims the file, and a command that finds a claim says so at once. The claim is a lock of the
operating system beside those of SQLite (`flock` and SQLite's `fcntl` locks do not know each other),
so that a killed server leaves none behind. Where the system has no such locks, nobody claims, and
the locks of SQLite decide: then whoever comes later waits.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from imcli.model.errors import TargetUnavailable

LOCKS: Any = None
"""The module of such locks, where the system has them."""
with contextlib.suppress(ImportError):
    import fcntl

    LOCKS = fcntl

TRIES = 20
PAUSE_S = 0.05
"""A command looks for a claim by taking a lock of its own for a moment."""


class Claim:
    """A claim on a file, for as long as it is not released and the process lives.

    Args:
        handle: the open file whose lock it is; None where the system has no such locks.
    """

    def __init__(self, handle: int | None) -> None:
        self._handle = handle
        self.released = False

    def release(self) -> None:
        """Let others have the file; idempotent."""
        if self._handle is not None and not self.released:
            os.close(self._handle)
        self.released = True


def claim(path: str) -> Claim:
    """Claim a file that is there.

    Raises:
        TargetUnavailable: another server has it.
    """
    if LOCKS is None:
        return Claim(None)
    handle = os.open(path, os.O_RDONLY)
    for left in reversed(range(TRIES)):
        if _locks(handle, LOCKS.LOCK_EX):
            return Claim(handle)
        if left:
            time.sleep(PAUSE_S)
    os.close(handle)
    raise in_use(path)


def _locks(handle: int, mode: int) -> bool:
    with contextlib.suppress(BlockingIOError, PermissionError):
        LOCKS.flock(handle, mode | LOCKS.LOCK_NB)
        return True
    return False


def is_claimed(handle: int) -> bool:
    """Tell whether a server has an open file."""
    if LOCKS is None:
        return False
    free = _locks(handle, LOCKS.LOCK_SH)
    if free:
        LOCKS.flock(handle, LOCKS.LOCK_UN)
    return not free


def in_use(path: str) -> TargetUnavailable:
    """Say that a server has a file."""
    return TargetUnavailable(
        f"the state file {path} is in use by `imcli serve`",
        hint="ask that server (--target http://HOST:PORT), stop it, or name another file",
    )
