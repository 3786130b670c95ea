"""What happened over time, in a terminal's characters: a sparkline a column, a bar a phase.

Called by `terminal`; each function takes a report and gives None where it holds nothing to draw. A sparkline's full height is
the threshold, so that one sees without numbers how near a column has been to it; a window beyond it is a full block, and the
count of them stands beside it in figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table as Grid
from rich.text import Text

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.pictures.monitoring import grouped_by, times
from seakeep.views.pictures.records import moment, number
from seakeep.views.pictures.rollout import lasted, limits, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from seakeep.core.report import Report, Table
    from seakeep.views.pictures.records import Record
    from seakeep.views.pictures.rollout import Lasted

_BLOCKS = "▁▂▃▄▅▆▇"
_FULL = "█"
_WIDE, _NARROW, _ROWS, _NAME = 32, 72, 12, 28
_LOG_E = "log e "

Row = tuple[tuple[str, ...], Callable[[int], Text], tuple[Text, ...]]


def sparkline(values: Sequence[float], *, wide: int = _WIDE) -> str:
    """Values as blocks, 1 the full height and more a full block; of more than `wide` the greatest of each stretch is shown.

    Values that are not known are blanks.

    >>> sparkline([0.0, 0.5, 0.99, 1.0, 7.0, float("nan")])
    '▁▄▇██ '
    """
    step = max(1, math.ceil(len(values) / wide))
    stretches = (values[i : i + step] for i in range(0, len(values), step))
    return "".join(_block(stretch) for stretch in stretches)


@dataclass(frozen=True, slots=True)
class Rows:
    """A table with a drawing a row, as wide as the terminal leaves room for; a narrow one gets fewer figures.

    names: headings of the text columns. numbers: headings of the figures. rows: texts, the drawing by its width, figures.
    """

    names: tuple[str, ...]
    drawn: str
    numbers: tuple[str, ...]
    rows: Sequence[Row]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        narrow = options.max_width < _NARROW
        names, numbers = (self.names[:1], self.numbers[-1:]) if narrow else (self.names, self.numbers)
        wide = max(8, min(_WIDE, options.max_width - (26 if narrow else 52)))
        grid = Grid(box=None, pad_edge=False, padding=(0, 2 if not narrow else 1, 0, 0), header_style="dim")
        for name in names:
            grid.add_column(name, overflow="fold", min_width=4)
        grid.add_column(self.drawn, no_wrap=True, min_width=wide)
        for name in numbers:
            grid.add_column(name, justify="right", overflow="fold")
        for texts, draw, shown in self.rows:
            named = (
                Text(figures.shortened(figures.visible(text), 14 if narrow else _NAME)) for text in texts[: len(names)]
            )
            grid.add_row(*named, draw(wide), *shown[len(shown) - len(numbers) :])
        yield grid


def windows(report: Report) -> RenderableType | None:
    """One line a column and distance, those furthest beyond their threshold first."""
    needed = {"window", "column", "distance", "observed", "threshold", "verdict"}
    table = _table(report, "windows", needed)
    if table is None:
        return None
    series = grouped_by(table.records(), ("column", "distance"))
    ranked = sorted(series.items(), key=lambda item: -max(map(times, item[1])))
    rows = [_window_row(key, sorted(records, key=lambda r: _when(r["window"]))) for key, records in ranked[:_ROWS]]
    drawn = Rows(("column", "distance"), "windows", ("last", "threshold", "failed"), rows)
    more = len(ranked) - _ROWS
    return Group(drawn, Text(f"and {figures.counted(more, 'more line')}", style="dim")) if more > 0 else drawn


def _window_row(key: tuple[str, str], records: Sequence[Record]) -> Row:
    failed = sum(record["verdict"] == Verdict.FAIL.value for record in records)
    last, style = records[-1], "bold red" if failed else ""
    values = [times(record) for record in records]
    shown = (
        Text(figures.number(number(last["observed"]), digits=3)),
        Text(figures.number(number(last["threshold"]), digits=3)),
        Text(f"{figures.number(failed)} of {figures.number(len(records))}", style=style or "dim"),
    )
    return key, lambda wide: Text(sparkline(values, wide=wide), style=style), shown


def decay(report: Report) -> RenderableType | None:
    """One line a metric over the windows whose labels arrived, from its least to its greatest value."""
    table = _table(report, "decay", {"window", "metric", "value"})
    if table is None:
        return None
    rows = []
    for (metric, _), records in grouped_by(table.records(), ("metric", "metric")).items():
        known = [number(r["value"]) for r in sorted(records, key=lambda r: _when(r["window"]))]
        finite = [value for value in known if math.isfinite(value)]
        if finite:
            rows.append(_decay_row(metric, known, finite))
    return Rows(("metric",), "windows", ("first", "least", "last"), rows) if rows else None


def _decay_row(metric: str, known: Sequence[float], finite: Sequence[float]) -> Row:
    levels = _between(known, finite)
    shown = tuple(Text(figures.number(value, digits=3)) for value in (finite[0], min(finite), finite[-1]))
    return (metric,), lambda wide: Text(sparkline(levels, wide=wide)), shown


def phases(report: Report) -> RenderableType | None:
    """One bar a phase of a rollout, where it lay in time, how long it took and how it ended, then what was decided last."""
    table = _table(report, "decisions", {"seconds", "to", "why", "challenger requests"})
    found = lasted(table.records(), until=until(report)) if table else ()
    whole = max((one.end for one in found if math.isfinite(one.end)), default=0.0)
    if not found:
        return None
    rows = [_phase_row(one, whole) for one in found]
    return Rows(("phase",), "time", ("requests", "took", "ended"), rows)


def _phase_row(one: Lasted, whole: float) -> Row:
    word = {"pass": "✓ pass", "fail": "✗ fail"}.get(one.ended, "goes on")
    style = {"pass": "green", "fail": "bold red"}.get(one.ended, "yellow")
    requests = figures.number(one.requests) if math.isfinite(one.requests) else figures.ABSENT
    shown = (Text(requests), Text(figures.seconds(one.end - one.start)), Text(word, style=style))
    return (one.title,), lambda wide: Text(_bar(one.start, one.end, whole, wide), style=style), shown


def evidence(report: Report) -> RenderableType | None:
    """One line a test: its evidence at every look, full height where it rolls the challenger back."""
    table = _table(report, "looks", {"seconds"})
    allowed = limits(report)
    if table is None or not allowed:
        return None
    records = table.records()
    watched = [(test, limit) for test, limit in allowed.items() if f"{_LOG_E}{test}" in table.columns and limit > 0]
    rows = [_evidence_row(test, limit, [number(r[f"{_LOG_E}{test}"]) for r in records]) for test, limit in watched]
    return Rows(("evidence against it",), "looks", ("rolls back at", "e-value"), rows) if rows else None


def _evidence_row(test: str, limit: float, values: Sequence[float]) -> Row:
    shown = tuple(Text(figures.number(math.exp(min(value, 700.0)), digits=3)) for value in (limit, values[-1]))
    return (test,), lambda wide: Text(sparkline([value / limit for value in values], wide=wide)), shown


def _bar(start: float, end: float, whole: float, wide: int) -> str:
    """A bar within `wide` characters, at least one long."""
    if not (whole > 0 and math.isfinite(start) and math.isfinite(end)):
        return _FULL
    first = min(round(start / whole * wide), wide - 1)
    return " " * first + _FULL * max(1, round(end / whole * wide) - first)


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
    return _FULL if worst >= 1 else _BLOCKS[min(int(max(worst, 0.0) * len(_BLOCKS)), len(_BLOCKS) - 1)]


def _when(value: object) -> float:
    at = moment(value) if isinstance(value, str | int | float) else math.nan
    return -math.inf if math.isnan(at) else at


def _table(report: Report, name: str, needed: set[str]) -> Table | None:
    found = (table for table in report.tables if table.name == name and needed <= set(table.columns) and table.rows)
    return next(found, None)
