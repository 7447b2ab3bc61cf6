"""Does what a server says of a message agree with what it says elsewhere?

A message that a device sends is told about twice: to its sender, who gets its id and number, and to
whoever receives it. Where both do not agree one of them is wrong, and no claim about that message
can be judged. While an answer is missing nothing can be said, and nothing is.
"""

from __future__ import annotations

import msgspec


class _Told(msgspec.Struct):
    """What is known of one (sender, number); it may have been sent more than once."""

    unanswered: int = 0
    answers: dict[int, int] = {}
    pushes: dict[int, int] = {}


class Evidence:
    """Compares answers and pushes of the messages that this world sent; the bell's lock is held."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], _Told] = {}
        self._new: set[tuple[str, str]] = set()

    def sending(self, sender: str, number: str) -> None:
        """A message is being sent; until it is answered nothing is known of it."""
        self._of(sender, number).unanswered += 1

    def answered(self, sender: str, number: str, message_id: int, seq: int) -> None:
        """The sender was told id and number; an id of 0 was refused."""
        told = self._of(sender, number)
        told.unanswered -= 1
        if message_id:
            told.answers[message_id] = seq
        self._new.add((sender, number))

    def pushed(self, sender: str, number: str, message_id: int, seq: int) -> None:
        """A receiver was told; messages of nobody here are no matter."""
        told = self._told.get((sender, number))
        if told is not None and told.pushes.get(message_id) != seq:
            told.pushes[message_id] = seq
            self._new.add((sender, number))

    def _of(self, sender: str, number: str) -> _Told:
        return self._told.setdefault((sender, number), _Told())

    def contradiction(self) -> str:
        """Say what does not agree, once; an empty text if all does."""
        for key in tuple(self._new):
            told = self._told[key]
            if told.unanswered:
                continue
            self._new.discard(key)
            for message_id, seq in told.pushes.items():
                if told.answers.get(message_id, -1) != seq:
                    said = ", ".join(f"{i} with number {s}" for i, s in told.answers.items())
                    return (
                        f"the server told {key[0]} that message {key[1]} is {said or 'refused'}, "
                        f"and pushed it as {message_id} with number {seq}"
                    )
        return ""
