"""`--jobs` on a real server: threads that share what was opened, and end when they are told to."""

from __future__ import annotations

import threading

import pytest

from imcli.cli.running.threads import Openers, open_threads, opened
from imcli.scenario.running.run import Options
from imcli.targets.base import Cast, Identity, Target


class Opener:
    """Opens nothing; its waits end when somebody says so."""

    identity = Identity("http://x", "live", "wukongim")
    capabilities = frozenset[str]()

    def __init__(self) -> None:
        self.over = threading.Event()
        self.closed = False

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> Target:
        raise NotImplementedError

    def interrupt(self) -> None:
        self.over.set()

    def close(self) -> None:
        self.closed = True


def test_every_target_is_opened_once_and_closed_at_the_end() -> None:
    made: list[Opener] = []

    def make(name: str) -> Opener:
        made.append(Opener())
        return made[-1]

    with opened(["one", "two"], make) as openers:  # type: ignore[arg-type]
        assert list(map(id, (openers("one"), openers("two")))) == list(map(id, made))
        assert [each.closed for each in made] == [False, False]
    assert [each.closed for each in made] == [True, True]


def test_an_interrupt_ends_the_waits_of_all_who_work() -> None:
    opener = Opener()
    openers = Openers({"x": opener})  # type: ignore[dict-item]

    def interrupted() -> None:
        with open_threads(2, openers) as pool:
            waits = [pool.submit(opener.over.wait) for _ in range(2)]
            assert not any(wait.done() for wait in waits)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert opener.over.is_set()


def test_who_begins_after_an_interrupt_does_nothing() -> None:
    openers = Openers({"x": Opener()})  # type: ignore[dict-item]
    openers.stop()
    assert openers.work((), ("x",), openers, Options()) == []
