"""A table without its broken rows, as a step of a dataset: for a pipeline that goes on without them.

Rows are dropped for what each of them tells alone: a column's rules and the expressions of row rules. That a value occurs twice or is absent
from another table is judged all the same, and drops nothing, since it depends on other rows than the one at hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.data.rows.plan import Asks, plan_of

if TYPE_CHECKING:
    import polars as pl

    from seakeep.core.dataset import Dataset
    from seakeep.core.schema import Environment, Schema


@dataclass(frozen=True, slots=True, eq=False)
class WithoutBroken:
    """Rows that keep every rule of a contract which a row can keep alone. schema: these rules."""

    schema: Schema
    environment: Environment

    @property
    def description(self) -> str:
        """A few words for messages."""
        return f"without rows that break {self.schema.name}"

    @property
    def canonical(self) -> str:
        """Equal for equal steps on any machine."""
        return f"without broken rows of {self.schema.digest} in {self.environment}"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        """The piece without its broken rows."""
        dtypes = piece.collect_schema()
        plan = plan_of(self.schema, dtypes, self.environment, Asks(None, None))
        return plan.masked(piece).filter(~plan.is_broken()).select(dtypes.names())


def without_broken(dataset: Dataset, schema: Schema, environment: Environment = "training") -> Dataset:
    """The dataset without rows that break a rule which a row can keep alone."""
    return dataset.then(WithoutBroken(alone(schema), environment))


def with_broken(dataset: Dataset) -> tuple[Dataset, Schema] | None:
    """What `without_broken` was given last, with the rules that it dropped by; None where it was given nothing."""
    step = dataset.steps[-1] if dataset.steps else None
    return (replace(dataset, steps=dataset.steps[:-1]), step.schema) if isinstance(step, WithoutBroken) else None


def alone(schema: Schema) -> Schema:
    """The contract with those rules only that look at one row."""
    columns = {name: replace(column, unique=False) for name, column in schema.columns.items()}
    return replace(schema, columns=columns, rules=tuple(rule for rule in schema.rules if rule.holds))
