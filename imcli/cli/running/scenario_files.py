"""Scenario files as files: check them, write them in canonical form, explain one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.running.options import PathsArgument
from imcli.cli.shell import Shell, shell_of
from imcli.model.exit_status import ExitStatus

if TYPE_CHECKING:
    from imcli.scenario.reading.own_profile import JudgeProfile
    from imcli.scenario.syntax import Case


def check_scenario(ctx: typer.Context, paths: PathsArgument) -> int:
    """Check scenario files without running them.

    Every problem of every file is named with its place; nothing on stdout.
    """
    from imcli.cli.running.files import find_files, read_cases
    from imcli.report.text import counted

    shell = shell_of(ctx)
    files = find_files(shell.world, paths)
    with shell.world.collector.keeping():
        cases = read_cases(shell.world, files)
    shell.say(f"{counted(len(files), 'file')} with {counted(len(cases), 'case')}: all valid")
    return 0


def format_scenarios(
    ctx: typer.Context,
    paths: PathsArgument,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; name the files that would change, status 1."),
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Write nothing; print what would change, status 1.")
    ] = False,
) -> int:
    """Write scenario files in their one canonical form.

    Comments stay. A file that is invalid is named, and no file is changed then.
    """
    from imcli.cli.running.files import find_files, read_each, write_text
    from imcli.cli.running.own_profiles import profile_judge
    from imcli.cli.text import visible

    shell = shell_of(ctx)
    files = find_files(shell.world, paths)
    judge = profile_judge()
    with shell.world.collector.keeping():
        each = read_each(shell.world, files, lambda text, path: formatted(text, path, judge))
    changes = [one for one in each if one is not None]
    for path, before, after in changes:
        if diff:
            shell.write(difference(path, before, after))
        elif check:
            shell.write(visible(path))
        else:
            write_text(shell.world, path, after)
    return told(shell, len(files), len(changes), wrote=not (check or diff))


def formatted(text: str, path: str, judge: JudgeProfile) -> tuple[str, str, str] | None:
    """Give a file's path, its text and its canonical form; None where both are the same."""
    from imcli.scenario.reading.format import format_scenario

    after = format_scenario(text, path, judge)
    return (path, text, after) if after != text else None


def told(shell: Shell, files: int, changed: int, *, wrote: bool) -> int:
    """Say how many files changed, or would have."""
    from imcli.report.text import counted

    if wrote:
        shell.say(f"{counted(files, 'file')}, {changed} changed")
        return 0
    shell.say(f"{counted(files, 'file')}, {changed} would change")
    return ExitStatus.FAILED if changed else 0


def difference(path: str, before: str, after: str) -> str:
    """What would change, as a unified difference."""
    from difflib import unified_diff

    from imcli.cli.text import visible

    lines = unified_diff(
        before.split("\n"), after.split("\n"), f"{path} (now)", f"{path} (canonical)", lineterm=""
    )
    return "\n".join(map(visible, lines))


def explain_scenario(
    ctx: typer.Context,
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A scenario file, or a folder of them.")
    ],
) -> int:
    """Explain a scenario: resolved steps, waits, what it needs of a target.

    For each target: whether it can run there, the calls it makes on a live server, and how long it
    takes there at worst.
    """
    from imcli.cli.running.explained import explained
    from imcli.cli.running.files import find_files, read_cases

    shell = shell_of(ctx)
    cases: list[Case] = read_cases(shell.world, find_files(shell.world, [path]))
    shell.write("\n\n".join(explained(case) for case in cases))
    return 0
