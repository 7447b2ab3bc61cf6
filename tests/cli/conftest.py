"""`imcli(...)`: the whole program in this process, in a world of the test's own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from imcli.cli.app import main
from imcli.cli.world import World


class Stream(StringIO):
    """A stream that says whether it is a terminal."""

    terminal = False
    encoding = "utf-8"

    def isatty(self) -> bool:
        return self.terminal


class Ran(NamedTuple):
    """What one command line came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def stream(text: str = "", *, terminal: bool = False) -> Stream:
    made = Stream(text)
    made.terminal = terminal
    return made


class Clock:
    """Counts a second whenever it is asked; goes to other processes too."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


def no_pause(seconds: float) -> None:
    """Let no time pass."""


Run = Callable[..., Ran]


@pytest.fixture
def imcli(tmp_path: Path) -> Run:
    """Run command lines one after the other on one state, as a person would."""
    tokens = itertools.count(1)
    clock = Clock()

    def run(
        *argv: str,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        terminal: bool = False,
        columns: int = 80,
        cwd: Path | None = None,
        pause: Callable[[float], None] = no_pause,
    ) -> Ran:
        out, err = stream(terminal=terminal), stream(terminal=terminal)
        given = stream(stdin, terminal=terminal)

        def secret(prompt: str) -> str:
            err.write(prompt + "\n")
            return given.readline().rstrip("\n")

        world = World(
            argv=argv,
            env={
                "XDG_STATE_HOME": str(tmp_path / "state"),
                "XDG_CONFIG_HOME": str(tmp_path / "config"),
                "TERM": "xterm" if terminal else "dumb",
                **(env or {}),
            },
            stdin=given,
            stdout=out,
            stderr=err,
            cwd=str(cwd or tmp_path),
            now=lambda: 1_700_000_000.0,
            elapsed=clock,
            columns=columns,
            processors=2,
            token=lambda: f"n{next(tokens)}",
            secret=secret,
            pause=pause,
        )
        status = main(world)
        return Ran(status, out.getvalue(), err.getvalue())

    return run
