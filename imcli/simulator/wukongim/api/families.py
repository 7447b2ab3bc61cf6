"""Which family of profiles a server is of."""

from __future__ import annotations

from imcli.simulator.conversations.row_keeping import RowKeeping
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api.derived_family import DerivedFamily
from imcli.simulator.wukongim.api.family import Family
from imcli.simulator.wukongim.api.row_family import RowFamily


def family_of(server: Server) -> Family:
    """Give the family of a server's profile."""
    keeping = server.keeping
    return RowFamily(keeping) if isinstance(keeping, RowKeeping) else DerivedFamily()
