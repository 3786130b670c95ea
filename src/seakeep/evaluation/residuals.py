"""What a regression's errors look like: their quantiles, and predicted against actual values. Tables for the report's pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.report import Table
from seakeep.evidence.intervals import mean_interval

if TYPE_CHECKING:
    from seakeep.core.codec import Scalar
    from seakeep.evaluation.sample import Sample

SHARES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
BINS = 15


def residuals(sample: Sample, *, level: float = 0.95) -> tuple[Table, ...]:
    """The tables residuals and predicted_actual; none for no rows or scores that are not numbers."""
    if not sample.rows or not sample.is_finite:
        return ()
    quantiles = np.quantile(sample.errors, SHARES)
    rows = tuple((share, float(value)) for share, value in zip(SHARES, quantiles, strict=True))
    return (
        Table("residuals", "Quantiles of the error (predicted less actual)", ("share", "error"), rows),
        _predicted_actual(sample, level),
    )


def _predicted_actual(sample: Sample, level: float) -> Table:
    """Mean label, with its interval, in at most 15 bins of about equally many rows by predicted value."""
    order = np.argsort(sample.scores[:, 0], kind="stable")
    values, labels = sample.scores[order, 0], sample.labels[order]
    edges = np.unique(np.searchsorted(values, np.quantile(values, np.arange(1, BINS) / BINS), side="left"))
    rows: list[tuple[Scalar, ...]] = []
    for part in np.split(np.arange(len(values)), edges):
        if len(part):
            low, high = mean_interval(labels[part], level=level) if len(part) > 1 else (None, None)
            rows.append((float(values[part].mean()), float(labels[part].mean()), low, high, len(part)))
    columns = ("predicted", "actual", "low", "high", "rows")
    return Table("predicted_actual", "Predicted and actual values", columns, tuple(rows))
