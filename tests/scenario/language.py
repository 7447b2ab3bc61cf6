"""Short ways of writing scenarios, and of asking what is wrong with one."""

from __future__ import annotations

from collections.abc import Sequence

from imcli.model.actions import Action
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.reading.problems import InvalidScenario, Problem
from imcli.scenario.syntax import Assert, Case, Claim, Do

TWO = 'users = { A = ["phone", "web"], B = ["phone"] }\n'
THREE = 'users = ["A", "B", "C"]\ngroups = { team = ["A", "B"] }\n'


def scenario_text(*lines: str, head: str = TWO, tail: str = "") -> str:
    """Write a file with these steps."""
    steps = "\n".join(lines)
    return f"title = \"A title\"\n{head}steps = '''\n{steps}\n'''\n{tail}"


def read(*lines: str, head: str = TWO, tail: str = "") -> Case:
    """Read a file with these steps; it has one case."""
    (case,) = cases(parse_scenario(scenario_text(*lines, head=head, tail=tail), "x.toml"))
    return case


def texts(case: Case) -> list[str]:
    """Give the canonical sentence of each step."""
    return [step.text for step in case.steps]


def done(*lines: str, head: str = TWO) -> Do:
    """Give the last step of a file, which is an action."""
    step = read(*lines, head=head).steps[-1]
    assert isinstance(step, Do)
    return step


def action(*lines: str, head: str = TWO) -> Action:
    """Give the action of the last step of a file."""
    return done(*lines, head=head).action


def asserted(*lines: str, head: str = TWO) -> Assert:
    """Give the last step of a file, which is an assertion."""
    step = read(*lines, head=head).steps[-1]
    assert isinstance(step, Assert)
    return step


def claimed(*lines: str, head: str = TWO) -> Claim:
    """Give the one claim of the last step of a file."""
    (claim,) = asserted(*lines, head=head).claims
    return claim


def problems_of(text: str) -> Sequence[Problem]:
    """Give what is wrong with a file; none where it is right."""
    try:
        parse_scenario(text, "x.toml")
    except InvalidScenario as error:
        return error.found
    return ()


def wrong(*lines: str, head: str = TWO, tail: str = "") -> list[str]:
    """Give the messages about a file with these steps."""
    return [p.message for p in problems_of(scenario_text(*lines, head=head, tail=tail))]
