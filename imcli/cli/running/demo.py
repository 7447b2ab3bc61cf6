"""`demo`: the story of one famous bug over five versions of a server, in plain words.

The file beside this one is the corpus's `delete/returns_after_peer_sends.toml` (a test says so);
it is part of the package, so that the demo works wherever imcli is installed. What is told between
the runs is checked against them: a demo that is not as told is a defect.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import msgspec
import typer

from imcli.cli.shell import Shell, shell_of
from imcli.model.exit_status import ExitStatus

if TYPE_CHECKING:
    from imcli.scenario.events import CaseResult

FILE_NAME = "returns_after_peer_sends.toml"
STORY: tuple[tuple[str, str, str], ...] = (
    ("reference", "passed", "B, 1 unread, last m2"),
    ("wukongim-2.1.3", "failed", "nothing"),
    ("wukongim-2.1.4", "failed", "nothing"),
    ("wukongim-2.1.5", "passed", "B, 2 unread, last m2"),
    ("wukongim-2.2.0", "passed", "B, 2 unread, last m2"),
    ("wukongim-2.2.5", "passed", "B, 2 unread, last m2"),
)
"""The profiles in the order of the story, how the scenario must end there, and A's list then."""
BROKEN = "wukongim-2.1.3"
"""Whose failure is shown in full."""
SHORT = 'users = ["A", "B"]\ntitle = "In three steps"\nsteps = [{steps}]\n'
THREE_STEPS = ("B sends", "A deletes B", "B sends", "assert A sees the conversation")
FOUR_STEPS = (*THREE_STEPS[:2], "assert A does not see the conversation", *THREE_STEPS[2:])
SHORT_STORY: tuple[tuple[str, str, str], ...] = (
    ("wukongim-2.1.3", "failed", "failed"),
    ("wukongim-2.1.4", "failed", "failed"),
    ("wukongim-2.1.5", "passed", "failed"),
    ("wukongim-2.2.0", "passed", "failed"),
    ("wukongim-2.2.5", "passed", "failed"),
)
"""How three steps end, and how they end with one more claim after the deletion."""

BEFORE = """\
A deletes her conversation with B. Then B writes to her again.
She should see the conversation once more, with that one message in it.

This is the situation as a scenario:
"""
ASKED = """
Asked of a server that does what it should, and of five versions of WuKongIM,
all simulated here. When B has written again, A's phone asks for its list:

                  scenario  the answer
"""
FAILURE = """
How it looks on WuKongIM 2.1.3:
"""
WHY = """
Why, version by version

  2.1.3  The list is made of rows, one per user and conversation. Deleting
         removed A's row. B's next message was stored and pushed to A's phone,
         but only a conversation's first message makes a row, so nothing put
         A's back. It was reported as WuKongIM#343, #255 and #328.
  2.1.4  A deletion keeps the row and writes a mark into it: that is the repair.
         But by accident messages between two people no longer make a row at
         all, so there is nothing to be marked, or listed.
  2.1.5  The first message makes the rows again. From here on the bug is gone:
  2.2.0  what comes after the mark lists the conversation. (Its count is still
  2.2.5  wrong: it includes the message that was deleted.)

  The reference server keeps no row that could be missing: it works the list out
  from the messages and a delete mark.

Careful with short reproductions

  "B sends; A deletes B; B sends; A sees B" is the bug in three steps. With one
  more claim, that A does not see B after the deletion:
"""
AFTER = """
  From 2.1.5 on the short form passes for the wrong reason. New rows are stored
  once a minute; before that the deletion finds no row and does nothing, so the
  conversation was never away. That is why the scenario above waits until the
  server has stored the row (`server flushes`).

Try it yourself

  imcli try --target sim:wukongim-2.1.3 \\
    "A deletes B; B sends; assert A sees the conversation"
  imcli list-profiles --compare      # every situation on every version
  imcli send B A "hi" && imcli delete-conversation A B &&
    imcli send B A "again" && imcli list-conversations A
"""


