"""The group verbs: create, add, remove, dismiss, list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from imcli.cli.options import ActorOption, GroupArgument, MembersArgument
from imcli.cli.shell import Shell, shell_of

if TYPE_CHECKING:
    from imcli.cli.verbs.kit import Desk
    from imcli.model import actions

    GroupAction = actions.CreateGroup | actions.AddMembers | actions.RemoveMembers | actions.Dismiss


def create_group(
    ctx: typer.Context, group: GroupArgument, members: MembersArgument, by: ActorOption = ""
) -> int:
    """Create a group with its first members."""
    from imcli.cli.verbs import kit

    names = member_names(members)
    action = kit.actions.CreateGroup(kit.group_name(group), names, user=actor_name(by))
    said = f"created {group} with {', '.join(names)}"
    return act(shell_of(ctx), "create-group", action, said, names)


def add_members(
    ctx: typer.Context, group: GroupArgument, members: MembersArgument, by: ActorOption = ""
) -> int:
    """Add members to a group; those who are in it stay as they are."""
    from imcli.cli.verbs import kit

    names = member_names(members)
    action = kit.actions.AddMembers(kit.group_name(group), names, user=actor_name(by))
    return act(shell_of(ctx), "add-members", action, f"added {', '.join(names)} to {group}", names)


def remove_members(
    ctx: typer.Context, group: GroupArgument, members: MembersArgument, by: ActorOption = ""
) -> int:
    """Remove members from a group."""
    from imcli.cli.verbs import kit

    names = member_names(members)
    action = kit.actions.RemoveMembers(kit.group_name(group), names, user=actor_name(by))
    said = f"removed {', '.join(names)} from {group}"
    doing = f"remove {', '.join(names)} from {group}"
    return act(shell_of(ctx), "remove-members", action, said, names, doing=doing)


def dismiss_group(ctx: typer.Context, group: GroupArgument, by: ActorOption = "") -> int:
    """End a group for ever.

    Its name is never used again.
    """
    from imcli.cli.verbs import kit

    action = kit.actions.Dismiss(kit.group_name(group), user=actor_name(by))
    said, doing = f"dismissed {group}", f"dismiss {group} for ever"
    return act(shell_of(ctx), "dismiss-group", action, said, doing=doing)


def list_groups(ctx: typer.Context) -> int:
    """List the groups with their members.

    A live server names the groups that were created; one to which members were only ever added is
    not among them.
    """
    from imcli.cli.verbs import kit

    shell = shell_of(ctx)
    with kit.open_desk(shell) as desk:
        groups = desk.directory("groups").groups()
    rows = tuple(
        kit.Row(
            (row.group, ", ".join(row.members) or "-", "dismissed" if row.dismissed else "-"),
            {"group": row.group, "members": row.members, "dismissed": row.dismissed},
        )
        for row in groups
    )
    shell.show(kit.Table(("group", "members", "state"), rows, "there is no group"))
    return 0


def is_so(desk: Desk, action: GroupAction) -> bool:
    """Tell whether the server lists a group as an action has made it; true where it lists none."""
    from imcli.cli.verbs import kit

    if not desk.can_list:
        return True
    there = desk.directory("groups")
    match action:
        case kit.actions.CreateGroup(members=members) | kit.actions.AddMembers(members=members):
            return set(members) <= set(there.members(action.group))
        case kit.actions.RemoveMembers(members=members):
            return not set(members) & set(there.members(action.group))
        case _:
            rows = [row for row in there.groups() if row.group == action.group]
            return all(row.dismissed for row in rows)


def member_names(members: list[str]) -> tuple[str, ...]:
    """Check the names of members; each counts once."""
    from imcli.cli.verbs import kit

    return tuple(dict.fromkeys(kit.user_name(name) for name in members))


def actor_name(by: str) -> str:
    """Check who acts; "" is the back end."""
    from imcli.cli.verbs import kit

    return kit.user_name(by) if by else ""


def act(
    shell: Shell,
    name: str,
    action: GroupAction,
    said: str,
    members: tuple[str, ...] = (),
    *,
    doing: str = "",
) -> int:
    """Do one action on one group; `doing` phrases the question of a destructive one."""
    import msgspec

    from imcli.cli.verbs import kit

    if kit.dry_run(shell, action):
        return 0
    if doing and not kit.allowed(shell, kit.verb_place(shell), doing):
        return kit.declined(shell)
    people = (*members, *((action.user,) if action.user else ()))
    removes = isinstance(action, kit.actions.RemoveMembers)
    with kit.open_desk(shell, *people) as desk:
        if not isinstance(action, kit.actions.CreateGroup):
            desk.refuse_unknown(action.group, *(members if removes else ()))
        with desk.as_one():
            if not removes:
                desk.mentioned(members)
            if action.user:
                device = desk.actor(action.user)
                action = msgspec.structs.replace(action, device=device)
            desk.perform(action)
        desk.wait_until(lambda: is_so(desk, action), lambda: kit.BUSY)
        fields: list[tuple[str, object]] = [("group", action.group)]
        if members:
            fields.append(("members", members))
        return kit.done(desk, name, said, fields)
