"""`doctor`: how a live server is, before anybody blames it or this program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.tables import Row
    from imcli.cli.targets import Place
    from imcli.report.anomalies import Anomaly
    from imcli.report.health import Check, Health
    from imcli.targets.examined import Examination

COLUMNS = ("what", "is", "found")


def doctor(
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(metavar="[TARGET]", help="http://HOST:PORT or a context; default: current."),
    ] = "",
) -> int:
    """Examine a live server: its version, readiness, tokens, addresses, clock and anomalies.

    Nothing is changed there. A device that nobody knows tries to log in without a token, to learn
    whether one is wanted. What the version is known to do wrong stands at the end, severe things
    first; docs/versions.md shows each of them. The status is 0, or 4 where something does not work.
    """
    from imcli.report.health import judged

    shell = shell_of(ctx)
    place = live_place(shell, target)
    found = examined(shell, place)
    health = judged(found)
    print_health(shell, place, found, health)
    return tell_bad(shell, health)


def live_place(shell: Shell, target: str) -> Place:
    """The server that is meant.

    Raises:
        UsageError: it is none that runs anywhere.
    """
    from imcli.cli.targets import place_of, verb_place

    place = place_of(shell, target) if target else verb_place(shell)
    if place.kind != "live":
        raise UsageError(
            f"{place.written} is in this program, and nothing can be wrong with its addresses",
            hint="imcli doctor http://HOST:5001, or a context; imcli show-profile is for profiles",
        )
    return place


def examined(shell: Shell, place: Place) -> Examination:
    """Ask the server."""
    from imcli.cli.targets import token_for
    from imcli.targets.live.probe import examine

    world = shell.world
    return examine(
        place.api,
        token=token_for(shell, place).reveal(),
        wall_ms=lambda: int(world.now() * 1000),
    )


def print_health(shell: Shell, place: Place, found: Examination, health: Health) -> None:
    """Print a table for people, one object for programs."""
    from imcli.cli.tables import Table

    if shell.form in ("json", "jsonl"):
        shell.show_one(record_of(place, found, health), "", ())
        return
    rows = (*map(check_row, health.checks), *map(anomaly_row, health.anomalies))
    shell.show(Table(COLUMNS, rows))


def check_row(check: Check) -> Row:
    """One check as a line."""
    from imcli.cli.tables import Row

    return Row((check.what, check.verdict, check.found), {})


def anomaly_row(anomaly: Anomaly) -> Row:
    """One anomaly as a line."""
    from imcli.cli.tables import Row

    issues = f" ({', '.join(anomaly.issues)})" if anomaly.issues else ""
    return Row((f"anomaly {anomaly.code}", anomaly.severity or "", f"{anomaly.en}{issues}"), {})


def record_of(place: Place, found: Examination, health: Health) -> dict[str, object]:
    """The same for programs."""
    from imcli.model.versions import version_text

    return {
        "target": place.written,
        "url": place.url,
        "ok": not health.bad,
        "version": version_text(found.varz.numbers) or None,
        "build": found.varz.build or None,
        "device_tokens": found.device_tokens,
        "manager_token_wanted": found.token_wanted,
        "clock_ahead_ms": found.clock_ahead_ms,
        "checks": [check._asdict() for check in health.checks],
        "anomalies": [
            {
                "code": each.code,
                "severity": each.severity,
                "what": each.en,
                "issues": list(each.issues),
            }
            for each in health.anomalies
        ],
    }


def tell_bad(shell: Shell, health: Health) -> int:
    """Say what does not work, and what to do; gives the status."""
    from imcli.model.exit_status import ExitStatus

    for check in health.checks:
        if check.verdict == "bad":
            shell.tell(f"error: {check.what}: {check.found}")
        if check.hint and (check.verdict == "bad" or shell.options.verbose):
            shell.tell(f"hint: {check.hint}")
    return ExitStatus.UNKNOWN if health.bad else ExitStatus.HELD
