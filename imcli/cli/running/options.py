"""The options of a run: declared once, for `run-scenario` and `try`, and understood.

Each alias is a line of the commands' help. What a value means is decided here as far as nothing has
to be opened for it; a value that an option does not take is wrong usage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from imcli.cli.config import check_choice
from imcli.cli.shell import Shell
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.targets import Place
    from imcli.report.console import Show
    from imcli.scenario.running.run import Options

REPEAT_MAX = 1_000_000

PathsArgument = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Scenario files, or folders of them.")
]
TargetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="TARGET",
        help="sim (default), sim:PROFILE, http://HOST:PORT, a context. Repeatable: a column each.",
    ),
]
ScenarioProfileOption = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Profile for simulated targets, by name or TOML file; wins over the case's own.",
    ),
]

TagOption = Annotated[
    str, typer.Option("--tag", metavar="EXPR", help="Only these tags: 'delete and not slow'.")
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="Only this case: id, file name, title, or with *."),
]
CoversOption = Annotated[
    list[str] | None,
    typer.Option("--covers", metavar="ISSUE", help="Only what covers this: 'WuKongIM#343'."),
]
MaxFailuresOption = Annotated[
    int, typer.Option("--max-failures", metavar="N", help="Stop after so many; 0: never.")
]
StopFirstOption = Annotated[
    bool, typer.Option("-x", help="Stop at the first failure: --max-failures 1.")
]
OrdersOption = Annotated[
    str,
    typer.Option(
        "--orders",
        metavar="N",
        help="Orders of `together`: one (as written, default), all, or N random others.",
    ),
]
RepeatOption = Annotated[
    int, typer.Option("--repeat", metavar="N", help="Run each case so many times.")
]
JobsOption = Annotated[
    str, typer.Option("--jobs", metavar="N", help="Processes: a number, or auto.")
]
JsonlOption = Annotated[
    str, typer.Option("--jsonl", metavar="FILE", help="Write every event, as it happens.")
]
JunitOption = Annotated[str, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")]
IssueOption = Annotated[
    str,
    typer.Option("--report-issue", metavar="FILE", help="Write a Markdown text for a bug report."),
]
SHOWS: dict[str, Show] = {"failures": "failures", "final": "final", "each": "each"}
ShowOption = Annotated[
    str,
    typer.Option(
        "--show",
        metavar="WHAT",
        help="State tables: failures (default), final (after each case), each (after each step).",
    ),
]
CheckOption = Annotated[
    str,
    typer.Option(
        "--check",
        metavar="WHEN",
        help="each-step: judge every invariant after every step, not only where it matters.",
    ),
]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", help="Seed of targets and of random orders.")
]


def run_options(
    shell: Shell,
    profile: str,
    *,
    orders: str = "one",
    repeat: int = 1,
    seed: int = 0,
    show: str = "failures",
    check: str = "",
    reproduce: str = "",
) -> Options:
    """Check the options that concern one case.

    Raises:
        UsageError: a value that an option does not take.
    """
    from imcli.cli.running.meanings import meanings
    from imcli.cli.running.pool import OBSERVERS
    from imcli.scenario.running.run import Options

    check_choice("--show", show, SHOWS)
    if check not in OBSERVERS:
        raise UsageError(f"--check is {check!r}; it takes each-step")
    if not 1 <= repeat <= REPEAT_MAX:
        raise UsageError(f"--repeat is {repeat}, and must be from 1 to {REPEAT_MAX}")
    return Options(
        profile=profile,
        seed=seed,
        orders=order_count(orders),
        repeat=repeat,
        step_events=show == "each",
        show=SHOWS[show],
        clock=shell.world.elapsed,
        observer=OBSERVERS[check],
        reproduce=reproduce,
        command_options=("--check", check) if check else (),
        meanings=meanings,
    )


def order_count(text: str) -> int | Literal["all"]:
    """Understand `--orders`.

    >>> order_count("one"), order_count("all"), order_count("20")
    (0, 'all', 20)
    """
    if text == "all":
        return "all"
    if text == "one":
        return 0
    if text.isdecimal() and 1 <= int(text) <= 1_000_000:
        return int(text)
    raise UsageError(f"--orders is {text!r}, and must be one, all or a number from 1 to 1000000")


def failure_limit(max_failures: int, stop_first: bool) -> int:
    """Understand `--max-failures` and `-x`."""
    if max_failures < 0:
        raise UsageError(f"--max-failures is {max_failures}, and must be at least 0")
    return max_failures or int(stop_first)


def checked_places(shell: Shell, written: list[str], profile: str) -> list[Place]:
    """The targets of a run, checked.

    Raises:
        UsageError: a target is none, or `--profile` contradicts one.
    """
    from imcli.cli.targets import scenario_places

    places = scenario_places(shell, written)
    if profile and all(place.kind == "live" for place in places):
        raise UsageError("--profile is for simulated targets: a live server is what it is")
    if profile and any(place.profile not in ("", profile) for place in places):
        raise UsageError("--profile and --target sim:PROFILE name different profiles")
    return places
