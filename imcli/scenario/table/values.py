"""Small values as they are written: names, durations, devices.

Each has one reader and, where it is written back, one writer; sentences, keys of files and
`imcli try` use the same ones.
"""

from __future__ import annotations

from functools import lru_cache

from imcli.model.durations import DURATION
from imcli.model.entities import DEVICE_KINDS, DeviceKind, DeviceLevel, DeviceSpec

NUMBER_MAX = 1_000_000_000

_LEVELS: dict[str, DeviceLevel] = {"master": "master", "slave": "slave"}
_KINDS: dict[str, DeviceKind] = {"app": "app", "web": "web", "pc": "pc"}


def is_name(text: str) -> bool:
    """Tell whether a word has the form of a name.

    >>> is_name("A_1"), is_name("1A"), is_name("A.web")
    (True, False, False)
    """
    return text.isascii() and text.isidentifier() and text[0] != "_"


def duration_complaint(text: str) -> str:
    """Say what is wrong with a duration, or "" where it looks like something else altogether.

    >>> duration_complaint("5")
    'a duration needs a unit: ms, s, m, h or d, as in 5s'
    """
    digits = text.lstrip("-")
    if text[:1] == "-" and digits[:1].isdigit():
        return "a duration cannot be negative"
    if text.isascii() and text.isdigit():
        return f"a duration needs a unit: ms, s, m, h or d, as in {text[:12]}s"
    if text[:1].isdigit() and "." in text:
        return "a duration is a whole number with a unit: 500ms, not 0.5s"
    if DURATION.fullmatch(text):
        return "a duration is at most 36500d"
    if text[:1].isdigit():
        return "a duration is a whole number and a unit: ms, s, m, h or d"
    return ""


@lru_cache(256)
def device_spec(text: str) -> DeviceSpec | None:
    """Read a device as it is declared: `phone`, `kiosk:web`, `web2:web:slave`.

    >>> device_spec("tablet")
    DeviceSpec(name='tablet', kind='app', level='master')
    >>> device_spec("kiosk") is None
    True
    """
    name, _, rest = text.partition(":")
    kind_word, _, level_word = rest.partition(":")
    if not is_name(name):
        return None
    kind = _KINDS.get(kind_word) if kind_word or rest else DEVICE_KINDS.get(name)
    level = _LEVELS.get(level_word) if level_word else "master"
    if kind is None or level is None or text.endswith(":"):
        return None
    return DeviceSpec(name, kind, level)


def spec_word(spec: DeviceSpec) -> str:
    """Write a device as a sentence declares it, in the shortest way.

    >>> spec_word(DeviceSpec("kiosk", "web"))
    '"kiosk:web"'
    """
    if spec.level == "slave":
        return f'"{spec.name}:{spec.kind}:slave"'
    if DEVICE_KINDS.get(spec.name) == spec.kind:
        return spec.name
    return f'"{spec.name}:{spec.kind}"'
