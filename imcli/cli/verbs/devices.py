"""Users, their devices and sessions: create, list, kick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.options import UserArgument
from imcli.cli.shell import shell_of

if TYPE_CHECKING:
    from imcli.cli.verbs.kit import Row
    from imcli.targets.base import DeviceRow

DEVICE_COLUMNS = ("user", "device", "kind", "level", "state")


def create_user(
    ctx: typer.Context,
    user: UserArgument,
    devices: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            metavar="NAME",
            help="A device: phone (default), web, kiosk:web. Repeatable.",
        ),
    ] = None,
) -> int:
    """Create a user with one or more devices.

    What is there already stays as it is.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    user = kit.user_name(user)
    specs = [kit.device_spec(name) for name in dict.fromkeys(devices or [kit.FIRST_DEVICE])]
    added = [kit.actions.AddDevice(user, spec.name, spec.kind, spec.level) for spec in specs]
    if kit.dry_run(shell, kit.actions.CreateUser(user), *added):
        return 0
    with kit.open_desk(shell, user) as desk:
        desk.perform(kit.actions.CreateUser(user))
        if not desk.live:
            for action in added:
                desk.perform(action)
                desk.perform(kit.actions.Connect(user, action.device))
        names = tuple(spec.name for spec in specs)
        said = f"created {user}" + ("" if desk.live else f" with {', '.join(names)}")
        return kit.done(desk, "create-user", said, (("user", user), ("devices", names)))


def list_devices(ctx: typer.Context, user: UserArgument) -> int:
    """List a user's devices and whether each is online."""
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    user = kit.user_name(user)
    with kit.open_desk(shell, user) as desk:
        desk.directory("devices")
        rows = desk.devices(desk.known(user))
    shell.show(kit.Table(DEVICE_COLUMNS, tuple(map(device_row, rows)), f"{user} has no device"))
    return 0


def list_sessions(
    ctx: typer.Context,
    user: Annotated[
        str, typer.Argument(metavar="[USER]", help="Only this user's; default: everybody's.")
    ] = "",
) -> int:
    """List the devices that are online, of one user or of everybody."""
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    with kit.open_desk(shell, *((kit.user_name(user),) if user else ())) as desk:
        directory = desk.directory("sessions")
        users = (desk.known(user),) if user else directory.users()
        rows = [row for one in users for row in directory.devices(one) if row.state == "online"]
    shell.show(kit.Table(DEVICE_COLUMNS, tuple(map(device_row, rows)), "nobody is online"))
    return 0


def device_row(row: DeviceRow) -> Row:
    """One device as a line and as a record."""
    from imcli.cli.verbs import kit

    cells = (row.user, row.device, row.kind, row.level, row.state)
    return kit.Row(cells, dict(zip(DEVICE_COLUMNS, cells, strict=True)))


def kick_device(
    ctx: typer.Context,
    user: UserArgument,
    device: Annotated[
        str, typer.Argument(metavar="[DEVICE]", help="The device; default: all of the user's.")
    ] = "",
) -> int:
    """End the session of a device, or all sessions of a user.

    A kicked device stays away until it connects again; on the embedded server it does so when it is
    next used to act.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    action = kit.actions.Kick(kit.user_name(user), device)
    whose = f"{device} of {user}" if device else f"all devices of {user}"
    if kit.dry_run(shell, action):
        return 0
    if not kit.allowed(shell, kit.verb_place(shell), f"end the sessions of {whose}"):
        return kit.declined(shell)
    with kit.open_desk(shell, user) as desk:
        if not desk.live and device:
            desk.viewers(user, device, False)
        desk.known(user)
        desk.perform(action)
        return kit.done(
            desk, "kick-device", f"kicked {whose}", (("user", user), ("device", device))
        )
