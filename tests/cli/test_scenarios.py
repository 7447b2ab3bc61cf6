"""`run-scenario` and `try`: files in, reports out, and what the shell is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from imcli.cli.text import columns_of
from imcli.model.entities import Entry
from imcli.scenario.events import RunEvent
from imcli.scenario.running.run import run as run_case
from imcli.simulator.conversations.reference import Derived
from imcli.simulator.state import State
from tests.cli.conftest import Run

GOOD = """\
title = "Good"
users = ["A", "B"]
tags = ["delete"]
covers = ["WuKongIM#343"]
steps = ["B sends", "A deletes B", "B sends", "assert A sees the conversation"]
"""
BAD = """\
title = "Bad"
users = ["A", "B"]
steps = ["B sends", "A deletes B", "assert A sees the conversation"]
"""
BROKEN = """\
title = "Broken"
users = ["A", "B"]
stesp = []
steps = ["B sneds"]
"""
BUG = """\
title = "Returns"
users = ["A", "B"]
steps = ["B sends", "server flushes", "A deletes B", "B sends", "assert A sees the conversation"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "cases"
    inside.mkdir()
    (inside / "good.toml").write_text(GOOD)
    (inside / "bad.toml").write_text(BAD)
    return inside


def case_words(out: str) -> list[tuple[str, str]]:
    lines = (line.split() for line in out.splitlines() if ".toml" in line and "  " in line)
    return [(words[0], words[1]) for words in lines if words[1:] and words[1].startswith("cases")]


def test_what_holds_ends_with_zero(imcli: Run, folder: Path) -> None:
    ran = imcli("run-scenario", "cases/good.toml")
    assert (ran.status, ran.err) == (0, "")
    assert ran.lines[-1].startswith("1 passed")


def test_what_does_not_hold_ends_with_one_and_is_explained_last(imcli: Run, folder: Path) -> None:
    ran = imcli("run-scenario", "cases")
    assert (ran.status, ran.err) == (1, "")
    assert case_words(ran.out) == [("failed", "cases/bad.toml"), ("passed", "cases/good.toml")]
    assert "Reproduce: imcli run-scenario cases/bad.toml --target sim" in ran.out
    assert ran.lines[-1].startswith("1 failed, 1 passed")


def test_one_column_for_each_target(imcli: Run, folder: Path) -> None:
    (folder / "bug.toml").write_text(BUG)
    ran = imcli(
        "run-scenario", "cases/bug.toml", "--target", "sim", "--target", "sim:wukongim-2.1.3"
    )
    assert ran.status == 1
    assert ran.lines[0].split() == ["sim", "sim:wukongim-2.1.3", "case"]
    assert ran.lines[1].split() == ["passed", "failed", "cases/bug.toml"]
    assert "failed on sim:wukongim-2.1.3" in ran.out


def test_columns_show_colour_only_where_it_is_wanted(imcli: Run, folder: Path) -> None:
    argv = ["run-scenario", "cases/bad.toml", "--target", "sim", "--target", "sim:two-way"]
    assert "\x1b[31mfailed" in imcli(*argv, terminal=True).out
    assert "\x1b[" not in imcli(*argv, terminal=True, env={"NO_COLOR": "1"}).out
    assert "\x1b[" not in imcli(*argv, "--color", "never", terminal=True).out
    assert "\x1b[" in imcli(*argv, "--color", "always").out


def test_a_file_on_the_embedded_server_runs_on_a_state_of_its_own(imcli: Run, folder: Path) -> None:
    assert imcli("run-scenario", "cases/good.toml", "--target", "embedded").status == 0
    assert imcli("list-sessions").err == "nobody is online\n"


def test_an_invalid_file_stops_the_run_before_its_first_case(imcli: Run, folder: Path) -> None:
    (folder / "zbroken.toml").write_text(BROKEN)
    (folder / "zbroken2.toml").write_text("= 1")
    ran = imcli("run-scenario", "cases", "--jsonl", "out.jsonl")
    assert (ran.status, ran.out) == (3, "")
    assert "cases/zbroken.toml:3:1" in ran.err
    assert "cases/zbroken.toml:4:" in ran.err
    assert "cases/zbroken2.toml:1:1" in ran.err
    assert ran.err.endswith("error: 2 files are invalid\n")
    started, ended = map(json.loads, (folder.parent / "out.jsonl").read_text().splitlines())
    assert (started["cases"], ended["counts"], ended["exit_status"]) == (0, [], 3)
    assert "cases/zbroken2.toml:1:1" in ended["reason"]


def test_a_profile_that_does_not_exist_makes_a_file_invalid(imcli: Run, folder: Path) -> None:
    (folder / "own.toml").write_text('profile = "refrence"\n' + GOOD)
    for command in ("run-scenario", "check-scenario", "explain-scenario"):
        ran = imcli(command, "cases/own.toml")
        assert (ran.status, ran.out) == (3, "")
        assert "refrence" in ran.err


@pytest.mark.parametrize(
    ("argv", "status", "said"),
    [
        (["cases/gone.toml"], 5, "there is no file or folder 'cases/gone.toml'"),
        (["cases/god.toml"], 5, "did you mean cases/good.toml"),
        (["nul\0"], 5, "there is no file or folder"),
        (["empty"], 5, "there is no scenario file in empty"),
        (["cases", "--tag", "nonsense"], 5, "none of the 2 cases"),
        (["cases", "--tag", "and"], 2, "--tag"),
        (["cases", "--only", "god"], 5, "good"),
        (["cases", "--covers", "WuKongIM#344"], 5, "WuKongIM#343"),
        (["cases", "--orders", "0"], 2, "--orders is '0'"),
        (["cases", "--orders", "some"], 2, "--orders is 'some'"),
        (["cases", "--repeat", "0"], 2, "--repeat is 0"),
        (["cases", "--jobs", "0"], 2, "--jobs is '0'"),
        (["cases", "--jobs", "many"], 2, "--jobs is 'many'"),
        (["cases", "--show", "all"], 2, "--show is 'all'"),
        (["cases", "--check", "often"], 2, "--check is 'often'"),
        (["cases", "--max-failures", "-1"], 2, "--max-failures is -1"),
        (["cases", "--target", "smi"], 2, "did you mean sim?"),
        (["cases", "--target", "sim:refrence"], 3, "did you mean reference?"),
        (["cases", "--profile", "refrence"], 3, "did you mean reference?"),
        (["cases", "--profile", "two-way", "--target", "sim:rejects"], 2, "different profiles"),
        (["cases", "--profile", "two-way", "--target", "http://127.0.0.1:9"], 2, "--profile"),
        (["cases", "--target", "http://127.0.0.1:9"], 4, "error: "),
        (["cases", "--junit", "-"], 2, "a report goes to a file"),
        (["cases", "--junit", "no/such/folder.xml"], 2, "no/such/folder.xml cannot be written"),
        (["cases", "--jsonl", "cases"], 2, "cases cannot be written"),
        (["cases", "--junit", "cases"], 2, "cases cannot be written: it is a folder"),
        (["cases", "--report-issue", "cases"], 2, "cases cannot be written: it is a folder"),
    ],
)
def test_what_cannot_be_run_says_why(
    imcli: Run, folder: Path, argv: list[str], status: int, said: str
) -> None:
    (folder.parent / "empty").mkdir()
    ran = imcli("run-scenario", *argv)
    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        (["--tag", "delete"], ["cases/good.toml"]),
        (["--tag", "not delete"], ["cases/bad.toml"]),
        (["--only", "Good"], ["cases/good.toml"]),
        (["--only", "cases/*.toml"], ["cases/bad.toml", "cases/good.toml"]),
        (["--covers", "WuKongIM#343"], ["cases/good.toml"]),
        (["-x"], ["cases/bad.toml"]),
        (["--max-failures", "1"], ["cases/bad.toml"]),
        (["--max-failures", "2"], ["cases/bad.toml", "cases/good.toml"]),
    ],
)
def test_cases_are_selected(imcli: Run, folder: Path, argv: list[str], names: list[str]) -> None:
    ran = imcli("run-scenario", "cases", *argv)
    assert [name for _, name in case_words(ran.out)] == names


