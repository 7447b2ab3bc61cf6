"""Where actions go: the narrow waist between the harness and any server.

A target is one world for one case: `open_target(cast)` makes it, `close` ends it. It is
synchronous. The harness knows this file and no other of its room.

A target in which a user's list is answered the same to every device of the user, and stays as it is
for being asked, may say so by `answers_alike = True`; then whoever asks for all asks for one.

Time: `now()` is in milliseconds. In a virtual world it moves only by `Wait` actions, by link
delays during `settle`, and by `advance`; in a real world it is a monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from imcli.model.actions import Action
from imcli.model.entities import DeviceKind, DeviceLevel, DeviceSpec
from imcli.model.events import Event
from imcli.model.questions import Question, SessionState, View

Capability = Literal[
    "sessions",  # devices hold connections of their own: SEND, acks, pushes, presence
    "flush",  # the store can be made to write, or be watched until it has
    "restart",
    "crash",
    "faults",  # link faults
    "clocks",
    "time",  # virtual: waits cost nothing
    "stored-record",  # `Kept` can be answered
    "stored-marks",  # and tells up to where a conversation was deleted
    "settings",  # pins, mutes, archives, message requests
    "clear",  # clear history as a verb of its own
    "partial-read",  # reads up to a message
    "bounded-delete",  # deletes up to a message
    "two-way-delete",  # deletes for both
    "unread-flag",  # marks unread without a number
    "group-mute",  # silences a whole group
    "notices",  # messages that are shown and never counted
    "by-channel",  # lists of named conversations
    "raw-requests",
]

ALL_CAPABILITIES: tuple[Capability, ...] = (
    "sessions",
    "flush",
    "restart",
    "crash",
    "faults",
    "clocks",
    "time",
    "stored-record",
    "stored-marks",
    "settings",
    "clear",
    "partial-read",
    "bounded-delete",
    "two-way-delete",
    "unread-flag",
    "group-mute",
    "notices",
    "by-channel",
    "raw-requests",
)


class Cast(msgspec.Struct, frozen=True):
    """Who takes part: users with their devices in file order, real ids, and first groups."""

    users: tuple[tuple[str, tuple[DeviceSpec, ...]], ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ids: tuple[tuple[str, str], ...] = ()


class Identity(msgspec.Struct, frozen=True):
    """What a target is, for `known_failing` and for reports.

    `name` is what the user wrote (`sim:wukongim-2.1.3`). `product` is `"wukongim"` or
    `"reference"` (every other profile) and `version` its numbers, `()` where unknown. `build` is
    what a real server says of itself, word for word (`v2.2.5-20260422, commit a888f8953`).
    """

    name: str
    kind: Literal["sim", "embedded", "live"]
    product: str
    version: tuple[int, ...] = ()
    profile: str = ""
    build: str = ""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What the one who asked learned, and everything that was seen to happen.

    `ok`: an answer came. `refused`: a definite no, with a name of `REASONS`. `unknown`: no answer
    came, it may or may not have happened. `offline`: the device had no session and nothing was
    asked; with `queue=True` the action then waits in the device's outbox and the result is
    `unknown`.
    """

    result: Literal["ok", "refused", "unknown", "offline"]
    reason: str = ""
    detail: str = ""
    events: tuple[Event, ...] = ()


class Target(Protocol):
    """One world for one case."""

    identity: Identity
    capabilities: frozenset[Capability]
    virtual: bool

    def perform(self, action: Action, *, queue: bool = False) -> Outcome:
        """Do one action. Never raises for what a server may answer.

        `Connect` includes what a client does on connecting: its outbox is sent, in order, and it
        synchronises once. `Synchronise` from a scenario leaves `cursor` and `seqs` empty and the
        target fills in what the device has, unless `from_scratch` is meant (`cursor == -1`).

        Raises:
            TargetUnavailable: the server is gone; the case cannot go on.
        """

    def observe(self, question: Question) -> View:
        """Look without changing anything (see `questions.py`)."""

    def settle(self) -> None:
        """Wait until every delivery and answer under way is done; timers are not awaited."""

    def advance(self, until_ms: int) -> bool:
        """Move to the next moment at which an answer may have changed, at most to `until_ms`.

        Returns False when `until_ms` has come; then nothing more is to be waited for.
        """

    def now(self) -> int:
        """Time in milliseconds."""

    def timers(self) -> tuple[str, ...]:
        """Name the timers that are still running (a resend, a flush), for the reports."""

    def close(self) -> tuple[str, ...]:
        """End the world and remove what it made; returns what could not be removed."""


def fork_method(target: Target) -> Callable[[], Target] | None:
    """The optional `fork() -> Target` of virtual targets: an independent copy of the world."""
    return getattr(target, "fork", None) if target.virtual else None


class OpenTarget(Protocol):
    """Makes a world for a case; `profile` is the case's own (a name, or switches over one)."""

    identity: Identity
    capabilities: frozenset[Capability]

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> Target:
        """Open a world in which everybody of the cast is there and every device is online."""


@runtime_checkable
class OwnProfiles(Protocol):
    """An opener whose worlds have a case's own profile, where it has one."""

    def capabilities_with(self, profile: dict[str, object]) -> frozenset[Capability]:
        """Say what a world with such a profile can do.

        Raises:
            InvalidInput: the profile names a switch or value that does not exist.
        """


@runtime_checkable
class AtOnce(Target, Protocol):
    """A target in which several things can be begun at the same time, from threads of its own."""

    def at_once(self, branches: Sequence[Callable[[], None]]) -> None:
        """Call each of these in a thread of its own, and return when all are over.

        Raises:
            BaseException: what the first of those raised that raised something.
        """


@runtime_checkable
class Shared(Protocol):
    """An opener whose worlds share something: connections to a real server."""

    def interrupt(self) -> None:
        """End every wait in every world with `KeyboardInterrupt`; from any thread."""

    def close(self) -> None:
        """Let go of what is shared; all worlds are closed."""


class DeviceRow(msgspec.Struct, frozen=True):
    """One device of one user, and what became of its session."""

    user: str
    device: str
    kind: DeviceKind
    level: DeviceLevel
    state: SessionState


class GroupRow(msgspec.Struct, frozen=True):
    """One group (`"#team"`) and its present members, in the order in which they came."""

    group: str
    members: tuple[str, ...]
    dismissed: bool = False


@runtime_checkable
class Directory(Protocol):
    """Who and what is there, for administrators.

    A target that can say it (the embedded server) has these methods beside those of `Target`; of a
    live server something else has them (`live/directory.py`). The commands that list devices,
    sessions and groups need them.
    """

    def users(self) -> tuple[str, ...]:
        """Name every user, in order of name."""

    def devices(self, user: str) -> tuple[DeviceRow, ...]:
        """List a user's devices in the order in which they were added; none: unknown user."""

    def sessions(self, user: str = "") -> tuple[DeviceRow, ...]:
        """List the devices that are online, of one user or of everybody."""

    def groups(self) -> tuple[GroupRow, ...]:
        """List every group, in order of name."""

    def members(self, group: str) -> tuple[str, ...]:
        """Name the present members of a group; none for an unknown one."""
