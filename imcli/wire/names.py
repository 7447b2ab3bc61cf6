"""Names of the harness and ids of a real server, translated in one place.

In a scenario `A` is a user and `#team` a group. On a server that others use as well they need ids
that nobody else has, so every name gets a prefix of its own run; ids that a file states are used as
they stand. Admin verbs use an empty prefix: there a name *is* the id.

What a server answers is translated back. An id that belongs to nobody of the run stays as it is, so
that a foreign conversation is shown and never mistaken for one of ours.
"""

from __future__ import annotations

import zlib

import msgspec

from imcli.model.entities import GROUP, PERSON


class Names(msgspec.Struct, frozen=True):
    """Which id stands for which name: `ids` first, else `prefix` and the name.

    `ids` is keyed by what the harness writes: `"A"` for a user, `"#team"` for a group. `texts` are
    what was said beside a payload, which has no room for it, by (sender, client message number).
    """

    prefix: str = ""
    ids: dict[str, str] = {}
    texts: dict[tuple[str, str], str] = {}

    def user_id(self, user: str) -> str:
        """Give the uid of a user."""
        return self.ids.get(user) or self.prefix + user

    def group_id(self, group: str) -> str:
        """Give the channel id of a group, named with or without its `#`."""
        bare = group.removeprefix("#")
        return self.ids.get("#" + bare) or self.prefix + bare

    def address(self, chat: str) -> tuple[str, int]:
        """Give channel id and channel type of a chat, as its user names it."""
        if chat[:1] == "#":
            return self.group_id(chat), GROUP
        return self.user_id(chat), PERSON

    def user_name(self, uid: str) -> str:
        """Name a uid; one that is not of this run is its own name."""
        for name, real in self.ids.items():
            if real == uid and name[:1] != "#":
                return name
        return self._without_prefix(uid)

    def chat_name(self, channel_id: str, channel_type: int) -> str:
        """Name a channel as a user's list does. Types other than person and group keep theirs."""
        if channel_type == PERSON:
            return self.user_name(channel_id)
        for name, real in self.ids.items():
            if real == channel_id and name[:1] == "#":
                return name
        bare = self._without_prefix(channel_id)
        return f"#{bare}" if channel_type == GROUP else f"#{bare}:{channel_type}"

    def said(self, sender: str, number: str, text: str) -> str:
        """Give the text of a message: what stands in it, else what was said beside it."""
        return text or self.texts.get((sender, number), "")

    def _without_prefix(self, real: str) -> str:
        return real[len(self.prefix) :] if self.prefix and real.startswith(self.prefix) else real


def collide(uids: tuple[str, ...]) -> bool:
    """Tell whether two uids have one CRC: their chat would fall into two halves.

    >>> collide(("plumless", "buckeroo")), collide(("A", "B"))
    (True, False)
    """
    return len({zlib.crc32(uid.encode()) for uid in uids}) < len(set(uids))
