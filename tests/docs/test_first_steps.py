"""The pages for those who begin: their scenarios hold, and their commands are commands."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run, imcli

__all__ = ["imcli"]

ROOT = Path(__file__).parents[2]
FIRST = (ROOT / "docs" / "first-scenario.md").read_text(encoding="utf-8")
CI = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SCENARIOS = re.findall(r"^```toml\n(.*?)^```$", FIRST, re.DOTALL | re.MULTILINE)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[str]:
    """The command lines of the shell blocks and of the workflow, without what a shell drops."""
    blocks = "".join(SHELL.findall(page))
    lines = [*blocks.splitlines(), *re.findall(r"^ +- run: (imcli .*)$", page, re.MULTILINE)]
    return [line.partition("  #")[0].strip() for line in lines if line.strip()]


@pytest.mark.parametrize("text", SCENARIOS)
def test_a_scenario_of_the_first_page_holds(imcli: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "first.toml").write_text(text, encoding="utf-8")
    ran = imcli("run-scenario", "first.toml")
    assert (ran.status, ran.err) == (0, "")
    assert imcli("format-scenario", "first.toml", "--check").status == 0


def test_the_known_failure_of_the_first_page_is_one(imcli: Run, tmp_path: Path) -> None:
    text = next(text for text in SCENARIOS if "known_failing" in text)
    (tmp_path / "first.toml").write_text(text, encoding="utf-8")
    ran = imcli("run-scenario", "first.toml", "--target", "sim:wukongim-2.1.3")
    assert ran.status == 0
    assert "1 known failure" in ran.out


@pytest.mark.parametrize("command", [c for page in (FIRST, CI) for c in commands(page)])
def test_a_command_of_the_pages_for_beginners_is_one(
    imcli: Run, tmp_path: Path, command: str
) -> None:
    (tmp_path / "scenarios").mkdir()
    for place in ("scenarios/a.toml", "first.toml"):
        shutil.copy(ROOT / "scenarios/delete/returns_after_peer_sends.toml", tmp_path / place)
    program, *words = shlex.split(command)
    assert program == "imcli"
    ran = imcli(*words)
    if "127.0.0.1" in command:  # nobody is there; but that is all that is wrong
        assert ran.status == 4
        assert "cannot connect" in ran.err
    else:
        assert ran.status == 0, ran.err


def test_the_statuses_of_a_build_are_statuses(imcli: Run) -> None:
    from imcli.model.exit_status import EXIT_STATUS_TABLE

    told = {int(found) for found in re.findall(r"^\| (\d+) \|", CI, re.MULTILINE)}
    assert told <= {int(row.status) for row in EXIT_STATUS_TABLE}
    assert {0, 1, 2, 3, 4, 5} <= told


def test_the_policies_of_the_first_page_are_switches_and_their_servers_have_them() -> None:
    from imcli.simulator.profiles import load_profile
    from imcli.simulator.switches import SWITCH_BY_NAME

    rows = re.findall(r"^\| [^|]+ \| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", FIRST, re.MULTILINE)
    assert len(rows) == 4
    for name, values, servers in rows:
        choices = re.findall(r"`([\w-]+)`", values)
        assert choices == list(SWITCH_BY_NAME[name].values)
        for profile in re.findall(r"`sim:([\w-]+)`", servers):
            assert name in load_profile(profile).differences()


def test_every_page_that_says_that_it_is_printed_is_printed_by_the_one_command() -> None:
    from tests.docs.show import PRINTED

    said = ("Printed ", "printed from", "生成")
    pages = [page for page in (ROOT / "docs").glob("*.md") if page.name not in PRINTED]
    heads = {page.name: page.read_text(encoding="utf-8")[:600] for page in pages}
    assert [name for name, head in heads.items() if any(word in head for word in said)] == []
    assert all((ROOT / "docs" / name).is_file() for name in PRINTED)
