"""The door of the program: `imcli`, and `python -m imcli`.

Ctrl-C may come before anything of ours is loaded, so what loads it stands under this guard.
"""

from __future__ import annotations

import sys

INTERRUPTED = 130


def run() -> int:
    """Run the program and give its exit status."""
    try:
        from imcli.cli.app import main

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
