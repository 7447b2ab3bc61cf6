"""Section 1 of the language: the keys of a file, what each must be, and where it stands.

One reader per key, each noting whatever is wrong and going on. Steps are read into nodes
(`lines.py`); what they say is checked in `expand.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from imcli.model.entities import FORBIDDEN_ID_CHARACTERS, DeviceSpec
from imcli.scenario.file_keys import FILE_KEYS
from imcli.scenario.holes import device_spec, duration_complaint, duration_ms, is_name
from imcli.scenario.known_failing import expression_complaint
from imcli.scenario.layout import Layout, Path
from imcli.scenario.lines import SourceLine, read_nodes, string_lines
from imcli.scenario.matrix import CELLS_MAX
from imcli.scenario.problems import Problems
from imcli.scenario.scope import reserved_complaint
from imcli.scenario.suggest import free_name, nearest_word
from imcli.scenario.syntax import KnownFailing, Span, Timing
from imcli.scenario.tokens import CONTROL
from imcli.scenario.written import MatrixValue, Node, OwnVerb
from imcli.targets.base import ALL_CAPABILITIES, Capability, Cast

KEYS = tuple(key.name for key in FILE_KEYS)
TOP_KEYS = ("title", "given", "steps", "cleanup")
"""Keys that no table of a file may hold, because they mean something at its head."""
FORMAT = 1
TARGETS = '"wukongim < 2.1.5", "wukongim 2.1.5 - 2.2.5", "sim:wukongim-2.1.3", "sim", "*"'

_COVERS = re.compile(r"[A-Za-z0-9][\w./-]*#[0-9]+|https?://\S+|spec:\S+")
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TAG_WORDS = ("and", "or", "not")


class KeyReader:
    """Reads the keys of one file; every problem is noted with the place of its key or value."""

    def __init__(
        self, data: dict[str, object], layout: Layout, file: str, problems: Problems
    ) -> None:
        self.data = data
        self.layout = layout
        self.file = file
        self.problems = problems
        self.taken: dict[str, str] = {}
        self.matrix_names: tuple[str, ...] = ()

    # Places

    def key_span(self, path: Path) -> Span:
        """Give the place of a key."""
        spot = self.layout.spots.get(path)
        if spot is None:
            return Span(self.file, 1, 1)
        line, column = self.layout.position(spot.key_start)
        return Span(self.file, line, column, max(1, spot.key_end - spot.key_start))

    def value_span(self, path: Path) -> Span:
        """Give the place of a value; of one that spans lines, its beginning."""
        spot = self.layout.spots.get(path)
        if spot is None:
            return self.key_span(path[:-1]) if path else Span(self.file, 1, 1)
        line, column = self.layout.position(spot.start)
        raw = self.layout.text[spot.start : spot.end]
        return Span(self.file, line, column, max(1, len(raw.split("\n", 1)[0])))

    def wrong(self, path: Path, message: str, expected: str = "", nearest: str = "") -> None:
        """Note that a value is wrong."""
        self.problems.add(self.value_span(path), message, expected, nearest)

    # Plain values

    def unknown_keys(self) -> None:
        """Note keys that there are not, with the special case of keys below a table header."""
        for key in self.data:
            if key not in KEYS:
                near = nearest_word(key, KEYS)
                self.problems.add(
                    self.key_span((key,)), f"unknown key `{key}`", ", ".join(KEYS), near
                )

    def landed(self) -> bool:
        """Note `steps` that stands below a table header and so landed in that table."""
        found = False
        for path, table in self.layout.header_of.items():
            key = path[-1]
            if len(path) == len(table) + 1 and key in TOP_KEYS and key not in self.data:
                name = ".".join(str(part) for part in table)
                self.problems.add(self.key_span(path), f"`{key}` landed in [{name}]; move it above")
                found = True
        return found

    def text(self, key: str, *, required: bool = False, long: bool = False) -> str:
        """Read a key that is one string."""
        value = self.data.get(key)
        if value is None:
            if required:
                self.problems.add(
                    Span(self.file, 1, 1), f"the key `{key}` is missing", f'{key} = "…"'
                )
            return ""
        if not isinstance(value, str):
            self.wrong((key,), f"`{key}` must be a string", f'{key} = "…"')
            return ""
        if required and not value.strip():
            self.wrong((key,), f"`{key}` is empty", "a sentence that states the behaviour")
        self._no_control((key,), value, long=long)
        return value

    def _no_control(self, path: Path, value: str, *, long: bool = False) -> None:
        shown = value.replace("\n", "").replace("\t", "") if long else value
        found = CONTROL.search(shown)
        if found:
            self.wrong(path, f"the control character U+{ord(found.group()):04X} in a text")

    def texts(self, key: str) -> list[tuple[Path, str]]:
        """Read a key that is an array of strings."""
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.wrong((key,), f"`{key}` must be an array of strings", f'{key} = ["…"]')
            return []
        found: list[tuple[Path, str]] = []
        for index, item in enumerate(value):
            if isinstance(item, str) and item:
                self._no_control((key, index), item)
                found.append(((key, index), item))
            else:
                self.wrong((key, index), f"`{key}` must be an array of strings", '"…"')
        return found

    def format(self) -> None:
        """Check the version of the file format."""
        value = self.data.get("format", FORMAT)
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(("format",), "`format` must be an integer", f"format = {FORMAT}")
        elif value != FORMAT:
            self.wrong(
                ("format",), f"format {value} is not known to this version", f"format = {FORMAT}"
            )

    def covers(self) -> tuple[str, ...]:
        """Read the issues and requirements."""
        found = self.texts("covers")
        for path, text in found:
            if not _COVERS.fullmatch(text):
                self.wrong(
                    path,
                    f"`{text}` names no issue or requirement",
                    "Project#123, a URL, or spec:NAME",
                )
        return tuple(text for _, text in found)

    def tags(self) -> tuple[str, ...]:
        """Read the tags."""
        found = self.texts("tags")
        for path, text in found:
            if not _TAG.fullmatch(text) or text in _TAG_WORDS:
                self.wrong(path, f"`{text}` is no tag", "letters, digits, - and _")
        return tuple(text for _, text in found)

    def needs(self) -> tuple[Capability, ...]:
        """Read the capabilities without which the file is skipped."""
        found: list[Capability] = []
        for path, text in self.texts("needs"):
            capability = next((one for one in ALL_CAPABILITIES if one == text), None)
            if capability is None:
                near = nearest_word(text, ALL_CAPABILITIES)
                self.wrong(path, f"unknown capability `{text}`", ", ".join(ALL_CAPABILITIES), near)
            else:
                found.append(capability)
        return tuple(found)

    def timing(self) -> Timing:
        """Read deadlines."""
        value = self.data.get("timing")
        if value is None:
            return Timing()
        table = self._table("timing", value)
        default = Timing()
        times = {
            "within": default.within_ms,
            "settle": default.settle_ms,
            "limit": default.limit_ms,
        }
        for key, text in table.items():
            path: Path = ("timing", key)
            if key in TOP_KEYS:
                continue
            if key not in times:
                near = nearest_word(key, times)
                self.problems.add(
                    self.key_span(path), f"unknown key `{key}`", ", ".join(times), near
                )
                continue
            read = duration_ms(text) if isinstance(text, str) else None
            if read is None:
                message = duration_complaint(str(text)) or "this is no duration"
                self.wrong(path, message, f'{key} = "2s"')
            else:
                times[key] = read
        return Timing(times["within"], times["settle"], times["limit"])

    def profile(self) -> dict[str, object] | None:
        """Read the profile: a name, or switches over one."""
        value = self.data.get("profile")
        if value is None:
            return None
        if isinstance(value, str):
            self._no_control(("profile",), value)
            return {"extends": value}
        return self._table("profile", value)

    def _table(self, key: str, value: object) -> dict[str, object]:
        if isinstance(value, dict):
            return value
        self.wrong((key,), f"`{key}` must be a table", f"{key} = {{ … }}")
        return {}

    # Names

    def claim_name(self, path: Path, name: str, what: str, *, at_key: bool = False) -> bool:
        """Take a name, or note why it cannot be taken."""
        span = self.key_span(path) if at_key else self.value_span(path)
        if not is_name(name):
            self.problems.add(
                span,
                f"`{name}` is no name",
                "ASCII letters, digits and _, beginning with a letter",
            )
            return False
        complaint, nearest = reserved_complaint(name, self.taken)
        if complaint:
            self.problems.add(span, complaint, nearest=nearest)
            return False
        other = self.taken.get(name)
        if other is not None and not (what == other == "a device"):
            near = free_name(name, self.taken)
            self.problems.add(span, f"`{name}` is already the name of {other}", nearest=near)
            return False
        self.taken[name] = what
        return True

    def cast(self) -> Cast:
        """Read users with their devices, ids and groups."""
        users = self._users()
        names = [user for user, _ in users]
        return Cast(users, self._groups(names), self._ids(names))

    def _users(self) -> tuple[tuple[str, tuple[DeviceSpec, ...]], ...]:
        value = self.data.get("users", [])
        users: list[tuple[str, list[tuple[Path, object]]]] = []
        if isinstance(value, list):
            for index, name in enumerate(value):
                if not isinstance(name, str):
                    self.wrong(("users", index), "a user is a name in quotes", '"A"')
                elif self.claim_name(("users", index), name, "a user"):
                    users.append((name, [(("users", index), "phone")]))
        elif isinstance(value, dict):
            for name, devices in value.items():
                if name in TOP_KEYS:
                    continue
                if self.claim_name(("users", name), name, "a user", at_key=True):
                    users.append((name, self._device_list(name, devices)))
        else:
            self.wrong(("users",), "`users` must be a table or an array", 'users = ["A", "B"]')
        return tuple((name, self._devices(name, devices)) for name, devices in users)

    def _device_list(self, user: str, value: object) -> list[tuple[Path, object]]:
        path: Path = ("users", user)
        if not isinstance(value, list) or not value:
            self.wrong(path, f"the devices of {user} are an array", f'{user} = ["phone"]')
            return [(path, "phone")]
        return [((*path, index), item) for index, item in enumerate(value)]

    def _devices(self, user: str, items: list[tuple[Path, object]]) -> tuple[DeviceSpec, ...]:
        found: list[DeviceSpec] = []
        for path, item in items:
            spec = device_spec(item) if isinstance(item, str) else None
            if spec is None:
                self.wrong(
                    path,
                    f"`{item}` is no device" if isinstance(item, str) else "this is no device",
                    'phone, app, tablet, web, browser, desktop, pc, laptop, or "name:kind" with '
                    "kind app, web or pc",
                    nearest_word(str(item), ("phone", "tablet", "web", "browser", "desktop")),
                )
            elif any(other.name == spec.name for other in found):
                self.wrong(path, f"{user} has the device `{spec.name}` twice")
            elif self.claim_name(path, spec.name, "a device"):
                found.append(spec)
        return tuple(found) or (DeviceSpec("phone"),)

    def _groups(self, users: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        groups: list[tuple[str, tuple[str, ...]]] = []
        for name, members in self._table("groups", self.data.get("groups", {})).items():
            path: Path = ("groups", name)
            if name in TOP_KEYS or not self.claim_name(path, name, "a group", at_key=True):
                continue
            if not isinstance(members, list):
                self.wrong(path, "the members of a group are an array", f'{name} = ["A", "B"]')
                continue
            for index, member in enumerate(members):
                if member not in users:
                    near = nearest_word(str(member), users)
                    self.wrong((*path, index), f"unknown user `{member}`", ", ".join(users), near)
                elif member in members[:index]:
                    self.wrong((*path, index), f"`{member}` stands there twice")
            groups.append((f"#{name}", tuple(str(member) for member in members)))
        return tuple(groups)

    def _ids(self, users: list[str]) -> tuple[tuple[str, str], ...]:
        ids: list[tuple[str, str]] = []
        for name, value in self._table("ids", self.data.get("ids", {})).items():
            path: Path = ("ids", name)
            if name not in users:
                if name not in TOP_KEYS:
                    near = nearest_word(name, users)
                    self.problems.add(self.key_span(path), f"unknown user `{name}`", nearest=near)
            elif not isinstance(value, str) or not value:
                self.wrong(path, "an id is a string", f'{name} = "a:1"')
            elif any(character in FORBIDDEN_ID_CHARACTERS for character in value):
                self.wrong(path, f"an id holds none of {' '.join(FORBIDDEN_ID_CHARACTERS)}")
            elif any(other == value for _, other in ids):
                self.wrong(path, f"two users have the id {value}")
            else:
                self._no_control(path, value)
                ids.append((name, value))
        return tuple(ids)

    # Matrix

    def matrix(self) -> tuple[tuple[str, tuple[MatrixValue, ...]], ...]:
        """Read the parameters; the product of their values is bounded."""
        found: list[tuple[str, tuple[MatrixValue, ...]]] = []
        product = 1
        for name, values in self._table("matrix", self.data.get("matrix", {})).items():
            path: Path = ("matrix", name)
            if name == "exclude" or name in TOP_KEYS:
                continue
            if not self.claim_name(path, name, "a matrix name", at_key=True):
                continue
            read = self._values(path, values)
            if read:
                found.append((name, read))
                product *= len(read)
        self.matrix_names = tuple(name for name, _ in found)
        if product > CELLS_MAX:
            self.problems.add(
                self.key_span(("matrix",)),
                f"the matrix has {product:,} cases, more than {CELLS_MAX:,}",
            )
            return ()
        return tuple(found)

    def _values(self, path: Path, values: object) -> tuple[MatrixValue, ...]:
        if not isinstance(values, list) or not values:
            self.wrong(path, "a parameter has an array of values", f"{path[-1]} = [1, 2]")
            return ()
        found: list[MatrixValue] = []
        seen: set[str] = set()
        for index, value in enumerate(values):
            if not isinstance(value, str | int):
                self.wrong((*path, index), "a value is a string, an integer or a boolean")
            elif str(value) in seen:
                self.wrong((*path, index), f"the value {value} stands there twice")
            else:
                if isinstance(value, str):
                    self._no_control((*path, index), value)
                found.append(value)
                seen.add(str(value))
        return tuple(found)

    def exclude(
        self, matrix: tuple[tuple[str, tuple[MatrixValue, ...]], ...]
    ) -> tuple[tuple[tuple[str, MatrixValue], ...], ...]:
        """Read the combinations that are left out."""
        table = self.data.get("matrix")
        rules = table.get("exclude", []) if isinstance(table, dict) else []
        path: Path = ("matrix", "exclude")
        if not isinstance(rules, list):
            self.wrong(path, "`matrix.exclude` is an array of tables", "exclude = [{ n = 1 }]")
            return ()
        known = dict(matrix)
        found: list[tuple[tuple[str, MatrixValue], ...]] = []
        for index, rule in enumerate(rules):
            if not isinstance(rule, dict) or not rule:
                self.wrong((*path, index), "a rule is a table of values", "{ n = 1 }")
                continue
            for name, value in rule.items():
                self._rule((*path, index, name), name, value, known)
            found.append(tuple(rule.items()))
        return tuple(rule for rule in found if all(name in known for name, _ in rule))

    def _rule(
        self, path: Path, name: str, value: object, known: dict[str, tuple[MatrixValue, ...]]
    ) -> None:
        if name not in known:
            near = nearest_word(name, known)
            self.problems.add(self.key_span(path), f"unknown matrix name `{name}`", nearest=near)
        elif value not in known[name]:
            self.wrong(path, f"{value} is no value of `{name}`")

    # Steps

    def steps(self, key: str, *, required: bool = False) -> tuple[Node, ...]:
        """Read one of the three keys that hold steps."""
        value = self.data.get(key)
        if value is None:
            if required:
                self.problems.add(
                    Span(self.file, 1, 1), f"the key `{key}` is missing", f"{key} = '''"
                )
            return ()
        nodes = self.nodes((key,), value)
        if required and not nodes and not self.problems.found:
            self.wrong((key,), f"`{key}` is empty", "a step on each line")
        return nodes

    def nodes(self, path: Path, value: object) -> tuple[Node, ...]:
        """Read steps: one string, or an array of strings."""
        if isinstance(value, str):
            return read_nodes(self._string(path, value), self.matrix_names, self.problems)
        if not isinstance(value, list):
            message = f"`{path[-1]}` must be a string or an array of strings"
            self.wrong(path, message, f"{path[-1]} = '''")
            return ()
        lines: list[SourceLine] = []
        for index, item in enumerate(value):
            if isinstance(item, str):
                lines += self._string((*path, index), item)
            else:
                self.wrong((*path, index), "a step is a string", '"A deletes B"')
        return read_nodes(lines, self.matrix_names, self.problems)

    def _string(self, path: Path, value: str) -> Iterable[SourceLine]:
        spot = self.layout.spots[path]
        line, column = self.layout.position(spot.start)
        return string_lines(value, self.layout.text[spot.start : spot.end], self.file, line, column)

    def verbs(self) -> tuple[OwnVerb, ...]:
        """Read the file's own sentences."""
        found: list[OwnVerb] = []
        for pattern, value in self._table("verbs", self.data.get("verbs", {})).items():
            if pattern in TOP_KEYS:
                continue
            verb = self._verb(pattern, value)
            if verb is not None:
                found.append(verb)
        return tuple(found)

    def _verb(self, pattern: str, value: object) -> OwnVerb | None:
        path: Path = ("verbs", pattern)
        words = tuple(pattern.split())
        span = self.key_span(path)
        expected = 'a hole, a verb, and more of both: "X greets Y"'
        holes = tuple(word for word in words if word[:1].isupper())
        if len(words) < 2 or words[0] not in holes or words[1] in holes:
            self.problems.add(span, "an own verb begins with a hole and a verb", expected)
            return None
        wrong = next((w for w in words if w in holes and not is_name(w)), "")
        if wrong or len(set(holes)) != len(holes):
            message = f"`{wrong}` is no hole" if wrong else "each hole needs a name of its own"
            self.problems.add(span, message, expected)
            return None
        if not self.claim_name(path, words[1], "an own verb", at_key=True):
            return None
        nodes = self.nodes(path, value)
        if not nodes and not self.problems.found:
            self.wrong(path, "this verb does nothing", "steps")
        return OwnVerb(words[1], words, holes, nodes, span)

    # Known failures

    def known_failing(self) -> tuple[KnownFailing, ...]:
        """Read on which targets the file is known to fail."""
        found: list[KnownFailing] = []
        table = self._table("known_failing", self.data.get("known_failing", {}))
        for target, value in table.items():
            path: Path = ("known_failing", target)
            if target in TOP_KEYS:
                continue
            complaint = expression_complaint(target)
            if complaint:
                self.problems.add(self.key_span(path), complaint, TARGETS)
            known = self._reason(path, target, value)
            if known is not None:
                found.append(known)
        return tuple(found)

    def _reason(self, path: Path, target: str, value: object) -> KnownFailing | None:
        span = self.key_span(path)
        if isinstance(value, str) and value.strip():
            self._no_control(path, value)
            return KnownFailing(span, target, value)
        if not isinstance(value, dict):
            self.wrong(path, "a reason is a text", '"WuKongIM#343"')
            return None
        for key in value:
            if key not in ("because", "claim"):
                near = nearest_word(key, ("because", "claim"))
                self.problems.add(
                    self.key_span((*path, key)), f"unknown key `{key}`", "because, claim", near
                )
        because, claim = value.get("because"), value.get("claim", "")
        if not isinstance(because, str) or not because.strip() or not isinstance(claim, str):
            self.wrong(path, "a reason is a text", '{ because = "WuKongIM#343", claim = "…" }')
            return None
        self._no_control((*path, "because"), because)
        return KnownFailing(span, target, because, claim)
