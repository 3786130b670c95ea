"""Values of text files that were read to know their types, kept in memory, so that a file of usual size is parsed once, not twice.

Called by data.sources.csv, for files of SMALL bytes together: larger ones are read again, a piece at a time, since memory is not to
grow with them. What is hard: a file that was written anew or removed since must be looked at again, so values are kept with the file's
size, time and number; and all that a process keeps is bounded, the oldest is let go first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    import polars as pl

SMALL = 96 << 20
"""Bytes of text whose values are kept at most."""
MOST = 192 << 20
"""Bytes of values that a process keeps at most."""

Facts = tuple[int, int, int]
_frames: OrderedDict[tuple[Path, Hashable], tuple[Facts, pl.DataFrame]] = OrderedDict()
_lock = threading.Lock()


def facts_of(path: Path) -> Facts | None:
    """What changes with a file's content: size, time of the last change, number; None where it is no more."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def keep(path: Path, part: Hashable, frame: pl.DataFrame, *, facts: Facts | None) -> None:
    """Keep the values of a part of a file. facts: the file's, from before it was read."""
    if facts is None:
        return
    with _lock:
        _frames.pop((path, part), None)
        _frames[path, part] = facts, frame
        size = sum(kept.estimated_size() for _, kept in _frames.values())
        while size > MOST:
            size -= _frames.popitem(last=False)[1][1].estimated_size()


def kept(path: Path, part: Hashable) -> pl.DataFrame | None:
    """The values of a part of a file; None where they are not kept, or the file is another now."""
    with _lock:
        found = _frames.get((path, part))
    return found[1] if found is not None and found[0] == facts_of(path) else None
