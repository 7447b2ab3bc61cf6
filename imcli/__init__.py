"""imcli: admin command line and declarative test harness for instant-messaging servers.

The dozen public names, loaded when they are first used: pytest loads this package early, in every
run of every project that has it installed, and must not pay for what it does not use. No shell is
imported here, whatever the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imcli.model.actions import Action
    from imcli.model.errors import ImcliError
    from imcli.model.events import Event
    from imcli.model.questions import Question, View
    from imcli.scenario.reading.parse import parse_scenario
    from imcli.scenario.running.run import run
    from imcli.simulator.server import Server
    from imcli.targets.base import OpenTarget, Outcome, Target
    from imcli.targets.simulated import open_simulated

__version__ = "0.1.0"

PUBLIC: dict[str, str] = {
    "Action": "imcli.model.actions",
    "Event": "imcli.model.events",
    "ImcliError": "imcli.model.errors",
    "OpenTarget": "imcli.targets.base",
    "Outcome": "imcli.targets.base",
    "Question": "imcli.model.questions",
    "Server": "imcli.simulator.server",
    "Target": "imcli.targets.base",
    "View": "imcli.model.questions",
    "open_simulated": "imcli.targets.simulated",
    "parse_scenario": "imcli.scenario.reading.parse",
    "run": "imcli.scenario.running.run",
}
"""Where each public name lives."""

__all__ = [
    "Action",
    "Event",
    "ImcliError",
    "OpenTarget",
    "Outcome",
    "Question",
    "Server",
    "Target",
    "View",
    "__version__",
    "open_simulated",
    "parse_scenario",
    "run",
]


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for."""
    if name not in PUBLIC:
        raise AttributeError(f"module 'imcli' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Name what is public, loaded or not."""
    return sorted(__all__)
