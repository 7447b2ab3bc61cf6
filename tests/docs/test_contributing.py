"""The rules of CONTRIBUTING.md that no other tool checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = ("model", "simulator", "trace", "device", "wire", "scenario", "conform", "report")
OUTSIDE = frozenset(
    {
        "asyncio",
        "getpass",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "platformdirs",
        "rich",
        "select",
        "selectors",
        "secrets",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "starlette",
        "subprocess",
        "sys",
        "tempfile",
        "time",
        "typer",
        "urllib3",
        "uuid",
        "uvicorn",
        "websockets",
    }
)
"""Modules by which something of the outside world can be touched."""
HARMLESS = {
    "datetime": {"datetime", "UTC", "timedelta", "timezone"},
    "importlib": {"resources"},
    "random": {"Random"},
    "threading": {"Lock"},
}
"""Modules of which only this may be used: values, a lock, seeded chance, tables of our own."""
OWN_TABLES = {"simulator/profiles.py", "scenario/coverage.py", "report/anomalies.py"}
"""Read tables that are part of the package."""


def touched(source: str, *, own_tables: bool = False) -> Iterator[str]:
    """Name what of the outside world a file may touch."""
    tree = ast.parse(source)
    imported: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = {name.name.partition(".")[0] for name in names}
                yield from modules & OUTSIDE
                imported |= modules & HARMLESS.keys()
            case ast.ImportFrom(module=str(module), names=names):
                head = module.partition(".")[0]
                if head in OUTSIDE:
                    yield head
                used = {name.name for name in names}
                if used - HARMLESS.get(head, used) or (head == "importlib" and not own_tables):
                    yield f"{head}: {', '.join(used)}"
            case ast.Attribute(value=ast.Name(id=head), attr=attr) if head in imported:
                if attr not in HARMLESS[head]:
                    yield f"{head}.{attr}"
            case ast.Attribute(attr="now" | "today" | "utcnow" as attr, value=ast.Name("datetime")):
                yield f"datetime.{attr}"
            case ast.Call(func=ast.Name(id="open" | "print" | "input" as called)):
                yield called
            case _:
                pass


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_touches_nothing_outside_its_arguments(room: str) -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in (ROOT / "imcli" / room).rglob("*.py")
        if (
            names := list(
                touched(
                    path.read_text(encoding="utf-8"),
                    own_tables=str(path.relative_to(ROOT / "imcli")) in OWN_TABLES,
                )
            )
        )
    }
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "from time import monotonic",
        "import random\nrandom.random()",
        "from random import choice",
        "from datetime import datetime\ndatetime.now()",
        "from importlib import resources",
        "import threading\nthreading.Thread()",
        "print('hi')",
        "def f():\n    import socket",
    ],
)
def test_what_touches_the_world_is_found(source: str) -> None:
    assert list(touched(source))


def test_the_pure_rooms_are_those_that_the_rules_name() -> None:
    rules = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    sentence = re.search(r"The pure rooms \(([^)]*)\)", rules)
    assert sentence is not None
    assert tuple(re.findall(r"`(\w+)`", sentence[1])) == PURE
