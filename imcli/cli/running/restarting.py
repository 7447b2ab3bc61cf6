"""`server restarts` and `server crashes` on a live server: the commands that its context names.

A client cannot do this to a server, but whoever runs it can. The command is a line for the shell,
run as the user who runs imcli; it has an end, and then the server must come back.
"""

from __future__ import annotations

import subprocess

import msgspec

from imcli.cli.tokens import Secret
from imcli.model.errors import TargetUnavailable

COMMAND_SECONDS = 120.0
SAID_CHARACTERS = 300


class ShellCommand(msgspec.Struct, frozen=True):
    """Runs a command and waits for the server; goes to other processes.

    Args:
        line: for the shell.
        name: of the server, for messages.
        url: of its HTTP API.
        token: its manager token.
    """

    line: str
    name: str
    url: str
    token: Secret

    def __call__(self) -> None:
        """Run it, and return when the server is there again.

        Raises:
            TargetUnavailable: the command failed, or the server did not come back.
        """
        from imcli.targets.clocks import monotonic_ms, sleep_ms
        from imcli.targets.live.http import HttpClient
        from imcli.targets.live.readiness import await_ready

        self._run()
        client = HttpClient(self.url, token=self.token.reveal(), clock=monotonic_ms)
        try:
            await_ready(client, self.name, clock=monotonic_ms, sleep=sleep_ms)
        finally:
            client.close()

    def _run(self) -> None:
        try:
            ended = subprocess.run(
                self.line,
                shell=True,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            said = f"the command of {self.name} took longer than {COMMAND_SECONDS:g} s: {self.line}"
            raise TargetUnavailable(said) from None
        if ended.returncode != 0:
            raise TargetUnavailable(
                f"the command of {self.name} ended with status {ended.returncode}: {self.line}",
                hint=self._last_words(ended.stderr or ended.stdout),
            )

    def _last_words(self, output: bytes) -> str:
        text = output.decode(errors="replace").strip()[-SAID_CHARACTERS:]
        token = self.token.reveal()
        return (text.replace(token, "***") if token else text).rpartition("\n")[2]
