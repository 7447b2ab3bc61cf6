from __future__ import annotations

import gc
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import imcli as package
from imcli.cli.commands import COMMAND_BY_NAME, COMMANDS, Command
from imcli.cli.group import build_command
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]


def test_version_says_name_and_number(imcli: Run) -> None:
    assert imcli("--version") == (0, f"imcli {package.__version__}\n", "")


def test_no_arguments_are_wrong_usage_and_show_the_help_on_stderr(imcli: Run) -> None:
    ran = imcli()
    assert ran.status == 2
    assert ran.out == ""
    assert "Usage: imcli" in ran.err


def test_help_is_data_and_lists_every_command(imcli: Run) -> None:
    ran = imcli("--help")
    assert (ran.status, ran.err) == (0, "")
    assert all(f"  {row.name} " in ran.out for row in COMMANDS)


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_every_command_has_help_with_a_sentence_and_an_example(imcli: Run, row: Command) -> None:
    ran = imcli(row.name, "--help")
    assert ran.status == 0
    paragraphs = ran.out.split("\n\n")
    assert " ".join(paragraphs[1].split()) == row.summary
    assert "Example" in paragraphs[2]
    assert row.examples[0] in ran.out


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_the_table_says_the_same_as_the_docstring(row: Command) -> None:
    callback = build_command(row).callback
    assert callback is not None
    assert (callback.__doc__ or "").split("\n")[0] == row.summary


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_every_option_has_help(row: Command) -> None:
    assert all(getattr(param, "help", "said elsewhere") for param in build_command(row).params)


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_examples_name_their_own_command(row: Command) -> None:
    assert all(f"imcli {row.name}" in example for example in row.examples)


