"""A durable server that stays: one process over a state file, one commit for what came together.

`open_store` gives the server, and what its shell calls at the end of a turn. The file is that of
the embedded server, with the same tables, the same care and the same profile for ever; commands of
this program can use it before and after, and are told that it is in use meanwhile (`file_claim`).

Between two commits there is a transaction under way. Answers that were made in it must not leave
before `commit` has returned; then a kill or a loss of power takes nothing away from anybody. What
the process had only in memory is another matter: when it comes up again, the server has stopped in
good order if it was closed, or else it has crashed, and keeps what its profile keeps of that.
"""

from __future__ import annotations

from types import TracebackType

from imcli.model.actions import Action
from imcli.model.errors import TargetUnavailable
from imcli.model.events import Event
from imcli.simulator.process import end_process
from imcli.simulator.profiles import REFERENCE, Profile
from imcli.simulator.server import Server
from imcli.targets.file_claim import Claim, claim
from imcli.targets.sqlite_file import StateFile, open_state_file, unavailable
from imcli.targets.sqlite_sound import UNREADABLE
from imcli.targets.sqlite_turns import REMEMBERED_MAX, TurnState

RUNNING = "running"
"""A row of `meta` while a server stays: who finds it there after a kill knows of the crash."""


class Care:
    """Says in one sentence what is wrong with a file, and does not forget it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.broken: TargetUnavailable | None = None

    def __enter__(self) -> None:
        """Begin something that reads or writes.

        Raises:
            TargetUnavailable: something went wrong before.
        """
        if self.broken is not None:
            raise self.broken

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UNREADABLE):
            self.broken = unavailable(self._path, error)
            raise self.broken from error


class StoreServer(Server):
    """The simulated server of a store: what goes wrong with the file is a `TargetUnavailable`."""

    __slots__ = ("_care",)

    def __init__(self, profile: Profile, state: TurnState, care: Care) -> None:
        super().__init__(profile, state)
        self._care = care

    def apply(self, action: Action) -> list[Event]:
        """Do one action and give everything it caused, in order."""
        with self._care:
            return super().apply(action)

    def settle(self) -> list[Event]:
        """Let every delivery under way arrive."""
        with self._care:
            return super().settle()

    def advance_to(self, until_ms: int) -> list[Event]:
        """Move the clock to a time, letting timers act on the way."""
        with self._care:
            return super().advance_to(until_ms)


class Store:
    """One durable server. Not thread-safe; close it, or use it as a context.

    Attributes:
        server: the simulated server; its state is in the file.
        crashed: the last server on this file did not end in good order.
    """

    def __init__(self, file: StateFile, claimed: Claim, remembered_max: int) -> None:
        self._file = file
        self._claim = claimed
        self._remembered_max = remembered_max
        self._db = file.database
        self._care = Care(file.path)
        with self._care:
            self._begin()
            file.fix_profile()
            self._state = TurnState(self._db, file.profile)
            self.server: Server = StoreServer(file.profile, self._state, self._care)
            self.crashed = self._come_up()
        self.commit()

    def _begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def _come_up(self) -> bool:
        """Bring the server up as one that stopped or crashed; gives which."""
        crashed = bool(self._db.execute("SELECT 1 FROM meta WHERE name = ?", (RUNNING,)).fetchone())
        if self._state.order:
            people = self._state.people()
            end_process(self._state, self.server.keeping, people, crashed=crashed)
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (RUNNING, b"1"))
        return crashed

    def commit(self, *, time_matters: bool = True) -> None:
        """Make durable what happened since the last commit. Nothing happened: nothing is done.

        Args:
            time_matters: that time has passed is worth a commit of its own.

        Raises:
            TargetUnavailable: it cannot be written; the server must not go on.
        """
        if self._care.broken is None and not self._state.changed(time_matters=time_matters):
            return
        with self._care:
            self._state.save()
            self._db.execute("COMMIT")
            self._begin()
        if self._state.remembered > self._remembered_max:
            self._state.let_go()

    def close(self) -> None:
        """End in good order: commit, and let others have the file. Idempotent.

        Raises:
            TargetUnavailable: it cannot be written.
        """
        if self._claim.released:
            return
        try:
            with self._care:
                self._state.save()
                self._db.execute("DELETE FROM meta WHERE name = ?", (RUNNING,))
                self._db.execute("COMMIT")
        finally:
            self._file.close()
            self._claim.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_store(
    path: str,
    profile: Profile | None = None,
    *,
    default: Profile = REFERENCE,
    remembered_max: int = REMEMBERED_MAX,
) -> Store:
    """Open a state file for a server that stays; make it where there is none.

    Args:
        path: the state file.
        profile: the profile of a new file; of an existing one, which must be the same. None: the
            file's own.
        default: the profile of a new file where none was asked for.
        remembered_max: how many values stay in memory between commits.

    Raises:
        TargetUnavailable: it is no state file of imcli's, cannot be read or written, or another
            server has it.
        UsageError: the file was made with another profile.
    """
    file = open_state_file(path, profile, default=default)
    try:
        claimed = claim(path)
    except BaseException:
        file.close()
        raise
    try:
        return Store(file, claimed, remembered_max)
    except BaseException:
        file.close()
        claimed.release()
        raise
