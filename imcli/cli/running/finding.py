"""Files that a command line names: themselves, or all of a kind in the folders it names.

They are named as the user would write them, each once, in the order of names below the order of the
command line. Whatever begins with a dot is passed over in a folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NoReturn

from imcli.cli.text_files import unreadable
from imcli.cli.world import World
from imcli.model.errors import NothingToRun


def find(
    world: World, paths: list[str], is_one: Callable[[str], bool], what: str, *, hint: str
) -> list[str]:
    """Name the files of these paths.

    Args:
        world: where relative paths begin.
        paths: files, which are taken whatever they are called, or folders.
        is_one: tells by its name whether a file of a folder is meant.
        what: what such a file is called where none is found; `hint` says how it is known.
        hint: said with it.

    Raises:
        NothingToRun: a path does not exist, or no file was found.
        InvalidInput: a folder cannot be read.
    """
    found = dict.fromkeys(file for path in paths for file in files_of(world, path, is_one))
    if not found:
        raise NothingToRun(f"there is no {what} in {', '.join(paths)}", hint=hint)
    return list(found)


def files_of(world: World, path: str, is_one: Callable[[str], bool]) -> Iterator[str]:
    """Name the files of one path."""
    real = world.path(path)
    if "\0" in path or not os.path.exists(real):
        if "\0" not in path and os.path.islink(real):
            raise NothingToRun(f"{path!r} is a link that leads to no file")
        raise NothingToRun(f"there is no file or folder {path!r}", hint=near_path(world, path))
    if not os.path.isdir(real):
        yield path
        return
    for folder, folders, names in os.walk(real, onerror=lambda error: refuse(path, real, error)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.normpath(os.path.join(path, os.path.relpath(folder, real)))
        before = "" if inside == os.curdir else os.path.join(inside, "")
        for name in sorted(names):
            if name[0] != "." and is_one(name):
                yield before + name


def refuse(path: str, real: str, error: OSError) -> NoReturn:
    """Say which folder cannot be looked into: what is in it would silently be left out.

    Raises:
        InvalidInput: always.
    """
    inside = os.path.relpath(str(error.filename), real)
    raise unreadable(f"the folder {os.path.normpath(os.path.join(path, inside))}", error)


def near_path(world: World, path: str) -> str:
    """Name what stands beside a path that does not exist and is spelled like it."""
    from imcli.cli.suggest import did_you_mean

    folder, name = os.path.split(path.rstrip("/"))
    try:
        beside = sorted(os.listdir(world.path(folder) if folder else world.cwd))
    except (OSError, ValueError):
        return ""
    seen = [os.path.join(folder, other) for other in beside if not other.startswith(".")]
    return did_you_mean(os.path.join(folder, name), seen)
