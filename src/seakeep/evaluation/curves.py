"""What a classifier's scores look like: ROC and precision-recall curves, reliability, confusion. Tables for the report's pictures.

Cut down to what a picture shows: at most POINTS thresholds, evenly spread over the curve's own steps, its ends kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.core.report import Table
from seakeep.evidence.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.core.codec import Scalar
    from seakeep.evaluation.sample import Sample

POINTS = 200
BINS = 15
MOST_CLASSES = 30


def curves(sample: Sample, classes: Sequence[Scalar], *, level: float = 0.95) -> tuple[Table, ...]:
    """The tables of a classifier: roc, precision_recall and calibration (binary), confusion. None for no rows or no numbers."""
    if not sample.rows or not sample.is_finite:
        return ()
    found = [confusion(sample, classes)]
    if sample.task is Task.BINARY:
        found = [*_by_threshold(sample), calibration(sample, level=level), *found]
    return tuple(found)


def calibration(sample: Sample, *, level: float = 0.95) -> Table:
    """Reliability: stated against observed share of positives in at most 15 bins of about equally many rows."""
    order = np.argsort(sample.positive, kind="stable")
    scores, truth = sample.positive[order], sample.truth[order]
    edges = np.unique(np.searchsorted(scores, np.quantile(scores, np.arange(1, BINS) / BINS), side="left"))
    rows: list[tuple[Scalar, ...]] = []
    for part in np.split(np.arange(len(scores)), edges):
        if len(part):
            positives = int(truth[part].sum())
            low, high = wilson(positives, len(part), level=level)
            rows.append((float(scores[part].mean()), positives / len(part), low, high, len(part)))
    columns = ("stated", "observed", "low", "high", "rows")
    return Table("calibration", "Stated and observed share of positives", columns, tuple(rows))


def confusion(sample: Sample, classes: Sequence[Scalar]) -> Table:
    """Rows by label and decision; of many classes the MOST_CLASSES most frequent labels and decisions, the rest told."""
    size = len(classes)
    counts = np.bincount(sample.indices * size + sample.chosen, minlength=size * size).reshape(size, size)
    kept = np.sort(np.argsort(-(counts.sum(axis=0) + counts.sum(axis=1)), kind="stable")[:MOST_CLASSES])
    rows = tuple((classes[i], classes[j], int(counts[i, j])) for i in kept for j in kept)
    left_out = size - len(kept)
    note = f"{left_out} rarer classes are left out." if left_out else ""
    return Table("confusion", "Labels and decisions", ("label", "decision", "rows"), rows, note)


def _by_threshold(sample: Sample) -> tuple[Table, ...]:
    positives, negatives = int(sample.truth.sum()), int((~sample.truth).sum())
    if not positives or not negatives:
        return ()
    order = np.argsort(-sample.positive, kind="stable")
    scores = sample.positive[order]
    ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    hits = np.cumsum(sample.truth[order])[ends]
    alarms = ends + 1 - hits
    rises = [(0.0, 0.0, None), *_rows(alarms / negatives, hits / positives, scores[ends])]
    falls = _rows(hits / positives, hits / (ends + 1), scores[ends])
    roc = ("false_positive_rate", "true_positive_rate", "threshold")
    return (
        Table("roc", "Receiver operating characteristic", roc, tuple(rises)),
        Table("precision_recall", "Precision and recall", ("recall", "precision", "threshold"), tuple(falls)),
    )


def _rows(
    x: NDArray[np.float64], y: NDArray[np.float64], thresholds: NDArray[np.float64]
) -> list[tuple[float, float, float]]:
    """At most POINTS - 1 of the points: those nearest to even steps along the curve (x and y together), both ends among them."""
    if len(x) > POINTS - 1:
        way = np.cumsum(np.abs(np.diff(x, prepend=x[0])) + np.abs(np.diff(y, prepend=y[0])))
        kept = np.unique(np.searchsorted(way, np.linspace(0, way[-1], POINTS - 2)).clip(0, len(x) - 1))
        kept = np.unique(np.append(kept, len(x) - 1))
    else:
        kept = np.arange(len(x))
    return [(float(x[i]), float(y[i]), float(thresholds[i])) for i in kept]
