"""Windows of virtual time: a thousand claims that each hold for five seconds."""

from __future__ import annotations

from benchmarks.cases import parsed, play
from benchmarks.figures import Figure
from benchmarks.timing import seconds


def measure(scale: float) -> list[Figure]:
    """Measure one case with all the claims, each in a block of its own."""
    count = max(2, int(1_000 * scale))
    lines = ["B sends A"]
    for _ in range(count):
        lines += ["wait 1ms", "assert for 5s A sees B with 1 unread"]
    steps = "\n".join(lines)
    users = '{ A = ["phone", "web"], B = ["phone", "web"] }'
    case = parsed(f"title = \"Waiting\"\nusers = {users}\nsteps = '''\n{steps}\n'''\n")
    spent = seconds(lambda: play(case))
    against = f"{count * 5 / spent:,.0f} × quicker than the time that passes in it"
    return [Figure(f"{count:,} claims `for 5s`", spent, "s", 1.0, True, against)]
