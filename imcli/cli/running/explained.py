"""What a scenario will do, before it does it: for `explain-scenario`.

Steps are shown as they were resolved: own verbs and `repeat` expanded, devices and receivers
written out. Waits are those of a live server, where time is real: there a claim that holds costs
little, and at worst every positive claim takes its whole deadline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imcli.cli.text import visible
from imcli.model.actions import (
    Action,
    AddDevice,
    Connect,
    Disconnect,
    Drop,
    Fault,
    Send,
    Wait,
)
from imcli.model.durations import spell_duration
from imcli.model.entities import DEVICE_KINDS
from imcli.model.versions import NEWEST
from imcli.report.text import pad, width
from imcli.scenario.checking.check import is_negative
from imcli.scenario.running.skip import skip_reason, tries_anyway
from imcli.scenario.syntax import Assert, Case, Claim, Do, Step, TableIs, Timing, Together
from imcli.targets.base import Capability, Cast, Target

PREVIEW_URL = "http://server:5001"


def explained(case: Case) -> str:
    """Explain one case."""
    lines = [visible(case.title), f"  {visible(case.case_id)}", "", *cast_lines(case)]
    for phase, steps in (("given", case.given), ("steps", case.steps), ("cleanup", case.cleanup)):
        if steps:
            lines += ["", f"  {phase}"]
            lines += numbered(steps)
    lines += ["", *need_lines(case), *target_lines(case)]
    return "\n".join(lines)


def cast_lines(case: Case) -> list[str]:
    """Who takes part, with their devices; groups with their members."""
    lines = []
    for user, devices in case.cast.users:
        shown = [d.name if d.name in DEVICE_KINDS else f"{d.name}:{d.kind}" for d in devices]
        lines.append(f"  {visible(user)}: {', '.join(map(visible, shown))}")
    lines += [f"  #{name.lstrip('#')}: {', '.join(members)}" for name, members in case.cast.groups]
    return lines


def numbered(steps: tuple[Step, ...]) -> list[str]:
    """The steps with their numbers, lines of the file and waits."""
    lines = []
    for number, step in enumerate(steps, 1):
        wait = waits(step)
        said = step.text.split("\n")
        lines.append(f"  {number:>4}  {visible(said[0])}" + (f"    ({wait})" if wait else ""))
        lines += [f"        {visible(line)}" for line in (*said[1:], *inner_lines(step))]
    return lines


def inner_lines(step: Step) -> list[str]:
    """What stands below a step that is a block: its branches, the rows of its table."""
    if isinstance(step, Together):
        return [f"  {'; '.join(do.text for do in branch)}" for branch in step.branches]
    if isinstance(step, Assert):
        return [f"  {row}" for claim in step.claims for row in table_rows(claim)]
    return []


def table_rows(claim: Claim) -> list[str]:
    """The rows of a table that is claimed, its header first, in columns."""
    if not isinstance(claim, TableIs):
        return []
    rows = (claim.columns, *claim.rows)
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    padded = (map(pad, row, widths) for row in rows)
    return ["  ".join(cells).rstrip() for cells in padded]


def waits(step: Step) -> str:
    """What a step waits for, in words."""
    match step:
        case Assert(within_ms=int(within)):
            return f"waits at most {spell_duration(within)}"
        case Assert(for_ms=int(window)):
            return f"watches for {spell_duration(window)}"
        case Do(action=Wait(duration_ms=duration)):
            return f"lets {spell_duration(duration)} pass"
        case _:
            return ""


def need_lines(case: Case) -> list[str]:
    """What a target must have, with the sentences that ask for it."""
    needs: dict[Capability, str] = dict.fromkeys(case.needs, "the file says so")
    for step in flat((*case.given, *case.steps, *case.cleanup)):
        for need in () if tries_anyway(step) else step.needs:
            needs.setdefault(need, f"line {step.span.line}: {step.text.partition(chr(10))[0]}")
    if not needs:
        return ["  needs nothing that only some targets have"]
    return [f"  needs {need:<14} {visible(why)}" for need, why in needs.items()]


def flat(steps: Iterable[Step]) -> Iterator[Do | Assert]:
    """All steps, those of branches too."""
    for step in steps:
        if isinstance(step, Together):
            for branch in step.branches:
                yield from branch
        else:
            yield step


def target_lines(case: Case) -> list[str]:
    """How it goes on each kind of target."""
    from imcli.targets.simulated import open_simulated

    reason = skip_reason(case, open_simulated("reference", name="sim"))
    lines = ["", f"  on sim: {f'skipped: {reason}' if reason else 'runs; time is virtual'}"]
    preview = LivePreview()
    reason = skip_reason(case, preview)
    if reason:
        return [*lines, f"  on a live server: skipped: {visible(reason)}"]
    worst = worst_ms((*case.given, *case.steps, *case.cleanup), case.timing)
    asked = preview.asked(case)
    return [
        *lines,
        f"  on a live server: {acts(len(asked))} to act, and at worst {spell_duration(worst)}",
        *(f"        {visible(each)}" for each in asked),
    ]


def acts(count: int) -> str:
    """Count what is asked.

    >>> acts(0), acts(1), acts(2)
    ('nothing', '1 request or frame', '2 requests and frames')
    """
    return f"{count} requests and frames" if count > 1 else ("nothing", "1 request or frame")[count]


class LivePreview:
    """A live target of the newest version that is never reached: knows what it would be asked."""

    def __init__(self) -> None:
        from imcli.targets.live import open_live_admin
        from imcli.targets.live.opening import live_capabilities

        self._target = open_live_admin(PREVIEW_URL, name="a live server", connect=False)
        self.identity = self._target.identity
        self.capabilities = live_capabilities(NEWEST, sessions=True)

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> Target:
        """The target that is never reached."""
        return self._target

    def asked(self, case: Case) -> list[str]:
        """What every action asks, in order: frames of a device's connection, or calls."""
        actions: list[Action] = [
            step.action
            for step in flat((*case.given, *case.steps, *case.cleanup))
            if isinstance(step, Do)
        ]
        return [line for action in actions for line in self._lines(action)]

    def _lines(self, action: Action) -> tuple[str, ...]:
        match action:
            case Send(user=user, device=device, chat=chat) if device:
                return (f"{user}.{device} -> SEND to {chat}",)
            case Connect(user=user, device=device) | AddDevice(user=user, device=device):
                return (f"{user}.{device} -> CONNECT",)
            case Disconnect() | Drop() | Fault():
                return ()
            case _:
                return self._target.describe(action)


def worst_ms(steps: Iterable[Step], timing: Timing) -> int:
    """How long waits and claims take at worst where time is real; bounded by the case's limit."""
    total = 0
    for step in flat(steps):
        match step:
            case Assert(within_ms=None, for_ms=None):
                quiet = all(is_negative(claim) for claim in step.claims)
                total += timing.settle_ms if quiet else timing.within_ms
            case Assert(within_ms=within, for_ms=window):
                total += within or window or 0
            case Do(action=Wait(duration_ms=duration)):
                total += duration
            case _:
                pass
    return min(total, timing.limit_ms)
