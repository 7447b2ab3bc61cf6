"""How many sockets a process may have open: whoever has a thousand devices asks here first.

A thousand connections are a thousand open files, on either side of them, so the soft limit is
raised to the hard one.
"""

from __future__ import annotations

import contextlib

SPARE_FILES = 64
"""Open files that are not connections of devices: listeners, the state, streams."""


def open_files() -> int:
    """Raise the limit of open files as far as this process may; give how many clients fit."""
    try:
        import resource
    except ImportError:  # not a system that counts them
        return 1 << 30
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return 1 << 30 if soft == resource.RLIM_INFINITY else max(soft - SPARE_FILES, 1)
