"""Text files: read with the same words wherever something is wrong, and written whole.

Every file that a command reads (settings, contexts, profiles, scenarios, scripts, tokens) is UTF-8,
and much of it TOML. What is wrong with one is said here once, whoever reads it. A file that is
written is never seen half: it is written beside its place and then put there.
"""

from __future__ import annotations

import os

from imcli.model.errors import InvalidInput

OWNER_ONLY = 0o600
ANYBODY = 0o666
"""The rights of a new file, before those that the user's mask takes away."""


def unreadable(shown: str, error: OSError) -> InvalidInput:
    """Say why a file cannot be read; `shown` is what it is called."""
    return InvalidInput(f"{shown} cannot be read: {error.strerror or error}")


def is_there(path: str) -> bool:
    """Whether there is a file; where nobody may know, that is no "no".

    Raises:
        InvalidInput: its folder cannot be looked into.
    """
    try:
        os.lstat(path)
        return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(path, error) from None


def text_of(data: bytes, shown: str) -> str:
    """Take bytes as text; a mark of its byte order is passed over.

    Raises:
        InvalidInput: they are not UTF-8; it says where.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"{shown}:{line}: not UTF-8 text (byte {error.start})") from None


def toml_of(text: str, shown: str, *, hint: str = "") -> dict[str, object]:
    """Take a text as TOML.

    Raises:
        InvalidInput: it is none; it says where.
    """
    import tomli

    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise InvalidInput(
            f"{shown}:{error.lineno}:{error.colno}: {error.msg}", hint=hint
        ) from None


def replace_text(path: str, beside: str, text: str, *, private: bool = False) -> None:
    """Write a file whole: a reader sees the old text or the new one, never a part.

    Args:
        path: of the file; no link.
        beside: a path in the same folder that nobody else uses.
        text: what it is to say.
        private: for its owner alone, and on the disk when this returns; else a file that is there
            keeps its rights.

    Raises:
        OSError: it cannot be written; nothing was changed.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(beside, flags, OWNER_ONLY if private else ANYBODY)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            if private:
                file.flush()
                os.fsync(file.fileno())
        if not private and os.path.exists(path):
            os.chmod(beside, os.stat(path).st_mode & 0o7777)
        os.replace(beside, path)
    except OSError:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
