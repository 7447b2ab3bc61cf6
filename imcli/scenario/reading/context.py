"""What the cases of one file share while they are made."""

from __future__ import annotations

from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.said import Step
from imcli.scenario.reading.scope import created_groups, taken_names
from imcli.scenario.reading.written import Node, Scenario

REMEMBERED_MAX = 20_000


class Context:
    """What the cases of one file share: the steps already read, own verbs, users, groups."""

    def __init__(self, scenario: Scenario, problems: Problems) -> None:
        self.scenario = scenario
        self.problems = problems
        self.verbs = {verb.name: verb for verb in scenario.verbs}
        self.users = tuple([user for user, _ in scenario.cast.users])
        self.groups = created_groups(scenario)
        self.implied = len(self.users) == 2 and not self.groups
        self.names = taken_names(scenario, self.groups)
        self.names_claims = any(known.claim for known in scenario.known_failing)
        """Whether the texts of claims are needed, to find the one that is known to fail."""
        self.steps: dict[object, Step | None] = {}
        self.bodies: dict[object, tuple[Node, ...]] = {}
        self.sizes: dict[int, int] = {}
        self.called: set[str] = set()
        """The own verbs that some step uses."""

    def forget(self) -> None:
        """Between two cases: let go of what was read, where a big matrix made it much.

        All at once, since the steps and sizes are found by the identity of what is let go.
        """
        if len(self.steps) > REMEMBERED_MAX:
            self.steps.clear()
            self.bodies.clear()
            self.sizes.clear()

    @property
    def verb_names(self) -> tuple[str, ...]:
        """The second words of the file's own sentences."""
        return tuple(self.verbs)

    def other(self, user: str) -> str:
        """Name the other of two users."""
        return self.users[1] if user == self.users[0] else self.users[0]
