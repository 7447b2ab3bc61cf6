"""One request to one server: what a route's handler gets, and how answers are made.

An answer is a status and a body as a JSON value. Handled errors are 400 `{"msg", "status"}`, with
texts that vary and mean nothing to programs. How bodies are read is in `fields.py`, what
differs between families of profiles in `family.py`, what things are called in `names.py`.

Source: WuKongIM `internal/api/` and `pkg/wkhttp`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from imcli.model.actions import Action, Disconnect, Kick
from imcli.model.events import Event
from imcli.simulator.server import Server
from imcli.simulator.state import State, User
from imcli.simulator.wukongim.api.families import family_of
from imcli.simulator.wukongim.api.family import Declined, Family
from imcli.simulator.wukongim.api.fields import (
    BadRequest,
    Fields,
    Undecodable,
    first_value,
    kind_of,
    texts,
)
from imcli.simulator.wukongim.api.objects import Form
from imcli.simulator.wukongim.api.surroundings import IN_PROCESS, Ending, Surroundings
from imcli.simulator.wukongim.traits import Traits

Reply = tuple[int, Any]

OK: Reply = (200, {"status": 200})
ABSENT: Reply = (200, {"status": 404})
NO_ROUTE: Reply = (404, "404 page not found")
PANIC: Reply = (500, None)


def failed(text: str) -> Reply:
    """Say that something is wrong."""
    return 400, {"msg": text, "status": 400}


class Call:
    """A request to one server."""

    __slots__ = ("_body", "around", "events", "family", "path", "query", "server")

    def __init__(
        self,
        server: Server,
        path: str,
        query: Mapping[str, str],
        body: Any,
        events: list[Event],
        around: Surroundings = IN_PROCESS,
    ) -> None:
        self.server = server
        self.path = path
        self.query = query
        self._body = body
        self.events = events
        self.around = around
        self.family: Family = family_of(server)

    def apply(self, action: Action) -> list[Event]:
        """Do one action; what it causes is also put with the other events of this call.

        Raises:
            Declined: the server refuses it, and is of a family that says so.
        """
        events = self.server.apply(action)
        self.events += events
        self.family.check(events)
        return events

    def end_session(self, user: str, device: str, why: Ending) -> None:
        """End a session, or have whoever holds its socket end it."""
        if self.around.end is not None:
            self.around.end(user, device, why)
        elif why == "remove":
            self.apply(Disconnect(user, device))
        else:
            self.apply(Kick(user, device, alone=True))

    @property
    def state(self) -> State:
        """The server's tables."""
        return self.server.state

    @property
    def traits(self) -> Traits:
        """What this version does differently from others."""
        return self.family.traits

    def body(self) -> Any:
        """Give the body as a JSON value; who does not ask for it does not mind what it is.

        Raises:
            Undecodable: it is empty, or no JSON.
        """
        body = self._body
        if isinstance(body, bytes | bytearray):
            body = first_value(bytes(body))
        if body is None:
            raise Undecodable("EOF")
        return body

    @property
    def form(self) -> Form:
        """How messages are written."""
        return self.family.form

    def fields(self, struct: str = "") -> Fields:
        """Read the body as an object.

        Raises:
            Undecodable: it is empty, or no object.
        """
        body = self.body()
        if not isinstance(body, dict):
            raise Undecodable(
                f"json: cannot unmarshal {kind_of(body)} into Go value of type api.{struct}"
            )
        return Fields(body, struct)

    def uids(self) -> list[str]:
        """Read the body as an array of user ids.

        Raises:
            Undecodable: it is something else.
        """
        return texts(self.body(), "")

    def asked(self, name: str) -> str:
        """Read a parameter of the query; an absent one is empty."""
        return self.query.get(name, "")

    def asked_number(self, name: str, default: int = 0) -> int:
        """Read a number of the query; what is none is passed over, as Go's `Atoi` is."""
        text = self.asked(name)
        number = int(text) if len(text) < 19 and text.removeprefix("-").isdecimal() else 0
        return number or default

    def asked_type(self) -> int:
        """Read `channel_type` of the query."""
        number = self.asked_number("channel_type")
        return number if 0 <= number < 256 else 0

    def know(self, *users: str) -> None:
        """Make users known: an API of this kind asks nobody to register."""
        self.family.know(self.state, users)

    def user_w(self, uid: str) -> User:
        """Give a user that may be changed, made known.

        Raises:
            Declined: it cannot be a user's id.
        """
        self.know(uid)
        if uid not in self.state.users:
            raise Declined("invalid", f"{uid!r} cannot be the id of a user")
        return self.state.user_w(uid)


Handler = Callable[[Call], Reply]

__all__ = [
    "ABSENT",
    "NO_ROUTE",
    "OK",
    "PANIC",
    "BadRequest",
    "Call",
    "Fields",
    "Handler",
    "Reply",
    "failed",
]
