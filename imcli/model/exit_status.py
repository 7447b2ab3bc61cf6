"""Every exit status of the program, in one table; the manual is printed from it.

A run can end in several ways at once (a case failed, another was skipped): `worst` picks the one
that a caller most needs to know, in the order of `PRECEDENCE`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple


class ExitStatus(IntEnum):
    """What the program says to the shell."""

    HELD = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    UNKNOWN = 4
    NOTHING = 5
    RETRIED = 6
    REFUSED = 7
    DEFECT = 70
    INTERRUPTED = 130


class StatusRow(NamedTuple):
    """One row of the manual: the code, a word, and what it means."""

    status: ExitStatus
    name: str
    meaning: str


EXIT_STATUS_TABLE: tuple[StatusRow, ...] = (
    StatusRow(ExitStatus.HELD, "held", "everything held"),
    StatusRow(
        ExitStatus.FAILED,
        "failed",
        "at least one case failed, or a known failure passed unexpectedly",
    ),
    StatusRow(ExitStatus.USAGE, "usage", "wrong usage"),
    StatusRow(
        ExitStatus.INVALID, "invalid", "a scenario, profile or configuration file is invalid"
    ),
    StatusRow(
        ExitStatus.UNKNOWN,
        "unknown",
        "could not tell: target unreachable, an action without an answer, "
        "a case in error or unknown",
    ),
    StatusRow(
        ExitStatus.NOTHING,
        "nothing",
        "nothing to run: no file, the selection matched nothing, or every case was skipped",
    ),
    StatusRow(ExitStatus.RETRIED, "retried", "passed only on a retry"),
    StatusRow(ExitStatus.REFUSED, "refused", "refused by the server (admin verbs)"),
    StatusRow(
        ExitStatus.DEFECT, "defect", "a defect in imcli: one line, where the report was written"
    ),
    StatusRow(
        ExitStatus.INTERRUPTED,
        "interrupted",
        "interrupted: reports of what had finished are complete and valid",
    ),
)

PRECEDENCE: tuple[ExitStatus, ...] = (
    ExitStatus.INTERRUPTED,
    ExitStatus.DEFECT,
    ExitStatus.USAGE,
    ExitStatus.INVALID,
    ExitStatus.FAILED,
    ExitStatus.UNKNOWN,
    ExitStatus.REFUSED,
    ExitStatus.RETRIED,
    ExitStatus.NOTHING,
    ExitStatus.HELD,
)
"""Where several apply, the first of these is the exit status."""

assert sorted(PRECEDENCE) == sorted(ExitStatus), "every status has its place in the order"
assert [row.status for row in EXIT_STATUS_TABLE] == sorted(ExitStatus), "every status is explained"


def worst(statuses: Iterable[int]) -> ExitStatus:
    """Pick the status to end with; nothing at all means that everything held.

    >>> worst([0, 4, 1, 5])
    <ExitStatus.FAILED: 1>
    >>> worst([])
    <ExitStatus.HELD: 0>
    """
    present = frozenset(statuses)
    return next((status for status in PRECEDENCE if status in present), ExitStatus.HELD)