def test_every_case_skipped_is_nothing_run(imcli: Run, folder: Path) -> None:
    (folder / "own.toml").write_text('profile = "two-way"\n' + GOOD)
    ran = imcli("run-scenario", "cases/own.toml", "--target", "sim:rejects")
    assert ran.status == 5
    assert "wants profile two-way" in ran.out


def test_a_profile_on_the_command_line_wins_and_says_so(imcli: Run, folder: Path) -> None:
    (folder / "own.toml").write_text('profile = "two-way"\n' + GOOD)
    ran = imcli("run-scenario", "cases/own.toml", "--profile", "reference")
    assert ran.status == 0
    assert "its own profile two-way gave way to --profile reference" in ran.out


def without_times(text: str) -> list[object]:
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        event.pop("duration_ms", None)
        event.get("case", {}).pop("duration_ms", None)
    return events


def test_other_processes_report_the_same_in_the_same_order(imcli: Run, folder: Path) -> None:
    for number in range(30):
        (folder / f"more{number:02}.toml").write_text(GOOD if number % 3 else BAD)
    one = imcli("run-scenario", "cases", "--jsonl", "one.jsonl")
    two = imcli("run-scenario", "cases", "--jsonl", "two.jsonl", "--jobs", "2")
    assert (one.status, two.status) == (1, 1)
    assert one.lines[:-1] == two.lines[:-1]
    texts = [(folder.parent / f"{name}.jsonl").read_text() for name in ("one", "two")]
    assert without_times(texts[0]) == without_times(texts[1])


