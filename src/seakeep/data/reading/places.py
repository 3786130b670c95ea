"""The files that a path, a glob, a folder or a list of them stands for, and the format that a file's name says.

Called by data.read. What is hard is to name the culprit: a misspelt name with the nearest one, a link that points nowhere, a pipe.
Names of other systems are known: `part-00000-of-00004` and `examples-00000-of-00001.gz` say nothing of their format.
"""

from __future__ import annotations

import errno
import glob
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import plugins
from seakeep.data.errors import CannotRead

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP = "data.sources"
IN_MEMORY = "memory"
COMPRESSIONS = (".gz", ".zip", ".zst")
_SHARD = re.compile(r"-[0-9]{3,}-of-[0-9]{3,}$")


def listed(items: Sequence[object], *, any_name: bool = False) -> list[Path]:
    """Every path of a list, each a file, glob or folder, in the order given."""
    if not items:
        raise CannotRead.no_paths()
    for item in items:
        if not isinstance(item, str | os.PathLike):
            raise CannotRead.unknown_object(item)
    return [path for item in items for path in resolved(os.fspath(item), any_name=any_name)]  # type: ignore[call-overload]


def resolved(called: str, *, any_name: bool = False) -> list[Path]:
    """The files that a path, glob or folder stands for: absolute, in name order. A file of that very name comes first.

    Parameters: any_name: whether the names of a folder's files need not say their format. Raises: CannotRead.
    """
    if "://" in called:
        raise CannotRead.address(called)
    path = _path(called)
    if path.is_dir():
        return _within(path, any_name=any_name)
    if path.exists() and not path.is_file():
        raise CannotRead.not_a_file(path)
    if path.exists():
        return [path]
    if not glob.has_magic(called):
        raise CannotRead.missing(path)
    found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207  (absolute patterns)
    files = [path for path in found if path.is_file()]
    if not files:
        raise CannotRead.no_match(called)
    return files


def _path(called: str) -> Path:
    """What `called` names, absolute. Raises CannotRead, where no file system could have such a name, or home is unknown."""
    try:
        path = Path(called).expanduser().absolute()
        os.stat(path)  # noqa: PTH116  (Path.exists hides or raises these errors, by version)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise CannotRead.not_a_path(called, error) from error
    except (ValueError, RuntimeError) as error:
        raise CannotRead.not_a_path(called, error) from error
    return path


def _within(folder: Path, *, any_name: bool) -> list[Path]:
    """Every table below a folder; hidden files, and files of other formats such as _SUCCESS, are passed over."""
    known = formats()
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "_")) and (any_name or _ending(path) in known)
    )
    if not files:
        raise CannotRead.no_tables(folder, known)
    return files


def format_of(path: Path) -> str:
    """The format that a file's name says. Raises CannotRead, where it says none that is known."""
    name = _ending(path)
    if name not in formats():
        raise CannotRead.unknown_format(path, formats())
    return name


def _ending(path: Path) -> str:
    """The format that a file's name says: its ending without the compression's; a bare .zip holds a CSV file."""
    stem = path.name.lower()
    for compression in COMPRESSIONS:
        stem = stem.removesuffix(compression)
    stem = _SHARD.sub("", stem)
    ending = stem.rpartition(".")[2] if "." in stem else ""
    return "csv" if not ending and path.suffix.lower() == ".zip" else ending


def formats() -> list[str]:
    """Every format of files, by the ending that names it."""
    return [name for name in plugins.names(GROUP) if name != IN_MEMORY]
