"""`together` where things really happen at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from imcli.model.actions import Action, Send
from imcli.scenario.events import CaseFinished, CaseResult
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.running.run import Options, run
from imcli.targets.base import ALL_CAPABILITIES, AtOnce, Cast, Outcome, Target
from tests.scenario.scripted import LIVE, ScriptedOpener, ScriptedTarget

STEPS = """
together:
  A sends B "one" as m1; A sends B "two" as m2
  B sends A "three" as m3
assert m1 was accepted
assert m2 was accepted
assert m3 was accepted
"""


class Meeting(ScriptedTarget):
    """Answers a first send only when both users have sent theirs."""

    def __init__(self, opener: Meetings) -> None:
        super().__init__(opener)
        self.together = opener.together
        self.both = threading.Barrier(2, timeout=30)

    def at_once(self, branches: Sequence[Callable[[], None]]) -> None:
        with ThreadPoolExecutor(len(branches)) as pool:
            begun = [pool.submit(branch) for branch in branches]
        for each in begun:
            each.result()

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        if self.together and isinstance(action, Send) and action.text in ("one", "three"):
            self.both.wait()
        return super().perform(action)


class Meetings(ScriptedOpener):
    """Opens meetings; with `together` the two must really meet."""

    def __init__(self, *, together: bool, answers: Sequence[Outcome | None] = ()) -> None:
        real = [capability for capability in ALL_CAPABILITIES if capability != "time"]
        super().__init__(identity=LIVE, capabilities=real, answers=answers)
        self.together = together

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> Target:
        target = Meeting(self)
        self.opened.append(target)
        return target


def played(opener: ScriptedOpener, options: Options, steps: str = STEPS) -> CaseResult:
    text = f"title = \"At once\"\nusers = [\"A\", \"B\"]\nsteps = '''{steps}'''"
    (case,) = cases(parse_scenario(text, "example.toml"))
    *_, last = run(case, opener, options)
    assert isinstance(last, CaseFinished)
    return last.case


def test_a_world_that_can_do_things_at_once_says_so() -> None:
    assert isinstance(Meeting(Meetings(together=True)), AtOnce)
    assert not isinstance(ScriptedTarget(ScriptedOpener()), AtOnce)


def test_branches_are_under_way_at_the_same_time() -> None:
    assert played(Meetings(together=True), Options()).result == "passed"


def test_the_steps_of_a_branch_keep_their_order() -> None:
    opener = Meetings(together=True)
    played(opener, Options())
    said = [action.text for action in opener.opened[0].done if isinstance(action, Send)]
    assert sorted(said) == ["one", "three", "two"]
    assert said.index("one") < said.index("two")


def test_all_orders_are_played_the_declared_one_at_once() -> None:
    opener = Meetings(together=False)
    assert played(opener, Options(orders="all")).runs == 3
    orders = [tuple(a.text for a in t.done if isinstance(a, Send)) for t in opener.opened]
    assert set(orders[1:]) == {("one", "three", "two"), ("three", "one", "two")}


def test_a_branch_that_cannot_go_on_stops_and_is_the_problem_of_the_case() -> None:
    opener = Meetings(together=False, answers=[Outcome("refused", "banned"), None])
    result = played(opener, Options())
    assert (result.result, len(opener.opened[0].done)) == ("error", 2)
    assert "banned" in result.reason
