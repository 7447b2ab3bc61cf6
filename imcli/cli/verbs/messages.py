"""The message verbs: send one, read a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.options import (
    ChatArgument,
    DeviceOption,
    UserArgument,
    ViewDeviceOption,
    WatchOption,
)
from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.verbs.kit import Desk, Row
    from imcli.model import actions
    from imcli.model.entities import Entry, Message
    from imcli.model.events import Accepted

COUNT_MAX = 100_000
TEXT_HINT = (
    "quote a text that begins with #, which a shell takes for a comment; `imcli send --help` shows "
    "how"
)
SenderArgument = Annotated[str, typer.Argument(metavar="FROM", help="The user who sends.")]
ToArgument = Annotated[
    str, typer.Argument(metavar="TO", help="A user, or a group as '#name' (quoted).")
]
TextArgument = Annotated[str | None, typer.Argument(metavar="TEXT", help="The message.")]
PayloadOption = Annotated[
    str, typer.Option("--payload", metavar="JSON", help="Send this JSON instead of a text.")
]
NumberOption = Annotated[
    str,
    typer.Option(
        "--number",
        metavar="TEXT",
        help="The client's own message number; the same one again is a resend.",
    ),
]
CountOption = Annotated[int, typer.Option("--count", metavar="N", help="Send it so many times.")]
NoPersistOption = Annotated[
    bool, typer.Option("--no-persist", help="Reach online devices only; store nothing.")
]
CommandOption = Annotated[
    bool, typer.Option("--command", help="Send a command, which is never listed or counted.")
]
LimitOption = Annotated[
    int, typer.Option("--limit", metavar="N", help="At most so many messages, the newest.")
]
BeforeOption = Annotated[
    int, typer.Option("--before", metavar="SEQ", help="Only messages below this number.")
]


def send(
    ctx: typer.Context,
    sender: SenderArgument,
    to: ToArgument,
    text: TextArgument = None,
    payload: PayloadOption = "",
    number: NumberOption = "",
    count: CountOption = 1,
    no_persist: NoPersistOption = False,
    command: CommandOption = False,
    device: DeviceOption = "",
) -> int:
    """Send a message to a user or a group.

    Users who are named for the first time are created, each with one device, phone.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    sender, to = kit.user_name(sender), kit.chat_name(to)
    check_send(text, payload, number, count)
    sends = [
        kit.actions.Send(
            sender,
            device.partition(":")[0],
            to,
            text or "",
            number,
            payload=canonical(payload),
            no_persist=no_persist,
            command=command,
        )
    ] * count
    if kit.dry_run(shell, *sends):
        return 0
    return send_all(shell, sends, device)


def check_send(text: str | None, payload: str, number: str, count: int) -> None:
    """Refuse a message that says neither text nor payload, and numbers that make no sense."""
    if text is None and not payload:
        raise UsageError("TEXT is missing", hint=TEXT_HINT)
    if text is not None and payload:
        raise UsageError("a message is either TEXT or --payload, not both")
    if not 1 <= count <= COUNT_MAX:
        raise UsageError(f"--count is {count}, and must be from 1 to {COUNT_MAX}")
    if number and count > 1:
        raise UsageError(
            "--number with --count would send one message again and again",
            hint="leave --number out, or send once more with the same --number",
        )


def canonical(payload: str) -> str:
    """Check a payload and write it in its one form."""
    if not payload:
        return ""
    import json

    try:
        value = json.loads(payload)
        text = json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
        )
        text.encode()
    except RecursionError:
        raise UsageError("--payload is not JSON that can be sent: nested too deeply") from None
    except UnicodeEncodeError:
        raise UsageError(
            "--payload is not JSON that can be sent: half of a surrogate pair"
        ) from None
    except ValueError as error:
        raise UsageError(
            f"--payload is not JSON: {error}", hint="""quote it for the shell: '{"type": 1}'"""
        ) from None
    return text


def send_all(shell: Shell, sends: list[actions.Send], device: str) -> int:
    """Send, wait where asked, report what was accepted."""
    from imcli.cli.verbs import kit
    from imcli.model.errors import ImcliError

    first = sends[0]
    people = (first.user,) if kit.is_group(first.chat) else (first.user, first.chat)
    accepted: list[Accepted] = []
    with kit.open_desk(shell, *people) as desk:
        if kit.is_group(first.chat):
            desk.refuse_unknown(first.chat)
        try:
            with desk.as_one():
                acting = desk.actor(first.user, device)
                desk.mentioned(people[1:])
                answer = send_one(desk, first, acting)
            accepted.append(answer)
            accepted += (send_one(desk, plain, acting) for plain in sends[1:])
        except KeyboardInterrupt:
            if len(sends) > 1:
                shell.tell(f"{len(accepted)} of {len(sends)} messages were sent")
            raise
        except ImcliError as error:
            error.hint = why_not_stored(desk, first.chat) or error.hint
            if len(sends) > 1:
                error.message += f" (after {len(accepted)} of {len(sends)} messages)"
            raise
        await_arrival(desk, first, accepted[-1])
        report_sends(desk, first.chat, accepted)
    return 0


def why_not_stored(desk: Desk, chat: str) -> str:
    """Say why a live server may have stored nothing: it answers yes to a closed group, too."""
    from imcli.cli.verbs import kit
    from imcli.model.errors import ImcliError

    if not (desk.live and kit.is_group(chat)):
        return ""
    try:
        closed = desk.administration.closed(chat)
    except ImcliError:
        return ""
    return f"{chat} is {closed}, and WuKongIM answers yes and stores nothing" if closed else ""


