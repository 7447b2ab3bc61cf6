"""What every acting verb does around its one action: `--dry-run`, the question, the answer.

`asked` says an action as a sentence of the scenario language, so that what a verb does can be put
into a file as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from imcli.cli.targets import Place, verb_place
from imcli.model import actions

if TYPE_CHECKING:
    from imcli.cli.shell import Shell
    from imcli.cli.tables import Record
    from imcli.cli.verbs.desk import Desk


def dry_run(shell: Shell, *wanted: actions.Action, then: tuple[str, ...] = ()) -> bool:
    """With `--dry-run`: print what would be asked and tell the verb to stop there.

    `then` says what is asked besides, where that depends on what is there.
    """
    if not shell.options.dry_run:
        return False
    place = verb_place(shell)
    if shell.options.wait:
        then = (*then, "then look, for at most 10 s, until the effect is visible")
    print_calls(shell, [((*calls(place, action), *then), record_of(action)) for action in wanted])
    return True


def print_calls(shell: Shell, wanted: Sequence[tuple[Sequence[str], Record]]) -> None:
    """Print what each action would ask: a line per call for people, an object for programs."""
    from imcli.cli.tables import Row, Table
    from imcli.cli.text import visible

    if shell.form == "table":
        shell.write("\n".join(visible(line) for lines, _ in wanted for line in lines))
        return
    rows = [
        Row((line,), {"would_ask": list(lines), "action": record})
        for lines, record in wanted
        for line in (lines if shell.form == "plain" else lines[:1])
    ]
    shell.show(Table(("would ask",), tuple(rows)))


def calls(place: Place, action: actions.Action) -> tuple[str, ...]:
    """What an action asks: a sentence, or on a live server the calls that are made."""
    if place.kind != "live":
        return (asked(action),)
    from imcli.targets.live import open_live_admin

    target = open_live_admin(place.url, name=place.written, connect=False)
    try:
        return target.describe(action)
    finally:
        target.close()


def record_of(action: actions.Action) -> Record:
    """An action as JSON: its fields, and its name under `type`."""
    fields: dict[str, object] = msgspec.to_builtins(action)
    return fields


def asked(action: actions.Action) -> str:
    """Say an action as a sentence.

    >>> asked(actions.Delete("A", "web", "B", up_to=3))
    'A.web deletes B up to seq 3'
    """
    from imcli.trace.words import sentence

    match action:
        case actions.Send():
            return said_send(action)
        case actions.Delete() | actions.Clear() | actions.Read() | actions.MarkUnread():
            return sentence(msgspec.structs.replace(action, user=actor(action)))
        case actions.CreateUser(user=user):
            return f"admin creates user {user}"
        case actions.AddDevice(user=user, device=device):
            return f"{user} adds device {device}"
        case actions.Kick(user=user, device=device):
            return f"admin kicks {user}{'.' + device if device else ''}"
        case _:
            return sentence(action)


def said_send(action: actions.Send) -> str:
    """Say a send with its text and options."""
    sender = actor(action) if action.device else action.user
    options = [
        name for name, on in (("no-persist", action.no_persist), ("command", action.command)) if on
    ]
    if action.client_msg_no:
        options.append(f"number {quoted(action.client_msg_no)}")
    if action.payload:
        options.append(f"payload {action.payload}")
    text = "" if action.payload else f" {quoted(action.text)}"
    return f"{sender} sends {action.chat}{text}" + (
        f" with {', '.join(options)}" if options else ""
    )


def quoted(text: str) -> str:
    """Write a text as a sentence has it: a JSON string."""
    return msgspec.json.encode(text).decode()


def actor(
    action: actions.Send | actions.Delete | actions.Clear | actions.Read | actions.MarkUnread,
) -> str:
    """Name the device that acts, or the user where none was named."""
    return f"{action.user}.{action.device}" if action.device else action.user


def allowed(shell: Shell, place: Place, doing: str) -> bool:
    """Ask before something is destroyed on a server that is not local."""
    if place.local:
        return True
    where = f"{place.written} ({place.url})" if place.context else place.written
    return shell.confirm(
        f"{doing} on {where}?",
        without_terminal=f"{doing} on {where} wants to be confirmed",
    )


def done(desk: Desk, action: str, sentence: str, fields: Sequence[tuple[str, object]]) -> int:
    """Report that an action was done."""
    record = {"action": action, **dict(fields), "target": desk.place.written}
    cells = tuple(", ".join(v) if isinstance(v, tuple) else str(v) for _, v in fields)
    desk.shell.show_one(record, sentence, cells)
    return 0


def declined(shell: Shell) -> int:
    """Report that the question was answered with no."""
    from imcli.model.exit_status import ExitStatus

    shell.say("nothing was done")
    return ExitStatus.INTERRUPTED
