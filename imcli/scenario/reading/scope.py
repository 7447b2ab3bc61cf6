"""Which names a step may use: users, devices, groups, labels, as far as the case has been read.

Names share one namespace (users may have devices of the same name). A check gives a complaint and
the nearest right name, or two empty texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from imcli.scenario.reading.labels import Labels
from imcli.scenario.reading.said import Sentence
from imcli.scenario.reading.suggest import free_name, nearest_word
from imcli.scenario.reading.written import Node, Scenario
from imcli.scenario.table.sentences import RESERVED

LISTED_MAX = 8
RIGHT = ("", "")


class Scope:
    """The names of one case."""

    def __init__(
        self, scenario: Scenario, groups: Collection[str], taken: Mapping[str, str]
    ) -> None:
        self.devices: dict[str, list[str]] = {}
        self.known: set[str] = set(groups)
        """Every name that a step may use now, but for labels: `A`, `A.web`, `#team`."""
        for user, specs in scenario.cast.users:
            names = self.devices[user] = []
            self.known.add(user)
            for spec in specs:
                names.append(spec.name)
                self.known.add(f"{user}.{spec.name}")
        self.labels = Labels(taken)
        self._scenario = scenario
        self._groups = groups
        self._taken = taken

    def check(self, kind: str, name: str) -> tuple[str, str]:
        """Check a mention of a name."""
        match kind:
            case "actor":
                return self.actor(name)
            case "user":
                return RIGHT if name in self.devices else self._no_user(name)
            case "group":
                return RIGHT if name in self._groups else self._no_group(name)
            case "label":
                return self.label(name, "message")
            case "answer":
                return self.label(name, "answer")
            case _:
                return RIGHT

    def actor(self, name: str) -> tuple[str, str]:
        """Check `A` or `A.web`."""
        user, dot, device = name.partition(".")
        devices = self.devices.get(user)
        if devices is None:
            return self._no_user(user)
        if not dot or device in devices:
            return RIGHT
        known = listed([f"{user}.{one}" for one in devices])
        near = nearest_word(device, devices)
        return f"{user} has no device `{device}` here ({known})", f"{user}.{near}" if near else ""

    def label(self, name: str, kind: str) -> tuple[str, str]:
        """Check that a label exists by now and names this kind of thing."""
        complaint = self.labels.check(name, kind)
        if not complaint:
            return RIGHT
        if complaint.startswith("unknown") and name in set(_named(self._scenario)):
            complaint = f"`{name}` is used before it exists"
        near = nearest_word(name, self.labels.visible()[:100])
        return complaint, near if near != name else ""

    def add_device(self, user: str, device: str) -> str:
        """Give a user a device from now on; gives a complaint or ""."""
        if device in self.devices[user]:
            return f"{user} has a device `{device}` already; say {user}.{device} connects"
        self.devices[user].append(device)
        self.known.add(f"{user}.{device}")
        what = self._taken.get(device, "a device")
        if what == "a device" and self.labels.kind_of(device):
            what = "a message"
        return "" if what == "a device" else f"`{device}` is already the name of {what}"

    def _no_user(self, name: str) -> tuple[str, str]:
        users = list(self.devices)
        if not users:
            return f'unknown user `{name}`: the file has no users = ["{name}", …] yet', ""
        return f"unknown user `{name}` ({listed(users)})", nearest_word(name, users)

    def _no_group(self, name: str) -> tuple[str, str]:
        groups = sorted(self._groups)
        return f"unknown group `{name}` ({listed(groups)})", nearest_word(name, groups)


def listed(names: Sequence[str], lead: str = "") -> str:
    """Say which names there are, the first of them where there are many."""
    if not names:
        return f"{lead}there is none"
    more = ", …" if len(names) > LISTED_MAX else ""
    verb = "is" if len(names) == 1 else "are"
    return f"{lead}there {verb} {', '.join(names[:LISTED_MAX])}{more}"


def _named(scenario: Scenario) -> Iterator[str]:
    """Name the labels that some step makes, as they are written."""
    for node in all_nodes(scenario):
        many = any(token.text in ("messages", "message") for token in node.tokens)
        for before, token in zip(node.tokens, node.tokens[1:], strict=False):
            if before.text == "as":
                yield f"{token.text}1" if many else token.text


def all_nodes(scenario: Scenario) -> Iterator[Node]:
    """Give every node of a file, in no particular order."""
    stack = [*scenario.given, *scenario.steps, *scenario.cleanup]
    for verb in scenario.verbs:
        stack += verb.nodes
    while stack:
        node = stack.pop()
        yield node
        stack += node.children


def created_groups(scenario: Scenario) -> frozenset[str]:
    """Name the groups of a file: those that stand there first, and those that steps make."""
    groups = {group for group, _ in scenario.cast.groups}
    for nodes in (scenario.given, scenario.steps, scenario.cleanup):
        _find_created(nodes, groups)
    for verb in scenario.verbs:
        _find_created(verb.nodes, groups)
    return frozenset(groups)


def _find_created(nodes: tuple[Node, ...], groups: set[str]) -> None:
    for node in nodes:
        said = node.said
        if said is None or (type(said) is Sentence and said.row.name == "create-group"):
            for before, token in zip(node.tokens, node.tokens[1:], strict=False):
                if token.kind == "group" and before.text == "creates":
                    groups.add(token.text)
        if node.children:
            _find_created(node.children, groups)


def taken_names(scenario: Scenario, groups: Collection[str]) -> dict[str, str]:
    """Name everything that a label may not be called, and what it is."""
    names = {name: "a matrix name" for name, _ in scenario.matrix}
    for verb in scenario.verbs:
        names[verb.name] = "an own verb"
    for _, specs in scenario.cast.users:
        for spec in specs:
            names[spec.name] = "a device"
    for group in groups:
        names[group[1:]] = "a group"
    for user, _ in scenario.cast.users:
        names[user] = "a user"
    return names


def reserved_complaint(name: str, taken: Collection[str] = ()) -> tuple[str, str]:
    """Say that a name is a word of the language, with the nearest free one."""
    return f"`{name}` is a word of the language", free_name(name, {*RESERVED, *taken})
