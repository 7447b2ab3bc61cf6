"""Names and ids: one way there, one way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.model.entities import fake_channel_id
from imcli.wire.names import Names, collide

NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)


@given(NAME, st.sampled_from(["", "im0a1b-"]))
def test_a_name_comes_back_from_its_id(name: str, prefix: str) -> None:
    names = Names(prefix)
    assert names.user_name(names.user_id(name)) == name
    assert names.chat_name(*names.address("#" + name)) == "#" + name
    assert names.chat_name(*names.address(name)) == name


def test_stated_ids_win_and_come_back() -> None:
    names = Names("p-", {"A": "a:1", "B": "g/1", "#team": "g/1"})
    assert names.user_id("A") == "a:1"
    assert names.user_name("a:1") == "A"
    assert names.address("#team") == ("g/1", 2)
    assert names.chat_name("g/1", 2) == "#team"
    assert names.chat_name("g/1", 1) == names.user_name("g/1") == "B"


def test_a_foreign_id_is_shown_as_it_is() -> None:
    assert Names("p-").user_name("q-A") == "q-A"
    assert Names("p-").chat_name("visitor", 3) == "#visitor:3"


def test_the_prefix_alone_tells_two_runs_apart() -> None:
    assert Names("p1-").user_name(Names("p2-").user_id("A")) != "A"


@pytest.mark.parametrize(
    ("first", "second", "internal"),
    [
        ("alice", "bob", "bob@alice"),
        ("____system", "u1", "u1@____system"),
        ("10001", "10002", "10002@10001"),
        ("u1", "u1", "u1@u1"),
    ],
)
def test_internal_ids_are_those_of_the_server(first: str, second: str, internal: str) -> None:
    assert fake_channel_id(first, second) == internal
    assert fake_channel_id(second, first) == internal


def test_a_tie_of_two_ids_is_noticed_and_one_id_twice_is_none() -> None:
    assert collide(("A", "plumless", "buckeroo"))
    assert not collide(("A", "A", "B"))
