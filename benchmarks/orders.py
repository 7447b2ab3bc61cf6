"""Interleavings: ten thousand orders of eight independent sends."""

from __future__ import annotations

from msgspec.structs import replace

from benchmarks.cases import WATCHED, parsed, play
from benchmarks.figures import Figure
from benchmarks.timing import seconds
from imcli.scenario.running.run import Options

TEXT = """
title = "Eight people write to A at once"
users = ["A", "B", "C", "D", "E", "F", "G", "H", "I"]
steps = '''
B sends A "before"
together:
{sends}
assert A's total unread is 9
'''
"""


def measure(scale: float) -> list[Figure]:
    """Measure all orders in the runner by itself, and some judged by the invariants."""
    count = max(2, int(10_000 * scale))
    sends = "\n".join(f'  {user} sends A "hi"' for user in "BCDEFGHI")
    case = parsed(TEXT.format(sends=sends))
    spent = seconds(lambda: play(case, Options(orders=count)), turns=3)
    once = seconds(lambda: [play(case, Options()) for _ in range(20)]) / 20
    judged_count = max(2, count // 20)
    judged = seconds(lambda: play(case, replace(WATCHED, orders=judged_count)), turns=1)
    against = f"{once * count / spent:.1f} × quicker than as many cases"
    each = judged / judged_count * 1e6
    return [
        Figure(f"{count:,} orders of 8 independent sends", spent, "s", 2.0, True, against),
        Figure("one such order with the invariants on, recount included", each, "µs"),
    ]
