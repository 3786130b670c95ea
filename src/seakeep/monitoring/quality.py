"""Data quality of one window: what was refused, and whether what was answered keeps the release's contract in serving.

Called by `judging`. The contract is the release's own, cut down to the columns that its model reads, since the log holds no others,
and of these to those that are not hidden in it (see prediction_log.frames.Header).
Drift thresholds are left out of it here: `drift` judges by those, calibrated at the window's rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.report import Check, Table, Verdict
from seakeep.data.validation.validate import validate
from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from seakeep.core.codec import Json
    from seakeep.core.model import Model
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import Statistics

MOST_UNANSWERED = 0.05
_REASONS = 5


def judge_quality(model: Model, statistics: Statistics, *, subject: str) -> tuple[tuple[Check, ...], Table]:
    """The checks of `validate` on the window's rows, and the table "quality": what each column lacks."""
    whole = contract(model)
    held = replace(whole, columns={name: each for name, each in whole.columns.items() if name in statistics.columns})
    report = validate(statistics, held, environment="serving", reference=model.statistics, subject=subject)
    rows = tuple(
        (name, column.kind.value, column.rows, column.missing_rate, model.statistics.columns[name].missing_rate)
        for name, column in statistics.columns.items()
        if name in model.statistics.columns
    )
    columns = ("column", "kind", "rows", "missing_rate", "reference_missing_rate")
    return report.checks, Table("quality", "Columns as they came", columns, rows)


def contract(model: Model) -> Schema:
    """The part of the contract that a window can be held to. A model whose contract lacks an input is held to the rest."""
    read = {each.name for each in model.inputs}
    part = model.schema.of_part()
    columns = {name: replace(each, drift={}, skew={}) for name, each in part.columns.items() if name in read}
    return replace(part, columns=columns, label=None, rows_at_least=1, rules=())


def judge_answers(frame: pl.DataFrame, *, subject: str) -> Check:
    """The share of rows that were refused or failed, with the commonest reasons. `frame`: all rows of a release in a window."""
    counts = dict(frame.group_by(names.OUTCOME).len().iter_rows())
    rows, answered = frame.height, counts.get("answered", 0)
    share = 1 - answered / rows
    verdict = Verdict.FAIL if share > MOST_UNANSWERED else Verdict.PASS
    reasons = frame.filter(pl.col(names.OUTCOME) != "answered").group_by(names.REASON).len()
    common = dict(reasons.sort("len", names.REASON, descending=[True, False]).head(_REASONS).iter_rows())
    told: dict[str, Json] = {str(reason): rows for reason, rows in common.items()}
    first = f", most of them {next(iter(told))!r}" if told else ""
    message = f"{rows - answered:,} of {rows:,} rows ({share:.1%}) were refused or failed{first}."
    fix = "" if verdict is Verdict.PASS else "Ask who sends them what they changed; each refusal says what to do."
    numbers: dict[str, Json] = {**{str(name): count for name, count in counts.items()}, "reasons": told}
    return Check("monitoring.answered", subject, verdict, message, share, MOST_UNANSWERED, fix, numbers)
