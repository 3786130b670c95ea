"""Which pictures a report's table gets: chosen by the table's name, drawn from the columns it needs.

A table under a known name whose columns are others, or whose numbers cannot be drawn, simply gets no picture: the table
itself is always shown. To draw one more table, write a function of a table and add it to DRAWN under the table's name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import Bar, Dot, Series, bars, curve, dots, heat_map

if TYPE_CHECKING:
    from seakeep.core.codec import Scalar
    from seakeep.core.report import Table

Record = Mapping[str, "Scalar"]
ROWS_DRAWN = 24
_WHOLE = frozenset({"", "all", "overall", "all rows"})


@dataclass(frozen=True, slots=True)
class Picture:
    """svg: the drawing. title: what it shows. says: one line on how to read it."""

    svg: str
    title: str
    says: str = ""


def pictures(table: Table) -> tuple[Picture, ...]:
    """The pictures of `table`; none where its name is not drawn or its columns are not those expected."""
    draw = DRAWN.get(table.name)
    if draw is None or not table.rows:
        return ()
    return tuple(draw(table.records()))


def is_whole(name: Scalar) -> bool:
    """Whether a slice's name means all rows."""
    return name is None or (isinstance(name, str) and name.strip().lower() in _WHOLE)


def _metrics(records: Sequence[Record]) -> list[Picture]:
    """A forest plot a metric, where it has been measured on slices."""
    found = []
    for metric, group in _grouped(records, "metric").items():
        if len(group) < 2 or not _has(group, "slice", "value"):
            continue
        rows, left_out = _largest(group)
        points = [
            Dot(_slice(r["slice"]), _float(r["value"]), _bound(r, "low"), _bound(r, "high"), leads=is_whole(r["slice"]))
            for r in rows
        ]
        says = f"The {ROWS_DRAWN} slices with most rows; {left_out} more in the table." if left_out else ""
        title = f"{figures.scalar(metric)} by slice"
        found.append(Picture(dots(points, title=title), title, says or "Dots with their confidence intervals."))
    return found


def _amounts(
    title: str, says: str, labels: Sequence[str], values: Sequence[str]
) -> Callable[[Sequence[Record]], list[Picture]]:
    """Bars from the first of the columns `labels` and `values` that the table has."""

    def draw(records: Sequence[Record]) -> list[Picture]:
        label, value = _first(records, labels), _first(records, values)
        if not label or not value:
            return []
        shown = records[:ROWS_DRAWN]
        rows = [Bar(_slice(r[label]), _float(r[value]), _bound(r, "low"), _bound(r, "high")) for r in shown]
        name = _words(value) if value not in ("value", "importance", "distance") else ""
        return [Picture(bars(rows, title=title, name=name), title, says)]

    return draw


def _grouped_dots(
    group: str, says: str, labels: Sequence[str], *, leading: bool = False
) -> Callable[[Sequence[Record]], list[Picture]]:
    """One forest plot for each value of the column `group`; leading: the first row is what the others are compared with."""

    def draw(records: Sequence[Record]) -> list[Picture]:
        label = _first(records, labels)
        if not label or not _has(records, "value"):
            return []
        found = []
        for name, rows in _grouped(records, group).items():
            drawn = [
                Dot(_slice(r[label]), _float(r["value"]), _bound(r, "low"), _bound(r, "high"), leads=i == 0 and leading)
                for i, r in enumerate(rows[:ROWS_DRAWN])
            ]
            title = figures.scalar(name) if name else "Values"
            found.append(Picture(dots(drawn, title=title), title, says))
        return found

    return draw


def _drift(records: Sequence[Record]) -> list[Picture]:
    """One picture a distance: its value a column against the column's threshold."""
    value = _first(records, ("value", "distance_value", "observed"))
    if not value or not _has(records, "column"):
        return []
    found = []
    for distance, rows in _grouped(records, "distance").items():
        ordered = sorted(rows, key=lambda r: -_float(r[value]) if math.isfinite(_float(r[value])) else math.inf)
        drawn = [_against(r, value) for r in ordered[:ROWS_DRAWN]]
        title = f"{figures.scalar(distance)} by column" if distance else "Drift by column"
        found.append(Picture(bars(drawn, title=title), title, "Largest first; the dashed line is the threshold."))
    return found


def _against(record: Record, value: str) -> Bar:
    observed, threshold = _float(record[value]), _bound(record, "threshold")
    over = threshold is not None and observed > threshold
    return Bar(
        _slice(record["column"]), observed, _bound(record, "low"), _bound(record, "high"), over, threshold=threshold
    )


