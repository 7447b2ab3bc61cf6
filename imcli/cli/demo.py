"""`demo`: one famous bug, found on the server that had it, in plain words.

The file beside this one is the corpus's `delete/returns_after_peer_sends.toml` (a test says so);
it is part of the package, so that the demo works wherever imcli is installed.
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
BROKEN = "wukongim-2.1.3"

BEFORE = """\
A deletes her conversation with B. Then B writes to her again.
She should see the conversation once more, with that one message in it.

This is the situation as a scenario, the whole of it:
"""
BETWEEN = """
On the reference server, which does what it should:

  passed: every claim holds

On WuKongIM 2.1.3, as imcli simulates it:
"""
AFTER = """
What went wrong, in plain words

  WuKongIM 2.1.3 keeps one row per user and conversation, and the list is made of those rows.
  Deleting the conversation removed A's row. B's next message was stored and pushed to A's phone,
  but only a conversation's first message makes a row, so nothing put A's back. Her phone showed
  the message until it asked for the list again: then the conversation was gone, and nobody could
  tell her what B had written.

  It was reported as WuKongIM#343 and #328. 2.1.4 stopped losing the row on deletion, and 2.1.5
  made that usable. A server that works the list out from the messages and a delete mark, as the
  reference server does, has no row to lose.

Try it yourself

  imcli try "A deletes B; B sends; assert A sees the conversation"
  imcli list-profiles
  imcli send B A "hi" && imcli delete-conversation A B && imcli send B A "again" && \\
    imcli list-conversations A
"""


def demo(ctx: typer.Context) -> int:
    """Find a famous bug in an old server, and explain it.

    Runs one scenario on the reference server and on WuKongIM 2.1.3, both simulated here; nothing is
    installed and nothing is asked of any server.
    """
    shell = shell_of(ctx)
    text = demo_text()
    shell.write(BEFORE)
    shell.write("\n".join(f"  {line}".rstrip() for line in text.rstrip().split("\n")))
    good = result_on(shell, text, "reference")
    bad = result_on(shell, text, BROKEN)
    if good.result != "passed" or bad.result != "failed":
        shell.tell(f"error: the demo is not as told: {good.result} and {bad.result}")
        return ExitStatus.DEFECT
    from imcli.report.console import paint
    from imcli.report.layout import failure_lines

    color = shell.colored()
    shown = failure_lines(bad, min(shell.world.columns, 100) - 2)
    shell.write(BETWEEN)
    shell.write("\n".join(f"  {paint(line, color)}" if line[1] else "" for line in shown))
    shell.write(AFTER.rstrip())
    return 0


def demo_text() -> str:
    """The scenario of the demo."""
    return (resources.files("imcli.cli") / "demo.toml").read_text(encoding="utf-8")


def result_on(shell: Shell, text: str, profile: str) -> CaseResult:
    """Run the scenario on one profile; the failure is shown, whether it is known or not."""
    from imcli.cli.files import cases_of
    from imcli.cli.pool import MakeTarget, watch
    from imcli.scenario.events import CaseFinished
    from imcli.scenario.parse import parse_scenario
    from imcli.scenario.run import Options, run

    case = msgspec.structs.replace(cases_of([parse_scenario(text, FILE_NAME)])[0], known_failing=())
    name = "sim" if profile == "reference" else f"sim:{profile}"
    options = Options(clock=shell.world.elapsed, observer=watch, reproduce="imcli demo")
    *_, last = run(case, MakeTarget()(name), options)
    assert isinstance(last, CaseFinished), "the last event of a case is its end"
    return last.case
