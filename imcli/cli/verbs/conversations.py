"""The conversation verbs: list and show; read, unread, delete, clear; explain a count."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.options import (
    AllDevicesOption,
    ChatArgument,
    DeviceOption,
    UserArgument,
    ViewDeviceOption,
    WatchOption,
)
from imcli.cli.shell import Shell, shell_of
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    from imcli.cli.verbs.kit import Desk, Effect, Row, Table
    from imcli.model import actions
    from imcli.model.entities import Entry
    from imcli.model.questions import ListView

COLUMNS = ("device", "conversation", "unread", "last", "read", "deleted", "flags")
UpToOption = Annotated[
    int | None,
    typer.Option("--up-to", metavar="SEQ", help="Only up to this message; default: all."),
]


# Looking


def list_conversations(
    ctx: typer.Context,
    user: UserArgument,
    device: ViewDeviceOption = "",
    all_devices: AllDevicesOption = False,
    watch: WatchOption = False,
) -> int:
    """List a user's conversations, as a device would get them now.

    One row per conversation: unread count, last message, read and deleted marks (sequence numbers),
    flags. Looking changes nothing.
    """
    from imcli.cli.verbs import kit

    shell, user = shell_of(ctx), kit.user_name(user)
    return kit.shown(
        shell, lambda: show_entries(shell, user, None, device, all_devices), watch=watch
    )


def show_conversation(
    ctx: typer.Context,
    user: UserArgument,
    chat: ChatArgument,
    device: ViewDeviceOption = "",
    all_devices: AllDevicesOption = False,
    watch: WatchOption = False,
) -> int:
    """Show one conversation of a user.

    The same row as list-conversations gives; nothing when the user does not see it.

    On a live server: what the log, the stored record, the list and the answer by channel say of it,
    side by side, and which of them disagrees, by what its version does. There --watch ends when
    they agree; elsewhere Ctrl-C ends it.
    """
    from imcli.cli.verbs import kit

    shell, user, chat = shell_of(ctx), kit.user_name(user), kit.chat_name(chat)
    if kit.verb_place(shell).kind == "live":
        if device or all_devices:
            raise UsageError("a live server keeps a conversation for the user, not for a device")
        from imcli.cli.verbs.beside import show_beside

        return kit.shown(shell, lambda: show_beside(shell, user, chat), watch=watch)
    return kit.shown(
        shell, lambda: show_entries(shell, user, chat, device, all_devices), watch=watch
    )


def show_entries(shell: Shell, user: str, chat: str | None, device: str, all_devices: bool) -> bool:
    """Ask each device and print the rows together; looking again is always worth it."""
    from imcli.cli.verbs import kit

    if device and all_devices:
        raise UsageError("either --device or --all-devices, not both")
    with kit.open_desk(shell, user) as desk:
        if chat:
            desk.known_pair(user, chat)
        rows = tuple(
            entry_row(user, viewer, entry)
            for viewer in desk.viewers(user, device, all_devices)
            for entry in seen(desk, user, viewer, chat).entries
        )
    empty = f"{user} does not see {chat}" if chat else f"{user} sees no conversation"
    table = kit.Table(COLUMNS, rows, empty, numbers=("unread", "read", "deleted"))
    shell.show(table if all_devices or device else without_device(table))
    return False


def without_device(table: Table) -> Table:
    """Leave the column of devices out for people who did not ask about devices."""
    from imcli.cli.verbs import kit

    rows = tuple(kit.Row(row.cells[1:], row.record) for row in table.rows)
    return table._replace(columns=table.columns[1:], rows=rows)


def seen(desk: Desk, user: str, device: str, chat: str | None) -> ListView:
    """What a device is answered."""
    from imcli.model.questions import ListView, Seen

    view = desk.observe(Seen(user, device, chat))
    assert isinstance(view, ListView)
    return view


def entry_row(user: str, device: str, entry: Entry) -> Row:
    """One conversation as a line and as a record."""
    from imcli.cli.verbs import kit
    from imcli.cli.verbs.messages import message_record

    last = entry.last
    said = f"{last.seq} {last.sender}: {last.shown}" if last else "-"
    record = {
        "user": user,
        "device": device,
        "conversation": entry.chat,
        "unread": entry.unread,
        "last": message_record(last) if last else None,
        "read_to": entry.read_to,
        "deleted_to": entry.deleted_to,
        "pinned": entry.pinned,
        "muted": entry.muted,
        "archived": entry.archived,
        "marked_unread": entry.marked_unread,
    }
    cells = (
        device or "-",
        entry.chat,
        str(entry.unread),
        said,
        str(entry.read_to or "-"),
        str(entry.deleted_to or "-"),
        ", ".join(entry.flags) or "-",
    )
    return kit.Row(cells, record)


# Acting


def mark_read(
    ctx: typer.Context,
    user: UserArgument,
    chat: ChatArgument,
    up_to: UpToOption = None,
    device: DeviceOption = "",
) -> int:
    """Mark a conversation as read."""
    from imcli.cli.verbs import kit

    bound = checked_bound(up_to)
    action = kit.actions.Read(kit.user_name(user), bare(device), kit.chat_name(chat), bound)
    return act(
        shell_of(ctx),
        "mark-read",
        action,
        device,
        said=f"marked {user}'s conversation with {chat} as read",
        effect=kit.Effect(
            lambda entry: entry is None or entry.unread == 0 or 0 < bound <= entry.read_to,
            kit.is_read,
        ),
    )


def mark_unread(
    ctx: typer.Context,
    user: UserArgument,
    chat: ChatArgument,
    count: Annotated[
        int | None,
        typer.Option(
            "--count", metavar="N", help="So many messages unread; default: only the flag."
        ),
    ] = None,
    device: DeviceOption = "",
) -> int:
    """Mark a conversation as unread.

    With --count so many of the newest messages count as unread, if the server can do that; without
    it the conversation only gets a flag. A note says where the count became another.
    """
    from imcli.cli.verbs import kit

    if count is not None and count < 1:
        raise UsageError(f"--count is {count}, and must be at least 1")
    action = kit.actions.MarkUnread(kit.user_name(user), bare(device), kit.chat_name(chat), count)
    return act(
        shell_of(ctx),
        "mark-unread",
        action,
        device,
        said=f"marked {user}'s conversation with {chat} as unread",
        effect=kit.Effect(
            lambda entry: entry is not None and (entry.marked_unread or entry.unread > 0),
            why_not=kit.only_forward,
        ),
        then=lambda desk, acting: tell_other_count(desk, action, acting),
    )


def tell_other_count(desk: Desk, action: actions.MarkUnread, device: str) -> None:
    """Say where a count did not come about, or may not have: the server answers yes all the same.

    A live server is not looked at: from 2.2.0 on a look is a list that it keeps.
    """
    from imcli.cli.verbs import kit
    from imcli.model.versions import MARKED_SINCE

    if action.count is None:
        return
    user, chat, version = action.user, action.chat, desk.target.identity.version
    if desk.live:
        if version >= MARKED_SINCE:
            desk.shell.say(
                f"note: WuKongIM {'.'.join(map(str, version))} lowers an unread count and never"
                f" raises one (A7); imcli show-conversation {user} {chat} shows what it is"
            )
        return
    entry = kit.entry_of(desk, user, device, chat)
    unread = entry.unread if entry else 0
    if unread != action.count:
        desk.shell.say(
            f"note: {action.count} unread was asked for, and the list says {unread};"
            f" imcli explain-unread {user} {chat} shows what counts"
        )


def delete_conversation(
    ctx: typer.Context,
    user: UserArgument,
    chat: ChatArgument,
    for_both: Annotated[
        bool, typer.Option("--for-both", help="Remove it from the other user's list too.")
    ] = False,
    up_to: UpToOption = None,
    device: DeviceOption = "",
) -> int:
    """Remove a conversation from a user's list.

    On the reference server the other side keeps theirs, and the next message brings the
    conversation back with that message alone. imcli list-profiles shows which profiles differ.
    """
    from imcli.cli.verbs import kit

    bound = checked_bound(up_to)
    action = kit.actions.Delete(
        kit.user_name(user), bare(device), kit.chat_name(chat), for_both, bound
    )
    return act(
        shell_of(ctx),
        "delete-conversation",
        action,
        device,
        said=f"deleted {user}'s conversation with {chat}" + (" for both" if for_both else ""),
        effect=kit.Effect(
            lambda entry: entry is None or 0 < bound <= entry.deleted_to, kit.is_deleted
        ),
        doing=f"delete {user}'s conversation with {chat}",
    )


def clear_history(
    ctx: typer.Context, user: UserArgument, chat: ChatArgument, device: DeviceOption = ""
) -> int:
    """Clear the history of a conversation and keep its entry in the list."""
    from imcli.cli.verbs import kit

    action = kit.actions.Clear(kit.user_name(user), bare(device), kit.chat_name(chat))
    return act(
        shell_of(ctx),
        "clear-history",
        action,
        device,
        said=f"cleared {user}'s history with {chat}",
        effect=kit.Effect(lambda entry: entry is None or entry.last is None),
        doing=f"clear {user}'s history with {chat}",
    )


def act(
    shell: Shell,
    name: str,
    action: actions.Read | actions.MarkUnread | actions.Delete | actions.Clear,
    device: str,
    *,
    said: str,
    effect: Effect,
    doing: str = "",
    then: Callable[[Desk, str], None] = lambda desk, device: None,
) -> int:
    """Do one action on one conversation; `doing` phrases the question of a destructive one.

    `then` looks at what came of it, with the device that acted.
    """
    import msgspec

    from imcli.cli.verbs import kit

    if kit.dry_run(shell, action):
        return 0
    if doing and not kit.allowed(shell, kit.verb_place(shell), doing):
        return kit.declined(shell)
    user, chat = action.user, action.chat
    with kit.open_desk(shell, user) as desk:
        desk.known_pair(user, chat)
        acting = desk.actor(user, device)
        desk.perform(msgspec.structs.replace(action, device=acting))
        kit.wait_for(desk, user, acting, chat, effect)
        then(desk, acting)
        fields = (("user", user), ("device", acting), ("conversation", chat))
        return kit.done(desk, name, said, fields)


def bare(device: str) -> str:
    """The name of a device without its kind."""
    return device.partition(":")[0]


def checked_bound(up_to: int | None) -> int:
    """Refuse a bound that is no sequence number; 0 where none was given, which means all."""
    if up_to is not None and up_to < 1:
        raise UsageError(f"--up-to is {up_to}, and numbers of messages begin at 1")
    return up_to or 0


# Explaining


def explain_unread(ctx: typer.Context, user: UserArgument, chat: ChatArgument) -> int:
    """Explain an unread count: which messages were counted, and from which mark.

    Shows what the server answers, the marks and messages it should follow from, and whether the two
    agree.
    """
    from imcli.cli.verbs import kit
    from imcli.cli.verbs.unread import explain

    shell = shell_of(ctx)
    user, chat = kit.user_name(user), kit.chat_name(chat)
    with kit.open_desk(shell, user) as desk:
        desk.known_pair(user, chat)
        explanation = explain(desk, user, desk.viewers(user, "", False)[0], chat)
    shell.show_one(explanation.record, explanation.text, explanation.cells, asked_for=True)
    return 0
