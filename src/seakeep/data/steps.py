"""Steps: the row-wise changes of a table, each a frozen value with a canonical text that enters the dataset's digest.

Made by read (widen, derive, where, drop, columns) and split (before, from, share). What is hard is that their text must mean the same on
any machine: Python functions are refused, as is every expression that looks at other rows, since pieces are changed one by
one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.distinct import hash_bytes
from seakeep.core.errors import UsageError
from seakeep.data.errors import BadStep
from seakeep.data.expressions import text_of
from seakeep.data.reading.widening import conformed
from seakeep.data.statistics.hashing import hash_column, mix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.dataset import Dataset, Step

_ALL = 1 << 64


@dataclass(frozen=True, slots=True)
class Derived:
    """One column added or replaced by an expression over its own row."""

    name: str
    text: str
    expression: pl.Expr = field(compare=False, repr=False)

    @classmethod
    def of(cls, name: str, expression: pl.Expr) -> Derived:
        """Raises BadStep, for Python functions and expressions that look at other rows."""
        return cls(name, text_of(f"derive[{name!r}]", expression), expression.alias(name))

    @property
    def description(self) -> str:
        """A few words for messages."""
        return f"with {self.name}"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"derive {self.name} {self.text}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece with the column."""
        return piece.with_columns(self.expression)


@dataclass(frozen=True, slots=True)
class Where:
    """Rows for which an expression is true (not false, not null)."""

    text: str
    expression: pl.Expr = field(compare=False, repr=False)

    @classmethod
    def of(cls, expression: pl.Expr) -> Where:
        """Raises BadStep, as Derived.of."""
        return cls(text_of("where", expression), expression)

    @property
    def description(self) -> str:
        """A few words for messages."""
        return "filtered"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"where {self.text}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece with these rows only."""
        return piece.filter(self.expression)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Columns left out; a file that lacks one already is as good."""

    names: tuple[str, ...]

    @property
    def description(self) -> str:
        """A few words for messages."""
        return f"without {', '.join(self.names)}"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"drop {sorted(self.names)}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece without these columns."""
        return piece.drop(self.names, strict=False)


@dataclass(frozen=True, slots=True)
class Ordered:
    """Columns in one order, where files have them in several."""

    names: tuple[str, ...]

    @property
    def description(self) -> str:
        """A few words for messages."""
        return "in one order"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"order {list(self.names)}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece with its columns in this order."""
        return piece.select(self.names)


@dataclass(frozen=True, slots=True)
class Selected:
    """Columns kept, in this order; others are not read where the format allows."""

    names: tuple[str, ...]

    @property
    def description(self) -> str:
        """A few words for messages."""
        return f"only {', '.join(self.names)}"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"select {list(self.names)}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece with these columns."""
        return piece.select(self.names)


@dataclass(frozen=True, slots=True)
class Widened:
    """Columns made of one type, where files have them in several. types: by column name; a file may lack some."""

    types: tuple[tuple[str, pl.DataType], ...]

    @classmethod
    def of(cls, types: Mapping[str, pl.DataType]) -> Widened:
        """The step, from types by name."""
        return cls(tuple(sorted(types.items())))

    @property
    def description(self) -> str:
        """A few words for messages."""
        return f"widened ({', '.join(name for name, _ in self.types)})"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"widen {[(name, str(dtype)) for name, dtype in self.types]}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece with these types."""
        known = piece.collect_schema()
        return piece.with_columns(
            conformed(pl.col(name), known[name], dtype).alias(name) for name, dtype in self.types if name in known
        )


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Rows before a moment, or from it on. Rows without a time count as before, so that no row is in neither part.

    moment: ISO 8601 without a zone: UTC where `zone`, the column's, is not None, else as the column's clock shows it.
    """

    column: str
    moment: str
    zone: str | None
    later: bool

    @property
    def description(self) -> str:
        """A few words for messages."""
        return f"{'from' if self.later else 'before'} {self.moment}"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"time {self.column} {'>=' if self.later else '<'} {self.moment} {self.zone}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece with these rows only."""
        moment = pl.lit(datetime.fromisoformat(self.moment))
        if self.zone is not None:
            moment = moment.dt.replace_time_zone("UTC").dt.convert_time_zone(self.zone)
        column = pl.col(self.column)
        return piece.filter(column >= moment if self.later else (column < moment) | column.is_null())


@dataclass(frozen=True, slots=True)
class HashShare:
    """Rows whose key hashes below a share of all hashes, or the others. Rows of one key are never parted."""

    column: str
    share: float
    salt: str
    held_out: bool

    @property
    def description(self) -> str:
        """A few words for messages."""
        share = self.share if self.held_out else 1 - self.share
        return f"{share:.0%} by {self.column}"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"share {self.column} {'<' if self.held_out else '>='} {self.share!r} {self.salt!r}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece with these rows only."""
        chosen = pl.col(self.column).map_batches(self._chosen, return_dtype=pl.Boolean, is_elementwise=True)
        return piece.filter(chosen)

    def _chosen(self, keys: pl.Series) -> pl.Series:
        salted = mix(hash_column(keys) ^ np.uint64(hash_bytes(self.salt.encode())))
        below = salted < np.uint64(min(round(self.share * _ALL), _ALL - 1))
        return pl.Series(keys.name, below if self.held_out else ~below)


def stepped_schema(schema: pl.Schema, dataset: Dataset) -> pl.Schema:
    """The columns that a table with these columns has after the dataset's steps, tried on a table without rows.

    Raises: UsageError, for an unknown column, with the nearest name; BadStep, where types do not fit.
    """
    for step in dataset.steps:
        _check_columns(step, schema, dataset)
        try:
            _check_boolean(step, schema)
            schema = step.apply(pl.LazyFrame(schema=schema)).collect().schema
        except pl.exceptions.PolarsError as error:
            raise BadStep.wrong_type(_place(step), str(error)) from error
    return schema


def _check_columns(step: Step, schema: pl.Schema, dataset: Dataset) -> None:
    """Raise UsageError for a column that an expression names and the table lacks."""
    if isinstance(step, Derived | Where):
        for name in step.expression.meta.root_names():
            if name not in schema:
                raise UsageError.unknown_name(
                    "column", name, schema, where=f"{_place(step)} of {dataset.source.description}"
                )
    if isinstance(step, Selected):
        for name in step.names:
            if name not in schema:
                raise UsageError.unknown_name("column", name, schema, where=f"columns of {dataset.source.description}")


def _check_boolean(step: Step, schema: pl.Schema) -> None:
    """Raise BadStep for a filter that is not boolean."""
    if isinstance(step, Where):
        dtype = pl.LazyFrame(schema=schema).select(step.expression.alias("where")).collect_schema()["where"]
        if dtype != pl.Boolean:
            raise BadStep.not_boolean(dtype)


def _place(step: Step) -> str:
    return (
        f"derive[{step.name!r}]"
        if isinstance(step, Derived)
        else "where"
        if isinstance(step, Where)
        else step.description
    )
