"""What a command on the embedded server costs as its state file ages.

The same commands are given to a file with a handful of messages and to one with a million, in
turns; what counts is the ratio. Half of the old file's messages lie in the very conversation that
the commands are about, the rest in a thousand others; and one in ten more was sent there in this
hour and not kept, so that its number is still known. A command here is everything that a process
does from opening the file to closing it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

from benchmarks.figures import Figure
from imcli.model.actions import AddDevice, Connect, CreateUser, Delete, Read, Send
from imcli.model.entities import Message, channel_key
from imcli.model.questions import History, Kept, Seen
from imcli.simulator.log import Unkept
from imcli.simulator.profiles import REFERENCE
from imcli.targets.embedded import EmbeddedTarget, open_embedded
from imcli.targets.sqlite_file import open_state_file
from imcli.targets.sqlite_log import SqliteLog

MESSAGES = 1_000_000
OTHERS = 1_000
BAR = 1.2
TURNS = 60
NUMBERS = count()


def measure(scale: float) -> list[Figure]:
    """Measure each command on a new file and on an old one."""
    size = max(1_000, int(MESSAGES * scale))
    with tempfile.TemporaryDirectory(prefix="imcli-benchmark-") as folder:
        new, old = str(Path(folder) / "new.db"), str(Path(folder) / "old.db")
        for path in (new, old):
            _people(path)
        _age(old, size)
        return [_compare(what, command, new, old, size) for what, command in COMMANDS.items()]


def _people(path: str) -> None:
    with closing(open_embedded(path)) as target:
        for user in ("A", "B", "C"):
            for action in (CreateUser(user), AddDevice(user, "phone"), Connect(user, "phone")):
                target.perform(action)
        target.perform(Send("B", "phone", "A", "hi", "first"))
        target.perform(Send("C", "phone", "A", "hi", "first"))


def _age(path: str, size: int) -> None:
    """Put so many messages into a file: half between A and B, half among a crowd of others."""
    _write(path, "B", "A", size // 2)
    _pass_on(path, size // 10)
    crowd = min(OTHERS, size // 100)
    for number in range(crowd):
        _write(path, f"u{number}", f"v{number}", size // 2 // crowd)


def _write(path: str, user: str, peer: str, size: int) -> None:
    file = open_state_file(path, None, default=REFERENCE)
    with closing(file), file.command() as state:
        for name in (user, peer):
            if name not in state.users:
                state.add_user(name)
        channel = state.person_channel(user, peer)
        log = state.log_w(channel.key)
        assert isinstance(log, SqliteLog), "a state file's log"
        log.extend(_messages(channel_key(user, peer), user, log.last, state.order, size))
        state.order += size
        state.channel_w(channel.key).order = state.order


def _pass_on(path: str, size: int) -> None:
    file = open_state_file(path, None, default=REFERENCE)
    with closing(file), file.command() as state:
        log = state.log_w(channel_key("A", "B"))
        for n in range(size):
            log.remember(Unkept("B", f"typing{n}", state.next_order(), state.now), 0)


def _messages(key: str, sender: str, last: int, order: int, size: int) -> Iterator[Message]:
    for n in range(1, size + 1):
        yield Message(key, last + n, order + n, f"old{n}", sender, f"message {n}", time_ms=n)


COMMANDS: dict[str, Callable[[EmbeddedTarget], object]] = {
    "a send": lambda t: t.perform(Send("B", "phone", "A", "hi", f"new{next(NUMBERS)}")),
    "a no-persist send": lambda t: t.perform(
        Send("B", "phone", "A", "typing", f"new{next(NUMBERS)}", no_persist=True)
    ),
    "a read": lambda t: t.perform(Read("A", "phone", "B")),
    "a delete": lambda t: t.perform(Delete("A", "phone", "B")),
    "the list": lambda t: t.observe(Seen("A", "phone")),
    "one conversation": lambda t: t.observe(Kept("A", "B")),
    "a short history": lambda t: t.observe(History("A", "phone", "C")),
}
"""What is asked of both files; each is a whole command."""


def _compare(
    what: str, command: Callable[[EmbeddedTarget], object], new: str, old: str, size: int
) -> Figure:
    ratios: list[float] = []
    for _ in range(TURNS):
        ratios.append(_cost(command, old) / _cost(command, new))
    title = f"{what} on an embedded state with {size:,} messages"
    return Figure(title, statistics.median(ratios), "×", BAR, True, "the same on an empty one")


def _cost(command: Callable[[EmbeddedTarget], object], path: str) -> float:
    start = time.perf_counter()
    with closing(open_embedded(path)) as target:
        command(target)
    return time.perf_counter() - start
