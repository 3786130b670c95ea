"""What a kind of finding is, and what it is given to look at.

One file in `findings` is one kind: its name is the public name and the check's code (`quality.<name>`). Some kinds need the
statistics only; others need rows, of which all share one pass (see `looking`). A kind tells facts of the table, each with what
was observed, the threshold, evidence, and what to do about it; it never changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from seakeep.core.codec import Scalar
    from seakeep.core.dataset import Dataset
    from seakeep.core.kinds import Kind
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import ColumnStatistics, Statistics

GROUP = "data.quality.findings"
ROW = "@row"
Cost = Literal["statistics", "rows", "both tables"]
Role = Literal["label", "time", "key", "against"]
Part = Literal["table", "against"]


@dataclass(frozen=True, slots=True)
class Found:
    """One fact that a kind of finding tells.

    subject: the column, "a, b" for several, or "table". fix: what to do; a declared cleaning step as text where one can do
    it. inconclusive: the fact cannot be told for certain, and the message says why.
    """

    subject: str
    message: str
    observed: Scalar = None
    threshold: Scalar = None
    fix: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    inconclusive: bool = False


@dataclass(frozen=True, slots=True)
class Texts:
    """The different values of a text column: `values` has columns "text" and "rows" (how many), most frequent first.

    exact: whether all are there; else a part chosen by hash, of which `share` says how large it is.
    """

    values: pl.DataFrame
    share: float = 1.0

    @property
    def exact(self) -> bool:
        """Whether every value is there."""
        return self.share == 1.0

    @property
    def rows(self) -> int:
        """Rows that hold these values."""
        return int(self.values["rows"].sum())


@dataclass(frozen=True, slots=True)
class Table:
    """What a kind of finding looks at.

    types: the columns and their Polars types. sample: rows chosen by their number's hash, in order, with that number as
    "@row"; all rows of a table that is small enough; empty where no kind asked for rows. texts: of every text column, likewise.
    after: columns known only after the prediction is asked for, as the contract says.
    """

    dataset: Dataset
    statistics: Statistics
    types: Mapping[str, pl.DataType]
    label: str | None = None
    time: str | None = None
    key: str | None = None
    schema: Schema | None = None
    against: Dataset | None = None
    sample: pl.DataFrame = field(default_factory=pl.DataFrame)
    texts: Mapping[str, Texts] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return self.statistics.rows

    @property
    def after(self) -> tuple[str, ...]:
        """Columns that the contract says come after the prediction."""
        columns = self.schema.columns if self.schema else {}
        return tuple(name for name, column in columns.items() if column.available == "after")

    def columns(self, *kinds: Kind) -> dict[str, ColumnStatistics]:
        """The columns of these kinds (of any, without) that hold a value."""
        return {
            name: column
            for name, column in self.statistics.columns.items()
            if column.present and (not kinds or column.kind in kinds)
        }

    def features(self, *kinds: Kind) -> dict[str, ColumnStatistics]:
        """As `columns`, without label, time, key and what is known only afterwards."""
        others = (self.label, self.time, self.key, *self.after)
        return {name: column for name, column in self.columns(*kinds).items() if name not in others}


class Look(Protocol):
    """What a kind of finding remembers of the rows it is shown. Its memory must not grow with them without bound."""

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:
        """One batch in canonical order; first: the number of its first row. Kinds of both tables see "against" first."""


class Finding(Protocol):
    """What a module in `findings` offers.

    MEANING: what holds where nothing is found, one sentence. COST: "statistics", "rows", or "both tables".
    NEEDS: roles without which it cannot look. LEAST_ROWS: fewer, and it is inconclusive.
    KINDS: of columns that it is about, if not of all; absent in most. look: only where it must see every row; else None or absent. find: the facts; `look` is what `look` returned.
    """

    MEANING: ClassVar[str]
    COST: ClassVar[Cost]
    NEEDS: ClassVar[Sequence[Role]]
    LEAST_ROWS: ClassVar[int]

    def look(self, table: Table) -> Look | None:
        """What will be shown every row; the table has no sample and no texts yet."""

    def find(self, table: Table, look: Look | None) -> Iterable[Found]:
        """What is wrong with the table; nothing where nothing is."""
