"""Playing a script in a world: the companion that does what is due and says so."""

from __future__ import annotations

from imcli.serve import notes
from imcli.serve.acting import act
from imcli.serve.agenda import Agenda
from imcli.serve.script import Script
from imcli.serve.world import World


class Player:
    """Plays a script, from now on.

    Args:
        world: in which world.
        script: what.
    """

    def __init__(self, world: World, script: Script) -> None:
        self._world = world
        self._agenda = Agenda(script, world.clock.now_ms())
        world.passing.companions.append(self)
        if self._agenda.hears:
            world.on_note.append(self._agenda.heard)

    def due_ms(self) -> int | None:
        """Say when something is due, or None."""
        return self._agenda.due_ms()

    def play(self, now_ms: int) -> None:
        """Do what is due."""
        world = self._world
        while (due := self._agenda.take(now_ms)) is not None:
            refused = act(world, due.deed.what)
            said = f"script, line {due.line}: {due.deed.text}"
            said = f"{said}: it is refused, {refused}" if refused else said
            world.note(notes.Happened(world.now_ms, said))
