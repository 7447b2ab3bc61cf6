"""What differs between the versions of WuKongIM, as data.

One row per version, one column per law that differs (the matrix of WuKongIM's code at the tags
v2.1.3-20250210 to v2.2.5-20260422). The laws themselves read a trait, never a version.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.simulator.profiles import Profile


class Traits(msgspec.Struct, frozen=True):
    """The laws of one version.

    Attributes:
        keeping: rows that a delete removes, or rows with a delete mark.
        person_rows: which messages make rows of a person channel: the version's own law of
            updates, none at all (A5), or the one with sequence number 1.
        own_check: which message of a list's window is looked at for "sent by myself" (A9).
        own_marks: the sender's own newest message counts as read, which repairs A10.
        list_cache: none, one that misses inserted rows (A2), or one that has them.
        add_reads: adding a member marks the group as read for whoever is named, or only for new
            members (A23).
        remove_deletes_rows: `subscriber_remove` takes the row away, or leaves it (A27).
        deny_deletes_rows: `blacklist_add` takes the row away (H11).
        undeny: what `blacklist_remove` does to the row (A26).
        allow_rows: `whitelist_add` of a person makes a row for whoever is named.
        group_allow_list: never asked, asked when it is not empty, or also after its last entry
            was removed until it is set again.
        kicked_socket: whether the server closes the socket of a device that was kicked.
        pages: a list can be asked for page by page (A17).
        by_channel: there is `syncByChannels` (A16).
        later_routes: there are the routes that came with 2.2.5, and `max_message_seq` takes a peer.
        excludes: a list can leave types of channels out.
        streams: messages are written with the fields of the older streams.
        command_rows: a row of commands that is read to its end is deleted and comes back with
            R = 0 (A36), or kept.
        send_ban: this flag of a group does not exist, stops everybody, or stops nobody (A29).
        blank_member: an empty id among new members is skipped, ends the process (A21), or is an
            error after the members were stored.
    """

    keeping: Literal["rows", "marked-rows"]
    person_rows: Literal["updates", "never", "first"]
    own_check: Literal["none", "oldest", "newest"]
    own_marks: bool = False
    list_cache: Literal["none", "misses-inserts", "full"] = "none"
    add_reads: Literal["new", "named"] = "new"
    remove_deletes_rows: bool = True
    deny_deletes_rows: bool = False
    undeny: Literal["nothing", "delete", "insert"] = "nothing"
    allow_rows: bool = True
    group_allow_list: Literal["off", "when-filled", "sticky"] = "when-filled"
    kicked_socket: Literal["closed", "left-open"] = "closed"
    pages: bool = False
    by_channel: bool = False
    later_routes: bool = False
    excludes: bool = False
    streams: bool = True
    command_rows: Literal["deleted", "kept"] = "deleted"
    send_ban: Literal["unknown", "stops", "ignored"] = "unknown"
    blank_member: Literal["skipped", "fatal", "refused"] = "skipped"


TRAITS: dict[tuple[int, ...], Traits] = {
    (2, 1, 3): Traits(
        "rows",
        "updates",
        "none",
        remove_deletes_rows=False,
        allow_rows=False,
        group_allow_list="off",
    ),
    (2, 1, 4): Traits("marked-rows", "never", "oldest", undeny="delete"),
    (2, 1, 5): Traits("marked-rows", "first", "oldest", undeny="delete"),
    (2, 2, 0): Traits(
        "marked-rows",
        "first",
        "oldest",
        list_cache="misses-inserts",
        add_reads="named",
        deny_deletes_rows=True,
        undeny="insert",
        group_allow_list="sticky",
        excludes=True,
        send_ban="stops",
        blank_member="fatal",
    ),
    (2, 2, 5): Traits(
        "marked-rows",
        "first",
        "newest",
        own_marks=True,
        list_cache="full",
        add_reads="named",
        deny_deletes_rows=True,
        undeny="insert",
        group_allow_list="sticky",
        kicked_socket="left-open",
        pages=True,
        by_channel=True,
        later_routes=True,
        excludes=True,
        streams=False,
        command_rows="kept",
        send_ban="ignored",
        blank_member="refused",
    ),
}


def traits_of(profile: Profile) -> Traits | None:
    """Give the laws of the version that a profile is of; None: it is no known one of WuKongIM."""
    return TRAITS.get(profile.version) if profile.product == "wukongim" else None
