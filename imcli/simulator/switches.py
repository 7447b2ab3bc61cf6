"""The one table of switches: the values each may have, the default, and what each value means.

The reference does what the first value of a choice says. `Profile`, `show-profile`, the manual
(`docs/profiles.md`), the checks of a scenario's `profile` key and the notes of a failure follow it.
A sentence says what is decided; the words of a value say how.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from imcli.model.durations import DAY_MS

Kind = Literal["choice", "yes-no", "number", "duration"]


class Switch(NamedTuple):
    """One switch: its name, its kind, its default, a sentence, and its values with their words.

    `values` are in the order of the manual, the reference's first; a number or a duration has none.
    """

    name: str
    kind: Kind
    default: Any
    sentence: str
    words: tuple[tuple[str, str], ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """The values as a profile's file has them."""
        return ("true", "false") if self.kind == "yes-no" else tuple(v for v, _ in self.words)

    def meaning(self, value: object) -> str:
        """Say what is decided, and how by this value where it is one of a few.

        >>> SWITCH_BY_NAME["delete_scope"].meaning("one-way")
        'whose list a delete changes: that of whoever deletes, and no other'
        >>> SWITCH_BY_NAME["resend_count"].meaning(5)
        'how often a push is sent again at most'
        >>> SWITCH_BY_NAME["own_send_reads"].meaning(False)
        'an own message marks what came before it as read: no'
        """
        if self.kind == "yes-no":
            return f"{self.sentence}: {'yes' if value else 'no'}"
        words = dict(self.words).get(str(value))
        return f"{self.sentence}: {words}" if words else self.sentence


def _choice(name: str, sentence: str, *words: tuple[str, str]) -> Switch:
    return Switch(name, "choice", words[0][0], sentence, words)


SWITCHES: tuple[Switch, ...] = (
    _choice(
        "delete_kind",
        "what a delete leaves of the record",
        ("logical", "its marks, so that what was deleted stays deleted when messages come"),
        ("physical", "nothing; a later message makes a new one, with the whole history"),
    ),
    _choice(
        "delete_scope",
        "whose list a delete changes",
        ("one-way", "that of whoever deletes, and no other"),
        ("two-way", "in a person channel those of both"),
        ("asked", "that of whoever deletes, and with `for both` those of both"),
    ),
    _choice(
        "delete_history",
        "what a delete does to the history",
        ("hidden", "whoever deleted never sees it again"),
        ("kept", "nothing; only the list forgets the conversation"),
        ("erased", "as `hidden`, and what no member can see any more is dropped"),
    ),
    _choice(
        "delete_bound",
        "up to where a delete reaches",
        ("ordered", "up to the newest message when the server does it, or to `up to`"),
        ("named", "up to the message that it names; without `up to` it is refused"),
    ),
    _choice(
        "on_message_after_delete",
        "what a message that arrives in a deleted conversation does",
        ("reappear", "it lists the conversation again"),
        ("stay-hidden", "it is pushed and can be read, and lists nothing"),
        ("reject", "it is refused until the one who deleted writes; in a group it is `reappear`"),
        (
            "request",
            "it waits, neither pushed nor listed, until it is accepted or answered; in a group it "
            "is `reappear`",
        ),
    ),
    _choice(
        "on_own_send_after_delete",
        "what the user's own message in a deleted conversation does",
        ("reappear", "it lists the conversation again"),
        ("stay-hidden", "it lists nothing"),
    ),
    _choice(
        "sync_deletes",
        "how other devices learn of a delete",
        ("push-and-tombstone", "at once, and by a tombstone when they synchronise"),
        ("on-full-sync", "not before they synchronise from scratch"),
    ),
    _choice(
        "unread_counts",
        "what unread counts",
        ("visible-content", "content from others that is visible and not read"),
        ("sequence-difference", "sequence numbers from the read mark to the last, of any message"),
    ),
    Switch("total_counts_muted", "yes-no", True, "muted conversations count in the total"),
    Switch("own_send_reads", "yes-no", True, "an own message marks what came before it as read"),
    _choice(
        "mark_unread",
        "what marking as unread can do",
        ("any", "set any number, or a flag without one"),
        ("flag", "set a flag; a number is refused"),
        ("lower-only", "set a smaller number; without a number it is refused"),
    ),
    _choice(
        "clear_history",
        "whether clearing the history is a verb",
        ("separate", "it is, and keeps the entry"),
        ("absent", "it is refused"),
    ),
    _choice(
        "archive_on_message",
        "what a message does to an archived conversation",
        ("return", "it takes it out of the archive"),
        ("stay", "nothing"),
        ("stay-if-muted", "it takes it out, unless the conversation is muted"),
    ),
    _choice(
        "resend",
        "what the same client message number means",
        ("deduplicate", "the same message, stored once"),
        ("store-again", "nothing; the message is stored again"),
    ),
    _choice(
        "history_for_new_members",
        "what a new member can read",
        ("none", "what comes after joining"),
        ("all", "everything"),
    ),
    _choice(
        "rejoin_history",
        "what a member that comes back can read",
        ("since-join", "what comes after joining again"),
        ("all", "that, and what lies in earlier memberships"),
    ),
    _choice(
        "leave",
        "what the list shows of a group that was left",
        ("remove", "nothing"),
        ("keep-read-only", "the group with what came before, to be read only"),
    ),
    _choice(
        "block_feedback",
        "what a blocked sender is told",
        ("refuse", "that the message was refused"),
        ("pretend", "that it was accepted, though it is stored nowhere"),
    ),
    Switch(
        "person_allow_list", "yes-no", False, "only senders on the receiver's white list may write"
    ),
    _choice(
        "login_rule",
        "whether a login ends older ones of its kind",
        ("coexist", "it does not"),
        ("replace", "that of a master device does"),
    ),
    _choice(
        "list_order",
        "which time orders the list",
        ("last-message", "that of the newest visible message"),
        ("row-update", "that of the user's last change, else of the first message"),
    ),
    Switch("list_limit", "number", 0, "conversations a list answers at most; 0: all"),
    Switch("tombstone_retention", "duration", 30 * DAY_MS, "how long a delta can tell deletes"),
    Switch("resend_after", "duration", 5_000, "when an unacknowledged push is sent again"),
    Switch("resend_count", "number", 5, "how often a push is sent again at most"),
    Switch("resend_window", "duration", 7 * DAY_MS, "how long a resend is recognised"),
    Switch("flush_interval", "duration", 0, "when rows in memory are stored; 0: at once"),
    Switch("list_cache_ttl", "duration", 0, "how long a cached list lives; 0: no cache"),
)
SWITCH_BY_NAME: dict[str, Switch] = {switch.name: switch for switch in SWITCHES}

OF_THE_REFERENCE = frozenset(
    {
        "delete_kind",
        "delete_scope",
        "delete_history",
        "delete_bound",
        "on_message_after_delete",
        "on_own_send_after_delete",
        "sync_deletes",
        "unread_counts",
        "total_counts_muted",
        "own_send_reads",
        "mark_unread",
        "clear_history",
        "archive_on_message",
        "history_for_new_members",
        "rejoin_history",
        "leave",
        "list_order",
    }
)
"""What is decided where lists are derived from a log. A WuKongIM keeps rows in the way of its
version: there these switches say how that is, and are no choice."""
