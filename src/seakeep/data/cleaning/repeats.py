"""Rows that repeat earlier ones: found in one pass by a 128-bit hash a row, and left out of the pieces from then on.

Called by `clean`. The first row in canonical order stays, so that the result does not depend on the machine. Memory is 24 bytes a
row; two different rows are taken for equal with a probability of rows² / 2¹²⁹.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.codec import digest
from seakeep.data.frames import fetch
from seakeep.data.quality.looking import row_hashes
from seakeep.data.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.core.dataset import Dataset

_ROW = "@cleaning row"


@dataclass(frozen=True, slots=True, eq=False)
class Distinct:
    """A dataset as a source, without rows that repeat others. gone: their numbers within each piece.

    It is a source of files where the dataset's is one, so that a torn file is still named.
    """

    dataset: Dataset
    text: str
    gone: tuple[NDArray[np.uint32], ...] = field(repr=False)

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return self.dataset.description

    @property
    def schemas(self) -> Sequence[pl.Schema]:
        """The columns of every file, as the source below says."""
        source = self.dataset.source
        return source.schemas if isinstance(source, FileSource) else ()

    def file_of(self, piece: int) -> str:
        """The file that a piece is of; what the table is called, where it is in memory."""
        source = self.dataset.source
        return source.file_of(piece) if isinstance(source, FileSource) else self.description

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """The pieces without those rows."""
        return tuple(_without(piece, rows) for piece, rows in zip(self.dataset.pieces(), self.gone, strict=True))

    def files(self) -> Sequence[str]:
        """The files read."""
        return self.dataset.source.files()

    def digest(self) -> str:
        """SHA-256 of what is below and of the step."""
        return digest([self.dataset.digest, f"clean {self.text}"])


def repeated_rows(dataset: Dataset, columns: Sequence[str]) -> tuple[tuple[NDArray[np.uint32], ...], int]:
    """Numbers, within each piece, of the rows whose values in `columns` an earlier row has; and how many rows there are."""
    first: list[NDArray[np.uint64]] = []
    second: list[NDArray[np.uint64]] = []
    for number, piece in enumerate(dataset.pieces()):
        rows = fetch(dataset, number, piece.select(columns))
        first.append(row_hashes(rows, seed=1))
        second.append(row_hashes(rows, seed=2))
    starts = np.cumsum([0, *map(len, first)])
    later = _later(np.concatenate(first), np.concatenate(second)) if first else np.empty(0, np.int64)
    cuts = np.searchsorted(later, starts)
    gone = tuple((later[cuts[i] : cuts[i + 1]] - starts[i]).astype(np.uint32) for i in range(len(first)))
    return gone, int(starts[-1])


def _later(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Positions, ascending, of the hashes that stand at an earlier position too."""
    order = np.lexsort((second, first))
    same = (first[order][1:] == first[order][:-1]) & (second[order][1:] == second[order][:-1])
    return np.sort(order[1:][same])


def _without(piece: pl.LazyFrame, rows: NDArray[np.uint32]) -> pl.LazyFrame:
    if not len(rows):
        return piece
    numbered = piece.with_row_index(_ROW)
    return numbered.filter(~pl.col(_ROW).is_in(pl.Series(rows).implode())).drop(_ROW)
