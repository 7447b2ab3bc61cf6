"""Whether what a state file holds fits together.

A database can be whole for SQLite and not for us: a byte that changed in a name makes a record of a
channel that is not there. That shows as an error far from its cause. Whoever meets an error that
could come from there asks here, which reads the whole file, before it calls it a defect of ours.
"""

from __future__ import annotations

import sqlite3

import msgspec

from imcli.simulator.profiles import Profile
from imcli.simulator.state import State
from imcli.simulator.wukongim.traits import traits_of
from imcli.targets.sqlite_state import DurableState

UNREADABLE = (sqlite3.Error, msgspec.MsgspecError, UnicodeDecodeError)
"""What a damaged file raises by itself."""
DOUBTFUL = (LookupError, TypeError, ValueError, AttributeError, AssertionError)
"""What it may raise later, as a mistake of ours would."""


def misfit(db: sqlite3.Connection, profile: Profile) -> str:
    """Say what in a state file does not fit together; "" where everything does."""
    try:
        return _misfit(DurableState(db, profile).fork())
    except (*UNREADABLE, *DOUBTFUL) as error:
        return f"{type(error).__name__}: {error}"


def _misfit(state: State) -> str:
    for user, records in state.records.items():
        for key in (user,) if user not in state.users else records:
            if key not in state.channels:
                return f"{user} has a record of {key}, which is not there"
    for key, channel in state.channels.items():
        if key not in state.logs:
            return f"{key} has no log"
        lacks = traits_of(state.profile) is None and state.logs[key].last > 0
        for user in channel.members:
            if user not in state.users:
                return f"{user} is a member of {key}, and not there"
            if lacks and state.record(user, key) is None:
                return f"{user} has no record of {key}"
    return ""
