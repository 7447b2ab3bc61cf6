"""Writing `contexts.toml`: one change at a time, comments kept, the old text or the new one.

A change is read, made and written under a lock, so that two of them at once are both there
afterwards. A damaged file is refused and left as it is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from imcli.cli.config import contexts_path
from imcli.cli.contexts import TEXT_KEYS, Context, Contexts, parsed, understood
from imcli.cli.private import OTHERS, locked, read_private, write_private
from imcli.cli.shell import Shell
from imcli.cli.text_files import OWNER_ONLY
from imcli.model.errors import InvalidInput

HEAD = """# Live servers of imcli. It may hold manager tokens: the file is for its owner alone.
current = ""  # where admin verbs go; empty: the embedded server
"""


class Edit:
    """A document that is being changed."""

    def __init__(self, text: str) -> None:
        self.document = tomlkit.parse(text)

    def put(self, context: Context) -> None:
        """Write a context; comments of an old one of that name stay."""
        table = self._table(context.name)
        fields = context._asdict() | {"token": context.token.reveal()}
        for key in TEXT_KEYS:
            if fields[key]:
                table[key] = fields[key]
            elif key in table:
                del table[key]

    def _table(self, name: str) -> Any:
        if "contexts" not in self.document:
            self.document["contexts"] = tomlkit.table(is_super_table=True)
        contexts: Any = self.document["contexts"]
        if name not in contexts:
            contexts[name] = tomlkit.table()
        return contexts[name]

    def drop(self, name: str) -> None:
        """Take a context out."""
        contexts: Any = self.document["contexts"]
        del contexts[name]

    def set_current(self, name: str) -> None:
        """Make a context the current one; "" for none."""
        if "current" in self.document:
            self.document["current"] = name
        elif name:
            # The key must stand before the first table, and behind what the file says of itself.
            lines = tomlkit.dumps(self.document).splitlines(keepends=True)
            place = next((i for i, line in enumerate(lines) if line[:1] not in "#\n"), len(lines))
            lines.insert(place, f"current = {tomlkit.string(name).as_string()}\n")
            self.document = tomlkit.parse("".join(lines))


@contextmanager
def edited(shell: Shell) -> Iterator[tuple[Edit, Contexts]]:
    """Give what is to be changed and what there is; written when the block ends well.

    Raises:
        InvalidInput: the file is damaged, or the change would damage it.
        TargetUnavailable: it cannot be written.
    """
    path = contexts_path(shell.world)
    with locked(shell.world, path):
        text = present_text(shell, path)
        before = understood(path, parsed(path, text))
        edit = editable(path, text)
        yield edit, before
        after = tomlkit.dumps(edit.document)
        understood(path, parsed(path, after))
        if after != text or not os.path.exists(path):
            write_private(shell.world, path, after)


def editable(path: str, text: str) -> Edit:
    """Take the text apart with its comments.

    Raises:
        InvalidInput: it is of a newer TOML than can be edited.
    """
    try:
        return Edit(text)
    except TOMLKitError as error:
        raise InvalidInput(f"{path} can be read but not edited: {error}") from None


def present_text(shell: Shell, path: str) -> str:
    """What the file says now; one that others may read is made private first."""
    if not os.path.lexists(path):
        return HEAD
    make_private(shell, path)
    return read_private(path)


def make_private(shell: Shell, path: str) -> None:
    """Take others' rights away, and say so."""
    try:
        found = os.stat(path)
        if os.name != "posix" or found.st_uid != os.geteuid() or not found.st_mode & OTHERS:
            return
        os.chmod(path, OWNER_ONLY)
    except OSError:
        return  # reading it says what is wrong
    mode = stat.S_IMODE(found.st_mode)
    shell.tell(
        f"note: {path} could be read or written by others (mode {mode:04o}); it is 0600 now.\n"
        "A token that was in it may be known to others."
    )
