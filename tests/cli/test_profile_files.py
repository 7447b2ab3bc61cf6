"""Profiles of one's own: read from a file, or changed by a switch."""

from __future__ import annotations

from pathlib import Path

import pytest

from imcli.cli.profile_files import BYTES_MAX, profile_of, switched
from imcli.cli.world import World, here
from imcli.model.errors import InvalidInput, UsageError
from tests.cli.conftest import Run

MINE = 'extends = "wukongim-2.1.3"\nflush_interval = "1s"\n'
SEED = "B sends as m1; A deletes B; B sends as m2; assert A sees B"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return here()._replace(cwd=str(tmp_path))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    return path


def test_a_file_of_switches_is_a_profile_called_after_the_file(world: World, mine: Path) -> None:
    profile = profile_of(world, "mine.toml")
    assert (profile.name, profile.flush_interval, profile.version) == ("mine", 1_000, (2, 1, 3))


@pytest.mark.parametrize("words", [["--profile", "mine.toml"], ["--target", "sim:mine.toml"]])
def test_scenarios_run_on_a_profile_from_a_file(imcli: Run, mine: Path, words: list[str]) -> None:
    mine.write_text('on_message_after_delete = "stay-hidden"\n', encoding="utf-8")
    assert imcli("try", SEED, *words).status == 1
    mine.write_text('on_message_after_delete = "reappear"\n', encoding="utf-8")
    assert imcli("try", SEED, *words).status == 0


def test_a_state_file_remembers_a_profile_from_a_file(imcli: Run, mine: Path) -> None:
    assert imcli("send", "B", "A", "hi", "--profile", "mine.toml").status == 0
    mine.unlink()
    assert imcli("list-conversations", "A").status == 0
    refused = imcli("list-conversations", "A", "--profile", "reference")
    assert refused.status == 2
    assert "was made with the profile mine, not reference" in refused.err


def test_a_file_named_in_the_configuration_lies_beside_it(
    imcli: Run, mine: Path, tmp_path: Path
) -> None:
    (tmp_path / "imcli.toml").write_text('profile = "mine.toml"\n', encoding="utf-8")
    below = tmp_path / "below"
    below.mkdir()
    assert imcli("send", "B", "A", "hi", cwd=below).status == 0
    assert "mine" in imcli("send", "B", "A", "hi", "--profile", "two-way", cwd=below).err


def test_show_profile_shows_a_file(imcli: Run, mine: Path) -> None:
    assert "1s" in imcli("show-profile", "mine.toml").out


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"flush_interval = 1s", "mine.toml:1:19: "),
        (b'flush_intervall = "1s"', "there is no switch 'flush_intervall', did you mean"),
        (b'flush_interval = "soon"', "'soon' is not a duration"),
        (b'extends = "wukongim-9"', "there is no profile 'wukongim-9'"),
        (b"extends = 5", "extends: 5 is not a text"),
        (b"version = 5", "version: 5 is not a list of whole numbers"),
        (b"\xff", ":1: not UTF-8 text (byte 0)"),
        (b"#" * (BYTES_MAX + 1), "it is longer than"),
    ],
)
def test_what_is_wrong_with_a_profile_file_is_said_once(
    imcli: Run, mine: Path, body: bytes, said: str
) -> None:
    mine.write_bytes(body)
    done = imcli("show-profile", "mine.toml")
    assert done.status == 3
    assert done.err.count(said) == 1
    assert "mine.toml" in done.err
    assert not done.out


def test_a_profile_file_that_is_not_there_is_named(imcli: Run) -> None:
    done = imcli("try", SEED, "--profile", "none.toml")
    assert (done.status, done.out) == (3, "")
    assert "none.toml cannot be read: No such file" in done.err


def test_switches_change_the_profile_that_is_served(world: World, mine: Path) -> None:
    changed = switched(world, "mine.toml", ["list_limit=7", "person_allow_list=true"], "reference")
    assert changed is not None
    assert (changed.list_limit, changed.person_allow_list) == (7, True)
    assert changed.flush_interval == 1_000
    assert switched(world, "", [], "reference") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [("flush_interval", "must be NAME=VALUE"), ("list_limit=many", "'many' is not a whole number")],
)
def test_a_switch_that_is_none_is_a_mistake_of_usage(world: World, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        switched(world, "", [text], "reference")


def test_what_a_version_does_is_no_switch_to_change(world: World, mine: Path) -> None:
    with pytest.raises(UsageError, match="own_send_reads: no choice over mine"):
        switched(world, "mine.toml", ["own_send_reads=false"], "reference")


def test_a_parent_that_is_none_is_invalid(world: World) -> None:
    with pytest.raises(InvalidInput, match="no profile"):
        switched(world, "referense", ["list_limit=7"], "reference")
