"""What five real servers answered is what the profiles answer; a law switched off is found."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from msgspec.structs import replace

from imcli.conform.judged import fields, step_text
from imcli.conform.recording import Recording
from imcli.conform.replay import conform, profile_for, wukongim_names, wukongim_profile
from imcli.model.errors import InvalidInput, UsageError
from imcli.simulator.wukongim.traits import TRAITS, Traits
from tests.conform.recordings import KINDS, MODES, VERSIONS, all_of, recorded

COUNTS = {
    ("wukongim", "slow"): 100,
    ("wukongim", "fast"): 100,
    ("sessions", "slow"): 130,
    ("sessions", "fast"): 80,
}


def diverging(recordings: tuple[Recording, ...]) -> list[tuple[str, int]]:
    """Give place and step of what diverges on the profile of its version."""
    judged = (conform(each, profile_for(each)) for each in recordings)
    return [(each.place, each.divergence.step) for each in judged if each.divergence]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_a_profile_answers_as_the_real_server_did(kind: str, version: str, mode: str) -> None:
    recordings = recorded(kind, version, mode)
    assert len(recordings) == COUNTS[kind, mode]
    assert diverging(recordings) == []


def test_every_version_differs_from_every_other_one_in_some_recording() -> None:
    for version in VERSIONS:
        for other in VERSIONS:
            profile = wukongim_profile(f"wukongim-{other}")
            agree = all(conform(each, profile).divergence is None for each in all_of(version))
            assert agree == (version == other)


SWITCHED_OFF = [
    ("keeping", "2.1.3", "marked-rows", "wukongim-2.1.3-slow.jsonl.gz:1"),
    ("keeping", "2.1.4", "rows", "wukongim-2.1.4-slow.jsonl.gz:1"),
    ("keeping", "2.1.5", "rows", ""),
    ("keeping", "2.2.0", "rows", ""),
    ("keeping", "2.2.5", "rows", ""),
    ("person_rows", "2.1.4", "first", ""),
    ("person_rows", "2.1.5", "never", ""),
    ("person_rows", "2.2.0", "never", ""),
    ("person_rows", "2.2.5", "never", ""),
    ("own_check", "2.1.3", "newest", ""),
    ("own_check", "2.1.4", "none", ""),
    ("own_check", "2.1.5", "newest", ""),
    ("own_check", "2.2.0", "newest", ""),
    ("own_check", "2.2.5", "oldest", ""),
    ("own_check", "2.2.5", "none", ""),
    ("own_marks", "2.2.0", True, ""),
    ("own_marks", "2.2.5", False, ""),
    ("list_cache", "2.1.5", "full", ""),
    ("list_cache", "2.2.0", "none", ""),
    ("list_cache", "2.2.0", "full", ""),
    ("list_cache", "2.2.5", "misses-inserts", ""),
    ("add_reads", "2.1.5", "named", ""),
    ("add_reads", "2.2.0", "new", ""),
    ("remove_deletes_rows", "2.1.3", True, ""),
    ("remove_deletes_rows", "2.1.4", False, ""),
    ("deny_deletes_rows", "2.1.5", True, ""),
    ("deny_deletes_rows", "2.2.0", False, ""),
    ("undeny", "2.1.3", "delete", ""),
    ("undeny", "2.1.4", "nothing", ""),
    ("undeny", "2.1.5", "insert", ""),
    ("undeny", "2.2.0", "delete", ""),
    ("undeny", "2.2.5", "nothing", ""),
    ("group_allow_list", "2.1.3", "when-filled", ""),
    ("group_allow_list", "2.1.4", "sticky", ""),
    ("group_allow_list", "2.2.0", "when-filled", ""),
    ("group_allow_list", "2.2.5", "off", ""),
    ("kicked_socket", "2.1.3", "left-open", ""),
    ("kicked_socket", "2.2.5", "closed", ""),
]
NOT_RECORDED = {
    "allow_rows": "no recording puts somebody on the allow list of a user without a conversation",
    "pages": "no recording asks for a page",
    "by_channel": "no recording asks by channel",
    "later_routes": "no recording asks for one of them",
    "excludes": "no recording leaves out types of channels",
    "streams": "the recordings leave out the fields of messages",
    "command_rows": "no recording asks for commands",
    "send_ban": "no recording sets this flag",
    "blank_member": "no recording has an empty id",
}
"""Laws that the recordings cannot show; the experiments have tests of them."""


@pytest.mark.parametrize(("trait", "version", "value", "place"), SWITCHED_OFF)
def test_a_law_switched_off_is_found_at_a_step(
    trait: str, version: str, value: object, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = tuple(map(int, version.split(".")))
    assert getattr(TRAITS[numbers], trait) != value
    changes: dict[str, Any] = {trait: value}
    monkeypatch.setitem(TRAITS, numbers, replace(TRAITS[numbers], **changes))
    found = [conform(each, profile_for(each)) for each in all_of(version)]
    wrong = [each for each in found if each.divergence is not None]
    assert wrong
    assert place in ("", wrong[0].place)
    by_place = {each.place: each for each in all_of(version)}
    for each in wrong:
        assert each.divergence is not None
        recording, step = by_place[each.place], each.divergence.step
        if step:
            assert each.divergence.recorded == recording.results[step - 1]
            assert each.divergence.asked == step_text(recording.steps[step - 1])
        assert each.divergence.simulated != each.divergence.recorded
        assert any(field.differs for field in each.divergence.fields)


def test_every_trait_is_switched_off_or_said_not_to_be_recorded() -> None:
    tested = {trait for trait, *_ in SWITCHED_OFF}
    assert set(Traits.__struct_fields__) - tested - set(NOT_RECORDED) == set()


def tampered(recording: Recording, step: int) -> Recording:
    """Give a recording in which the answer to one step is another."""
    results = copy.deepcopy(recording.results)
    results[step - 1]["status"] = 500
    return replace(recording, results=results)


def test_the_first_differing_step_is_named_whichever_it_is() -> None:
    recording = recorded("wukongim", "2.2.5", "slow")[0]
    for step in range(1, len(recording.steps) + 1):
        divergence = conform(tampered(recording, step), profile_for(recording)).divergence
        assert divergence is not None
        assert divergence.step == step
        assert len(divergence.steps) == step
        assert [field.path for field in divergence.fields if field.differs] == ["status"]


def test_a_difference_in_the_final_observation_says_where_it_is() -> None:
    recording = recorded("sessions", "2.1.3", "slow")[3]
    final = copy.deepcopy(recording.final)
    final["rows"]["B"] = [{"ch": "nowhere"}]
    divergence = conform(replace(recording, final=final), profile_for(recording)).divergence
    assert divergence is not None
    assert (divergence.step, divergence.part) == (0, "rows B")
    assert len(divergence.steps) == len(recording.steps)
    final = copy.deepcopy(recording.final)
    final["online"].append(["C", 2])
    divergence = conform(replace(recording, final=final), profile_for(recording)).divergence
    assert divergence is not None
    assert divergence.part == "online"


def test_the_state_at_the_divergence_names_rows_what_waits_and_what_is_listed() -> None:
    recording = recorded("wukongim", "2.2.5", "slow")[1]
    divergence = conform(
        tampered(recording, len(recording.steps)), profile_for(recording)
    ).divergence
    assert divergence is not None
    assert {row.user for row in divergence.state} <= {"A", "B", "C"}
    assert any(row.waiting is not None and not row.stored for row in divergence.state)
    assert any(row.listed and row.unread is not None for row in divergence.state)


def test_sides_with_other_fields_show_what_is_absent() -> None:
    found = {f.path: (f.recorded, f.simulated) for f in fields({"a": 1, "b": [[1, 2]]}, {"c": 0})}
    assert found == {"a": ("1", "-"), "b": ("[[1,2]]", "-"), "c": ("-", "0")}
    assert [f.path for f in fields(None, 3)] == ["answer"]


def test_a_version_without_a_profile_is_named_with_its_place() -> None:
    recording = replace(recorded("wukongim", "2.2.5", "slow")[0], tag="v3.0.0-20260101")
    with pytest.raises(InvalidInput, match=r"wukongim-2\.2\.5-slow\.jsonl\.gz:1: no profile") as e:
        profile_for(recording)
    assert "wukongim-2.2.5" in e.value.hint


def test_a_profile_that_is_no_real_server_is_refused() -> None:
    with pytest.raises(UsageError, match="reference answers as no real server"):
        wukongim_profile("reference")
    assert wukongim_names() == tuple(f"wukongim-{version}" for version in VERSIONS)
