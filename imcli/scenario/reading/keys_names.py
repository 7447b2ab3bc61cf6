"""The keys that bring names into a file: users, groups, ids, the matrix, own verbs."""

from __future__ import annotations

from functools import lru_cache

from imcli.model.entities import FORBIDDEN_ID_CHARACTERS, DeviceSpec
from imcli.scenario.reading.key_reader import KeyReader
from imcli.scenario.reading.keys import TOP_KEYS
from imcli.scenario.reading.layout import Path
from imcli.scenario.reading.matrix import CELLS_MAX
from imcli.scenario.reading.scope import created_groups
from imcli.scenario.reading.suggest import nearest_word
from imcli.scenario.reading.written import MatrixValue, OwnVerb, Scenario
from imcli.scenario.table.sentences import RESERVED
from imcli.scenario.table.tokens import REMEMBERED
from imcli.scenario.table.values import device_spec, is_name
from imcli.targets.base import Cast

Plain = tuple[tuple[tuple[str, tuple[DeviceSpec, ...]], ...], dict[str, str]]
"""Users with their devices, and what each name is that they take."""


def read_cast(reader: KeyReader) -> Cast:
    """Read users with their devices, and groups. Their ids come later (`read_ids`)."""
    users = _users(reader)
    return Cast(users, _groups(reader, [user for user, _ in users]))


def _users(reader: KeyReader) -> tuple[tuple[str, tuple[DeviceSpec, ...]], ...]:
    value = reader.data.get("users", [])
    if type(value) is dict and not reader.taken:
        plain = _plain(value)
        if plain is not None:
            users, taken = plain
            reader.taken.update(taken)
            return users
    found: list[tuple[str, list[tuple[Path, object]]]] = []
    if isinstance(value, list):
        for index, name in enumerate(value):
            if not isinstance(name, str):
                reader.wrong(("users", index), "a user is a name in quotes", '"A"')
            elif reader.claim_name(("users", index), name, "a user"):
                found.append((name, [(("users", index), "phone")]))
    elif isinstance(value, dict):
        for name, devices in value.items():
            if name in TOP_KEYS:
                continue
            if reader.claim_name(("users", name), name, "a user", at_key=True):
                found.append((name, _device_list(reader, name, devices)))
    else:
        reader.wrong(("users",), "`users` must be a table or an array", 'users = ["A", "B"]')
    return tuple((name, _devices(reader, name, devices)) for name, devices in found)


def _plain(table: dict[str, object]) -> Plain | None:
    """Read users of whom nothing is wrong; many files have the same. None for all others."""
    people = [
        (name, tuple(devices))
        for name, devices in table.items()
        if type(devices) is list and devices and all(type(each) is str for each in devices)
    ]
    return _plain_people(tuple(people)) if len(people) == len(table) else None


@lru_cache(REMEMBERED)
def _plain_people(people: tuple[tuple[str, tuple[str, ...]], ...]) -> Plain | None:
    taken: dict[str, str] = {}
    for name, _ in people:
        if not _is_free(name) or taken.setdefault(name, "a user") != "a user":
            return None
    users: list[tuple[str, tuple[DeviceSpec, ...]]] = []
    for name, devices in people:
        specs = [spec for each in devices if (spec := device_spec(each)) is not None]
        names = dict.fromkeys(spec.name for spec in specs)
        if len(names) < len(devices) or not all(map(_is_free, names)):
            return None
        for each in names:
            if taken.setdefault(each, "a device") != "a device":
                return None
        users.append((name, tuple(specs)))
    return tuple(users), taken


def _is_free(name: str) -> bool:
    return is_name(name) and name not in RESERVED and name not in TOP_KEYS


def _device_list(reader: KeyReader, user: str, value: object) -> list[tuple[Path, object]]:
    path: Path = ("users", user)
    if not isinstance(value, list) or not value:
        reader.wrong(path, f"the devices of {user} are an array", f'{user} = ["phone"]')
        return [(path, "phone")]
    return [(("users", user, index), item) for index, item in enumerate(value)]


