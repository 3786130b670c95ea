"""Pictures of how good a model is: metrics, groups, importance, errors, curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import Bar, Dot, Series, bars, curve, dots, heat_map
from seakeep.views.charts.scales import padded
from seakeep.views.pictures.records import (
    ROWS_DRAWN,
    Draw,
    Picture,
    Record,
    bound,
    cut,
    grouped,
    is_finite,
    is_whole,
    number,
    slice_name,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seakeep.core.codec import Scalar

_EXPLAINED = 12


def _metrics(records: Sequence[Record]) -> Iterator[Picture]:
    """A forest plot a metric, where it has been measured on slices."""
    measured = [record for record in records if record["value"] is not None]
    for metric, group in grouped(measured, "metric").items():
        rows, left_out = _largest(group)
        if len(rows) > 1:
            points = [_dot(r, "slice", "value", leads=is_whole(r["slice"])) for r in rows]
            says = f"The {ROWS_DRAWN} slices with most rows; {left_out} more in the table." if left_out else ""
            title = f"{figures.scalar(metric)} by slice"
            yield Picture(dots(points, title=title), title, says or "Dots with their confidence intervals.")


def _fairness(records: Sequence[Record]) -> Iterator[Picture]:
    """A forest plot for each measure and grouping."""
    for by, same in grouped(records, "by").items():
        for measure, rows in grouped(same, "measure").items():
            points = [_dot(r, "group", "rate") for r in rows[:ROWS_DRAWN]]
            title = f"{words(measure)} by {figures.scalar(by)}"
            yield Picture(dots(points, title=title), title, "Alike where the intervals overlap." + cut(rows))


def _baselines(records: Sequence[Record]) -> Iterator[Picture]:
    """A forest plot a metric; the first row is the model that the others are compared with."""
    for metric, rows in grouped(records, "metric").items():
        points = [_dot(r, "model", "value", leads=i == 0) for i, r in enumerate(rows[:ROWS_DRAWN])]
        title = f"{figures.scalar(metric)} beside simpler models"
        yield Picture(dots(points, title=title), title, "The line runs through the candidate.")


def _importance(records: Sequence[Record]) -> Iterator[Picture]:
    title = "What the model relies on"
    rows = [_bar(r, "column", "importance") for r in records[:ROWS_DRAWN]]
    yield Picture(
        bars(rows, title=title), title, "How much worse it answers when the column is shuffled." + cut(records)
    )


def _errors(records: Sequence[Record]) -> Iterator[Picture]:
    title = "Errors beyond the average"
    rows = [_bar(r, "slice", "excess") for r in records[:ROWS_DRAWN]]
    says = "Errors that a slice has more than at the overall rate." + cut(records)
    yield Picture(bars(rows, title=title), title, says)


def _contributions(records: Sequence[Record]) -> Iterator[Picture]:
    """Bars to both sides, one picture an explained row, largest first."""
    for row, group in grouped(records, "row").items():
        ordered = sorted(group, key=lambda r: -abs(number(r["contribution"])) if is_finite(r["contribution"]) else 0.0)
        drawn = [Bar(_pair(r), number(r["contribution"])) for r in ordered[:_EXPLAINED]]
        title = f"Row {figures.scalar(row)} explained"
        more = f"; {len(group) - _EXPLAINED} smaller ones are in the table" if len(group) > _EXPLAINED else ""
        yield Picture(bars(drawn, title=title), title, f"What each column adds to the raw score{more}.")


def _roc(records: Sequence[Record]) -> Iterator[Picture]:
    line = _series(records, "false_positive_rate", "true_positive_rate")
    drawn = curve([line], title="ROC curve", x="false positive rate", y="true positive rate", diagonal=True)
    yield Picture(drawn, "ROC curve", "Chance is the dotted line; better is towards the upper left.")


def _precision_recall(records: Sequence[Record]) -> Iterator[Picture]:
    line = _series(records, "recall", "precision")
    drawn = curve([line], title="Precision and recall", x="recall", y="precision")
    yield Picture(drawn, "Precision and recall", "Better is towards the upper right.")


def _calibration(records: Sequence[Record]) -> Iterator[Picture]:
    line = _series(records, "stated", "observed", dotted=True)
    drawn = curve([line], title="Calibration", x="stated probability", y="observed share", diagonal=True)
    yield Picture(drawn, "Calibration", "On the dotted line, what was stated is what happened.")


def _predicted_actual(records: Sequence[Record]) -> Iterator[Picture]:
    line = _series(records, "predicted", "actual", dotted=True)
    ends = [value for pair in (*line.points, *line.intervals) for value in pair if math.isfinite(value)]
    span = padded(min(ends), max(ends)) if ends else None
    title = "Predicted and actual"
    drawn = curve([line], title=title, x="predicted", y="mean of actual", diagonal=True, span=span)
    yield Picture(drawn, title, "On the dotted line, predictions are right on average.")


def _residuals(records: Sequence[Record]) -> Iterator[Picture]:
    title = "Quantiles of the error"
    drawn = curve([_series(records, "share", "error")], title=title, x="share of rows", y="error", span=None)
    yield Picture(drawn, title, "Predicted less actual; flat and near zero is good.")


def _confusion(records: Sequence[Record]) -> Iterator[Picture]:
    cells = {(figures.scalar(r["label"]), figures.scalar(r["decision"])): number(r["rows"]) for r in records}
    names = list(dict.fromkeys(name for pair in cells for name in pair))
    matrix = [[cells.get((row, column), 0.0) for column in names] for row in names]
    drawn = heat_map(names, names, matrix, title="Confusion", x="decision", y="label")
    yield Picture(drawn, "Confusion", "Shades are shares of a row: of what happened, how it was decided.")


DRAWN: Mapping[str, tuple[tuple[str, ...], Draw]] = {
    "metrics": (("slice", "metric", "value"), _metrics),
    "fairness": (("by", "group", "measure", "rate"), _fairness),
    "baselines": (("model", "metric", "value"), _baselines),
    "importance": (("column", "importance"), _importance),
    "contributions": (("row", "column", "value", "contribution"), _contributions),
    "errors": (("slice", "excess"), _errors),
    "roc": (("false_positive_rate", "true_positive_rate"), _roc),
    "precision_recall": (("recall", "precision"), _precision_recall),
    "calibration": (("stated", "observed"), _calibration),
    "predicted_actual": (("predicted", "actual"), _predicted_actual),
    "residuals": (("share", "error"), _residuals),
    "confusion": (("label", "decision", "rows"), _confusion),
}


def _dot(record: Record, label: str, value: str, *, leads: bool = False) -> Dot:
    return Dot(slice_name(record[label]), number(record[value]), bound(record, "low"), bound(record, "high"), leads)


def _bar(record: Record, label: str, value: str) -> Bar:
    return Bar(slice_name(record[label]), number(record[value]), bound(record, "low"), bound(record, "high"))


def _series(records: Sequence[Record], x: str, y: str, *, dotted: bool = False) -> Series:
    points = [(number(r[x]), number(r[y])) for r in records]
    ends = [(number(r.get("low")), number(r.get("high"))) for r in records]
    return Series(words(y), points, dotted, ends if dotted else ())


def _pair(record: Record) -> str:
    return f"{figures.scalar(record['column'])} = {_brief(record['value'])}"


def _brief(value: Scalar) -> str:
    """A row's value; of a number, which the table writes in full, four digits."""
    try:
        is_long = isinstance(value, str) and "." in value and len(value) > 6
        return figures.number(float(value), is_value=True) if is_long and value else figures.scalar(value)
    except ValueError:
        return figures.scalar(value)


def _largest(rows: list[Record]) -> tuple[list[Record], int]:
    """The whole table and the slices with most rows, in the order given, and how many were left out."""
    if len(rows) <= ROWS_DRAWN:
        return rows, 0
    ranked = sorted(rows, key=lambda r: (not is_whole(r["slice"]), -(bound(r, "rows") or 0.0)))[:ROWS_DRAWN]
    kept = {id(row) for row in ranked}
    return [row for row in rows if id(row) in kept], len(rows) - ROWS_DRAWN
