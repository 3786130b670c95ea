"""Schema: the data contract. What each column must be, enforced at ingest, training, serving and retraining.

It is written for version control as YAML (see data.contract) and inferred from Statistics (see data.contract.infer). Columns have two
facts that other tools leave to memory: `available` says whether a value is known when the prediction is asked for, so that
a column from the future is refused as a feature; `not_in` names the environments that do not have the column at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from seakeep.core.codec import digest
from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind

Environment = Literal["training", "serving"]
ENVIRONMENTS: tuple[Environment, ...] = ("training", "serving")


@dataclass(frozen=True, slots=True)
class ColumnSchema:
    """The contract of one column.

    required: whether the table must have the column. missing_at_most: largest share of null or NaN, 0 to 1.
    values: the only values allowed (strings, integers, booleans), None for any; others_at_most: share of present values
    that may lie outside of them, 0 to 1. minimum, maximum: inclusive bounds; of timestamps in microseconds since 1970 UTC.
    infinite: whether infinities are allowed. unique: whether a value may occur once only.
    available: "before" or "after" the prediction is asked for. not_in: environments without the column.
    drift: largest distance to the reference by distance name ("psi": 0.2).
    """

    kind: Kind
    required: bool = True
    missing_at_most: float = 0.0
    values: tuple[bool | int | str, ...] | None = None
    others_at_most: float = 0.0
    minimum: int | float | None = None
    maximum: int | float | None = None
    infinite: bool = False
    unique: bool = False
    available: Literal["before", "after"] = "before"
    not_in: tuple[Environment, ...] = ()
    drift: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def expected_in(self, environment: Environment) -> bool:
        """Whether a table of this environment may have the column at all."""
        return environment not in self.not_in and not (environment == "serving" and self.available == "after")


@dataclass(frozen=True, slots=True)
class Schema:
    """The contract of a table: its columns by name, in order, and the roles that some of them have.

    label, time, key: column names, or None. rows_at_least: fewest rows a table must have.
    """

    name: str
    columns: Mapping[str, ColumnSchema] = field(default_factory=dict)
    label: str | None = None
    time: str | None = None
    key: str | None = None
    rows_at_least: int = 1

    def __getitem__(self, name: str) -> ColumnSchema:
        """The column called `name`. Raises UsageError with the nearest name."""
        if name not in self.columns:
            raise UsageError.unknown_name("column", name, self.columns, where=f"schema {self.name}")
        return self.columns[name]

    def expected(self, environment: Environment) -> dict[str, ColumnSchema]:
        """The columns that a table of this environment has; the label is expected in training only."""
        return {
            name: column
            for name, column in self.columns.items()
            if column.expected_in(environment) and not (environment == "serving" and name == self.label)
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return digest(self)
