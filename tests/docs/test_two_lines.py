"""The two lines that README.md begins with, in a copy of the tree whose name is a nuisance."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__")


def two_lines() -> list[str]:
    """Give the commands of the first block of the README."""
    block = re.search(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert block is not None
    return block[1].splitlines()


def environment(**more: str) -> dict[str, str]:
    """The environment of a stranger: no virtual environment, no pytest around it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "COV_")) and name not in ("VIRTUAL_ENV", "PYTHONPATH")
    }
    python = Path(sys.base_prefix) / "bin"
    return {**kept, "PATH": f"{python}{os.pathsep}{kept.get('PATH', '')}", **more}


def test_the_readme_begins_with_two_commands() -> None:
    install, check = two_lines()
    assert "imcli run-scenario scenarios/" in install
    assert check == "sh scripts/check"
    assert README.index("```sh") < 20


def test_ci_runs_the_second_command_as_the_readme_has_it(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    text = README.replace(two_lines()[1], "echo 'what the README says'; exit 7")
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["bash", tmp_path / ".ci" / "run"], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "what the README says"
    assert done.returncode == 7, "a failure is passed on"


def test_ci_fails_where_the_readme_has_no_second_command(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "README.md").write_text("# imcli\n", encoding="utf-8")
    done = subprocess.run(["bash", tmp_path / ".ci" / "run"], capture_output=True, check=False)
    assert done.returncode == 2


@pytest.mark.slow
def test_both_lines_work_in_a_folder_with_spaces_and_foreign_letters(tmp_path: Path) -> None:
    home = tmp_path / "ein Ordner, größer als 一"
    shutil.copytree(ROOT, home, ignore=LEFT_OUT)
    install, _ = two_lines()
    first = subprocess.run(
        ["sh", "-c", install],
        cwd=home,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert first.returncode == 0, first.stdout[-2000:] + first.stderr[-2000:]
    assert re.search(r"^\d+ passed", first.stdout.splitlines()[-1])
    # The whole suite would run this test again, so that the inner run has only one room.
    second = subprocess.run(
        ["bash", home / ".ci" / "run"],
        cwd=tmp_path,
        env=environment(PYTEST_ADDOPTS="tests/wire", CI="true"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 0, second.stdout[-4000:] + second.stderr[-2000:]
    assert "== everything held" in second.stdout
