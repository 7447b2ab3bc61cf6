"""Users, their devices and sessions: create, list, kick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.options import TokenStdinOption
from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.verbs.kit import Desk, Row
    from imcli.model.entities import DeviceSpec
    from imcli.targets.base import DeviceRow

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The user.")]
DEVICE_COLUMNS = ("user", "device", "kind", "level", "state")
DevicesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--device", metavar="NAME", help="A device: phone (default), web, kiosk:web. Repeatable."
    ),
]
TokenFileOption = Annotated[
    str,
    typer.Option(
        "--token-file", metavar="FILE", help="The token is the first line of this 0600 file."
    ),
]


def create_user(
    ctx: typer.Context,
    user: UserArgument,
    devices: DevicesOption = None,
    token_stdin: TokenStdinOption = False,
    token_file: TokenFileOption = "",
) -> int:
    """Create a user with one or more devices.

    What is there already stays as it is. A live server knows a user by the tokens of its devices,
    which take the place of older ones and are shown nowhere: one is read from a terminal, standard
    input or a file; without one the devices get a random token, and log in where none is wanted.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    user = kit.user_name(user)
    specs = tuple(kit.device_spec(name) for name in dict.fromkeys(devices or [kit.FIRST_DEVICE]))
    if kit.verb_place(shell).kind == "live":
        return create_live_user(shell, user, specs, token_stdin, token_file)
    if token_stdin or token_file:
        raise UsageError("tokens are for live servers: devices of this one have none")
    added = [kit.actions.AddDevice(user, spec.name, spec.kind, spec.level) for spec in specs]
    if kit.dry_run(shell, kit.actions.CreateUser(user), *added):
        return 0
    with kit.open_desk(shell, user) as desk:
        there = desk.devices(user)
        for spec in specs:
            desk.chosen(there, f"{spec.name}:{spec.kind}")
        desk.perform(kit.actions.CreateUser(user))
        for action in added:
            desk.perform(action)
            desk.perform(kit.actions.Connect(user, action.device))
        return created(desk, user, specs, tuple(row.device for row in there))


def create_live_user(
    shell: Shell, user: str, specs: tuple[DeviceSpec, ...], token_stdin: bool, token_file: str
) -> int:
    """Register a token for each device."""
    from imcli.cli.tokens import Secret, given_token
    from imcli.cli.verbs import kit
    from imcli.wire.admin import token_call

    if shell.options.dry_run:
        calls = [str(token_call(user, spec.kind, spec.level, "***")) for spec in specs]
        devices = [spec.name for spec in specs]
        kit.print_calls(shell, [(calls, {"type": "CreateUser", "user": user, "devices": devices})])
        return 0
    known = f"replace the token of every {spoken_kinds(specs)} of {user}, if there is one,"
    if not kit.allowed(shell, kit.verb_place(shell), known):
        return kit.declined(shell)
    prompt = f"token of {user}'s devices (not shown; Enter for a random one): "
    token = given_token(shell, prompt, from_stdin=token_stdin, path=token_file)
    token = token or Secret(shell.world.token() + shell.world.token())
    with kit.open_desk(shell, user) as desk:
        for spec in specs:
            desk.administration.register(user, spec.kind, spec.level, token.reveal())
        desk.wait_until(lambda: are_known(desk, user, specs), lambda: kit.BUSY)
        return created(desk, user, specs)


def spoken_kinds(specs: tuple[DeviceSpec, ...]) -> str:
    """Name the kinds of devices, which are all that a live server tells apart."""
    return " and ".join(dict.fromkeys(f"{spec.kind} device" for spec in specs))


def are_known(desk: Desk, user: str, specs: tuple[DeviceSpec, ...]) -> bool:
    """Tell whether the server lists devices."""
    return {spec.kind for spec in specs} <= {row.kind for row in desk.administration.devices(user)}


def created(
    desk: Desk, user: str, specs: tuple[DeviceSpec, ...], there: tuple[str, ...] = ()
) -> int:
    """Report a user; `there` are the devices that were there before."""
    from imcli.cli.verbs import kit

    names = tuple(spec.name for spec in specs)
    new = [name for name in names if name not in there]
    if there and not new:
        said = f"{user} has {', '.join(names)} already"
    elif there:
        said = f"added {', '.join(new)} to {user}"
    else:
        said = f"created {user} with {', '.join(names)}"
    return kit.done(desk, "create-user", said, (("user", user), ("devices", names)))


def list_devices(ctx: typer.Context, user: UserArgument) -> int:
    """List a user's devices and whether each is online.

    To a live server a device is a kind (app, web, pc) that has a token, or a connection.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    user = kit.user_name(user)
    with kit.open_desk(shell, user) as desk:
        rows = desk.directory("devices").devices(desk.known(user))
    shell.show(kit.Table(DEVICE_COLUMNS, tuple(map(device_row, rows)), f"{user} has no device"))
    return 0


def list_sessions(
    ctx: typer.Context,
    user: Annotated[
        str, typer.Argument(metavar="[USER]", help="Only this user's; default: everybody's.")
    ] = "",
) -> int:
    """List the devices that are online, of one user or of everybody.

    On a live server: its connections, each by the id that the device gives itself.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    with kit.open_desk(shell, *((kit.user_name(user),) if user else ())) as desk:
        directory = desk.directory("sessions")
        rows = directory.sessions(desk.known(user) if user else "")
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
    next used to act. A live server ends the sessions of that kind of device (app, web, pc), and
    forgets its token: it cannot log in before it is given one again.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    user = kit.user_name(user)
    live = kit.verb_place(shell).kind == "live"
    # On a live server a device is its kind, and "wbe" must not end the app's sessions.
    kind = kit.device_spec(device).kind if live and device else None
    device = kind or device
    action = kit.actions.Kick(user, device)
    whose = f"{device} of {user}" if device else f"all devices of {user}"
    then = ("then POST /conn/kick for each connection of a device without a token",) if live else ()
    if kit.dry_run(shell, action, then=then):
        return 0
    if not kit.allowed(shell, kit.verb_place(shell), f"end the sessions of {whose}"):
        return kit.declined(shell)
    with kit.open_desk(shell, user) as desk:
        if not live and device:
            desk.viewers(user, device, False)
        desk.known(user)
        desk.perform(action)
        if live:
            desk.administration.kick_tokenless(user, kind)
        busy = "its connection may be dead, which a server sees only when nothing comes from it"
        desk.wait_until(lambda: is_gone(desk, user, device), lambda: busy)
        return kit.done(
            desk, "kick-device", f"kicked {whose}", (("user", user), ("device", device))
        )


def is_gone(desk: Desk, user: str, device: str) -> bool:
    """Tell whether a device, or every device of a user, is offline."""
    rows = desk.directory("sessions").devices(user)
    return not any(row.state == "online" for row in rows if device in ("", row.device))