def test_the_files_of_a_run_hold_every_case(imcli: Run, folder: Path) -> None:
    argv = ["--jsonl", "run.jsonl", "--junit", "run.xml", "--report-issue", "issue.md"]
    assert imcli("run-scenario", "cases", *argv).status == 1
    there = folder.parent
    events = [json.loads(line) for line in (there / "run.jsonl").read_text().splitlines()]
    assert [event["type"] for event in events] == [
        "run-started",
        "case-started",
        "case-finished",
        "case-started",
        "case-finished",
        "run-finished",
    ]
    suites = ElementTree.parse(there / "run.xml").getroot()
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    assert "## Bad" in (there / "issue.md").read_text()


def test_an_interrupt_leaves_complete_reports_of_what_had_finished(
    imcli: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(10))

    def interrupted(*args: object, **options: object) -> Iterator[RunEvent]:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return run_case(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("imcli.scenario.running.suite.run", interrupted)
    ran = imcli("run-scenario", "cases", "--jsonl", "run.jsonl", "--junit", "run.xml")
    assert ran.status == 130
    assert ran.lines[-1].startswith("interrupted: 1 failed")
    events = [json.loads(line) for line in (folder.parent / "run.jsonl").read_text().splitlines()]
    assert (events[-1]["type"], events[-1]["interrupted"]) == ("run-finished", True)
    assert ElementTree.parse(folder.parent / "run.xml").getroot().get("tests") == "1"


def test_a_defect_in_the_middle_leaves_valid_reports(
    imcli: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **options: object) -> Iterator[RunEvent]:
        raise RuntimeError("oh")

    monkeypatch.setattr("imcli.scenario.running.suite.run", broken)
    ran = imcli("run-scenario", "cases", "--junit", "run.xml", "--jsonl", "run.jsonl")
    assert ran.status == 70
    assert "a defect in imcli (RuntimeError: oh)" in ran.err
    assert ran.lines[-1].startswith("interrupted: nothing was run")
    suites = ElementTree.parse(folder.parent / "run.xml").getroot()
    error = suites.find("testsuite/testcase/error")
    assert suites.get("errors") == "1"
    assert error is not None
    assert error.get("message") == "a defect in imcli (RuntimeError: oh)"
    end = json.loads((folder.parent / "run.jsonl").read_text().splitlines()[-1])
    assert (end["type"], end["exit_status"], end["interrupted"]) == ("run-finished", 70, True)


def test_a_terminal_sees_progress_and_a_pipe_does_not(imcli: Run, folder: Path) -> None:
    assert "2/2" in imcli("run-scenario", "cases", terminal=True).err
    assert imcli("run-scenario", "cases").err == ""
    assert imcli("run-scenario", "cases", "--quiet", terminal=True).err == ""


def test_quiet_shows_failures_and_the_last_line_only(imcli: Run, folder: Path) -> None:
    ran = imcli("run-scenario", "cases", "--quiet")
    assert case_words(ran.out) == []
    assert "failed on sim" in ran.out
    assert ran.lines[-1].startswith("1 failed, 1 passed")


def test_tables_are_shown_where_they_are_asked_for(imcli: Run, folder: Path) -> None:
    plain = imcli("run-scenario", "cases/good.toml").out
    final = imcli("run-scenario", "cases/good.toml", "--show", "final").out
    each = imcli("run-scenario", "cases/good.toml", "--show", "each").out
    tables = [text.count("  B.phone  ") for text in (plain, final, each)]
    assert tables[0] == 0
    assert tables[0] < tables[1] < tables[2]


def test_every_invariant_can_be_checked_at_every_step(imcli: Run, folder: Path) -> None:
    assert imcli("run-scenario", "cases/good.toml", "--check", "each-step").status == 0


def test_a_case_with_ids_of_its_own_is_watched_too(
    imcli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
title = "Whatever the ids are"
users = ["A", "B"]
ids = { A = "z:1", B = "b|2" }
steps = ["B sends as m1", "A reads B"]
"""
    (tmp_path / "ids.toml").write_text(text, encoding="utf-8")
    assert imcli("run-scenario", "ids.toml", cwd=tmp_path).status == 0
    right = Derived.entry

    def wrong(self: Derived, state: State, user: str, chat: str, count: int = 20) -> Entry | None:
        entry = right(self, state, user, chat, count)
        return replace(entry, unread=7) if entry is not None and user == "z:1" else entry

    monkeypatch.setattr(Derived, "entry", wrong)
    ran = imcli("run-scenario", "ids.toml", cwd=tmp_path)
    assert ran.status == 1
    flat = " ".join(ran.out.split())
    assert "invariant 4 (unread equation) is broken for A with B: expected 1 unread" in flat
    assert "z:1" not in ran.out


def test_a_failure_reproduced_says_the_same(imcli: Run, folder: Path) -> None:
    argv = ["run-scenario", "cases/bad.toml", "--seed", "7", "--repeat", "2", "--orders", "3"]
    assert imcli(*argv).lines[:-1] == imcli(*argv).lines[:-1]


# One line


def test_a_line_can_be_tried(imcli: Run) -> None:
    ran = imcli("try", "A deletes B; B sends; assert A sees the conversation")
    assert (ran.status, ran.err) == (0, "")


def test_a_line_that_does_not_hold_shows_how_to_try_it_again(imcli: Run) -> None:
    ran = imcli("try", "B sends, assert A does not see B", "--target", "sim:two-way")
    assert ran.status == 1
    again = "imcli try 'B sends, assert A does not see B' --target sim:two-way"
    assert f"Reproduce: {again}" in ran.out


@pytest.mark.parametrize("text", ["A delets B", "", ";", "\0", "\x1b[31m", "assert", '"'])
def test_a_line_that_is_no_scenario_is_invalid(imcli: Run, text: str) -> None:
    ran = imcli("try", text)
    assert (ran.status, ran.out) == (3, "")
    assert all(char == "\n" or char.isprintable() for char in ran.err)


def test_a_mistyped_verb_gets_the_nearest_sentence(imcli: Run) -> None:
    assert "A deletes B" in imcli("try", "A delets B").err


# The demo


def test_the_demo_shows_the_famous_bug_and_says_why(imcli: Run) -> None:
    ran = imcli("demo")
    assert (ran.status, ran.err) == (0, "")
    assert "failed on sim:wukongim-2.1.3" in ran.out
    assert "Why, version by version" in ran.out
    assert "WuKongIM#343" in ran.out


def test_the_demo_says_what_every_version_answers(imcli: Run) -> None:
    lines = imcli("demo").lines
    assert "  reference       passed    B, 1 unread, last m2" in lines
    for version in ("2.1.3", "2.1.4"):
        assert f"  wukongim-{version}  failed    nothing" in lines
        assert f"  wukongim-{version}  failed        failed" in lines
    for version in ("2.1.5", "2.2.0", "2.2.5"):
        assert f"  wukongim-{version}  passed    B, 2 unread, last m2" in lines
        assert f"  wukongim-{version}  passed        failed" in lines


def test_the_demo_fits_a_terminal_of_eighty_columns(imcli: Run) -> None:
    lines = imcli("demo", terminal=True, columns=80).lines
    assert [line for line in lines if columns_of(line) > 80 and "\x1b" not in line] == []


def test_the_demo_runs_the_file_of_the_corpus() -> None:
    from imcli.cli.running.demo import demo_text

    corpus = Path(__file__).parents[2] / "scenarios" / "delete" / "returns_after_peer_sends.toml"
    assert demo_text() == corpus.read_text(encoding="utf-8")


def test_a_demo_that_is_not_as_told_is_a_defect(
    imcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imcli.cli.running.demo.STORY", (("reference", "failed", "nothing"),))
    ran = imcli("demo")
    assert (ran.status, ran.out) == (70, "")
    assert ran.err == "error: the demo is not as told: reference\n"


def test_a_short_form_that_is_not_as_told_is_a_defect(
    imcli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "imcli.cli.running.demo.SHORT_STORY", (("wukongim-2.1.5", "passed", "passed"),)
    )
    ran = imcli("demo")
    assert (ran.status, ran.out) == (70, "")
    assert ran.err == "error: the demo is not as told: the short form\n"
