"""The one exception tree.

    ImcliError                  whatever imcli raises on purpose; has `exit_status`
    ├── UsageError              the command line is wrong                                    2
    ├── InvalidInput            a scenario, profile or configuration file is invalid         3
    ├── TargetUnavailable       a server or state file cannot be reached or used             4
    ├── CouldNotTell            it was asked, and whether it was done is not known           4
    ├── NothingToRun            no file, or the selection matched nothing                    5
    ├── RefusedByServer         a server refused an admin verb                               7
    └── Defect                  imcli itself is wrong                                       70

Every message says what is wrong, where, and what to try. `hint` is a second line that begins with
"hint:" when it is shown.
"""

from __future__ import annotations

from imcli.model.exit_status import ExitStatus


class ImcliError(Exception):
    """Something that imcli reports to its user in one clear message."""

    exit_status: int = ExitStatus.DEFECT

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ImcliError):
    """The command line is wrong."""

    exit_status = ExitStatus.USAGE


class InvalidInput(ImcliError):
    """A file is invalid. `problems` are complete messages, each with its place."""

    exit_status = ExitStatus.INVALID

    def __init__(self, message: str, *, hint: str = "", problems: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class TargetUnavailable(ImcliError):
    """A server or a state file cannot be reached, read or written; nothing was changed."""

    exit_status = ExitStatus.UNKNOWN


class CouldNotTell(ImcliError):
    """Something was asked and no answer came in time; it may or may not have happened."""

    exit_status = ExitStatus.UNKNOWN


class NothingToRun(ImcliError):
    """There is no file, or the selection matched nothing."""

    exit_status = ExitStatus.NOTHING


class RefusedByServer(ImcliError):
    """The server refused an admin verb; nothing was changed."""

    exit_status = ExitStatus.REFUSED


class Defect(ImcliError):
    """imcli itself is wrong: a state that was proved impossible was reached."""

    exit_status = ExitStatus.DEFECT