def _curve(
    title: str,
    x: Sequence[str],
    y: Sequence[str],
    names: tuple[str, str],
    *,
    diagonal: bool,
    says: str,
    dotted: bool = False,
) -> Callable[[Sequence[Record]], list[Picture]]:
    """Lines over the unit square, one for each class or slice that the table has."""

    def draw(records: Sequence[Record]) -> list[Picture]:
        across, up = _first(records, x), _first(records, y)
        if not across or not up:
            return []
        group = _first(records, ("class", "slice", "curve")) or ""
        found = [
            Series(
                figures.scalar(name) if name is not None else title,
                [(_float(r[across]), _float(r[up])) for r in rows],
                dotted=dotted,
                intervals=[(_or_nan(_bound(r, "low")), _or_nan(_bound(r, "high"))) for r in rows] if dotted else (),
            )
            for name, rows in _grouped(records, group).items()
        ]
        drawn = curve(found, title=title, x=names[0], y=names[1], diagonal=diagonal)
        return [Picture(drawn, title, says)]

    return draw


def _confusion(records: Sequence[Record]) -> list[Picture]:
    """A heat map from rows (actual, predicted, rows), or from one row a true class and one column a predicted one."""
    actual = _first(records, ("actual", "label", "true", "truth"))
    count = _first(records, ("rows", "count", "value"))
    if not actual:
        return []
    if _has(records, "predicted") and count:
        cells = {(figures.scalar(r[actual]), figures.scalar(r["predicted"])): _float(r[count]) for r in records}
        labels = list(dict.fromkeys(name for pair in cells for name in pair))
        matrix = [[cells.get((row, column), 0.0) for column in labels] for row in labels]
        columns = labels
    else:
        columns = [name for name in records[0] if name != actual]
        labels = [figures.scalar(r[actual]) for r in records]
        matrix = [[_float(r[name]) for name in columns] for r in records]
    drawn = heat_map(labels, columns, matrix, title="Confusion", x="predicted", y="actual")
    return [
        Picture(drawn, "Confusion", "Rows are what happened, columns what was predicted; shades are shares of a row.")
    ]


DRAWN: Mapping[str, Callable[[Sequence[Record]], list[Picture]]] = {
    "metrics": _metrics,
    "fairness": _grouped_dots("metric", "Dots with their confidence intervals.", ("group", "slice", "by", "gap")),
    "importance": _amounts(
        "Importance of raw columns",
        "How much worse the model is when the column is shuffled.",
        ("column", "feature", "name"),
        ("importance", "value", "drop"),
    ),
    "contributions": _amounts(
        "Contributions to one prediction", "", ("feature", "column", "name"), ("contribution", "value")
    ),
    "errors": _amounts(
        "Where the errors are", "", ("slice", "segment", "name"), ("excess", "contributed", "share", "errors", "value")
    ),
    "baselines": _grouped_dots("metric", "The model beside simpler ones.", ("model", "baseline", "name"), leading=True),
    "drift": _drift,
    "roc": _curve(
        "ROC curve",
        ("false_positive_rate", "fpr", "x"),
        ("true_positive_rate", "tpr", "y"),
        ("false positive rate", "true positive rate"),
        diagonal=True,
        says="Chance is the dotted line; better is towards the upper left.",
    ),
    "precision_recall": _curve(
        "Precision and recall",
        ("recall", "x"),
        ("precision", "y"),
        ("recall", "precision"),
        diagonal=False,
        says="Better is towards the upper right.",
    ),
    "calibration": _curve(
        "Calibration",
        ("predicted", "mean_predicted", "score", "x"),
        ("observed", "actual", "share", "y"),
        ("predicted probability", "observed share"),
        diagonal=True,
        says="On the dotted line, what was predicted is what happened.",
        dotted=True,
    ),
    "confusion": _confusion,
}


def _grouped(records: Sequence[Record], column: str) -> dict[Scalar, list[Record]]:
    groups: dict[Scalar, list[Record]] = {}
    for record in records:
        groups.setdefault(record.get(column), []).append(record)
    return groups


def _largest(rows: list[Record]) -> tuple[list[Record], int]:
    """The whole table and the slices with most rows, in the order given, and how many were left out."""
    if len(rows) <= ROWS_DRAWN:
        return rows, 0
    ranked = sorted(rows, key=lambda r: (not is_whole(r["slice"]), -(_bound(r, "rows") or 0.0)))[:ROWS_DRAWN]
    kept = {id(row) for row in ranked}
    return [row for row in rows if id(row) in kept], len(rows) - ROWS_DRAWN


def _has(records: Sequence[Record], *names: str) -> bool:
    return all(name in records[0] for name in names)


def _first(records: Sequence[Record], names: Sequence[str]) -> str:
    return next((name for name in names if name in records[0]), "")


def _float(value: Scalar) -> float:
    if value is None or isinstance(value, str):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _bound(record: Record, name: str) -> float | None:
    value = _float(record.get(name))
    return None if math.isnan(value) else value


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _slice(name: Scalar) -> str:
    return "all rows" if is_whole(name) else figures.scalar(name)


def _words(name: Scalar) -> str:
    return figures.scalar(name).replace("_", " ")
