"""Processes that work: what becomes of what they have in hand, whatever becomes of them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from imcli.cli.running import worker
from imcli.cli.running.crew import Died, open_crew, signal_name
from imcli.cli.running.worker import Raised, Worker
from imcli.model.errors import CouldNotTell, Defect

COUNT = 40


class Mishap(Exception):
    """What a piece of work may raise."""


def own_number(number: int) -> int:
    return number


def for_ever(number: int) -> None:
    threading.Event().wait()


class Signalled:
    """A piece of work that is done to the process that does it: one of them, by the number."""

    def __init__(self, at: int, number: signal.Signals) -> None:
        self._at = at
        self._number = number

    def __call__(self, number: int) -> int:
        if number == self._at:
            os.kill(os.getpid(), self._number)
        return number


@contextmanager
def in_time(seconds: int = 60) -> Iterator[None]:
    """Fail where something would never end."""

    def late(number: int, frame: object) -> None:
        raise AssertionError(f"still not over after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    with in_time():
        yield
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_answers_come_in_the_order_of_the_pieces(jobs: int) -> None:
    with open_crew(jobs, COUNT, own_number) as crew:
        assert list(crew.answers()) == list(range(COUNT))


def test_work_is_done_by_others() -> None:
    with open_crew(2, COUNT, lambda number: os.getpid()) as crew:
        assert os.getpid() not in list(crew.answers())


def test_a_process_that_is_killed_loses_the_one_piece_that_it_did() -> None:
    with open_crew(2, COUNT, Signalled(11, signal.SIGKILL)) as crew:
        found = list(crew.answers())
    assert isinstance(found[11], Died)
    assert str(found[11]).startswith("the process that ran it was killed by SIGKILL")
    assert [*found[:11], *found[12:]] == [n for n in range(COUNT) if n != 11]


def test_where_every_process_is_killed_the_rest_is_not_done_and_that_is_said_at_the_end() -> None:
    def killed(number: int) -> int:
        if number > 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    found: list[int | Died | None] = []

    def run() -> None:
        with open_crew(2, COUNT, killed) as crew:
            for answer in crew.answers():
                found.append(answer)

    with pytest.raises(CouldNotTell, match=r"and 37 of 40 pieces of work were not begun"):
        run()
    assert (found[0], len(found)) == (0, COUNT)
    assert sum(isinstance(each, Died) for each in found) == 2
    assert found.count(None) == 37


@pytest.mark.parametrize("killed", [None, 11])
def test_a_fresh_interpreter_works_like_a_fork(
    monkeypatch: pytest.MonkeyPatch, killed: int | None
) -> None:
    monkeypatch.setattr("imcli.cli.running.crew.FORKED", False)
    work = own_number if killed is None else Signalled(killed, signal.SIGKILL)
    with open_crew(2, COUNT, work) as crew:
        found = list(crew.answers())
    assert [n for n, each in enumerate(found) if n != each] == ([] if killed is None else [killed])


def test_a_process_that_ends_by_itself_says_with_what_status() -> None:
    def ends(number: int) -> None:
        os._exit(7)

    with open_crew(1, 1, ends) as crew:
        assert list(map(str, crew.answers())) == ["the process that ran it ended with status 7"]


def test_one_that_is_killed_with_nothing_in_hand_loses_nothing() -> None:
    with open_crew(2, 3, lambda number: os.getpid()) as crew:
        answers = crew.answers()
        first = next(answers)
        assert isinstance(first, int)
        rest = list(answers)
        idle = next(each for each in multiprocessing.active_children() if each.pid == first)
        idle.kill()
        idle.join()
        assert len(rest) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_process_that_somebody_tells_to_end_breaks_all_off(number: signal.Signals) -> None:
    with open_crew(2, COUNT, Signalled(11, number)) as crew:
        found = list(crew.answers())
    assert found[11] is None
    assert len(found) == COUNT
    assert all(each in (n, None) for n, each in enumerate(found))


def test_what_is_under_way_is_broken_off_when_all_is_to_end() -> None:
    def work(number: int) -> int:
        return number if number == 0 else threading.Event().wait()

    done: list[int | Died | None] = []
    with open_crew(2, COUNT, work) as crew:
        for answer in crew.answers(lambda: bool(done)):
            done.append(answer)
    assert done == [0, *[None] * (COUNT - 1)]


def test_who_wants_no_more_answers_waits_for_none() -> None:
    def work(number: int) -> int:
        return number if number == 0 else threading.Event().wait()

    with open_crew(2, COUNT, work) as crew:
        assert next(crew.answers()) == 0


def test_an_interrupt_does_not_wait_for_what_is_under_way() -> None:
    def interrupted() -> None:
        with open_crew(1, 1, for_ever):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_where_the_system_makes_no_more_processes_those_that_are_there_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = multiprocessing.get_context("fork").Process
    start = kind.start
    left = iter((True, False))

    def limited(self: Any) -> None:
        if not next(left):
            raise BlockingIOError("no more processes")
        start(self)

    monkeypatch.setattr(kind, "start", limited)
    with pytest.raises(BlockingIOError), open_crew(2, COUNT, own_number):
        pass


def test_one_that_dies_while_all_is_broken_off_is_not_said_to_have_been_killed() -> None:
    def work(number: int) -> int:
        if number == 0:
            return number
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    done: list[int | Died | None] = []
    with open_crew(2, COUNT, work) as crew:
        for answer in crew.answers(lambda: bool(done)):
            done.append(answer)
    assert done == [0, *[None] * (COUNT - 1)]


def test_where_one_was_told_to_end_and_the_last_is_killed_all_was_broken_off() -> None:
    awaited, told = os.pipe()

    def work(number: int) -> int:
        if number == 0:
            os.read(awaited, 1)
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(told, b".")
        os.kill(os.getpid(), signal.SIGTERM)
        return number

    with open_crew(2, COUNT, work) as crew:
        found = list(crew.answers())
    for end in (awaited, told):
        os.close(end)
    assert len(found) == COUNT
    assert all(each is None or isinstance(each, Died) for each in found)


def test_what_a_piece_raises_is_raised_here_and_says_where_it_was() -> None:
    def raises(number: int) -> None:
        raise Mishap(f"piece {number}")

    with open_crew(2, COUNT, raises) as crew, pytest.raises(Mishap, match="piece 0") as caught:
        list(crew.answers())
    assert "in raises" in caught.value.__notes__[0]


def test_what_was_raised_and_cannot_travel_is_told_in_words() -> None:
    class Local(Exception):
        pass

    def raises(number: int) -> None:
        raise Local("here alone")

    with open_crew(1, 1, raises) as crew, pytest.raises(Defect, match="Local: here alone"):
        list(crew.answers())


def test_processes_end_with_the_one_who_made_them() -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)

    def work(number: int) -> None:
        theirs.send(os.getpid())
        threading.Event().wait()

    maker = os.fork()
    if maker == 0:  # stands for the whole program
        ours.close()
        with open_crew(2, COUNT, work) as crew:
            list(crew.answers())
        os._exit(0)
    theirs.close()
    workers = {ours.recv(), ours.recv()}
    os.kill(maker, signal.SIGKILL)
    os.waitpid(maker, 0)
    assert len(workers) == 2
    try:
        with pytest.raises(EOFError):  # whoever could still write is gone
            ours.recv()
    finally:
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    assert (signal_name(15), signal_name(63)) == ("SIGTERM", "signal 63")
    assert signal_name(9).startswith("SIGKILL, as systems do")


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process, as a worker that has nothing to do and was told nothing."""
    monkeypatch.setattr(Worker, "stopped", False)
    monkeypatch.setattr(Worker, "working", False)


