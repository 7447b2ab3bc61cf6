"""Scenarios on the embedded server: each case on a state file of its own, in virtual time.

Everything goes as in the simulator, whose world this is; only the tables are in a file. So the
whole corpus also judges the tables.
"""

from __future__ import annotations

import os
import tempfile

from imcli.model.actions import Action
from imcli.model.questions import Question, View
from imcli.simulator.profiles import Profile, as_profile, build_profile
from imcli.targets.base import Capability, Cast, Identity, OpenTarget, Outcome
from imcli.targets.durable import DurableServer
from imcli.targets.profiled import capabilities_of, identity_of
from imcli.targets.simulated import SimulatedTarget
from imcli.targets.sqlite_file import open_state_file


class EmbeddedCase:
    """One case on a state file of its own, in virtual time; the file goes with it.

    It has a simulated world and is none: whoever would put another server into that world, to watch
    it, would put it past the file.
    """

    __slots__ = ("_file", "_folder", "_server", "capabilities", "identity", "virtual", "world")

    def __init__(self, profile: Profile, identity: Identity, cast: Cast) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="imcli-")
        path = os.path.join(self._folder.name, "state.db")
        self._file = open_state_file(path, profile, default=profile)
        self._server = DurableServer(self._file)
        self.identity = identity
        self.world = SimulatedTarget(self._server, identity, cast)
        self.capabilities = self.world.capabilities
        self.virtual = True

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        """Do one action; when this returns, it is durable (see `Target.perform`)."""
        return self.world.perform(action, queue=queue)

    def observe(self, question: Question) -> View:
        """Look without changing anything, as far as looking does not change such a server."""
        with self._server.looking():
            return self.world.observe(question)

    def settle(self) -> None:
        """Let every delivery under way arrive."""
        self.world.settle()

    def advance(self, until_ms: int) -> bool:
        """Move to the next timer or expiry, at most to `until_ms`."""
        return self.world.advance(until_ms)

    def now(self) -> int:
        """Virtual time in milliseconds."""
        return self.world.now()

    def timers(self) -> tuple[str, ...]:
        """Name the timers that are still running."""
        return self.world.timers()

    def close(self) -> tuple[str, ...]:
        """Remove the file."""
        self._file.close()
        self._folder.cleanup()
        return ()


class EmbeddedOpener:
    """Opens worlds for cases, each over a temporary state file."""

    def __init__(self, name: str, profile: Profile) -> None:
        self.identity = identity_of("embedded", name, profile)
        self.capabilities = capabilities_of(profile)
        self.profile = profile

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> EmbeddedCase:
        """Open a world in which everybody of the cast is there and every device is online.

        Raises:
            InvalidInput: the case's profile names a switch or value that does not exist.
        """
        chosen = self.profile if profile is None else build_profile(profile)
        return EmbeddedCase(chosen, identity_of("embedded", self.identity.name, chosen), cast)

    def capabilities_with(self, profile: dict[str, object]) -> frozenset[Capability]:
        """Say what a world with a case's own profile can do."""
        return capabilities_of(build_profile(profile))


def open_embedded_case(
    profile: str | Profile = "reference", *, name: str = "embedded"
) -> OpenTarget:
    """Give an opener of worlds for cases, each over a temporary state file.

    Raises:
        InvalidInput: there is no such profile.
    """
    return EmbeddedOpener(name, as_profile(profile))
