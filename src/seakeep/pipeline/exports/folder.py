"""The folder of an export: what stands in it, what an export wrote there, and how its files are replaced.

The list of what was written stands beside the files (`.seakeep-export`), by target, so that a later export knows which files it may
replace and which are left over from an earlier one and go. Called by verbs.export.

What is hard: the list lies in a repository, where anybody may have edited it, so a path that leaves the folder is no path of ours. And
an export may be killed: what is about to be written is listed first, else the next one would take half of its own files for somebody
else's. Exports of two targets into one folder take turns, since they share the list.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from seakeep.core.files import TEMPORARY, CannotWrite, write_text
from seakeep.pipeline.exports.errors import BadExport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LIST = ".seakeep-export"
_DATABASE = "registry.sqlite"
State = Literal["new", "changed", "same", "left over"]


def states(folder: Path, files: Mapping[str, str], *, target: str) -> dict[str, State]:
    """What each path is in the folder, compared with these texts.

    Raises: BadExport, if a file would be replaced that no export wrote, or if the folder belongs to a registry.
    """
    _refuse_registry(folder)
    written = _lists(folder).get(target, [])
    found: dict[str, State] = {}
    for path, text in files.items():
        there = folder / PurePosixPath(path)
        if not there.exists():
            found[path] = "new"
        elif there.is_file() and there.read_bytes() == text.encode():
            found[path] = "same"
        elif path in written and not there.is_dir():
            found[path] = "changed"
        else:
            raise BadExport.taken(there)
    return found | {path: "left over" for path in written if path not in files and (folder / path).is_file()}


def write(folder: Path, files: Mapping[str, str], found: Mapping[str, State], *, target: str) -> None:
    """Make the folder hold just these files of the target. found: their states. Raises CannotWrite."""
    with _turn(folder):
        earlier = _lists(folder).get(target, [])
        _list(folder, target, {*earlier, *files})
        _sweep(folder / path for path in (LIST, *earlier, *files))
        for path, state in found.items():
            if state in ("new", "changed"):
                write_text(folder / path, files[path])
            elif state == "left over":
                (folder / path).unlink(missing_ok=True)
        _list(folder, target, files)


def _refuse_registry(folder: Path) -> None:
    """Raises BadExport where the folder is a registry's, or within one: what stands there is kept and removed by the registry."""
    place = folder.resolve()
    for each in (place, *place.parents):
        if (each / _DATABASE).is_file():
            raise BadExport.within_registry(folder, each)


@contextlib.contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Hold the folder alone, which is made where it is not there. Raises CannotWrite."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise CannotWrite.because(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sweep(paths: Iterable[Path]) -> None:
    """Remove the halves of these files that a killed export left; no other is under way, since the folder is held."""
    names: dict[Path, set[str]] = {}
    for path in paths:
        names.setdefault(path.parent, set()).add(path.name)
    for parent in filter(Path.is_dir, names):
        for each in parent.glob(f"{TEMPORARY}*"):
            if each.name.removeprefix(TEMPORARY).partition("-")[2] in names[parent]:
                each.unlink()


def _list(folder: Path, target: str, paths: Iterable[str]) -> None:
    """Put these paths on the folder's list, in the place of the target's earlier ones; a list that says so already stays."""
    listed = _lists(folder) | {target: sorted(paths)}
    text = json.dumps(dict(sorted(listed.items())), indent=1) + "\n"
    if not (folder / LIST).is_file() or (folder / LIST).read_bytes() != text.encode():
        write_text(folder / LIST, text)


def _lists(folder: Path) -> dict[str, list[str]]:
    """What exports of every target wrote into the folder; nothing where the list is absent or no list."""
    try:
        content = json.loads((folder / LIST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        key: [path for path in paths if _stays(folder, path)]
        for key, paths in content.items()
        if isinstance(paths, list)
    }


def _stays(folder: Path, path: object) -> bool:
    """Whether this is a path within the folder, links in it followed up to the file itself."""
    if not isinstance(path, str) or not path or "\0" in path:
        return False
    return (folder / path).parent.resolve().is_relative_to(folder.resolve())