def demo(ctx: typer.Context) -> int:
    """Tell the story of a famous bug over five versions of a server.

    Runs one scenario on the reference server and on five versions of WuKongIM, all simulated here;
    nothing is installed and nothing is asked of any server.
    """
    shell = shell_of(ctx)
    text = demo_text()
    ended = {name: result_on(shell, text, name) for name, _, _ in STORY}
    told = {name: (ended[name].result, answer_of(shell, text, name)) for name in ended}
    wrong = [name for name, *wanted in STORY if told[name] != tuple(wanted)]
    short = short_lines(shell)
    if wrong or short is None:
        shell.tell(f"error: the demo is not as told: {', '.join(wrong) or 'the short form'}")
        return ExitStatus.DEFECT
    shell.write(BEFORE)
    shown = text.partition("\n[known_failing]")[0].rstrip()
    shell.write("\n".join(f"  {line}".rstrip() for line in shown.split("\n")))
    shell.write(ASKED.rstrip("\n"))
    shell.write("\n".join(f"  {name:16}{word:10}{said}" for name, word, said in STORY))
    shell.write(FAILURE)
    shell.write(failure_shown(shell, ended[BROKEN]))
    shell.write(WHY)
    shell.write("\n".join(short))
    shell.write(AFTER.rstrip())
    return 0


def demo_text() -> str:
    """The scenario of the demo."""
    return (resources.files("imcli.cli") / "demo.toml").read_text(encoding="utf-8")


def answer_of(shell: Shell, text: str, profile: str) -> str:
    """What A's phone is answered at the end, if nothing is claimed on the way."""
    lines = [line for line in text.split("\n") if not line.startswith("assert")]
    table = result_on(shell, "\n".join(lines), profile).table
    if table is None:
        return "nothing"
    for row in table.rows:
        if row.device == "A.phone" and row.cells and row.conversation != "-":
            cells = {name: cell.value for name, cell in zip(table.columns, row.cells, strict=True)}
            return f"{row.conversation}, {cells['unread']} unread, last {cells['last']}"
    return "nothing"


def failure_shown(shell: Shell, result: CaseResult) -> str:
    """The failure as `run-scenario` shows it."""
    from imcli.report.console import paint
    from imcli.report.layout import failure_lines

    color = shell.colored()
    shown = failure_lines(result, min(shell.world.columns, 100) - 2)
    return "\n".join(f"  {paint(line, color)}" if line[1] else "" for line in shown)


def short_lines(shell: Shell) -> list[str] | None:
    """Run the short form and the one with a claim more; None if one does not end as told."""
    lines = [f"  {'':16}{'three steps':14}one claim more"]
    for name, wanted, wanted_then in SHORT_STORY:
        three = result_on(shell, short_text(THREE_STEPS), name).result
        four = result_on(shell, short_text(FOUR_STEPS), name).result
        if (three, four) != (wanted, wanted_then):
            return None
        lines.append(f"  {name:16}{three:14}{four}")
    return lines


def short_text(steps: tuple[str, ...]) -> str:
    """A short scenario as a file."""
    return SHORT.format(steps=", ".join(f'"{step}"' for step in steps))


def result_on(shell: Shell, text: str, profile: str) -> CaseResult:
    """Run a scenario on one profile; a failure is shown, whether it is known or not."""
    from imcli.cli.running.pool import MakeTarget, watch
    from imcli.scenario.events import CaseFinished
    from imcli.scenario.reading.expand import cases
    from imcli.scenario.reading.parse import parse_scenario
    from imcli.scenario.running.run import Options, run

    case = msgspec.structs.replace(cases(parse_scenario(text, FILE_NAME))[0], known_failing=())
    name = "sim" if profile == "reference" else f"sim:{profile}"
    options = Options(
        clock=shell.world.elapsed, observer=watch, reproduce="imcli demo", show="final"
    )
    *_, last = run(case, MakeTarget()(name), options)
    assert isinstance(last, CaseFinished), "the last event of a case is its end"
    return last.case
