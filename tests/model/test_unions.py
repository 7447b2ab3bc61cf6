"""The closed unions are whole, and the tables of the model agree with each other."""

from __future__ import annotations

from typing import get_args

import pytest

from imcli.model import actions, errors, events, questions
from imcli.model.errors import ImcliError
from imcli.model.exit_status import EXIT_STATUS_TABLE, PRECEDENCE, ExitStatus
from imcli.model.reasons import REASON_BY_CODE, REASONS

UNIONS = {
    "actions": (actions.Base, get_args(actions.Action)),
    "events": (events.Base, get_args(events.Event)),
    "questions": (questions.Base, get_args(questions.Question) + get_args(questions.View)),
}


@pytest.mark.parametrize("name", UNIONS)
def test_every_kind_that_is_declared_belongs_to_its_union_once(name: str) -> None:
    base, members = UNIONS[name]
    assert sorted(members, key=repr) == sorted(base.__subclasses__(), key=repr)


@pytest.mark.parametrize("name", UNIONS)
def test_kinds_of_one_union_have_tags_that_differ(name: str) -> None:
    _, members = UNIONS[name]
    tags = [member.__struct_config__.tag for member in members]
    assert len(set(tags)) == len(tags)


def test_the_tree_at_the_head_of_the_errors_names_each_with_its_status() -> None:
    branches = [line.split() for line in (errors.__doc__ or "").split("\n") if "──" in line]
    kinds = [kind for kind in ImcliError.__subclasses__() if kind.__module__ == errors.__name__]
    assert {words[1]: int(words[-1]) for words in branches} == {
        kind.__name__: kind.exit_status for kind in kinds
    }


def test_every_status_has_one_row_and_one_place_in_the_order() -> None:
    assert [row.status for row in EXIT_STATUS_TABLE] == sorted(ExitStatus)
    assert sorted(PRECEDENCE) == sorted(ExitStatus)


def test_a_code_on_the_wire_means_one_reason() -> None:
    assert len(REASON_BY_CODE) == sum(reason.code is not None for reason in REASONS)
