"""The state file: opening it, never harming it, and one transaction per command.

A file is looked at before it is touched: its head is read, without a lock and without a file beside
it. Only a file that carries imcli's mark (`application_id`) and a format this program
knows (`user_version`) is opened for writing; everything else stays byte for byte as it is. A new
file is made in one transaction, so it is there wholly or not at all.

The first command also fixes the profile: a file that was only looked at has none yet, so that who
looks into a new or an emptied file decides nothing for those who come after.

A command is one IMMEDIATE transaction with `synchronous = FULL`: commands wait for each other, and
when `command()` has ended without an error what it did survives a kill and a loss of power.
Whatever SQLite complains of is said in one sentence, by `unavailable`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from urllib.parse import quote

import msgspec

from imcli.model.errors import TargetUnavailable, UsageError
from imcli.simulator.profiles import Profile
from imcli.targets.file_claim import in_use, is_claimed
from imcli.targets.sqlite_formats import FORMAT, ended, upgrade
from imcli.targets.sqlite_sound import DOUBTFUL, UNREADABLE, misfit
from imcli.targets.sqlite_state import SCHEMA, DurableState

APPLICATION_ID = 0x696D636C
"""The letters `imcl`: what tells a state file from any other database."""
BUSY_MS_MAX = 60_000
QUIET_MS_MAX = 2_000
"""How long a command waits for others before it says so."""
PART_MS = 250
"""How long at once, of which the two above are multiples."""

MAGIC = b"SQLite format 3\0"
HEADER_BYTES, FORM_AT, MARK_AT = 100, 60, 68
"""The head of a file, as the file format of SQLite lays it out: where its two numbers are."""

_HINT = "name another file with --state"
_ROOM_HINT = "make room there, or name a file elsewhere with --state"
_RIGHTS_HINT = "make it writable, or name another file with --state"
_DAMAGED_HINT = "remove it once you have a copy, or name another file with --state"
_MESSAGES = (
    (
        "database or disk is full",
        "there is no space left to write it; nothing was changed",
        _ROOM_HINT,
    ),
    ("readonly", "it cannot be written; nothing was changed", _RIGHTS_HINT),
    ("unable to open", "it cannot be opened", _HINT),
    ("disk i/o error", "reading or writing it failed (disk full, or a broken disk?)", _ROOM_HINT),
    (
        "locked",
        f"another command has held it for more than {BUSY_MS_MAX // 1000} s",
        "let that command end, or end it; or name another file with --state",
    ),
)


def unavailable(path: str, error: Exception) -> TargetUnavailable:
    """Say in one sentence what is wrong with a state file."""
    text = str(error).lower()
    for part, said, hint in _MESSAGES:
        if part in text:
            return TargetUnavailable(f"the state file {path}: {said}", hint=hint)
    said = f"the state file {path} is damaged and is left as it is ({error})"
    return TargetUnavailable(said, hint=_DAMAGED_HINT)


def _reason(error: OSError) -> str:
    """Say what the system says, within a sentence; names of files stay as they are."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


