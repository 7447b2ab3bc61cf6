"""For all tests: a terminal that is the same everywhere, and no real folder of any user.

Signals mean what they mean by default: who started the tests in the background or without a
terminal (`nohup`) had some of them ignored, and children take that over.

Set before anything is imported: what reads them does so at import time or in child processes.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile

HOME = tempfile.mkdtemp(prefix="imcli-tests-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

os.environ.update(
    TERM="dumb",
    COLUMNS="80",
    XDG_STATE_HOME=os.path.join(HOME, "state"),
    XDG_CONFIG_HOME=os.path.join(HOME, "config"),
    XDG_DATA_HOME=os.path.join(HOME, "data"),
    XDG_CACHE_HOME=os.path.join(HOME, "cache"),
    IMCLI_STATE=os.path.join(HOME, "state", "imcli", "state.db"),
)
for variable in ("FORCE_COLOR", "NO_COLOR", "IMCLI_TARGET", "IMCLI_PROFILE", "IMCLI_TOKEN"):
    os.environ.pop(variable, None)

for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)
