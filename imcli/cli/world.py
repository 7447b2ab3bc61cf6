"""The outside world as one value: arguments, environment, streams, folder, clocks.

Whatever a command may touch outside the library is a field of `World`. A test replaces the value
whole and runs `main(world)` in process; no command asks `sys` or `os.environ` for any of it.
Files are named by the user and opened where they are needed, below `cwd`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple, TextIO

from imcli.cli.collector import Collector

PIPE_COLUMNS = 100


def read_secret(prompt: str) -> str:
    """Ask on the terminal without showing what is typed."""
    from getpass import getpass

    try:
        return getpass(prompt)
    except EOFError:
        raise KeyboardInterrupt from None


def rest(seconds: float) -> None:
    """Wait so many seconds."""
    import time

    time.sleep(seconds)


class World(NamedTuple):
    """What surrounds one run of the program.

    `now` is wall-clock time in seconds since the epoch, used for names of defect reports only;
    `elapsed` is a monotonic clock in seconds. `columns` is the terminal's width in characters.
    `token` gives a text that nobody else has, for the client's own message numbers. `secret` asks
    for a text that is not shown while it is typed; `pause` waits so many seconds. `collector` is
    that of garbage, which a caller's process keeps for itself.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    cwd: str
    now: Callable[[], float]
    elapsed: Callable[[], float]
    columns: int
    processors: int
    token: Callable[[], str]
    secret: Callable[[str], str] = read_secret
    pause: Callable[[float], None] = rest
    collector: Collector = Collector()

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer a question."""
        return is_terminal(self.stdin) and is_terminal(self.stderr)

    @property
    def line_columns(self) -> int:
        """How wide lines of stdout are to be: as the terminal, or as is good to read in a file."""
        return self.columns if is_terminal(self.stdout) else PIPE_COLUMNS

    def path(self, name: str) -> str:
        """Resolve a path as the user meant it: relative to the folder the command runs in.

        >>> here()._replace(cwd="/home/ann").path("a.toml")
        '/home/ann/a.toml'
        """
        return os.path.join(self.cwd, os.path.expanduser(name) if name[:1] == "~" else name)


def is_terminal(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal; a closed one is not."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def here() -> World:
    r"""The real world.

    Streams never raise for a character that the terminal's encoding lacks: it is written as an
    escape (`\u4f60`) instead.
    """
    import time

    # A stream that was closed before we began (`>&-`) is None: what is written there goes nowhere.
    stdin = sys.stdin or nowhere(os.O_RDONLY)
    stdout, stderr = sys.stdout or nowhere(os.O_WRONLY), sys.stderr or nowhere(os.O_WRONLY)
    for stream in (stdout, stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    return World(
        argv=tuple(sys.argv[1:]),
        env=os.environ,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=working_folder(),
        now=time.time,  # noqa: TID251 - the one place where the real clock enters
        elapsed=time.monotonic,
        columns=terminal_columns(os.environ),
        processors=os.cpu_count() or 1,
        token=lambda: os.urandom(8).hex(),
        collector=Collector(ours=True),
    )


def nowhere(flags: int) -> TextIO:
    """A stream from or to nowhere; it stays open until the program ends."""
    return os.fdopen(os.open(os.devnull, flags), "r" if flags == os.O_RDONLY else "w")


def working_folder() -> str:
    """The current folder; one that was removed under us is still a place to start from."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return os.environ.get("PWD", "/")


def terminal_columns(env: Mapping[str, str]) -> int:
    """Width of the terminal: what `COLUMNS` says, else what the terminal says, else 80.

    >>> terminal_columns({"COLUMNS": "60"}), terminal_columns({"COLUMNS": "x"}) > 0
    (60, True)
    """
    if env.get("COLUMNS", "").isdecimal() and int(env["COLUMNS"]) > 0:
        return int(env["COLUMNS"])
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            return os.get_terminal_size(stream.fileno()).columns if stream else 80
        except (OSError, ValueError):
            continue
    return 80