@pytest.mark.parametrize("name", ["docs/commands.md", "README.md"])
def test_every_command_stands_in_the_documents(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [row.name for row in COMMANDS if row.name not in text] == []


def test_the_printed_reference_is_current() -> None:
    from imcli.cli.reference import page

    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == page()


def test_a_mistyped_command_is_answered_with_the_nearest(imcli: Run) -> None:
    ran = imcli("sned", "B", "A", "hi")
    assert ran == (2, "", "error: there is no command 'sned'\nhint: did you mean send?\n")


def test_a_word_of_several_commands_names_them(imcli: Run) -> None:
    ran = imcli("conversation")
    assert "did you mean show-conversation, list-conversations or delete-conversation?" in ran.err


def test_a_command_like_no_other_points_to_the_help(imcli: Run) -> None:
    assert "hint: `imcli --help` lists the commands" in imcli("xyzzy").err


def test_a_mistyped_option_is_answered_with_the_nearest(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "hi", "--no-presist")
    assert ran == (
        2,
        "",
        "error: there is no option --no-presist\nhint: did you mean --no-persist?\n",
    )


def test_a_text_that_looks_like_an_option_gets_its_own_hint(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "-1")
    assert ran.status == 2
    assert "behind --" in ran.err


def test_a_missing_peer_may_have_been_eaten_by_the_shell(imcli: Run) -> None:
    ran = imcli("delete-conversation", "A")
    assert ran.status == 2
    assert ran.err.startswith("error: PEER is missing\nhint: quote a group's name, '#team'")


def test_too_many_arguments_are_named(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "two", "words")
    assert ran.status == 2
    assert "more arguments than the command takes: words" in ran.err


def test_a_number_that_is_none_is_named_with_its_option(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "hi", "--count", "three")
    assert ran.status == 2
    assert ran.err.startswith("error: --count: 'three' is not a whole number")


def test_common_options_may_stand_before_the_command(imcli: Run) -> None:
    before = imcli("--output", "json", "list-profiles")
    assert before.status == 0
    assert before == imcli("list-profiles", "--output", "json")


def test_arguments_that_are_no_text_are_refused(imcli: Run) -> None:
    ran = imcli("send", "B", "A", "\udcff")
    assert ran == (
        2,
        "",
        "error: argument 4 is not valid UTF-8\nhint: check the terminal's encoding\n",
    )


@pytest.mark.parametrize("hostile", ["\x1b[31m", "[/oops]", "\0", "\u202e", "\u200b", "a\nb"])
def test_hostile_commands_are_named_harmlessly(imcli: Run, hostile: str) -> None:
    ran = imcli(f"x{hostile}y")
    assert ran.status == 2
    assert all(char == "\n" or char.isprintable() for char in ran.err)


def test_a_defect_is_one_line_and_a_report(
    imcli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> tuple[str, ...]:
        raise RuntimeError("a state that\ncannot be")

    monkeypatch.setattr("imcli.simulator.profiles.builtin_names", broken)
    ran = imcli("list-profiles")
    assert (ran.status, ran.out) == (70, "")
    assert ran.err.count("\n") == 1
    report = tmp_path / "state" / "imcli" / "defects" / "defect-1700000000-0.txt"
    assert str(report) in ran.err
    text = report.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "command: imcli 'list-profiles'" in text


def test_a_second_defect_does_not_overwrite_the_first_report(
    imcli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> tuple[str, ...]:
        raise RuntimeError

    monkeypatch.setattr("imcli.simulator.profiles.builtin_names", broken)
    imcli("list-profiles")
    imcli("list-profiles")
    assert len(list((tmp_path / "state" / "imcli" / "defects").iterdir())) == 2


def test_a_defect_without_a_place_for_its_report_says_so(
    imcli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> tuple[str, ...]:
        raise RuntimeError("oh")

    monkeypatch.setattr("imcli.simulator.profiles.builtin_names", broken)
    (tmp_path / "state").write_text("a file where a folder should be")
    ran = imcli("list-profiles")
    assert ran.status == 70
    assert "no report could be written" in ran.err


def test_an_interrupt_ends_with_130(imcli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> tuple[str, ...]:
        raise KeyboardInterrupt

    monkeypatch.setattr("imcli.simulator.profiles.builtin_names", interrupted)
    assert imcli("list-profiles") == (130, "", "interrupted\n")


def test_the_installed_program_and_the_module_are_the_same() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "imcli", "sned"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.endswith("hint: did you mean send?\n")


def test_a_reader_that_leaves_ends_the_program_quietly() -> None:
    ran = subprocess.run(
        f"{shlex.quote(sys.executable)} -m imcli show-profile reference | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", ["show-profile reference", "--version"])
def test_a_full_disk_behind_stdout_is_said_in_one_line(words: str) -> None:
    ran = subprocess.run(
        f"{shlex.quote(sys.executable)} -m imcli {words} > /dev/full",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 4
    assert ran.stderr == "error: what is printed cannot be written: No space left on device\n"


def loaded(code: str) -> set[str]:
    program = f"import sys\nsys.argv = ['imcli']\n{code}\nprint(*sys.modules, file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    return set(ran.stderr.split())


def test_the_package_loads_no_shell() -> None:
    assert not {"typer", "rich", "websockets", "urllib3", "msgspec"} & loaded("import imcli")


def test_the_version_loads_not_even_typer() -> None:
    code = "sys.argv.append('--version')\nfrom imcli.cli.app import main\nmain()"
    assert not {"typer", "rich", "msgspec"} & loaded(code)


@pytest.mark.parametrize("words", [["--help"], ["sned"], ["send", "--help"]])
def test_help_and_mistakes_load_nothing_heavy(words: list[str]) -> None:
    code = f"sys.argv += {words}\nfrom imcli.cli.app import main\nmain()"
    heavy = {
        "rich",
        "urllib3",
        "sqlite3",
        "imcli.simulator.server",
        "imcli.scenario.table.sentences",
    }
    assert not heavy & loaded(code)


def test_a_run_that_passes_loads_what_it_needs_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('title = "x"\nusers = ["A", "B"]\nsteps = "B sends A"\n')
    words = ["run-scenario", str(tmp_path)]
    code = f"sys.argv += {words}\nfrom imcli.cli.app import main\nmain()"
    spared = {
        "multiprocessing",
        "imcli.scenario.running.failing",
        "imcli.scenario.running.explain",
        "imcli.simulator.wukongim.laws",
        "rich",
        "sqlite3",
    }
    names = loaded(code)
    assert "imcli.scenario.running.run" in names
    assert not spared & names


def test_a_process_is_spared_the_collector_and_a_caller_keeps_its_own(imcli: Run) -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    imcli("list-profiles")
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
    code = "import gc, sys\nfrom imcli.cli.app import main\nsys.argv = ['imcli', 'sned']\nmain()\n"
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}print(gc.get_threshold()[0], gc.get_freeze_count())"],
        capture_output=True,
        text=True,
        check=False,
    )
    threshold, frozen = map(int, ran.stdout.split())
    assert threshold > 10_000
    assert frozen > 10_000


@pytest.mark.parametrize("name", sorted(package.PUBLIC))
def test_every_public_name_can_be_loaded(name: str) -> None:
    assert getattr(package, name) is not None
    assert name in dir(package)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        package.nonsense  # noqa: B018


def test_the_table_of_commands_names_each_once() -> None:
    assert len(COMMAND_BY_NAME) == len(COMMANDS)
