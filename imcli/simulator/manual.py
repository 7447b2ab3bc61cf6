"""Prints `docs/profiles.md` from the table of switches and the built-in profiles.

python -c "from imcli.simulator.manual import page; print(page(), end='')" > docs/profiles.md
"""

from __future__ import annotations

from imcli.model.durations import format_duration
from imcli.simulator.profiles import Profile, builtin_names, load_profile
from imcli.simulator.switches import SWITCHES, Switch

HEAD = """# Profiles and switches

A profile says what a server is like: a name, a parent, and the switches in which it differs from
that. This page is printed from the tables in `imcli/simulator/switches.py` and the files beside it.

`--profile NAME` chooses one for a run, `--target sim:NAME` for one of several columns (which
compares policies: `docs/first-scenario.md`), and `imcli serve --profile NAME` for a server. A state
file keeps the profile that its first command chose. A scenario may have one of its own:

```toml
profile = { extends = "reference", on_message_after_delete = "stay-hidden" }
```

A file of the same keys is a profile too, `--profile mine.toml`:

```toml
extends = "two-way"
about = "Both sides lose the conversation, and nobody is told."
sync_deletes = "on-full-sync"
tombstone_retention = "7d"
```

`imcli show-profile NAME` prints every switch of one, `imcli list-profiles` all of them with what
differs, and `imcli list-profiles --compare` what the versions of WuKongIM do otherwise.
"""

MORE = """
A profile of WuKongIM answers by the laws of that version, which are more than switches:
over it may be changed what an operator sets (numbers, the rule of logins, the white list), and no
switch that says what the version does. `docs/versions.md` compares the versions."""


def page() -> str:
    """Compose the whole page."""
    return "\n".join([HEAD, _profiles(), _choices(), _others()])


def _profiles() -> str:
    lines = ["## Built-in profiles", "", "| profile | what it is |", "|---|---|"]
    for name in builtin_names():
        profile = load_profile(name)
        lines.append(f"| `{name}` | {about(profile)}{_differs(profile)} |")
    return "\n".join([*lines, MORE, ""])


def about(profile: Profile) -> str:
    """Say in a sentence what a profile is; the reference is what it is by its switches."""
    return profile.about or "What a good server does; every switch has its first value."


def _differs(profile: Profile) -> str:
    """Name the switches of a profile that is nothing but them."""
    if profile.product != "reference":
        return ""
    switches = [f"`{name} = {value}`" for name, value in profile.differences().items()]
    return f" {', '.join(switches)}" if switches else ""


def _choices() -> str:
    lines = ["## Switches", "", "The value of the reference stands first.", ""]
    lines += ["| switch | value | meaning |", "|---|---|---|"]
    for switch in SWITCHES:
        if switch.words:
            lines.append(f"| `{switch.name}` | | **{switch.sentence}** |")
            lines += [f"| | `{value}` | {words} |" for value, words in switch.words]
    return "\n".join([*lines, ""])


def _others() -> str:
    lines = ["## Numbers, durations, yes or no", "", "| switch | reference | meaning |"]
    lines += ["|---|---|---|"]
    lines += [
        f"| `{switch.name}` | `{_default(switch)}` | {switch.sentence} |"
        for switch in SWITCHES
        if not switch.words
    ]
    return "\n".join([*lines, ""])


def _default(switch: Switch) -> str:
    if switch.kind == "duration":
        return format_duration(switch.default)
    return str(switch.default).lower()
