"""What the shell offers after TAB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer._completion_classes import BashComplete

from imcli.cli.commands import COMMAND_BY_NAME
from imcli.cli.completion import OFFERS, sentences
from imcli.cli.group import COMPLETION, build_command, build_group
from imcli.cli.shell import Shell
from imcli.cli.world import here
from tests.cli.conftest import Run


def offered(tmp_path: Path, *words: str, env: dict[str, str] | None = None) -> list[str]:
    """Ask as a shell does; the last word is the one that is being written."""
    surroundings = {
        COMPLETION: "complete_bash",
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        **(env or {}),
    }
    shell = Shell(here()._replace(env=surroundings, cwd=str(tmp_path)))
    asked = BashComplete(build_group(), {"obj": shell}, "imcli", COMPLETION)
    return [item.value for item in asked.get_completions(list(words[:-1]), words[-1])]


def test_who_is_there_is_offered_where_somebody_can_stand(imcli: Run, tmp_path: Path) -> None:
    imcli("create-group", "#team", "ann", "anton", "bob")
    assert offered(tmp_path, "send", "an") == ["ann", "anton"]
    assert offered(tmp_path, "send", "ann", "") == ["ann", "anton", "bob", "#team"]
    assert offered(tmp_path, "add-members", "#") == ["#team"]
    assert offered(tmp_path, "add-members", "#team", "bob", "a") == ["ann", "anton"]
    assert offered(tmp_path, "add-members", "--by", "b") == ["bob"]


def test_nobody_is_offered_of_a_server_elsewhere(imcli: Run, tmp_path: Path) -> None:
    imcli("send", "ann", "bob", "hi")
    assert offered(tmp_path, "send", "--target", "sim", "a") == []
    assert offered(tmp_path, "send", "--target", "http://127.0.0.1:1", "a") == []
    assert offered(tmp_path, "send", "a", env={"IMCLI_TARGET": "sim"}) == []


def test_looking_for_who_is_there_makes_no_file(tmp_path: Path) -> None:
    assert offered(tmp_path, "send", "") == []
    assert list(tmp_path.iterdir()) == []


def test_a_state_file_that_cannot_be_read_offers_nothing(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_text("no database")
    assert offered(tmp_path, "send", "--state", "s.db", "a") == []


def test_targets_profiles_contexts_and_choices_are_offered(imcli: Run, tmp_path: Path) -> None:
    imcli("add-context", "staging", "http://127.0.0.1:5001")
    assert offered(tmp_path, "send", "--target", "s")[0] == "sim"
    assert offered(tmp_path, "send", "--target", "st") == ["staging"]
    assert "sim:two-way" in offered(tmp_path, "run-scenario", "--target", "sim:t")
    assert offered(tmp_path, "use-context", "") == ["staging"]
    assert offered(tmp_path, "show-profile", "tw") == ["two-way"]
    assert offered(tmp_path, "send", "--output", "js") == ["json", "jsonl"]
    assert offered(tmp_path, "run-scenario", "--show", "f") == ["failures", "final"]


def test_commands_and_their_options_are_offered(tmp_path: Path) -> None:
    assert offered(tmp_path, "se") == ["send", "serve"]
    assert offered(tmp_path, "run-scenario", "--ju") == ["--junit"]


@pytest.mark.parametrize(
    ("text", "next_words"),
    [
        ("", {"assert", "together:", "A", "B"}),
        ("A de", {"A deletes"}),
        ("A deletes B; ass", {"A deletes B; assert"}),
        ("A deletes B;ass", {"A deletes B;assert"}),
        ("A sends ", {"A sends B", "A sends with"}),
        ("assert A sees B with 1 un", {"assert A sees B with 1 unread"}),
    ],
)
def test_a_sentence_goes_on_with_what_can_stand_next(text: str, next_words: set[str]) -> None:
    found = set(sentences(Shell(here()), text))
    assert next_words <= found
    assert not any(word.rpartition(" ")[2].isupper() for word in found - next_words - {f"{text}A"})


def test_sentences_are_offered_in_try(tmp_path: Path) -> None:
    assert offered(tmp_path, "try", "A sends; assert B sh") == ["A sends; assert B shows"]
    assert offered(tmp_path, "try", "A xyz") == []


def test_every_place_of_the_table_is_one(tmp_path: Path) -> None:
    places = set()
    for name, row in COMMAND_BY_NAME.items():
        for param in build_command(row).params:
            word = param.opts[0] if param.param_type_name == "option" else str(param.metavar)
            places |= {word.strip("[]"), f"{name} {word.strip('[]')}"}
    assert set(OFFERS) - places == set()


def test_a_real_shell_is_answered(tmp_path: Path) -> None:
    words = {"COMP_WORDS": 'imcli try "A sends; assert B sh', "COMP_CWORD": "2"}
    ran = subprocess.run(
        [sys.executable, "-m", "imcli"],
        env={**here().env, **words, COMPLETION: "complete_bash"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == (0, "A sends; assert B shows\n")