@pytest.mark.usefixtures("idle")
def test_a_worker_that_was_told_to_end_begins_nothing() -> None:
    begun: list[int] = []
    worker.end_work(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        worker.answer(begun.append, 1)
    assert begun == []


@pytest.mark.usefixtures("idle")
def test_a_worker_breaks_off_what_it_does_once() -> None:
    said: Iterator[int] = itertools.count()

    def told_twice(number: int) -> None:
        try:
            worker.end_work(signal.SIGINT, None)
        finally:
            worker.end_work(signal.SIGTERM, None)
            next(said)

    with pytest.raises(KeyboardInterrupt):
        worker.answer(told_twice, 1)
    assert next(said) == 1


@pytest.mark.usefixtures("idle")
def test_what_is_raised_in_breaking_off_is_not_said_to_be_of_the_work() -> None:
    def raises(number: int) -> None:
        try:
            worker.end_work(signal.SIGINT, None)
        finally:
            raise ValueError("lock released too many times")

    with pytest.raises(KeyboardInterrupt):
        worker.answer(raises, 1)
    assert not Worker.working


@pytest.mark.usefixtures("idle")
def test_a_worker_answers_what_was_raised() -> None:
    def raises(number: int) -> None:
        raise Mishap("no")

    work: Callable[[int], object] = raises
    found = worker.answer(work, 1)
    assert isinstance(found, Raised)
    assert isinstance(found.error, Mishap)
    assert not Worker.working


def test_a_signal_that_comes_while_processes_are_made_waits_until_they_know_what_it_means() -> None:
    taken: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: taken.append(number))
    try:
        with worker.held_back():
            signal.raise_signal(signal.SIGTERM)
            assert taken == []
        assert taken == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
