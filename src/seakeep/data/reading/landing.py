"""Tables that can only be read from their beginning (a stream, a query's answer), kept as Parquet files of this process.

Called by the sources of such tables. Rows come in frames and go to the temporary folder some 2^19 rows or 64 MiB a file, which is
a piece: what asks for few columns or rows reads only these. What is hard: memory is bounded by one such file, the disk is not filled,
and nothing half-written is ever read: a table is there when its last file is.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.files import replacing
from seakeep.data.errors import NoCopy
from seakeep.data.reading import scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

PIECE_ROWS = 1 << 19
PIECE_BYTES = 64 << 20
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Landed:
    """A table's rows in order. parts: Parquet files. schema: of all of them."""

    parts: tuple[Path, ...]
    schema: pl.Schema = field(hash=False)

    def pieces(self) -> tuple[pl.LazyFrame, ...]:
        """A lazy frame for every part; columns and filters that are asked of it are not read beyond."""
        return tuple(pl.scan_parquet(part, glob=False) for part in self.parts)


def land(
    frames: Iterable[pl.DataFrame],
    called: str,
    *,
    schema: pl.Schema | None = None,
    rows: int = PIECE_ROWS,
    same: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
) -> Landed:
    """Write frames of one schema in order. Whatever stops the frames stops this, and nothing is kept.

    Parameters: called: what the user called the table, for errors. schema: of a table without frames. rows: in a part at most, but
        for a frame that has more. same: done to every part before it is written.
    Raises: NoCopy, before the disk is full; whatever `frames` raises.
    """
    folder = scratch.folder() / f"landed-{next(_NUMBERS)}"
    parts: list[Path] = []
    found = schema
    try:
        for part in _grouped(frames, rows):
            ready = part if same is None else same(part)
            found = ready.schema if not parts else found
            parts.append(_written(ready, folder / f"{len(parts):06}.parquet", called))
        if not parts:
            found = pl.Schema(found or {})
            parts.append(_written(pl.DataFrame(schema=found), folder / "000000.parquet", called))
    except BaseException:
        for written in parts:
            written.unlink(missing_ok=True)
        raise
    assert found is not None
    return Landed(tuple(parts), found)


def _grouped(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Frames put together until they have some `rows` rows or PIECE_BYTES bytes; none is empty."""
    kept: list[pl.DataFrame] = []
    for frame in frames:
        if frame.is_empty():
            continue
        kept.append(frame)
        enough = sum(each.height for each in kept) >= rows or sum(each.estimated_size() for each in kept) >= PIECE_BYTES
        if enough:
            yield pl.concat(kept)
            kept = []
    if kept:
        yield pl.concat(kept)


def _written(frame: pl.DataFrame, path: Path, called: str) -> Path:
    needed, free = int(frame.estimated_size()), scratch.bytes_free()
    if needed > free - scratch.KEPT_FREE:
        raise NoCopy.lands_too_large(called, needed, free, scratch.folder())
    with replacing(path) as temporary:
        frame.write_parquet(temporary, compression="lz4")
    return path
