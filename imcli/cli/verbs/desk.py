"""One server, opened for one admin verb: act through a device, look, and fail in clear words.

On the embedded server and on a simulated one every act is some device's. A user who is mentioned
for the first time gets a device `phone`, and a device that is offline connects before it acts. A
live server is spoken to as its back end: no device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from imcli.cli.profile_files import profile_of
from imcli.cli.targets import Place, state_path, token_for, verb_place
from imcli.cli.verbs.names import device_spec
from imcli.model import actions
from imcli.model.entities import is_group
from imcli.model.errors import CouldNotTell, RefusedByServer, UsageError
from imcli.model.reasons import REASON_BY_NAME
from imcli.targets.base import Cast, DeviceRow, Directory

if TYPE_CHECKING:
    from imcli.cli.shell import Shell
    from imcli.model.events import HistoryPage
    from imcli.model.questions import Question, View
    from imcli.targets.base import Outcome, Target
    from imcli.targets.live.directory import LiveDirectory

WAIT_MS = 10_000
STORED_MS = 12_000
"""For a message to be in the log of a live server, whose proposals may hang for five seconds."""
FIRST_DEVICE = "phone"
OTHER_PROFILE = (
    "another profile may do it (`imcli list-profiles`); a new state file takes one: "
    "--state FILE --profile NAME"
)


class Desk:
    """The server of one verb."""

    def __init__(self, shell: Shell, place: Place, target: Target) -> None:
        self.shell = shell
        self.place = place
        self.target = target

    @property
    def live(self) -> bool:
        """Whether it is a real server, which is spoken to without devices."""
        return self.place.kind == "live"

    # Who

    def directory(self, what: str) -> Directory:
        """The part of the server that can list; raises where there is none."""
        if isinstance(self.target, Directory):
            return self.target
        if self.live:
            return self.administration
        raise UsageError(
            f"this target cannot list {what}", hint="the embedded server can: --target embedded"
        )

    @property
    def can_list(self) -> bool:
        """Whether there is somebody to ask who and what is there."""
        return self.live or isinstance(self.target, Directory)

    @property
    def administration(self) -> LiveDirectory:
        """Who and what is there on a live server, and how users come about there."""
        from imcli.targets.live import LiveTarget
        from imcli.targets.live.directory import LiveDirectory

        assert isinstance(self.target, LiveTarget), "only live servers have one"
        return LiveDirectory(self.target.ask)

    def devices(self, user: str) -> tuple[DeviceRow, ...]:
        """A user's devices, as far as the server can say; none for an unknown user."""
        return self.target.devices(user) if isinstance(self.target, Directory) else ()

    def known(self, user: str) -> str:
        """Insist that a user exists, where the server can say so.

        Raises:
            UsageError: there is no such user; the nearest is named.
        """
        if self.place.kind == "embedded" and not self.devices(user):
            from imcli.cli.suggest import did_you_mean

            everybody = self.directory("users").users()
            if user in everybody:  # whom only a served file knows has no device yet
                return user
            made = f"users are made by `imcli send` or `imcli create-user {user}`"
            if not everybody:  # perhaps another file was meant
                made = f"nobody is in {state_path(self.shell)} yet: {made}"
            raise UsageError(
                f"there is no user {user!r} on the embedded server",
                hint=did_you_mean(user, everybody) or made,
            )
        return user

    def known_pair(self, user: str, chat: str) -> None:
        """Insist that a user exists, and the other side of the user's conversation."""
        self.known(user)
        self.known_chat(chat)

    def known_chat(self, chat: str) -> str:
        """Insist that the other side of a conversation exists, where the server can say so.

        Raises:
            UsageError: there is no such user or group; the nearest is named.
        """
        if not is_group(chat) or self.place.kind != "embedded":
            return self.known(chat)
        directory = self.directory("groups")
        if directory.members(chat):
            return chat
        groups = [row.group for row in directory.groups()]
        if chat in groups:  # nobody is left in it
            return chat
        from imcli.cli.suggest import did_you_mean

        raise UsageError(
            f"there is no group {chat!r} on the embedded server",
            hint=did_you_mean(chat, groups) or "groups are made by `imcli create-group`",
        )

    def refuse_unknown(self, *chats: str) -> None:
        """Refuse what the server would refuse, before anybody is made; name the nearest.

        Raises:
            RefusedByServer: there is no such user or group.
        """
        try:
            for chat in chats:
                self.known_chat(chat)
        except UsageError as error:
            raise RefusedByServer(f"the server refuses: {error.message}", hint=error.hint) from None

    def actor(self, user: str, device: str = "") -> str:
        """Make sure that a user is there with a device that is online; name that device."""
        if self.live:
            return device
        rows = self.devices(user)
        chosen = self.chosen(rows, device)
        if chosen is None:
            spec = device_spec(device or FIRST_DEVICE)
            self.perform(actions.CreateUser(user))
            self.perform(actions.AddDevice(user, spec.name, spec.kind, spec.level))
            self.perform(actions.Connect(user, spec.name))
            return spec.name
        if chosen.state != "online":
            self.perform(actions.Connect(user, chosen.device))
        return chosen.device

    def chosen(self, rows: tuple[DeviceRow, ...], device: str) -> DeviceRow | None:
        """The device that was named, or the first; None where there is none yet."""
        if not device:
            return rows[0] if rows else None
        name = device.partition(":")[0]
        found = next((row for row in rows if row.device == name), None)
        if found is not None and name != device:
            refuse_other_kind(found, device)
        return found

    def mentioned(self, users: Iterable[str]) -> None:
        """Make sure that users exist who are only spoken of."""
        for user in users:
            if not self.live and not self.devices(user):
                self.actor(user)

    def viewers(self, user: str, device: str, all_devices: bool) -> tuple[str, ...]:
        """The devices whose view is wanted.

        Raises:
            UsageError: the user has no such device.
        """
        if self.place.kind != "embedded":
            return (device or ("" if self.live else FIRST_DEVICE),)
        rows = self.devices(self.known(user))
        if not rows and not device:  # nobody's device: as the user's back end sees it
            return ("",)
        if all_devices:
            return tuple(row.device for row in rows)
        chosen = self.chosen(rows, device)
        if chosen is None:
            from imcli.cli.suggest import did_you_mean

            names = [row.device for row in rows]
            hint = did_you_mean(device, names) or f"{user} has {', '.join(names)}"
            raise UsageError(f"{user} has no device {device!r}", hint=hint)
        return (chosen.device,)

    # Acting and looking

    def as_one(self) -> AbstractContextManager[None]:
        """Let who is made for an action go with it: where it is refused, nobody was made.

        Elsewhere than on a state file that is the same: there a verb's own world ends with it, and
        a live server is asked for nobody.
        """
        if self.place.kind != "embedded":
            return nullcontext()
        from imcli.targets.embedded import EmbeddedTarget

        assert isinstance(self.target, EmbeddedTarget), "there is no other"
        return self.target.together()

    def perform(self, action: actions.Action, *, what: str = "") -> Outcome:
        """Do one action.

        Raises:
            RefusedByServer: a definite no.
            CouldNotTell: no answer came.
        """
        outcome = self.target.perform(action)
        match outcome.result:
            case "ok":
                return outcome
            case "refused":
                raise refusal(outcome, what, "" if self.live else OTHER_PROFILE)
            case _ if isinstance(action, actions.Pull):  # to look does nothing
                raise CouldNotTell(outcome.detail or "no answer came")
            case _:
                raise CouldNotTell(
                    f"could not tell whether it was done: {outcome.detail or 'no answer came'}",
                    hint="it may or may not have been: look before you do it again",
                )

    def page(self, pull: actions.Pull) -> HistoryPage | None:
        """Look at a page of history; None where the server answers with none.

        To look wants no session: where the device is offline, its user's back end looks, and the
        device stays as it is.
        """
        from imcli.model.events import HistoryPage

        rows = self.devices(pull.user) if pull.device and not self.live else ()
        chosen = self.chosen(rows, pull.device)
        if chosen is not None and chosen.state != "online":
            pull = structs.replace(pull, device="")
        outcome = self.perform(pull)
        return next((e for e in outcome.events if isinstance(e, HistoryPage)), None)

    def observe(self, question: Question) -> View:
        """Look without changing anything."""
        return self.target.observe(question)

    def wait_until(self, visible: Callable[[], bool], why_not: Callable[[], str]) -> None:
        """With `--wait`: return when the effect is visible.

        Raises:
            CouldNotTell: it was not, in ten seconds; `why_not` says what stands in the way.
        """
        if not self.shell.options.wait:
            return
        until = self.target.now() + WAIT_MS
        while not visible():
            if not self.target.advance(until):
                raise CouldNotTell(
                    f"done, but not visible after {WAIT_MS // 1000} s", hint=why_not()
                )


