"""What a replay came to: values for reports, which know nothing of the simulator.

`fields` lays two answers side by side: every field of either by its path, in the order in which
they were recorded, with a mark on those that differ. `step_text` says a step in one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from imcli.conform.recording import Json, Recording

ABSENT = "-"


class Field(msgspec.Struct, frozen=True):
    """One field of an answer, as JSON text on both sides; `-` where a side has none."""

    path: str
    recorded: str
    simulated: str

    @property
    def differs(self) -> bool:
        """Whether the two sides disagree here."""
        return self.recorded != self.simulated


class StateRow(msgspec.Struct, frozen=True):
    """What the simulated server has of one user's conversation.

    `stored`, `waiting` and `listed` say where it is: a row in the store, an entry in memory that
    waits for the flush, an entry of the list that would be answered now. Numbers are None where
    there is nothing that could have one.
    """

    user: str
    channel: str
    last_seq: int
    stored: bool
    read_to: int | None = None
    deleted_to: int | None = None
    stored_unread: int | None = None
    waiting: int | None = None
    listed: bool = False
    unread: int | None = None


class Divergence(msgspec.Struct, frozen=True):
    """The first answer that the profile does not explain.

    `step` counts from 1; 0 stands for the final observation, and `part` then says where in it.
    `asked` is the step in words, `steps` those that were done, this one included, `state` what the
    simulated server had at that moment.
    """

    step: int
    part: str
    asked: str
    recorded: Any
    simulated: Any
    steps: tuple[str, ...] = ()
    state: tuple[StateRow, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """Both answers side by side."""
        return fields(self.recorded, self.simulated)


class Judged(msgspec.Struct, frozen=True):
    """One recording after its replay: `divergence` is None where every answer agreed."""

    place: str
    version: str
    mode: str
    form: str
    seed: int
    theme: str
    profile: str
    steps: int
    divergence: Divergence | None = None

    @property
    def recording(self) -> str:
        """What to call the recording."""
        return f"{self.version} {self.form} {self.mode} seed {self.seed}"


class Count(msgspec.Struct, frozen=True):
    """How many recordings of one kind agree with one profile, and how many do not."""

    profile: str
    version: str
    form: str
    mode: str
    agree: int
    diverge: int


def judged(recording: Recording, profile: str, divergence: Divergence | None) -> Judged:
    """Sum up one replay."""
    return Judged(
        recording.place,
        recording.version,
        recording.mode,
        recording.form,
        recording.seed,
        recording.theme,
        profile,
        len(recording.steps),
        divergence,
    )


def counts(results: Sequence[Judged]) -> tuple[Count, ...]:
    """Count per profile, version, form and mode, in that order."""
    table: dict[tuple[str, str, str, str], list[int]] = {}
    for each in results:
        kind = (each.profile, each.version, each.form, each.mode)
        table.setdefault(kind, [0, 0])[each.divergence is not None] += 1
    return tuple(Count(*kind, *found) for kind, found in sorted(table.items()))


# Answers side by side


def fields(recorded: object, simulated: object) -> tuple[Field, ...]:
    """Lay two answers side by side, field by field.

    >>> for field in fields({"convs": [{"unread": 1}]}, {"convs": [{"unread": 2}]}):
    ...     print(field.path, field.recorded, field.simulated, field.differs)
    convs[0].unread 1 2 True
    """
    left, right = dict(_leaves(recorded, "")), dict(_leaves(simulated, ""))
    paths = list(dict.fromkeys((*left, *right)))
    return tuple(Field(path, left.get(path, ABSENT), right.get(path, ABSENT)) for path in paths)


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Give the fields below a value; a list without objects in it is one field."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path or "answer", msgspec.json.encode(value).decode()


# Steps in words

NAMED_FIRST = ("name", "dev", "from", "uid", "ch", "to", "uids")
"""The fields of a step whose meaning is clear without their names, in the order of the sentence."""


def step_text(step: Json) -> str:
    """Say a step in one line.

    >>> step_text({"op": "send", "name": "m1", "from": "A", "to": "#g", "sync_once": 1})
    'send m1 from A to #g sync_once=1'
    >>> step_text({"op": "set_unread", "uid": "A", "ch": "B", "n": 3})
    'set_unread A B n=3'
    """
    words = [str(step["op"])]
    for name in NAMED_FIRST:
        if name in step:
            value = step[name]
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            words.append(f"{name} {text}" if name in ("from", "to", "dev") else text)
    for name, value in step.items():
        if name not in NAMED_FIRST and name != "op":
            words.append(f"{name}={msgspec.json.encode(value).decode()}")
    return " ".join(words)
