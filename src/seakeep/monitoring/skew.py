"""Skew of one window: serving's Statistics against training's, by the thresholds that the contract states for it, as checks.

Called by `judging`. Drift asks whether the world has moved, and allows for what is usual; skew asks whether training and serving make a column
alike, which a person has said with a number: the contract's `skew` thresholds, as `validate --serving` judges them. A window that drifts for good
reasons may so fail here too; a contract that states no threshold is judged by drift alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.report import Check, Table, Verdict
from seakeep.data.comparison.drift import stated_skew

if TYPE_CHECKING:
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import Statistics

CODE = "skew"


@dataclass(frozen=True, slots=True)
class Skewed:
    """checks: one a column and stated distance. tables: "skew", where there is one. failed: columns that differ."""

    checks: tuple[Check, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def failed(self) -> tuple[str, ...]:
        """Columns with a failing check, in order."""
        return tuple(dict.fromkeys(check.subject for check in self.checks if check.verdict is Verdict.FAIL))


def judge_skew(training: Statistics, serving: Statistics, schema: Schema) -> Skewed:
    """The distance of a window to the training rows, of the columns that both have and whose contract states a threshold. O(columns), no pass over rows."""
    report = stated_skew(training, serving, schema)
    return Skewed(report.checks, tuple(table for table in report.tables if table.name == CODE))
