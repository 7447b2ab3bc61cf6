"""`conform` on the command line: files, statuses, formats."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from imcli.cli.running.conform import judged
from imcli.cli.running.crew import Died
from imcli.model.errors import CouldNotTell
from tests.cli.conftest import Run
from tests.conform.recordings import FOLDER

SLOW = FOLDER / "wukongim-2.2.5-slow.jsonl.gz"


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Three recordings, not packed."""
    file = tmp_path / "few.jsonl"
    file.write_bytes(b"".join(gzip.decompress(SLOW.read_bytes()).splitlines(True)[:3]))
    return file


def test_agreement_is_status_0_and_a_summary(imcli: Run, few: Path) -> None:
    ran = imcli("conform", str(few))
    assert ran.status == 0
    assert "wukongim-2.2.5  on 2.2.5 http slow: 3 agree, 0 diverge" in ran.out
    assert ran.lines[-1].startswith("3 of 3 recordings agree")


def test_divergence_is_status_1_and_shows_both_answers(imcli: Run) -> None:
    ran = imcli("conform", str(SLOW), "--profile", "wukongim-2.1.3")
    assert ran.status == 1
    assert "diverges on wukongim-2.1.3 at step" in ran.out
    assert any(line.startswith("  *  convs[0].") for line in ran.lines)
    assert "  Steps so far:" in ran.lines
    assert "  The simulated server at that moment:" in ran.lines
    assert "Diverging too:" in ran.lines
    assert "\x1b" not in ran.out


def test_json_has_a_record_per_recording(imcli: Run, few: Path) -> None:
    ran = imcli("conform", str(few), "--output", "json")
    assert [(each["place"], each["agrees"], each["divergence"]) for each in ran.json] == [
        (f"{few}:{line}", True, None) for line in (1, 2, 3)
    ]
    ran = imcli("conform", str(few), "--output", "jsonl", "--profile", "wukongim-2.1.4")
    found = [json.loads(line) for line in ran.lines]
    wrong = next(each["divergence"] for each in found if not each["agrees"])
    assert set(wrong) == {
        "step",
        "part",
        "asked",
        "recorded",
        "simulated",
        "differs",
        "steps",
        "state",
    }
    assert wrong["differs"]
    assert len(wrong["steps"]) == wrong["step"]


def test_processes_find_the_same_in_the_same_order(imcli: Run) -> None:
    paths = [str(FOLDER / f"wukongim-{v}-fast.jsonl.gz") for v in ("2.1.3", "2.1.4", "2.2.5")]
    options = ("--profile", "wukongim-2.2.0", "--output", "jsonl")
    one, two = imcli("conform", *paths, *options), imcli("conform", *paths, *options, "--jobs", "2")
    assert one.status == two.status == 1
    assert one.out == two.out


def test_a_folder_is_searched(imcli: Run, few: Path) -> None:
    (few.parent / "notes.txt").write_text("nothing")
    (few.parent / ".hidden.jsonl").write_text("nothing")
    assert imcli("conform", str(few.parent)).lines[-1].startswith("3 of 3")


def test_an_invalid_line_is_status_3_with_its_place_and_nothing_on_stdout(
    imcli: Run, few: Path
) -> None:
    lines = few.read_bytes().splitlines(True)
    few.write_bytes(lines[0] + b'{"v": 1}\n' + lines[1])
    ran = imcli("conform", str(few))
    assert ran.status == 3
    assert f"{few}:2: not a recording" in ran.err
    assert ran.out == ""


def test_several_invalid_lines_are_told_once_each_and_counted(imcli: Run, few: Path) -> None:
    few.write_bytes(b'{"v": 1}\n' * 2)
    ran = imcli("conform", str(few))
    assert (ran.status, ran.err.count(f"{few}:2: ")) == (3, 1)
    assert ran.err.endswith(f"error: {few}: 2 lines are no recordings\n")


def test_a_version_without_a_profile_is_status_3(imcli: Run, few: Path) -> None:
    few.write_bytes(few.read_bytes().replace(b"v2.2.5-", b"v9.9.9-"))
    ran = imcli("conform", str(few))
    assert ran.status == 3
    assert "no profile answers as 'v9.9.9-20260422'" in ran.err
    assert imcli("conform", str(few), "--profile", "wukongim-2.2.5").status == 0


def test_nothing_to_replay_is_status_5(imcli: Run, tmp_path: Path) -> None:
    assert imcli("conform", str(tmp_path)).status == 5
    assert imcli("conform", str(tmp_path / "absent.jsonl")).status == 5


def test_a_wrong_profile_or_number_of_jobs_is_said(imcli: Run, few: Path) -> None:
    assert imcli("conform", str(few), "--profile", "reference").status == 2
    assert imcli("conform", str(few), "--profile", "wukongim-2.9").status == 3
    assert imcli("conform", str(few), "--jobs", "0").status == 2


def test_what_cannot_be_unpacked_is_invalid(imcli: Run, tmp_path: Path) -> None:
    file = tmp_path / "broken.jsonl.gz"
    file.write_bytes(SLOW.read_bytes()[:500])
    ran = imcli("conform", str(file))
    assert ran.status == 3
    assert "cannot be unpacked" in ran.err


def test_recordings_that_a_process_did_not_judge_are_not_said_to_agree() -> None:
    assert judged([]) == []
    with pytest.raises(CouldNotTell, match="not judged to the end: it was killed"):
        judged(Died("it was killed"))
    with pytest.raises(KeyboardInterrupt):
        judged(None)