class StateFile:
    """An open state file. Use `command` to change it and `look` to read it.

    `fixed` tells whether the file itself names the profile; the first command makes it so.
    """

    def __init__(
        self,
        path: str,
        db: sqlite3.Connection,
        profile: Profile,
        *,
        fixed: bool,
        waits: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self._waits = waits
        self.profile = profile
        self.fixed = fixed
        self._db = db

    @property
    def database(self) -> sqlite3.Connection:
        """The connection, for a server that stays and makes transactions of its own."""
        return self._db

    @contextlib.contextmanager
    def command(self) -> Iterator[DurableState]:
        """Do one command: at the end of the block it is durable, or nothing has happened.

        Raises:
            TargetUnavailable: the file cannot be read or written.
            UsageError: another command has fixed another profile meanwhile.
        """
        with self._transaction("BEGIN IMMEDIATE"):
            self.fix_profile()
            state = DurableState(self._db, self.profile)
            yield state
            state.save()
        self.fixed = True

    def fix_profile(self) -> None:
        """Write the profile into a file that has none yet.

        Raises:
            UsageError: another command has fixed another profile meanwhile.
        """
        if self.fixed:
            return
        body = msgspec.json.encode(self.profile)
        self._db.execute("INSERT OR IGNORE INTO meta VALUES ('profile', ?)", (body,))
        kept = msgspec.json.decode(_meta(self._db, "profile"), type=Profile)
        if kept != self.profile:
            raise other_profile(self.path, kept, self.profile)

    @contextlib.contextmanager
    def look(self) -> Iterator[DurableState]:
        """Look at the state of one moment; what is done to it is forgotten.

        Raises:
            TargetUnavailable: the file cannot be read.
        """
        with self._transaction("BEGIN", keep=False):
            yield DurableState(self._db, self.profile)

    @contextlib.contextmanager
    def _transaction(self, begin: str, *, keep: bool = True) -> Iterator[None]:
        try:
            self._begin(begin)
            with ended(self._db, "COMMIT" if keep else "ROLLBACK"):
                yield
        except UNREADABLE as error:
            raise unavailable(self.path, error) from error
        except DOUBTFUL as error:
            raise self._blamed(error) from error

    def _begin(self, begin: str) -> None:
        """Begin when the other commands have ended; who must wait long for that is told so.

        SQLite hears no Ctrl-C while it waits, so it waits in parts.
        """
        if self._waits is None:
            self._db.execute(begin)
            return
        waited_ms = 0
        self._db.execute(f"PRAGMA busy_timeout = {PART_MS}")
        try:
            while not self._begun(begin, last=waited_ms + PART_MS >= BUSY_MS_MAX):
                waited_ms += PART_MS
                if waited_ms == QUIET_MS_MAX:
                    self._waits()
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {BUSY_MS_MAX}")

    def _begun(self, begin: str, *, last: bool) -> bool:
        try:
            self._db.execute(begin)
            return True
        except sqlite3.OperationalError as error:
            if last or "locked" not in str(error):
                raise
            return False

    def _blamed(self, error: Exception) -> Exception:
        """Give the error itself, or, where the file is what is wrong, what is to be said of it."""
        why = misfit(self._db, self.profile)
        return unavailable(self.path, ValueError(why)) if why else error

    def reading(self) -> DurableState:
        """Give a state for reading outside a transaction (one process, one user of the file).

        Raises:
            TargetUnavailable: the file cannot be read.
        """
        try:
            return DurableState(self._db, self.profile)
        except UNREADABLE as error:
            raise unavailable(self.path, error) from error
        except DOUBTFUL as error:
            raise self._blamed(error) from error

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()


def open_state_file(
    path: str,
    profile: Profile | None,
    *,
    default: Profile,
    waits: Callable[[], None] | None = None,
) -> StateFile:
    """Open a state file; make it where there is none.

    One that has no profile yet gets `profile`, else the default, with its first command. `waits` is
    called where a command has to wait for others for longer than anybody expects.

    Raises:
        TargetUnavailable: it is no state file, or cannot be read or written.
        UsageError: it was made with another profile.
    """
    inspect(path)
    db = _connect(path)
    try:
        _make(db)
        body = _meta(db, "profile")
        kept = msgspec.json.decode(body, type=Profile) if body else profile or default
    except UNREADABLE as error:
        db.close()
        raise unavailable(path, error) from error
    if profile is not None and profile != kept:
        db.close()
        raise other_profile(path, kept, profile)
    return StateFile(path, db, kept, fixed=bool(body), waits=waits)


def other_profile(path: str, kept: Profile, wanted: Profile) -> UsageError:
    """Say that a state file lives by another profile than the one that was asked for."""
    return UsageError(
        f"the state file {path} was made with the profile {kept.name}, not {wanted.name}",
        hint="leave --profile out, name another file with --state, or reset-state first",
    )


def inspect(path: str) -> bool:
    """Tell whether there is a state file; False: nothing, or an empty file.

    Raises:
        TargetUnavailable: something is there that is not for this program to touch.
    """
    if not os.path.exists(path):
        return False
    if not os.path.isfile(path):
        raise TargetUnavailable(f"{path} is not a file", hint=_HINT)
    if not _may(path, os.R_OK | os.W_OK):
        said = f"the state file {path} cannot be written: it is left as it is"
        raise TargetUnavailable(said, hint=_RIGHTS_HINT)
    if os.path.getsize(path) == 0:
        return False
    _inspect_header(path)
    return True


def _may(path: str, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _inspect_header(path: str) -> None:
    # Read as bytes: SQLite would lock the file and make others beside it, or, told not to, would
    # pass over the log beside it and take a file for damaged that was only not tidied up.
    try:
        with open(path, "rb") as file:
            claimed = is_claimed(file.fileno())
            header = file.read(HEADER_BYTES)
    except OSError as error:
        said = f"the state file {path} cannot be read: {_reason(error)}"
        raise TargetUnavailable(said, hint=_HINT) from error
    if claimed:
        raise in_use(path)
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        said = f"{path} is not a state file of imcli, or is damaged: it is left as it is"
        raise TargetUnavailable(said, hint=_HINT)
    form, mark = (int.from_bytes(header[at : at + 4], "big") for at in (FORM_AT, MARK_AT))
    if mark != APPLICATION_ID:
        said = f"{path} is a database of another program: it is left as it is"
        raise TargetUnavailable(said, hint=_HINT)
    if not 0 < form <= FORMAT:
        newer = f"it has format {form}, and this imcli knows up to {FORMAT}"
        said = f"the state file {path} was written by a newer imcli ({newer}): it is left as it is"
        raise TargetUnavailable(said, hint="update imcli, or name another file with --state")


def _connect(path: str) -> sqlite3.Connection:
    """Open for writing; makes the folder and an empty file, for the owner only, where needed."""
    try:
        folder = os.path.dirname(os.path.abspath(path))
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not _may(folder, os.W_OK):
            raise PermissionError(13, f"nothing can be written in the folder {folder}")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        db = sqlite3.connect(
            f"file:{quote(path)}?mode=rw",
            uri=True,
            timeout=BUSY_MS_MAX / 1000,
            isolation_level=None,
        )
    except OSError as error:
        said = f"the state file {path} cannot be made: {_reason(error)}"
        raise TargetUnavailable(said, hint=_HINT) from error
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
    return db


def _make(db: sqlite3.Connection) -> None:
    """Put the tables into an empty file, once, whoever comes first; then set the way of writing."""
    if not _has_tables(db):
        db.execute("BEGIN EXCLUSIVE")
        with ended(db):
            _fill(db)
    _meta(db, "profile")  # A damaged file is found before anything is set in it.
    upgrade(db)
    if db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")


def _fill(db: sqlite3.Connection) -> None:
    """Make the tables where another command has not done so meanwhile."""
    if _has_tables(db):
        return
    for statement in SCHEMA:
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {FORMAT}")


def _has_tables(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])


def _meta(db: sqlite3.Connection, name: str) -> bytes:
    row = db.execute("SELECT body FROM meta WHERE name = ?", (name,)).fetchone()
    return b"" if row is None else bytes(row[0])


def empty_state_file(path: str) -> None:
    """Empty a state file: everything is forgotten, also its profile. Nothing there: nothing done.

    Raises:
        TargetUnavailable: it is no state file of imcli's; it is left as it is.
    """
    if not inspect(path):
        return
    db = _connect(path)
    try:
        db.execute("BEGIN EXCLUSIVE")
        with ended(db):
            tables = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            for (table,) in tables:
                db.execute(f"DELETE FROM {table}")
        db.execute("VACUUM")
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
    finally:
        db.close()
