"""Pictures over windows: how far columns moved and when, and how a metric decayed once its labels had arrived."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.charts import Level, Line, Mark, Strip, line, strips
from seakeep.views.pictures.records import ROWS_DRAWN, Draw, Picture, Record, bound, grouped, moment, number, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seakeep.core.codec import Scalar

_LINES = 12


def _windows(records: Sequence[Record]) -> Iterator[Picture]:
    """All columns at one glance, then a line each for those that went furthest beyond their threshold; none for one window."""
    if len({record["window"] for record in records}) < 2:
        return
    series = grouped_by(records, ("column", "distance"))
    ranked = sorted(series, key=lambda key: -max(map(times, series[key]), default=0.0))
    if len(series) > 1:
        yield _overview(series, ranked)
    for key in ranked[:_LINES]:
        yield _window_line(key, series[key])


def _overview(series: Mapping[tuple[str, str], Sequence[Record]], ranked: Sequence[tuple[str, str]]) -> Picture:
    """The worst distance of each column, window by window."""
    columns = list(dict.fromkeys(column for column, _ in ranked))
    rows = []
    for column in columns[:ROWS_DRAWN]:
        points = [(moment(r["window"]), times(r)) for key, group in series.items() if key[0] == column for r in group]
        rows.append(Strip(column, sorted(points, key=lambda point: (math.isnan(point[0]), point))))
    left_out = f" The {ROWS_DRAWN} that went furthest, of {len(columns)}." if len(columns) > ROWS_DRAWN else ""
    title = "Columns over time"
    says = f"Darker is nearer to the threshold; orange exceeds it.{left_out}"
    return Picture(strips(rows, title=title), title, says)


def _window_line(key: tuple[str, str], records: Sequence[Record]) -> Picture:
    column, distance = key
    points = _ordered([(moment(r["window"]), number(r["observed"])) for r in records])
    marks = [Mark(moment(r["window"]), _said(r)) for r in records if r["verdict"] == Verdict.FAIL.value]
    title = f"{column}: {distance}"
    drawn = line([Line(distance, points)], title=title, levels=_levels(records), marks=marks)
    return Picture(drawn, title, "Marked windows failed." if marks else "")


def _decay(records: Sequence[Record]) -> Iterator[Picture]:
    """A line a metric over the windows whose labels have arrived, with its interval and what it was before release."""
    for metric, rows in grouped(records, "metric").items():
        known = sorted((r for r in rows if r["value"] is not None), key=lambda r: moment(r["window"]))
        points = [(moment(r["window"]), number(r["value"])) for r in known]
        band = [(number(r.get("low")), number(r.get("high"))) for r in known]
        title = f"{figures.scalar(metric)} over time"
        marks = [Mark(moment(r["window"]), _said(r)) for r in known if r.get("verdict") == Verdict.FAIL.value]
        levels = [Level(value, "at release") for value in [_last(rows, "reference")] if value is not None]
        levels += [Level(value, "threshold") for value in [_last(rows, "threshold")] if value is not None]
        drawn = line([Line(words(metric), points, band)], title=title, levels=levels, marks=marks)
        yield Picture(drawn, title, "The area is the confidence interval.")


def grouped_by(records: Sequence[Record], columns: tuple[str, str]) -> dict[tuple[str, str], list[Record]]:
    """Rows by two columns' text, in the order in which they come."""
    first, second = columns
    raw: dict[tuple[Scalar, Scalar], list[Record]] = {}
    for record in records:
        raw.setdefault((record[first], record[second]), []).append(record)
    return {(figures.scalar(key[0]), figures.scalar(key[1])): rows for key, rows in raw.items()}


def times(record: Record) -> float:
    """How many times its threshold a window's value is; NaN where one of them is not known."""
    observed, threshold = number(record["observed"]), number(record["threshold"])
    if math.isnan(observed) or math.isnan(threshold):
        return -math.inf if math.isnan(observed) else 0.0
    return observed / threshold if threshold > 0 else (math.inf if observed > 0 else 0.0)


def _levels(records: Sequence[Record]) -> tuple[Level, ...]:
    """The latest threshold; where it differs from window to window, the line's own marks tell which failed."""
    last = _last(records, "threshold")
    return () if last is None else (Level(last, "threshold"),)


def _last(records: Sequence[Record], name: str) -> float | None:
    known = [value for value in (bound(record, name) for record in records) if value is not None]
    return known[-1] if known else None


def _ordered(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return sorted((p for p in points if math.isfinite(p[0])), key=lambda point: point[0])


def _said(record: Record) -> str:
    value: Scalar = record.get("observed", record.get("value"))
    return f"failed at {figures.scalar(value)}"


DRAWN: Mapping[str, tuple[tuple[str, ...], Draw]] = {
    "windows": (("window", "column", "distance", "observed", "threshold", "verdict"), _windows),
    "decay": (("window", "metric", "value"), _decay),
}
