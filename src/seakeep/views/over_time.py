"""What happened over time, in a terminal's characters: a sparkline a column, a bar a phase.

Called by `terminal`. A sparkline's full height is the threshold, so that one sees without numbers how near a column has been to
it; a window beyond it is a full block, and the count of them stands beside it in figures.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table as Grid
from rich.text import Text

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.pictures.monitoring import grouped_by, times
from seakeep.views.pictures.records import moment, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from seakeep.core.report import Report, Table
    from seakeep.views.pictures.records import Record

_BLOCKS = "▁▂▃▄▅▆▇"
_FULL = "█"
_WIDE, _ROWS, _NAME = 32, 12, 28


def sparkline(values: Sequence[float], *, wide: int = _WIDE) -> str:
    """Values as blocks, 1 the full height and more a full block; of more than `wide` the greatest of each stretch is shown.

    Values that are not known are blanks.

    >>> sparkline([0.0, 0.5, 0.99, 1.0, 7.0, float("nan")])
    '▁▄▇██ '
    """
    step = max(1, math.ceil(len(values) / wide))
    stretches = (values[i : i + step] for i in range(0, len(values), step))
    return "".join(_block(stretch) for stretch in stretches)


def windows(report: Report) -> RenderableType | None:
    """One line a column and distance, those furthest beyond their threshold first; None where the report has no windows."""
    needed = {"window", "column", "distance", "observed", "threshold", "verdict"}
    table = _table(report, "windows", needed)
    if table is None:
        return None
    series = grouped_by(table.records(), ("column", "distance"))
    ranked = sorted(series.items(), key=lambda item: -max(map(times, item[1])))
    grid = _grid(("column", "distance"), "windows", ("last", "threshold", "failed"))
    for (column, distance), records in ranked[:_ROWS]:
        grid.add_row(*_window_row(column, distance, sorted(records, key=lambda r: _when(r["window"]))))
    more = len(ranked) - _ROWS
    return Group(grid, Text(f"and {figures.counted(more, 'more line')}", style="dim")) if more > 0 else grid


def _window_row(column: str, distance: str, records: Sequence[Record]) -> tuple[Text, ...]:
    failed = sum(record["verdict"] == Verdict.FAIL.value for record in records)
    last = records[-1]
    return (
        Text(figures.shortened(column, _NAME)),
        Text(distance),
        Text(sparkline([times(record) for record in records]), style="bold red" if failed else ""),
        Text(figures.number(number(last["observed"]), digits=3)),
        Text(figures.number(number(last["threshold"]), digits=3)),
        Text(f"{figures.number(failed)} of {figures.number(len(records))}", style="bold red" if failed else "dim"),
    )


def decay(report: Report) -> RenderableType | None:
    """One line a metric over the windows whose labels arrived, from its least to its greatest value; None where there are none."""
    table = _table(report, "decay", {"window", "metric", "value"})
    if table is None:
        return None
    grid = _grid(("metric",), "windows", ("first", "last", "least"))
    for (metric, _), records in grouped_by(table.records(), ("metric", "metric")).items():
        known = [number(r["value"]) for r in sorted(records, key=lambda r: _when(r["window"]))]
        finite = [value for value in known if math.isfinite(value)]
        if finite:
            shown = (figures.number(value, digits=3) for value in (finite[0], finite[-1], min(finite)))
            grid.add_row(Text(metric), Text(sparkline(_between(known, finite))), *map(Text, shown))
    return grid if grid.row_count else None


def _between(values: Sequence[float], finite: Sequence[float]) -> list[float]:
    """Values from 0 (the least) to just below 1 (the greatest), so that no block is full."""
    low, high = min(finite), max(finite)
    room = high / 2 - low / 2
    return [0.999 * (value / 2 - low / 2) / room if room and math.isfinite(value) else 0.5 for value in values]


def _block(stretch: Sequence[float]) -> str:
    known = [value for value in stretch if not math.isnan(value) and value != -math.inf]
    if not known:
        return " "
    worst = max(known)
    return _FULL if worst >= 1 else _BLOCKS[max(0, min(int(worst * len(_BLOCKS)), len(_BLOCKS) - 1))]


def _when(value: object) -> float:
    at = moment(value) if isinstance(value, str | int | float) else math.nan
    return -math.inf if math.isnan(at) else at


def _table(report: Report, name: str, needed: set[str]) -> Table | None:
    found = (table for table in report.tables if table.name == name and needed <= set(table.columns) and table.rows)
    return next(found, None)


def _grid(names: Sequence[str], drawn: str, numbers: Sequence[str]) -> Grid:
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in names:
        grid.add_column(name, overflow="fold")
    grid.add_column(drawn, no_wrap=True, overflow="ellipsis")
    for name in numbers:
        grid.add_column(name, justify="right", no_wrap=True)
    return grid
