"""`python -m imcli` is the same program as `imcli`."""

from __future__ import annotations

import sys

from imcli.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
