"""Dataset: a lazily read table with its roles. Nothing is read until it is profiled, trained on or scored.

The table itself stays behind `Source`, so that a folder of Parquet files, a frame in memory and a prediction log are the
same to every room. A source is cut into pieces in a canonical order, which is what makes results equal on any engine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from seakeep.core.codec import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


class Source(Protocol):
    """Where a table's rows come from. Implementations are frozen dataclasses in `data/sources`."""

    @property
    def description(self) -> str:
        """What to call this table in messages: a path, a glob, "a table in memory (3 columns)"."""

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """The table cut in canonical order: files in name order, then ranges of rows. Cheap; reads metadata only."""

    def files(self) -> Sequence[str]:
        """Absolute paths of the files read, in order; empty for a table in memory."""

    def digest(self) -> str:
        """SHA-256 of the content, whatever its place: equal bytes in equal order have equal digests."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table and its roles.

    source: where rows come from. label, time, key: column names or None.
    steps: what is done to every piece, in order: derived columns, row filters, dropped columns (see data.steps).
    """

    source: Source
    label: str | None = None
    time: str | None = None
    key: str | None = None
    steps: tuple[Step, ...] = ()

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return " ".join((self.source.description, *(step.description for step in self.steps)))

    def pieces(self) -> tuple[pl.LazyFrame, ...]:
        """The table's pieces in canonical order, with every step applied."""
        return tuple(self._stepped(piece) for piece in self.source.pieces())

    def then(self, step: Step) -> Dataset:
        """This dataset with one more step."""
        return replace(self, steps=(*self.steps, step))

    @property
    def digest(self) -> str:
        """SHA-256 of the source's content, the steps and the roles."""
        steps = [step.canonical for step in self.steps]
        return digest([self.source.digest(), steps, self.label, self.time, self.key])

    def _stepped(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        for step in self.steps:
            piece = step.apply(piece)
        return piece


class Step(Protocol):
    """One row-wise change of a table. Implementations are frozen dataclasses in `data/steps.py`."""

    @property
    def description(self) -> str:
        """A few words for messages: "before 2013-10-01"."""

    @property
    def canonical(self) -> str:
        """Text that is equal for equal steps on any machine; enters the dataset's digest."""

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The changed piece. Must not look at other rows, so that pieces can be changed one by one."""
