"""What a run made on a server that others use as well, and how it is taken away again.

WuKongIM can delete a conversation, dismiss a group and take somebody off a list. It has no call
that erases messages or forgets a user: those stay, and are named as leftovers.
"""

from __future__ import annotations

from imcli.model.actions import (
    Action,
    AddMembers,
    CreateGroup,
    Delete,
    Dismiss,
    MarkUnread,
    Read,
    Send,
    SetAccess,
    SetGroupFlag,
    SetMembers,
)
from imcli.model.entities import channel_key, group_key, is_group


class Made:
    """Remembers what was made, in order, each thing once."""

    def __init__(self) -> None:
        self._conversations: dict[tuple[str, str], None] = {}
        self._members: dict[str, dict[str, None]] = {}
        self._access: dict[tuple[str, str, str], SetAccess] = {}
        self._logs: dict[str, None] = {}

    def note(self, action: Action) -> None:
        """Note what an action makes, before it is asked: it may happen without an answer."""
        match action:
            case Send(user=user, chat=chat):
                self._note_send(user, chat)
            case Read(user=user, chat=chat) | MarkUnread(user=user, chat=chat):
                self._conversations[user, chat] = None
            case CreateGroup(group=group, members=members, user=user):
                self._note_members(group, (user, *members) if user else members)
            case (
                AddMembers(group=group, members=members) | SetMembers(group=group, members=members)
            ):
                self._note_members(group, members)
            case SetGroupFlag(group=group):
                self._note_members(group, ())
            case SetAccess(owner=owner, member=member, access=access):
                self._access[owner, member, access] = action
            case _:
                pass

    def _note_send(self, user: str, chat: str) -> None:
        self._logs[channel_key(user, chat)] = None
        if is_group(chat):
            self._note_members(chat, ())
            return
        self._conversations[user, chat] = None
        self._conversations[chat, user] = None

    def _note_members(self, group: str, members: tuple[str, ...]) -> None:
        known = self._members.setdefault(group_key(group), {})
        known.update(dict.fromkeys(members))

    def undoing(self) -> tuple[Action, ...]:
        """Give the actions that take it away: conversations first, the groups behind them last."""
        conversations = dict(self._conversations)
        for group, members in self._members.items():
            conversations |= dict.fromkeys((member, group) for member in members)
        taken_off = [
            SetAccess(a.owner, a.member, a.access, on=False) for a in self._access.values() if a.on
        ]
        return (
            *taken_off,
            *(Delete(user, "", chat) for user, chat in conversations),
            *(Dismiss(group) for group in self._members),
        )

    def staying(
        self, unstored: tuple[tuple[str, str], ...] = (), *, groups_return: bool = False
    ) -> tuple[str, ...]:
        """Name what no call can take away.

        Args:
            unstored: (user, chat) of conversations that the server has not been seen to store.
            groups_return: the next flush may undo a deletion in a group (2.1.3).
        """
        posted = {group: users for group, users in self._members.items() if group in self._logs}
        in_groups = [(user, group) for group, users in posted.items() for user in users]
        returning = (*unstored, *in_groups) if groups_return else unstored
        return (
            *(
                f"the messages of {log}: the server has no call that erases them"
                for log in self._logs
            ),
            *(
                f"{user}'s conversation with {chat}: deleted before the server stored it, it may "
                "be listed again then"
                for user, chat in returning
            ),
        )
