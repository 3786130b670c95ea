"""One pass over the rows for every kind of finding that needs it: each batch is shown to all of them, then let go.

Called by `inspect`. Beside what the kinds remember themselves, the pass keeps a sample of whole rows and the different values of
text columns, since most kinds need no more. What is hard is that nothing may grow with the table: the sample is chosen by
the hash of a row's number, values by the hash of their text, and where a limit is met the chosen share is halved, so that
what is kept is always what a single rule would have kept, whatever the order of the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.frames import batches
from seakeep.data.quality.finding import ROW, Texts
from seakeep.data.statistics.hashing import hash_texts, mix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.core.dataset import Dataset
    from seakeep.core.statistics import Statistics
    from seakeep.data.quality.finding import Look, Part

SAMPLE_ROWS = 250_000
SAMPLE_CELLS = 1 << 24
DIFFERENT_TEXTS = 1 << 16
TEXT_BYTES = 1 << 25
HASHES = 1 << 23
_BATCH_CELLS, _BATCH_ROWS = 1 << 22, 1 << 17
_ALL = float(1 << 64)
_CODED = (pl.Categorical, pl.Enum)


def show(dataset: Dataset, looks: Sequence[Look], part: Part, *, columns: Sequence[str]) -> None:
    """Show every row of these columns to every look, in canonical order. Memory: one piece and one batch."""
    first = 0
    rows = max(1024, min(_BATCH_ROWS, _BATCH_CELLS // max(1, len(columns))))
    for batch in batches(dataset, rows=rows, columns=columns):
        for look in looks:
            look.see(batch, first, part)
        first += batch.height


class Sample:
    """At most SAMPLE_ROWS rows and SAMPLE_CELLS values, chosen by the hash of their number."""

    def __init__(self, rows: int, columns: int) -> None:
        wanted = min(SAMPLE_ROWS, SAMPLE_CELLS // max(1, columns))
        self.share = 1.0 if rows <= wanted else wanted / rows
        self._kept: list[pl.DataFrame] = []

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:
        """Keep the rows whose number is chosen."""
        if part != "table":
            return
        numbers = np.arange(first, first + rows.height, dtype=np.uint64)
        numbered = rows.insert_column(0, pl.Series(ROW, numbers)) if ROW not in rows.columns else rows
        if self.share < 1:
            numbered = numbered.filter(pl.Series(chosen(mix(numbers), self.share)))
        self._kept.append(numbered)

    def rows(self) -> pl.DataFrame:
        """The sample, in the table's order."""
        return pl.concat(self._kept, rechunk=True) if self._kept else pl.DataFrame()


class TextValues:
    """The different values of text columns and how many rows hold each."""

    def __init__(self, names: Sequence[str]) -> None:
        self._shares = dict.fromkeys(names, 1.0)
        self._kept: dict[str, pl.DataFrame] = {}

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:  # noqa: ARG002  (Look's shape)
        """Count the batch's values."""
        for name in self._shares if part == "table" else ():
            counted = _counted(rows[name])
            before = self._kept.get(name)
            both = counted if before is None else pl.concat([before, counted])
            self._kept[name] = self._bounded(name, both.group_by("text").agg(pl.col("rows").sum()))

    def texts(self) -> dict[str, Texts]:
        """What was counted, by column."""
        return {name: Texts(_in_order(kept), self._shares[name]) for name, kept in self._kept.items()}

    def _bounded(self, name: str, kept: pl.DataFrame) -> pl.DataFrame:
        kept = self._chosen(name, kept) if self._shares[name] < 1 else kept
        while kept.height > DIFFERENT_TEXTS or (kept.height > 1 and _size(kept) > TEXT_BYTES):
            self._shares[name] /= 2
            kept = self._chosen(name, kept)
        return kept

    def _chosen(self, name: str, kept: pl.DataFrame) -> pl.DataFrame:
        return kept.filter(pl.Series(chosen(mix(hash_texts(kept["text"])), self._shares[name])))


class Hashes:
    """64-bit hashes, each with the number of its row; beyond HASHES of them, those in a share of all hashes.

    Equal rows have equal hashes, so that all or none of them are kept: a share of the hashes is a share of the groups.
    Two different rows collide with a probability of rows² / 2⁶⁵.
    """

    def __init__(self) -> None:
        self.share = 1.0
        self._hashes: list[NDArray[np.uint64]] = []
        self._rows: list[NDArray[np.uint64]] = []
        self._count = 0

    def add(self, hashes: NDArray[np.uint64], first: int) -> None:
        """Remember the hashes of consecutive rows, of which the first has the number `first`."""
        numbers = np.arange(first, first + len(hashes), dtype=np.uint64)
        if self.share < 1:
            kept = chosen(hashes, self.share)
            hashes, numbers = hashes[kept], numbers[kept]
        self._hashes.append(hashes)
        self._rows.append(numbers)
        self._count += len(hashes)
        while self._count > HASHES:
            self._halve()

    def sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Hashes in ascending order and the rows that they are of, the first row of equal ones first."""
        if not self._hashes:
            return np.empty(0, np.uint64), np.empty(0, np.uint64)
        hashes, rows = np.concatenate(self._hashes), np.concatenate(self._rows)
        order = np.argsort(hashes, kind="stable")
        return hashes[order], rows[order]

    def _halve(self) -> None:
        self.share /= 2
        hashes, rows = np.concatenate(self._hashes), np.concatenate(self._rows)
        kept = chosen(hashes, self.share)
        self._hashes, self._rows = [hashes[kept]], [rows[kept]]
        self._count = int(kept.sum())


def chosen(hashes: NDArray[np.uint64], share: float) -> NDArray[np.bool_]:
    """Which hashes lie in a share of all hashes."""
    return hashes < np.uint64(min(int(share * _ALL), (1 << 64) - 1))


def row_hashes(rows: pl.DataFrame, *, seed: int = 0) -> NDArray[np.uint64]:
    """A hash a row, equal for equal rows within this process; nulls equal nulls, -0.0 equals 0.0. Columns must not be none."""
    floats = [pl.col(name) + 0.0 for name, dtype in rows.schema.items() if dtype.is_float()]
    texts = [pl.col(name).cast(pl.String) for name, dtype in rows.schema.items() if dtype.base_type() in _CODED]
    return mix(rows.with_columns(*floats, *texts).hash_rows(seed=seed).to_numpy())


def known_texts(statistics: Statistics) -> dict[str, Texts]:
    """The values of text columns that the statistics list in full."""
    found: dict[str, Texts] = {}
    for name, column in statistics.columns.items():
        if column.kind is Kind.STRING and column.sketch is None:
            counted = pl.DataFrame(
                {"text": list(column.top.values), "rows": list(column.top.counts)},
                schema={"text": pl.String, "rows": pl.Int64},
            )
            found[name] = Texts(_in_order(counted))
    return found


def unknown_texts(statistics: Statistics, known: Mapping[str, Texts]) -> list[str]:
    """Text columns whose values must be counted in a pass."""
    return [name for name, column in statistics.columns.items() if column.kind is Kind.STRING and name not in known]


def _counted(values: pl.Series) -> pl.DataFrame:
    texts = values.cast(pl.String).drop_nulls().alias("text").to_frame()
    return texts.group_by("text").agg(pl.len().cast(pl.Int64).alias("rows"))


def _in_order(values: pl.DataFrame) -> pl.DataFrame:
    return values.sort(["rows", "text"], descending=[True, False])


def _size(kept: pl.DataFrame) -> int:
    return int(kept["text"].str.len_bytes().sum())
