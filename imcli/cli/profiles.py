"""The profiles: which there are, and every switch of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.shell import shell_of

if TYPE_CHECKING:
    from imcli.simulator.profiles import Profile, Switch


def list_profiles(ctx: typer.Context) -> int:
    """List the built-in profiles and how each differs from the reference.

    A profile says what a simulated server is like: sim:NAME as a target, or --profile NAME.
    """
    from imcli.cli.tables import Row, Table
    from imcli.simulator.profiles import builtin_names, load_profile

    rows = []
    for name in builtin_names():
        profile = load_profile(name)
        changed = {key: shown_value(key, value) for key, value in profile.differences().items()}
        said = ", ".join(f"{key} = {value}" for key, value in changed.items()) or "-"
        record = {
            "profile": name,
            "about": profile.about,
            "differs": profile.differences(),
        }
        rows.append(Row((name, said), record))
    shell_of(ctx).show(Table(("profile", "differs from the reference in"), tuple(rows)))
    return 0


def show_profile(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A built-in profile, such as reference.")
    ],
) -> int:
    """Show every switch of a profile, its value and what it means."""
    from imcli.cli.tables import Row, Table
    from imcli.simulator.profiles import SWITCHES, load_profile

    profile = load_profile(name)
    rows = tuple(
        Row(switch_cells(profile, switch), switch_record(profile, switch)) for switch in SWITCHES
    )
    shell_of(ctx).show(Table(("switch", "value", "reference", "meaning"), rows))
    return 0


def switch_cells(profile: Profile, switch: Switch) -> tuple[str, ...]:
    """One switch as people read it; the reference's value only where it differs."""
    value = getattr(profile, switch.name)
    default = "-" if value == switch.default else shown_value(switch.name, switch.default)
    return (switch.name, shown_value(switch.name, value), default, switch.sentence)


def switch_record(profile: Profile, switch: Switch) -> dict[str, object]:
    """One switch as JSON; durations are milliseconds."""
    return {
        "switch": switch.name,
        "value": getattr(profile, switch.name),
        "reference": switch.default,
        "values": switch.values,
        "kind": switch.kind,
        "meaning": switch.sentence,
    }


def shown_value(name: str, value: object) -> str:
    """Write a value as a profile's file has it: durations with a unit, booleans in lower case."""
    from imcli.simulator.profiles import SWITCH_BY_NAME, format_duration

    if isinstance(value, bool):
        return str(value).lower()
    if SWITCH_BY_NAME[name].kind == "duration" and isinstance(value, int):
        return format_duration(value)
    return str(value)
