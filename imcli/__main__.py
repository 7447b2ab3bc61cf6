"""The door of the program: `imcli`, and `python -m imcli`.

Ctrl-C may come before anything of ours is loaded, so what loads it stands under this guard. A
polite request to end (SIGTERM) is taken like Ctrl-C by every command: what was done is said, and
the status is 130. A run with reports and a server, for which it means more, take it themselves.
"""

from __future__ import annotations

import signal
import sys

INTERRUPTED = 130


def run() -> int:
    """Run the program and give its exit status."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        from imcli.cli.app import main

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
