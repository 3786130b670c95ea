"""Sights: the state of files and folders when a stage looked at them, and whether it still holds.

This is how the cache notices new data without reading any: a file whose size and time of change are the same is taken to be
the same, as make and git do; where only the time differs its content decides. A folder's listing is remembered too, so
that a file that appears in it is noticed. A file changed within the last tenth of a second is compared by content next
time, since the file system's clock may not tell a second change apart.
"""

from __future__ import annotations

import glob
import hashlib
import itertools
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.addresses import scheme
from seakeep.core.codec import digest
from seakeep.registry import Sight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CLOCK_NS = 100_000_000
_ENTRIES = (".json", ".parquet")
"""What the log of a Delta table is made of."""


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def look_at_file(path: Path, *, hashed: Callable[[Path], str] = digest_of_file) -> Sight:
    """A file's state now; reads it all to take its digest, unless `hashed` knows it already."""
    path = Path(path).absolute()
    try:
        status = path.stat()
        content = hashed(path)
    except (FileNotFoundError, NotADirectoryError):
        return Sight(str(path), "absent")
    settled = time.time_ns() - status.st_mtime_ns > _CLOCK_NS
    return Sight(str(path), "file", content, status.st_size, status.st_mtime_ns if settled else 0)


def look_at_folder(path: Path, suffixes: Sequence[str] = ()) -> Sight:
    """A folder's listing now: names with these endings (all for none) and visible folders. Reads no file."""
    path = Path(path).absolute()
    try:
        modified = path.stat().st_mtime_ns
        names = digest(_names(path, tuple(suffixes)))
    except (FileNotFoundError, NotADirectoryError):
        return Sight(str(path), "absent")
    settled = time.time_ns() - modified > _CLOCK_NS
    return Sight(str(path), "folder", names, 0, modified if settled else 0, tuple(suffixes))


def look_at_path(path: Path) -> tuple[Sight, ...]:
    """A file, or a folder with everything visible below it, or an absent path."""
    if not path.is_dir():
        return (look_at_file(path),)
    inside = [item for item in sorted(path.iterdir()) if not _hidden(item.name)]
    return (look_at_folder(path), *(sight for item in inside for sight in look_at_path(item)))


def look_at_glob(pattern: str) -> tuple[Sight, ...]:
    """Everything that a pattern finds, and the folders in which more of it could appear."""
    found = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
    inside = (sight for path in found for sight in look_at_path(path))
    sights = (*inside, *(look_at_folder(folder) for folder in _folders(found, pattern)))
    return tuple(dict.fromkeys(sights))


def look_at_places(pattern: str) -> tuple[Sight, ...]:
    """The folders in which something that fits a pattern could appear, by their listings; reads no file."""
    ending = Path(pattern).suffix
    suffixes = [ending] if ending and not glob.has_magic(ending) else []
    return tuple(look_at_folder(folder, suffixes) for folder in _folders((), pattern))


def look_at_table(files: Sequence[str], called: str, *, hashed: Callable[[Path], str]) -> tuple[Sight, ...]:
    """A table's files, and the folders in which more of them could appear.

    called: what the reader was given: a file, a folder, a glob, or words where there were several.
    """
    if any(scheme(file) for file in files):
        return _look_at_objects(files, called)
    paths = [Path(file) for file in files]
    sights = tuple(look_at_file(path, hashed=hashed) for path in paths)
    if paths == [Path(called).absolute()]:
        return sights
    endings = sorted({path.suffix for path in paths})
    return (*sights, *(look_at_folder(folder, endings) for folder in _folders(paths, called)))


def _folders(paths: Sequence[Path], called: str) -> list[Path]:
    """The files' own folders, and every visible folder below the place where the reader began to look."""
    fixed = list(itertools.takewhile(lambda part: not glob.has_magic(part), Path(called).absolute().parts))
    base = Path(*fixed)
    found = {path.parent for path in paths}
    if base.is_dir():
        for folder, folders, _ in os.walk(base):
            folders[:] = [name for name in folders if not _hidden(name)]
            found.add(Path(folder))
    return sorted(found)


def current(sight: Sight) -> Sight | None:
    """The sight as it would be taken now, if it shows the same content; None if it has changed.

    Costs one stat where nothing was touched.
    """
    if scheme(sight.path):
        return _current_object(sight)
    try:
        status = os.stat(sight.path)  # noqa: PTH116  (a run with nothing to do asks this of every data file)
    except (FileNotFoundError, NotADirectoryError):
        return sight if sight.kind == "absent" else None
    if sight.kind == "absent":
        return None
    same_time = status.st_mtime_ns == sight.modified_ns
    if same_time and (sight.kind == "folder" or status.st_size == sight.bytes):
        return sight
    if sight.kind == "file" and status.st_size != sight.bytes:
        return None
    path = Path(sight.path)
    now = look_at_folder(path, sight.suffixes) if sight.kind == "folder" else look_at_file(path)
    return now if replace(now, modified_ns=0) == replace(sight, modified_ns=0) else None


def _look_at_objects(files: Sequence[str], called: str) -> tuple[Sight, ...]:
    """Objects in buckets by their versions, and the pattern or prefix below which more of them could appear."""
    from seakeep.data.content import digest_of_file as hashed
    from seakeep.data.reading.fetching import fetched, found_at, listed

    found = [each for each in map(found_at, files) if each is not None]
    sights = tuple(Sight(each.address, "file", hashed(fetched(each)), each.size, 0, (), each.mark) for each in found)
    log = next((file for file in files if "/_delta_log/" in file), "")
    if log:  # a version that comes is a later entry beside this one
        folder = log.rpartition("/")[0]
        known = [each.address for each in listed(folder, _ENTRIES) if each.address <= log]
        return (*sights, Sight(folder, "folder", digest(known), 0, 0, _ENTRIES))
    endings = () if glob.has_magic(called) else tuple(sorted({Path(file).suffix for file in files}))
    return sights if list(files) == [called] else (*sights, Sight(called, "folder", digest(list(files)), 0, 0, endings))


def _current_object(sight: Sight) -> Sight | None:
    """Costs one request; nothing is read."""
    from seakeep.data.reading.buckets import NotThere
    from seakeep.data.reading.fetching import found_at, listed

    if sight.kind == "folder":
        try:
            names = [each.address for each in listed(sight.path, sight.suffixes)]
        except NotThere:
            names = []
        return sight if digest(names) == sight.digest else None
    found = found_at(sight.path)
    return sight if found is not None and (found.size, found.mark) == (sight.bytes, sight.mark) else None


def _names(folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    return sorted(
        f"{item.name}/" if item.is_dir() else item.name
        for item in folder.iterdir()
        if not _hidden(item.name) and (not suffixes or item.name.endswith(suffixes) or item.is_dir())
    )


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"
