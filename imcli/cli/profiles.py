"""The profiles: which there are, every switch of one, and how versions of WuKongIM compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import UsageError
from imcli.model.exit_status import ExitStatus

if TYPE_CHECKING:
    from imcli.report.anomalies import Language
    from imcli.report.versions import Situation
    from imcli.scenario.events import CaseResult
    from imcli.scenario.reading.written import Scenario
    from imcli.simulator.profiles import Profile
    from imcli.simulator.switches import Switch

LANGUAGES: dict[str, Language] = {"en": "en", "zh": "zh"}
ComparedPaths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH...]",
        help="With --compare: scenario files or folders of them; default: scenarios.",
    ),
]
CompareOption = Annotated[
    bool,
    typer.Option("--compare", help="Run the corpus on every version of WuKongIM and compare them."),
]
LanguageOption = Annotated[
    str, typer.Option(metavar="en|zh", help="With --compare: the language of the page.")
]


def list_profiles(
    ctx: typer.Context,
    paths: ComparedPaths = None,
    compare: CompareOption = False,
    language: LanguageOption = "en",
) -> int:
    """List the built-in profiles and how each differs from the reference.

    A profile says what a simulated server is like: sim:NAME as a target, or --profile NAME. With
    --compare it prints docs/versions.md: what each version does in every situation, and why.
    """
    from imcli.cli.tables import Row, Table
    from imcli.simulator.manual import about
    from imcli.simulator.profiles import builtin_names, load_profile

    if language not in LANGUAGES:
        raise UsageError(f"--language is {language!r}, and must be en or zh")
    if compare:
        return compare_versions(shell_of(ctx), paths or ["scenarios"], LANGUAGES[language])
    if paths or language != "en":
        raise UsageError("paths and --language belong to --compare", hint="add --compare")
    rows = []
    for name in builtin_names():
        profile = load_profile(name)
        changed = {key: shown_value(key, value) for key, value in profile.differences().items()}
        said = ", ".join(f"{key} = {value}" for key, value in changed.items()) or "-"
        record = {
            "profile": name,
            "about": about(profile),
            "differs": profile.differences(),
        }
        rows.append(Row((name, said), record))
    shell_of(ctx).show(Table(("profile", "differs from the reference in"), tuple(rows)))
    return 0


def compare_versions(shell: Shell, paths: list[str], language: Language) -> int:
    """Run scenarios on every version, and print the page, or the data where that is asked for."""
    from imcli.cli.running.files import find_files, parse_files
    from imcli.report.anomalies import load_anomalies
    from imcli.report.versions import page, situations, unforeseen

    scenarios = parse_files(shell.world, find_files(shell.world, paths))
    results = results_on_versions(scenarios)
    if wrong := unforeseen(results):
        for line in wrong:
            shell.tell(f"error: {line}")
        return ExitStatus.FAILED
    rows = situations(results, titles_of(scenarios, language))
    if shell.form == "table":
        shell.write(page(rows, load_anomalies(), language).rstrip("\n"))
    else:
        show_rows(shell, rows)
    return ExitStatus.HELD


def results_on_versions(scenarios: list[Scenario]) -> list[CaseResult]:
    """Run every case on every version of WuKongIM that imcli simulates, oldest first."""
    from imcli.cli.running.pool import MakeTarget
    from imcli.scenario.events import CaseFinished
    from imcli.scenario.reading.expand import cases
    from imcli.scenario.running.suite import run_suite
    from imcli.simulator.profiles import builtin_names, load_profile

    profiles = [load_profile(name) for name in builtin_names()]
    versions = sorted((p.version, p.name) for p in profiles if p.product == "wukongim")
    targets = [MakeTarget()(f"sim:{name}") for _, name in versions]
    events = run_suite([case for each in scenarios for case in cases(each)], targets)
    return [event.case for event in events if isinstance(event, CaseFinished)]


def titles_of(scenarios: list[Scenario], language: Language) -> dict[str, str]:
    """Give the title of every file in a language; one that was not translated stays English."""
    from imcli.report.anomalies import load_chinese_titles
    from imcli.report.versions import title_of

    titles = {each.path: title_of(each.title, each.matrix) for each in scenarios}
    if language == "zh":
        titles |= {p: t for p, t in load_chinese_titles().items() if p in titles}
    return titles


def show_rows(shell: Shell, rows: tuple[Situation, ...]) -> None:
    """Print the situations as data."""
    from imcli.cli.tables import Row, Table
    from imcli.report.versions import cells, records

    found = [Row(cells(row), record) for row, record in zip(rows, records(rows), strict=True)]
    shell.show(Table(("situation", *rows[0].verdicts), tuple(found)))


def show_profile(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A built-in profile, or the TOML file of one.")
    ],
) -> int:
    """Show every switch of a profile, its value and what it means."""
    from imcli.cli.profile_files import profile_of
    from imcli.cli.tables import Row, Table
    from imcli.simulator.switches import SWITCHES

    profile = profile_of(shell_of(ctx).world, name)
    rows = tuple(
        Row(switch_cells(profile, switch), switch_record(profile, switch)) for switch in SWITCHES
    )
    shell_of(ctx).show(Table(("switch", "value", "reference", "meaning"), rows))
    return 0


def switch_cells(profile: Profile, switch: Switch) -> tuple[str, ...]:
    """One switch as people read it; the reference's value only where it differs."""
    value = getattr(profile, switch.name)
    default = "-" if value == switch.default else shown_value(switch.name, switch.default)
    return (switch.name, shown_value(switch.name, value), default, switch.meaning(value))


def switch_record(profile: Profile, switch: Switch) -> dict[str, object]:
    """One switch as JSON; durations are milliseconds."""
    return {
        "switch": switch.name,
        "value": getattr(profile, switch.name),
        "reference": switch.default,
        "values": switch.values,
        "kind": switch.kind,
        "meaning": switch.sentence,
        "words": dict(switch.words),
    }


def shown_value(name: str, value: object) -> str:
    """Write a value as a profile's file has it: durations with a unit, booleans in lower case."""
    from imcli.model.durations import format_duration
    from imcli.simulator.switches import SWITCH_BY_NAME

    if isinstance(value, bool):
        return str(value).lower()
    if SWITCH_BY_NAME[name].kind == "duration" and isinstance(value, int):
        return format_duration(value)
    return str(value)
