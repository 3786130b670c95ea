"""The temporary folder of this process: copies that tables are read from, in pieces, lie there until it ends.

Called by unpack and fetching. What is hard: a disk that copies fill stops everything else on the machine, so room is left free;
and a fork of the process that made the folder must not remove it.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

KEPT_FREE = 64 << 20
"""Bytes that are left free on the disk."""


@functools.cache
def folder() -> Path:
    """The folder, made when it is first asked for and removed when the process ends."""
    made = Path(tempfile.mkdtemp(prefix="seakeep-"))
    atexit.register(_remove, made, os.getpid())
    return made


def bytes_free() -> int:
    """What the disk of the folder has left, KEPT_FREE included."""
    return shutil.disk_usage(folder()).free


def _remove(made: Path, owner: int) -> None:
    """Remove the folder, unless this is a fork of the process that made it."""
    if os.getpid() == owner:
        shutil.rmtree(made, ignore_errors=True)
