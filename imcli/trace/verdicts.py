"""What a judgement says: a broken invariant with its evidence, and a verdict per invariant."""

from __future__ import annotations

from typing import Literal

import msgspec

from imcli.trace.catalogue import BY_NUMBER

Verdict = Literal["holds", "broken", "unknown"]


class Broken(msgspec.Struct, frozen=True):
    """One invariant broken, for one user and conversation (empty where it concerns more)."""

    number: int
    user: str
    chat: str
    expected: str
    actual: str

    @property
    def name(self) -> str:
        """Name the invariant."""
        return BY_NUMBER[self.number].name

    @property
    def sentence(self) -> str:
        """Say what should have been true."""
        return BY_NUMBER[self.number].sentence

    def __str__(self) -> str:
        about = " with ".join(part for part in (self.user, self.chat) if part)
        return (
            f"invariant {self.number} ({self.name}) is broken{' for ' + about if about else ''}: "
            f"expected {self.expected}, got {self.actual}. {self.sentence}"
        )
