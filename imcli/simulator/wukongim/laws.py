"""The laws of WuKongIM: its own table, and the keeping of conversations that a version has.

Most servers that are simulated are none, so this is loaded with the first one that is.
"""

from __future__ import annotations

from imcli.model import actions as act
from imcli.simulator import sessions
from imcli.simulator.conversations.base import Keeping
from imcli.simulator.conversations.marked_rows import MarkedRows
from imcli.simulator.conversations.rows import Rows
from imcli.simulator.laws import LAWS, Laws
from imcli.simulator.wukongim import groups, history, messages
from imcli.simulator.wukongim.traits import Traits

WUKONGIM_LAWS: Laws = {
    **LAWS,
    act.Kick: (sessions.kick_kind, ""),
    act.Send: (messages.send, "user"),
    act.Pull: (history.pull, "user"),
    act.CreateGroup: (groups.create_group, "user"),
    act.AddMembers: (groups.add_members, "user"),
    act.RemoveMembers: (groups.remove_members, "user"),
    act.SetMembers: (groups.set_members, "user"),
    act.Leave: (groups.leave, "user"),
    act.Dismiss: (groups.dismiss, "user"),
    act.SetAccess: (groups.set_access, "owner"),
    act.SetGroupFlag: (groups.set_group_flag, ""),
}
"""What WuKongIM does otherwise; the same of its versions read their `Traits`."""


def keeping_of(traits: Traits) -> Keeping:
    """Give the law of keeping that a version has."""
    return Rows(traits) if traits.keeping == "rows" else MarkedRows(traits)