def refuse_other_kind(row: DeviceRow, written: str) -> None:
    """Refuse `kiosk:pc` where the user's kiosk is a browser: it is not the device that was meant.

    Raises:
        UsageError: saying what the device is; or what was written is no device.
    """
    spec = device_spec(written)
    if spec.kind != row.kind or (written.count(":") > 1 and spec.level != row.level):
        raise UsageError(
            f"{row.user}'s device {row.device} is no {written.partition(':')[2]}",
            hint=f"it is {row.device}:{row.kind}:{row.level}; {row.device} alone names it",
        )


def refusal(outcome: Outcome, what: str, where_unsupported: str = "") -> RefusedByServer:
    """Phrase a refusal: whose it is, why, and the name of the reason."""
    hint = where_unsupported if outcome.reason == "unsupported" else ""
    reason = REASON_BY_NAME.get(outcome.reason)
    why = outcome.detail or (reason.sentence if reason else outcome.reason)
    before = f"{what}; " if what else ""
    return RefusedByServer(f"{before}the server refused: {why} ({outcome.reason})", hint=hint)


@contextmanager
def open_desk(shell: Shell, *users: str) -> Iterator[Desk]:
    """Open the server of a verb; `users` are there from the start on a simulated one."""
    place = verb_place(shell)
    target = open_for_verb(shell, place, users)
    desk = Desk(shell, place, target)
    try:
        yield desk
    finally:
        target.close()


def open_for_verb(shell: Shell, place: Place, users: tuple[str, ...]) -> Target:
    """Open what a place names.

    Raises:
        TargetUnavailable: it cannot be reached or used.
    """
    named = place.profile or (shell.setting("profile", "").value if place.kind != "live" else "")
    profile = profile_of(shell.world, named) if named else None
    match place.kind:
        case "embedded":
            from imcli.targets.embedded import open_embedded

            path = state_path(shell)
            shell.note(f"embedded server in {path}")
            waits = partial(shell.say, f"waiting for another command that uses {path}")
            return open_embedded(path, profile, waits=waits)
        case "sim":
            from imcli.targets.simulated import open_simulated

            shell.say("note: a simulated server is forgotten at the end of the command")
            device = device_spec(FIRST_DEVICE)
            cast = Cast(tuple((user, (device,)) for user in dict.fromkeys(users)))
            return open_simulated(profile or "reference")(cast)
        case "live":
            from imcli.targets.live import Patience, open_live_admin

            token = token_for(shell, place).reveal()
            patience = Patience(stored_ms=STORED_MS)
            return open_live_admin(place.url, token=token, name=place.written, patience=patience)
