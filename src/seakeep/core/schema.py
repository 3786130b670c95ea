"""Schema: the data contract. What each column must be, enforced at ingest, training, serving and retraining.

It is written for version control as YAML (see data.contract) and inferred from Statistics (see data.contract.infer). Columns have two
facts that other tools leave to memory: `available` says whether a value is known when the prediction is asked for, so that
a column from the future is refused as a feature; `not_in` and `in_` name the environments that have the column at all. What holds
between columns, or against another table, is a `RowRule`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from seakeep.core.codec import GAINED, digest
from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind

Environment = str
"""Where a table is: "training", "serving", or a name that the schema declares."""
ENVIRONMENTS: tuple[Environment, ...] = ("training", "serving")
Semantics = Literal["", "natural_language", "image", "url", "categorical"]


@dataclass(frozen=True, slots=True)
class ColumnSchema:
    """The contract of one column, of a list's items, or of a struct's field.

    required: whether the table must have the column. missing_at_most: largest share of null or NaN, 0 to 1.
    values: the only values allowed (strings, integers, booleans), None for any; others_at_most: share of present values
    that may lie outside of them, 0 to 1. minimum, maximum: inclusive bounds; of timestamps in microseconds since 1970 UTC.
    infinite: whether infinities are allowed. unique: whether a value may occur once only.
    available: "before" or "after" the prediction is asked for. not_in: environments without the column.
    drift: largest distance to the reference by distance name ("psi": 0.2); skew: largest distance of serving to training.
    present_at_least: fewest rows with a value. length_at_least, length_at_most: of text in characters, of binary values in bytes,
    of lists in items. nan: whether NaN counts as missing, is a value like others, or must not occur.
    distinct_at_least, distinct_at_most: how many different values a table may have.
    pattern: regular expression that every text matches as a whole; "" for any. semantics: what the values stand for, "" for what
    the kind says; "categorical" are integers that are names, such as ZIP codes.
    items: what a list holds. fields: what a struct holds, by name. deprecated: why nobody should use the column; "" where
    they may. in_: the only environments with the column; empty for those that the schema's `default_in` names.
    sensitive: how its values stand where requests are kept: "" as they are, "hash" as a keyed hash, "drop" not at all.
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
    present_at_least: int = field(default=0, metadata=GAINED)
    length_at_least: int | None = field(default=None, metadata=GAINED)
    length_at_most: int | None = field(default=None, metadata=GAINED)
    nan: Literal["missing", "allowed", "refused"] = field(default="missing", metadata=GAINED)
    distinct_at_least: int | None = field(default=None, metadata=GAINED)
    distinct_at_most: int | None = field(default=None, metadata=GAINED)
    pattern: str = field(default="", metadata=GAINED)
    semantics: Semantics = field(default="", metadata=GAINED)
    items: ColumnSchema | None = field(default=None, metadata=GAINED)
    fields: Mapping[str, ColumnSchema] = field(default_factory=dict, metadata=GAINED)
    deprecated: str = field(default="", metadata=GAINED)
    in_: tuple[Environment, ...] = field(default=(), metadata=GAINED)
    skew: Mapping[str, float] = field(default_factory=dict, metadata=GAINED)
    sensitive: Literal["", "hash", "drop"] = field(default="", metadata=GAINED)

    def expected_in(self, environment: Environment, *, default: tuple[Environment, ...] = ()) -> bool:
        """Whether a table of this environment may have the column at all. default: the schema's `default_in`."""
        if environment in self.not_in or (environment == "serving" and self.available == "after"):
            return False
        return environment in (self.in_ or default or (environment,))


@dataclass(frozen=True, slots=True)
class RowRule:
    """What every row must keep: an expression over its columns, or a reference to another table.

    holds: a text such as "dropoff_at > pickup_at" (see data.rows); "" for a reference. refers: columns whose values must occur in the
    table `to` (any DATA, relative to the contract's file) in its columns `by`, as many as `refers`.
    broken_at_most: share of rows that may break the rule, 0 to 1. not_in: environments in which it is not judged.
    """

    name: str
    holds: str = ""
    refers: tuple[str, ...] = ()
    to: str = ""
    by: tuple[str, ...] = ()
    broken_at_most: float = 0.0
    not_in: tuple[Environment, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """The contract of a table: its columns by name, in order, and the roles that some of them have.

    label, time, key: column names, or None. rows_at_least, rows_at_most: how many rows a table must have and may have.
    growth_at_least, growth_at_most: the table's rows over those of the previous span, such as 0.8 and 1.5.
    environments: names of environments beside training and serving. default_in: the environments of columns that name none of
    their own; empty for all. rules: what holds between columns, and against other tables.
    """

    name: str
    columns: Mapping[str, ColumnSchema] = field(default_factory=dict)
    label: str | None = None
    time: str | None = None
    key: str | None = None
    rows_at_least: int = 1
    rows_at_most: int | None = field(default=None, metadata=GAINED)
    growth_at_least: float | None = field(default=None, metadata=GAINED)
    growth_at_most: float | None = field(default=None, metadata=GAINED)
    environments: tuple[Environment, ...] = field(default=(), metadata=GAINED)
    default_in: tuple[Environment, ...] = field(default=(), metadata=GAINED)
    rules: tuple[RowRule, ...] = field(default=(), metadata=GAINED)

    def __getitem__(self, name: str) -> ColumnSchema:
        """The column called `name`. Raises UsageError with the nearest name."""
        if name not in self.columns:
            raise UsageError.unknown_name("column", name, self.columns, where=f"schema {self.name}")
        return self.columns[name]

    def expected(self, environment: Environment) -> dict[str, ColumnSchema]:
        """The columns that a table of this environment has; the label is not expected in serving."""
        return {name: column for name, column in self.columns.items() if self.expects(name, environment)}

    def expects(self, name: str, environment: Environment) -> bool:
        """Whether a table of this environment may have the column `name`, which the schema knows."""
        is_answer = environment == "serving" and name == self.label
        return not is_answer and self.columns[name].expected_in(environment, default=self.default_in)

    def of_part(self) -> Schema:
        """This contract for a part of the table, such as a sample or a window: without what only the whole can keep."""
        columns = {
            name: replace(column, present_at_least=0, distinct_at_least=None) for name, column in self.columns.items()
        }
        no_limits = {"rows_at_most": None, "growth_at_least": None, "growth_at_most": None}
        return replace(self, columns=columns, rows_at_least=min(1, self.rows_at_least), **no_limits)  # type: ignore[arg-type]

    @property
    def known_environments(self) -> tuple[Environment, ...]:
        """Training, serving and those that this schema declares."""
        return tuple(dict.fromkeys((*ENVIRONMENTS, *self.environments)))

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return digest(self)
