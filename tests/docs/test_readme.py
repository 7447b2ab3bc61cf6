"""The README is true: its examples run, every command is there, its links lead somewhere."""

from __future__ import annotations

import itertools
import re
import shlex
from io import StringIO
from pathlib import Path

import pytest

from imcli.cli.app import main
from imcli.cli.commands import COMMANDS
from imcli.cli.world import World
from imcli.model.exit_status import EXIT_STATUS_TABLE, PRECEDENCE
from tests.targets.served import served

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)[^)]*\)")
PATH = re.compile(r"`((?:docs|scenarios|scripts|tests|imcli|benchmarks)/[\w./-]*)`")
EXAMPLES = [
    pytest.param(page.name, block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(CONSOLE.findall(page.read_text(encoding="utf-8")))
]


SERVER = re.compile(r"^# WuKongIM (\S+) at (http://\S+)$", re.MULTILINE)
"""A block that begins so is run on a served world, which stands at that address."""


def replay(block: str, folder: Path) -> str:
    """Run the commands of a console block on one fresh state; give the block as it should be."""
    told = SERVER.match(block)
    if told is None:
        return played(block, folder)
    with served(f"wukongim-{told[1]}", flush_ms=5) as server:
        there = played(block.replace(told[2], server.url), folder)
    return f"{told[0]}\n" + there.replace(server.url, told[2])


def played(block: str, folder: Path) -> str:
    """Run the commands of a console block and give what they print."""
    numbers, clock = itertools.count(1), itertools.repeat(0.0)
    text = ""
    for line in block.splitlines():
        if not line.startswith("$ "):
            continue
        program, *words = shlex.split(line.removeprefix("$ "))
        assert program == "imcli"
        terminal = StringIO()
        world = World(
            argv=tuple(words),
            env={"XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "TERM": "dumb"},
            stdin=StringIO(),
            stdout=terminal,
            stderr=terminal,
            cwd=str(ROOT),
            now=lambda: 0.0,
            elapsed=lambda: next(clock),
            columns=100,
            processors=1,
            token=lambda: f"n{next(numbers)}",
        )
        main(world)
        text += f"{line}\n{terminal.getvalue()}"
    return text


@pytest.mark.parametrize(("page", "block"), EXAMPLES)
def test_an_example_prints_what_the_page_shows(page: str, block: str, tmp_path: Path) -> None:
    assert block == replay(block, tmp_path), f"{page}: python -m tests.docs.show writes it anew"


def test_the_readme_has_a_failing_run_and_admin_verbs_among_its_examples() -> None:
    blocks = CONSOLE.findall(README)
    assert any("1 failed" in block for block in blocks)
    assert any("imcli list-conversations A" in block for block in blocks)


def test_the_readme_shows_the_seed_case_as_it_is_in_the_corpus() -> None:
    seed = ROOT / "scenarios" / "delete" / "returns_after_peer_sends.toml"
    shown = re.search(r"^```toml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert shown is not None
    assert shown[1] == seed.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}`" in README


def test_the_readme_has_the_table_of_exit_statuses() -> None:
    for row in EXIT_STATUS_TABLE:
        assert f"| {int(row.status)} | {row.meaning} |" in README
    assert f"the first of {', '.join(str(int(s)) for s in PRECEDENCE)} is the status" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_paths_of_a_page_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = {link for link in LINK.findall(text) if "://" not in link}
    lost = {link for link in links if not (page.parent / link.replace("\\", "")).exists()}
    lost |= {path for path in PATH.findall(text) if not (ROOT / path).exists()}
    assert not lost


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_machine_of_anybody(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(?:work|tmp|home|root|Users)/", text)
