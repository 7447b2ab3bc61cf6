"""The same behaviours written twice: as a scenario of imcli, and as a feature for behave.

A behaviour is a run of sends, reads and deletes between two people with what must be seen after
each. What must be seen is known from a dictionary, which is also all the step code that the
features have: behave is not made to wait for a server.
"""

from __future__ import annotations

import random
from pathlib import Path

STEP_CODE = '''"""The server of these features is a dictionary."""

from behave import then, when


@when('{user} sends {peer} "{text}"')
def send(context, user, peer, text):
    context.unread[peer, user] = context.unread.get((peer, user), 0) + 1
    context.unread[user, peer] = 0


@when("{user} reads {peer}")
def read(context, user, peer):
    context.unread[user, peer] = 0


@when("{user} deletes {peer}")
def delete(context, user, peer):
    context.unread.pop((user, peer), None)


@then("{user} sees {peer} with {count:d} unread")
def sees(context, user, peer, count):
    assert context.unread.get((user, peer)) == count


@then("{user} does not see {peer}")
def does_not_see(context, user, peer):
    assert (user, peer) not in context.unread
'''

ENVIRONMENT = """def before_scenario(context, scenario):
    context.unread = {}
"""


def behaviour(seed: int, steps: int, *, deletes: bool = True) -> list[str]:
    """Draw a behaviour: sentences, of which those that begin with `assert` say what is seen."""
    draw = random.Random(seed)
    unread: dict[tuple[str, str], int] = {}
    found: list[str] = []
    while len(found) < steps:
        user, peer = draw.choice((("A", "B"), ("B", "A")))
        match draw.choice(("send", "send", "send", "read", "delete")):
            case "send":
                found.append(f'{user} sends {peer} "text {len(found)}"')
                unread[peer, user] = unread.get((peer, user), 0) + 1
                unread[user, peer] = 0
            case "read" if (user, peer) in unread:
                found.append(f"{user} reads {peer}")
                unread[user, peer] = 0
            case "delete" if deletes and (user, peer) in unread:
                found.append(f"{user} deletes {peer}")
                del unread[user, peer]
            case _:
                continue
        watcher, other = draw.choice((("A", "B"), ("B", "A")))
        seen = unread.get((watcher, other))
        if seen is None:
            found.append(f"assert {watcher} does not see {other}")
        else:
            found.append(f"assert {watcher} sees {other} with {seen} unread")
    return found[:steps]


def as_scenario(number: int, sentences: list[str]) -> str:
    """Write a behaviour as a scenario file."""
    steps = "\n".join(sentences)
    users = '{ A = ["phone", "web"], B = ["phone", "web"] }'
    return f"title = \"Behaviour {number}\"\nusers = {users}\nsteps = '''\n{steps}\n'''\n"


def as_feature(number: int, sentences: list[str]) -> str:
    """Write a behaviour as a feature file."""
    lines = [f"Feature: Behaviour {number}", "", f"  Scenario: Behaviour {number}"]
    for sentence in sentences:
        claim = sentence.removeprefix("assert ")
        lines.append(f"    {'When' if claim == sentence else 'Then'} {claim}")
    return "\n".join(lines) + "\n"


def write_both(folder: Path, count: int) -> tuple[Path, Path]:
    """Write `count` behaviours of 4 to 20 steps both ways; gives the two folders."""
    scenarios, features = folder / "scenarios", folder / "features"
    (features / "steps").mkdir(parents=True)
    scenarios.mkdir()
    (features / "steps" / "dictionary.py").write_text(STEP_CODE, encoding="utf-8")
    (features / "environment.py").write_text(ENVIRONMENT, encoding="utf-8")
    for number in range(count):
        sentences = behaviour(number, 4 + number % 17)
        name = f"behaviour_{number}"
        text = as_scenario(number, sentences)
        (scenarios / f"{name}.toml").write_text(text, encoding="utf-8")
        text = as_feature(number, sentences)
        (features / f"{name}.feature").write_text(text, encoding="utf-8")
    return scenarios, features
