"""A line that is no recording is refused, with its place and what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from imcli.conform.recording import read_recordings
from imcli.model.errors import InvalidInput

GOOD: dict[str, Any] = {
    "v": 1,
    "tag": "v2.2.5-20260422",
    "mode": "slow",
    "seed": 1,
    "theme": "person",
    "steps": [{"op": "send", "name": "m1", "from": "A", "to": "B"}],
    "results": [{"status": 200, "seq": 1}],
    "final": {"rows": {}, "sync": {}, "messages": {}},
}


def read(**changes: object) -> int:
    line = json.dumps({**GOOD, **changes}).encode()
    return len(read_recordings(b"\n" + line + b"\n", "r.jsonl"))


def test_a_good_line_is_read_and_knows_its_place() -> None:
    (recording,) = read_recordings(b"\n\n" + json.dumps(GOOD).encode(), "r.jsonl")
    assert recording.place == "r.jsonl:3"
    assert (recording.version, recording.form) == ("2.2.5", "http")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"v": 2}, "format 2 is newer than this program reads"),
        ({"mode": "medium"}, r"\$\.mode"),
        ({"results": []}, "1 steps and 0 results; every step has one"),
        ({"steps": [{"op": "fly"}]}, r"Invalid value 'fly' - at `\$\.steps\[0\]\.op`"),
        ({"steps": [{"op": "send", "name": "m1", "to": "B"}]}, "step 1 does not say who sends"),
        ({"steps": [{"op": "connect", "dev": "AX"}]}, "step 1 names 'AX'"),
        ({"steps": [{"op": "sync", "uid": "A"}]}, "msg_count"),
        ({"steps": [{"op": "group_add", "uids": "A"}]}, r"\$\.steps\[0\]\.uids"),
        ({"final": {"rows": {}}}, "sync"),
        ({"final": {"rows": {}, "sync": {"A": {"order_free": [-1]}}, "messages": {}}}, "order_"),
        ({"steps": None}, "not a recording"),
    ],
)
def test_what_is_no_recording_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as error:
        read(**changes)
    assert str(error.value).startswith("r.jsonl:2: ")


def test_every_bad_line_is_named_and_their_number_is_bounded() -> None:
    with pytest.raises(InvalidInput) as error:
        read_recordings(b"{}\n" * 100, "r.jsonl")
    assert len(error.value.problems) == 20
    assert error.value.message == "r.jsonl: at least 20 lines are no recordings"
    assert error.value.problems[1].startswith("r.jsonl:2: not a recording")


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_a_file_without_recordings_is_invalid(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="there is no recording in it"):
        read_recordings(content, "r.jsonl")


def test_a_line_nested_too_deeply_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"r\.jsonl:1: not a recording"):
        read_recordings(b"[" * 100_000, "r.jsonl")
