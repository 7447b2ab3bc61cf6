"""Processes that write without end and are killed from outside, over and over."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

SPAWNER = """
import os, sys
import imcli.targets.embedded, imcli.targets.sqlite_store
for line in sys.stdin:
    args = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        sys.argv = ["writer", *args]
        try:
            exec(compile(WRITER, "writer", "exec"))
        finally:
            os._exit(0)
    sys.stderr.write(f"{child}\\n")
    sys.stderr.flush()
    os.waitpid(child, 0)
    sys.stdout.write("ended\\n")
    sys.stdout.flush()
"""


class Spawner:
    """A process that has everything imported and forks a writer whenever it is told to.

    `writer` is a program that gets its arguments in `sys.argv`, writes `ready`, and then what it
    reports, line by line, to the descriptor 1.
    """

    def __init__(self, writer: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"WRITER = {writer!r}\n{SPAWNER}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.orders = self.process.stdin
        self.reports = self.process.stdout
        self.children = self.process.stderr

    def __enter__(self) -> Spawner:
        return self

    def __exit__(self, *_: object) -> None:
        self.orders.close()
        self.process.wait()
        self.reports.close()
        self.children.close()

    def run_and_kill(
        self, arguments: tuple[object, ...], after_ms: float, reports: int = 0
    ) -> list[str]:
        """Let a writer write, and kill it; gives what it reported.

        It is killed some time after it was ready and has reported so often, however slow it is.
        """
        self.orders.write("\t".join(map(str, arguments)).encode() + b"\n")
        self.orders.flush()
        child = int(self.children.readline())
        said = [self.reports.readline()]
        assert said == [b"ready\n"]
        said += [self.reports.readline() for _ in range(reports)]
        # Waiting for something that never comes is how long a writer lives.
        select.select([], [], [], after_ms / 1000)
        os.kill(child, signal.SIGKILL)
        while (line := self.reports.readline()) != b"ended\n":
            said.append(line)
        return [line.decode().rstrip() for line in said[1:] if line.endswith(b"\n")]
