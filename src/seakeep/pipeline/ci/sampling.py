"""A pipeline that reads a sample of its table: quick enough for every pull request, and the same rows every time.

Rows are chosen by a hash of the key, so that rows which belong together stay together, or where there is no key every so-many-th.
The choice does not depend on the change that is tried, so two trials of one table see the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from seakeep.core import Dataset
    from seakeep.pipeline.declaration import Pipeline

SALT = "seakeep ci"


@dataclass(frozen=True, slots=True)
class Every:
    """Every so-many-th row of each piece, for a table without a key."""

    nth: int

    @property
    def description(self) -> str:
        """A few words for messages."""
        return f"every {self.nth}. row"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"every {self.nth}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece with these rows only."""
        return piece.gather_every(self.nth)


def sampled(pipeline: Pipeline, *, rows: int, spans: int | None) -> Pipeline:
    """The pipeline on about `rows` rows of its table; of one with spans, on the newest `spans` of them (None for as many as it uses).

    A table of fewer rows is used whole. Windows of time are not measured: that is a matter of all rows.
    """
    read: Any = pipeline.read

    def reading(*paths: object) -> Dataset:
        return sample(read(*paths), rows)

    chosen = pipeline.spans
    if chosen is not None and spans is not None:
        chosen = replace(chosen, newest=max(spans, chosen.held_out + 1))
    return replace(pipeline, read=reading, spans=chosen, window=None)


def sample(dataset: Dataset, rows: int) -> Dataset:
    """About `rows` rows of a dataset; all of them where it has no more."""
    from seakeep import data

    there = count(dataset)
    if there <= rows:
        return dataset
    if dataset.key is None:
        return dataset.then(Every(-(-there // rows)))
    return data.split(dataset, share=rows / there, salt=SALT)[1]


def count(dataset: Dataset) -> int:
    """Rows of a dataset. One pass over as little of it as its format allows."""
    import polars as pl

    from seakeep.data.frames import fetch

    counts = (fetch(dataset, at, piece.select(pl.len())) for at, piece in enumerate(dataset.pieces()))
    return sum(int(each.item()) for each in counts)
