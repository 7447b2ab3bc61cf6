"""Tokens: where they come from, and a box that does not show what is in it.

A token comes from a prompt that does not show it, from standard input, or from a file that nobody
else may read; never from a flag, which everybody on the machine sees and the shell keeps.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imcli.cli.private import read_private
from imcli.model.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    from imcli.cli.shell import Shell

LENGTH_MAX = 4096


class Secret:
    """A text that shows itself only when asked by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"

    __str__ = __repr__

    def reveal(self) -> str:
        """Give the text, to whom it is addressed."""
        return self._text


def token_in(path: str) -> Secret:
    """Read a token from a file of its own: its first line.

    Raises:
        InvalidInput: it is missing, empty, or others may read it.
    """
    token = read_private(path).partition("\n")[0].strip()
    if not token:
        raise InvalidInput(f"{path} holds no token: its first line is empty")
    return Secret(token)


def token_path(shell: Shell, written: str) -> str:
    """The file of a token, checked now, so that a mistake is known at once; "" for none."""
    if not written:
        return ""
    path = os.path.abspath(shell.world.path(written))
    check_token(token_in(path))
    return path


def given_token(shell: Shell, prompt: str, *, from_stdin: bool, path: str) -> Secret:
    """Take a token from where the command line says, else ask on a terminal; maybe none.

    Raises:
        UsageError: it is nowhere, or is none.
    """
    if from_stdin and path:
        raise UsageError("either --token-stdin or --token-file, not both")
    if path:
        return token_in(shell.world.path(path))
    if shell.world.can_ask:
        token = Secret(shell.world.secret(prompt).strip())
    else:
        line = shell.world.stdin.readline(LENGTH_MAX + 1) if from_stdin else ""
        token = Secret(line.strip())
    if from_stdin and not token:
        raise UsageError("--token-stdin: standard input holds no token")
    check_token(token)
    return token


def check_token(token: Secret) -> None:
    """Refuse what no HTTP header can carry, without repeating it."""
    text = token.reveal()
    if len(text) > LENGTH_MAX:
        raise UsageError(f"the token is longer than {LENGTH_MAX} characters")
    if not all("\x21" <= char <= "\x7e" for char in text):
        raise UsageError("the token holds characters that no HTTP header can carry")
