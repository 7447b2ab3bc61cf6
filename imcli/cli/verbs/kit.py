"""What admin verbs work with, in one place: names, actions, the desk, what surrounds an act.

The files of verbs declare command lines and are read for every `--help` and every mistyped option;
this file brings the domain with it and is loaded when a verb is really called.
"""

from __future__ import annotations

from imcli.cli.tables import Row, Table
from imcli.cli.targets import state_path, verb_place
from imcli.cli.verbs.acts import allowed, declined, done, dry_run, print_calls
from imcli.cli.verbs.desk import FIRST_DEVICE, Desk, open_desk
from imcli.cli.verbs.names import chat_name, device_spec, group_name, user_name
from imcli.cli.verbs.waiting import (
    BUSY,
    Effect,
    entry_of,
    is_deleted,
    is_read,
    only_forward,
    shows,
    wait_for,
)
from imcli.cli.verbs.watching import shown
from imcli.model import actions
from imcli.model.entities import is_group

__all__ = [
    "BUSY",
    "FIRST_DEVICE",
    "Desk",
    "Effect",
    "Row",
    "Table",
    "actions",
    "allowed",
    "chat_name",
    "declined",
    "device_spec",
    "done",
    "dry_run",
    "entry_of",
    "group_name",
    "is_deleted",
    "is_group",
    "is_read",
    "only_forward",
    "open_desk",
    "print_calls",
    "shown",
    "shows",
    "state_path",
    "user_name",
    "verb_place",
    "wait_for",
]