def _devices(
    reader: KeyReader, user: str, items: list[tuple[Path, object]]
) -> tuple[DeviceSpec, ...]:
    found: dict[str, DeviceSpec] = {}
    for path, item in items:
        spec = device_spec(item) if isinstance(item, str) else None
        if spec is None:
            reader.wrong(
                path,
                f"`{item}` is no device" if isinstance(item, str) else "this is no device",
                'phone, app, tablet, web, browser, desktop, pc, laptop, or "name:kind" with '
                "kind app, web or pc",
                nearest_word(str(item), ("phone", "tablet", "web", "browser", "desktop")),
            )
        elif spec.name in found:
            reader.wrong(path, f"{user} has the device `{spec.name}` twice")
        elif reader.claim_name(path, spec.name, "a device"):
            found[spec.name] = spec
    return tuple(found.values()) or (DeviceSpec("phone"),)


def _groups(reader: KeyReader, users: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: list[tuple[str, tuple[str, ...]]] = []
    for name, members in reader.table("groups").items():
        path: Path = ("groups", name)
        if name in TOP_KEYS or not reader.claim_name(path, name, "a group", at_key=True):
            continue
        if not isinstance(members, list):
            reader.wrong(path, "the members of a group are an array", f'{name} = ["A", "B"]')
            continue
        for index, member in enumerate(members):
            if member not in users:
                near = nearest_word(str(member), users)
                reader.wrong((*path, index), f"unknown user `{member}`", ", ".join(users), near)
            elif member in members[:index]:
                reader.wrong((*path, index), f"`{member}` stands there twice")
        groups.append((f"#{name}", tuple(str(member) for member in members)))
    return tuple(groups)


def read_ids(reader: KeyReader, scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Read the ids of users and of groups (`#team`), also of groups that a step makes.

    Users have ids of one kind and groups of another, so only within a kind must they differ.
    """
    users = frozenset(user for user, _ in scenario.cast.users)
    groups = created_groups(scenario)
    ids: list[tuple[str, str]] = []
    for name, value in reader.table("ids").items():
        if name in TOP_KEYS:
            continue
        known = name if name in users else f"#{name}"
        if known not in users and known not in groups:
            names = [*users, *(group[1:] for group in groups)]
            near = nearest_word(name, names)
            message = f"unknown user or group `{name}`"
            reader.problems.add(reader.key_span(("ids", name)), message, nearest=near)
        elif _is_id(reader, ("ids", name), value, known, ids):
            ids.append((known, str(value)))
    for known, value in ids:
        kind, same = ("groups", f"#{value}") if known[0] == "#" else ("users", value)
        if same in users | groups and same not in dict(ids) and same != known:
            message = f"two {kind} have the id {value}: {same} has no other id than the name"
            reader.wrong(("ids", known.removeprefix("#")), message)
    return tuple(ids)


def _is_id(
    reader: KeyReader, path: Path, value: object, known: str, ids: list[tuple[str, str]]
) -> bool:
    """Tell whether a value is an id that no other of its kind has; notes why not."""
    before = len(reader.problems.found)
    if not isinstance(value, str) or not value:
        reader.wrong(path, "an id is a string", f'{path[-1]} = "a:1"')
    elif any(character in FORBIDDEN_ID_CHARACTERS for character in value):
        reader.wrong(path, f"an id holds none of {' '.join(FORBIDDEN_ID_CHARACTERS)}")
    elif any(value == other and (known[0] == "#") == (name[0] == "#") for name, other in ids):
        kind = "groups" if known[0] == "#" else "users"
        reader.wrong(path, f"two {kind} have the id {value}")
    else:
        reader.no_control(path, value)
    return len(reader.problems.found) == before


def read_matrix(reader: KeyReader) -> tuple[tuple[str, tuple[MatrixValue, ...]], ...]:
    """Read the parameters; the product of their values is bounded."""
    table = reader.table("matrix")
    if not table:
        return ()
    found: list[tuple[str, tuple[MatrixValue, ...]]] = []
    product = 1
    for name, values in table.items():
        path: Path = ("matrix", name)
        if name == "exclude" or name in TOP_KEYS:
            continue
        if not reader.claim_name(path, name, "a matrix name", at_key=True):
            continue
        read = _values(reader, path, values)
        if read:
            found.append((name, read))
            product *= len(read)
    reader.matrix_names = tuple(name for name, _ in found)
    if product > CELLS_MAX:
        reader.problems.add(
            reader.key_span(("matrix",)),
            f"the matrix has {product:,} cases, more than {CELLS_MAX:,}",
        )
        return ()
    return tuple(found)


def _values(reader: KeyReader, path: Path, values: object) -> tuple[MatrixValue, ...]:
    if not isinstance(values, list) or not values:
        reader.wrong(path, "a parameter has an array of values", f"{path[-1]} = [1, 2]")
        return ()
    found: list[MatrixValue] = []
    seen: set[str] = set()
    for index, value in enumerate(values):
        if not isinstance(value, str | int):
            reader.wrong((*path, index), "a value is a string, an integer or a boolean")
        elif str(value) in seen:
            reader.wrong((*path, index), f"the value {value} stands there twice")
        else:
            if isinstance(value, str):
                reader.no_control((*path, index), value)
            found.append(value)
            seen.add(str(value))
    return tuple(found)


def read_exclude(
    reader: KeyReader, matrix: tuple[tuple[str, tuple[MatrixValue, ...]], ...]
) -> tuple[tuple[tuple[str, MatrixValue], ...], ...]:
    """Read the combinations that are left out."""
    table = reader.data.get("matrix")
    if not isinstance(table, dict):
        return ()
    rules = table.get("exclude", [])
    path: Path = ("matrix", "exclude")
    if not isinstance(rules, list):
        reader.wrong(path, "`matrix.exclude` is an array of tables", "exclude = [{ n = 1 }]")
        return ()
    known = dict(matrix)
    found: list[tuple[tuple[str, MatrixValue], ...]] = []
    for index, rule in enumerate(rules):
        if not isinstance(rule, dict) or not rule:
            reader.wrong((*path, index), "a rule is a table of values", "{ n = 1 }")
            continue
        for name, value in rule.items():
            _rule(reader, (*path, index, name), name, value, known)
        found.append(tuple(rule.items()))
    return tuple(rule for rule in found if all(name in known for name, _ in rule))


def _rule(
    reader: KeyReader,
    path: Path,
    name: str,
    value: object,
    known: dict[str, tuple[MatrixValue, ...]],
) -> None:
    if name not in known:
        near = nearest_word(name, known)
        reader.problems.add(reader.key_span(path), f"unknown matrix name `{name}`", nearest=near)
    elif value not in known[name]:
        reader.wrong(path, f"{value} is no value of `{name}`")


def read_verbs(reader: KeyReader) -> tuple[OwnVerb, ...]:
    """Read the file's own sentences."""
    found: list[OwnVerb] = []
    for pattern, value in reader.table("verbs").items():
        if pattern in TOP_KEYS:
            continue
        verb = _verb(reader, pattern, value)
        if verb is not None:
            found.append(verb)
    return tuple(found)


def _verb(reader: KeyReader, pattern: str, value: object) -> OwnVerb | None:
    path: Path = ("verbs", pattern)
    words = tuple(pattern.split())
    span = reader.key_span(path)
    expected = 'a hole, a verb, and more of both: "X greets Y"'
    holes = tuple(word for word in words if word[:1].isupper())
    if len(words) < 2 or words[0] not in holes or words[1] in holes:
        reader.problems.add(span, "an own verb begins with a hole and a verb", expected)
        return None
    wrong = next((w for w in words if w in holes and not is_name(w)), "")
    if wrong or len(set(holes)) != len(holes):
        message = f"`{wrong}` is no hole" if wrong else "each hole needs a name of its own"
        reader.problems.add(span, message, expected)
        return None
    if not reader.claim_name(path, words[1], "an own verb", at_key=True):
        return None
    nodes = reader.nodes(path, value)
    if not nodes and not reader.problems.found:
        reader.wrong(path, "this verb does nothing", "steps")
    return OwnVerb(words[1], words, holes, nodes, span)