def send_one(desk: Desk, plain: actions.Send, device: str) -> Accepted:
    """Send one message and give the server's answer."""
    import msgspec

    from imcli.model.events import Accepted

    number = plain.client_msg_no or desk.shell.world.token()
    action = msgspec.structs.replace(plain, device=device, client_msg_no=number)
    outcome = desk.perform(action)
    answer = next((e for e in outcome.events if isinstance(e, Accepted)), None)
    return answer or Accepted(plain.user, device, number, 0, 0)


def await_arrival(desk: Desk, send: actions.Send, answer: Accepted) -> None:
    """With `--wait`: until the receiver's list (in a group: the sender's) shows what was sent."""
    from imcli.cli.verbs import kit
    from imcli.model.errors import CouldNotTell

    if answer.seq == 0 or not desk.shell.options.wait:
        return
    reader, chat = (send.user, send.chat) if kit.is_group(send.chat) else (send.chat, send.user)
    device = "" if desk.live else desk.viewers(reader, "", False)[0]

    def listed(entry: Entry | None) -> bool:
        return entry is not None and entry.last is not None and entry.last.seq >= answer.seq

    try:
        kit.wait_for(desk, reader, device, chat, kit.Effect(listed, kit.shows(answer.seq)))
    except CouldNotTell as error:
        error.message += f" (message {answer.message_id}, seq {answer.seq})"
        raise


def report_sends(desk: Desk, chat: str, accepted: list[Accepted]) -> None:
    """Print ids and sequence numbers: a sentence for one, a listing for many and for programs."""
    from imcli.cli.verbs import kit

    def row(answer: Accepted) -> kit.Row:
        seq = str(answer.seq) if answer.seq else "-"
        record = {
            "message_id": str(answer.message_id),
            "seq": answer.seq or None,
            "client_msg_no": answer.client_msg_no,
            "duplicate": answer.duplicate,
            "to": chat,
            "target": desk.place.written,
        }
        return kit.Row((seq, str(answer.message_id), answer.client_msg_no), record)

    rows = tuple(row(answer) for answer in accepted)
    if desk.shell.form == "table" and len(rows) == 1:
        desk.shell.show_one({}, sent_sentence(chat, accepted[0]), ())
    elif not (desk.shell.form == "table" and desk.shell.options.quiet):
        columns = ("seq", "message id", "number")
        desk.shell.show(kit.Table(columns, rows, numbers=("seq",)))


def sent_sentence(chat: str, answer: Accepted) -> str:
    """Say in one line what became of a message."""
    if answer.duplicate:
        return f"{chat}: known already as message {answer.message_id}, seq {answer.seq}"
    where = f"seq {answer.seq}" if answer.seq else "stored in no log"
    return f"sent to {chat}: message {answer.message_id}, {where}"


def show_history(
    ctx: typer.Context,
    user: UserArgument,
    chat: ChatArgument,
    limit: LimitOption = 50,
    before: BeforeOption = 0,
    device: ViewDeviceOption = "",
    watch: WatchOption = False,
) -> int:
    """Show the messages of a conversation, as one of its users may read them.

    Oldest first. What the user deleted or may not read is not there. Where the limit leaves out
    older messages, a note says so.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    user, chat = kit.user_name(user), kit.chat_name(chat)
    if not 1 <= limit <= COUNT_MAX:
        raise UsageError(f"--limit is {limit}, and must be from 1 to {COUNT_MAX}")
    if before < 0:
        raise UsageError(f"--before is {before}, and numbers of messages begin at 1")

    def look() -> bool:
        with kit.open_desk(shell, user) as desk:
            desk.known_pair(user, chat)
            viewer = desk.viewers(user, device, False)[0]
            found, more = newest(desk, user, viewer, chat, limit, before)
        rows = tuple(message_row(message) for message in found)
        empty = f"{user} can read no message of {chat}"
        shell.show(kit.Table(("seq", "from", "text", "kind"), rows, empty, numbers=("seq",)))
        if more and not watch:
            shell.say(f"note: there are older messages: --before {found[0].seq}, or --limit")
        return False

    return kit.shown(shell, look, watch=watch)


def newest(
    desk: Desk, user: str, device: str, chat: str, limit: int, before: int
) -> tuple[tuple[Message, ...], bool]:
    """Pull the newest messages below a number, oldest first; tell whether there are older ones."""
    from imcli.cli.verbs import kit

    found: list[Message] = []
    more = False
    start = before - 1 if before else 0
    while len(found) < limit and not (before and start < 1):
        pull = kit.actions.Pull(
            user, device, chat, start=start, limit=min(limit - len(found), 1000), ascending=False
        )
        page = desk.page(pull)
        if page is None or not page.messages:
            break
        found = [*page.messages, *found]
        start, before = page.messages[0].seq - 1, page.messages[0].seq
        more = page.more
        if not more:
            break
    return tuple(found[-limit:]), more


def message_row(message: Message) -> Row:
    """One message as a line and as a record."""
    from imcli.cli.verbs import kit

    cells = (str(message.seq), message.sender, message.shown, message.kind)
    return kit.Row(cells, message_record(message))


def message_record(message: Message) -> dict[str, object]:
    """One message as JSON; the id is a text because it may be above 2^53."""
    import json

    payload = json.loads(message.payload) if message.payload and not message.base64 else None
    return {
        "seq": message.seq,
        "message_id": str(message.message_id),
        "client_msg_no": message.client_msg_no,
        "from": message.sender,
        "text": message.text,
        "payload": {"base64": message.base64} if message.base64 else payload,
        "kind": message.kind,
        "time_ms": message.time_ms,
    }
