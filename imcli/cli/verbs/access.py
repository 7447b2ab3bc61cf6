"""The black and white lists of users and groups: four verbs over one action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imcli.cli.shell import Shell, shell_of

if TYPE_CHECKING:
    from imcli.cli.verbs.kit import Desk
    from imcli.model.actions import AccessList, SetAccess

OwnerArgument = Annotated[
    str,
    typer.Argument(metavar="OWNER", help="Whose list it is: a user, or a group as '#name'."),
]
MemberArgument = Annotated[str, typer.Argument(metavar="USER", help="The user on the list.")]

SAID: dict[tuple[AccessList, bool], tuple[str, str]] = {
    ("block", True): ("block", "put {member} on the black list of {owner}"),
    ("block", False): ("unblock", "took {member} off the black list of {owner}"),
    ("allow", True): ("allow", "put {member} on the white list of {owner}"),
    ("allow", False): ("disallow", "took {member} off the white list of {owner}"),
}


def block(ctx: typer.Context, owner: OwnerArgument, member: MemberArgument) -> int:
    """Put a user on the black list of a user or a group."""
    return act(shell_of(ctx), owner, member, "block", True)


def unblock(ctx: typer.Context, owner: OwnerArgument, member: MemberArgument) -> int:
    """Take a user off a black list."""
    return act(shell_of(ctx), owner, member, "block", False)


def allow(ctx: typer.Context, owner: OwnerArgument, member: MemberArgument) -> int:
    """Put a user on the white list of a user or a group.

    Whether a white list keeps others out is up to the profile (person_allow_list).
    """
    return act(shell_of(ctx), owner, member, "allow", True)


def disallow(ctx: typer.Context, owner: OwnerArgument, member: MemberArgument) -> int:
    """Take a user off a white list."""
    return act(shell_of(ctx), owner, member, "allow", False)


def is_so(desk: Desk, action: SetAccess) -> bool:
    """Tell whether the list of a live server is as an action has made it; elsewhere it is."""
    if not desk.live:
        return True
    there = desk.administration.listed(action.owner, action.access)
    return (action.member in there) == action.on


def destroys(owner: str, member: str, access: AccessList, on: bool) -> str:
    """Phrase the question of a change that may take something away; "" where none can.

    Whoever is put on a black list is cut off, and WuKongIM takes the group out of their list; up to
    2.1.5 it does so when they come off it, too. The first one on a group's white list shuts out
    everybody else.
    """
    group = owner[:1] == "#"
    match access, on:
        case "block", True:
            return f"put {member} on the black list of {owner}"
        case "block", False:
            return f"take {member} off the black list of {owner}" if group else ""
        case "allow", True:
            return f"put {member} on the white list of {owner}" if group else ""
        case _:
            return f"take {member} off the white list of {owner}"


def act(shell: Shell, owner: str, member: str, access: AccessList, on: bool) -> int:
    """Change one list."""
    from imcli.cli.verbs import kit

    owner, member = kit.chat_name(owner), kit.user_name(member)
    action = kit.actions.SetAccess(owner, member, access, on)
    if kit.dry_run(shell, action):
        return 0
    people = (member,) if kit.is_group(owner) else (owner, member)
    name, sentence = SAID[access, on]
    doing = destroys(owner, member, access, on)
    if doing and not kit.allowed(shell, kit.verb_place(shell), doing):
        return kit.declined(shell)
    with kit.open_desk(shell, *people) as desk:
        with desk.as_one():
            desk.mentioned(people)
            desk.perform(action)
        desk.wait_until(lambda: is_so(desk, action), lambda: kit.BUSY)
        said = sentence.format(owner=owner, member=member)
        return kit.done(desk, name, said, (("owner", owner), ("user", member)))
