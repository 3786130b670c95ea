"""The page of a table's statistics: one card a column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.views import figures
from seakeep.views.bins import binned
from seakeep.views.charts import Bar, bars, histogram
from seakeep.views.columns import flattened, label_rows, slice_rows
from seakeep.views.pages.parts import Grid, Item, grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.core.codec import Scalar
    from seakeep.core.histogram import Histogram
    from seakeep.core.statistics import ColumnStatistics, Statistics
    from seakeep.views.charts.scales import Unit

_SHARES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
_TOP_DRAWN, _TOP_LISTED, _WIDE = 6, 20, 300.0


@dataclass(frozen=True, slots=True)
class Card:
    """One column. words: what a search looks in; missing, distinct: what sorting goes by. picture: SVG."""

    name: str
    kind: str
    words: str
    missing: float
    distinct: int
    picture: str
    says: str
    facts: tuple[Item, ...]
    flags: tuple[str, ...]
    grids: tuple[Grid, ...]


@dataclass(frozen=True, slots=True)
class StatisticsPage:
    """Everything the template of statistics asks for."""

    kind: str
    title: str
    subject: str
    digest: str
    numbers: tuple[Item, ...]
    cards: tuple[Card, ...]
    tables: tuple[Grid, ...] = ()


def statistics_page(statistics: Statistics, *, title: str = "") -> StatisticsPage:
    """The page of `statistics`."""
    columns = statistics.columns
    cells = sum(column.rows for column in columns.values())
    missing = sum(column.missing + column.nan for column in columns.values())
    lacking = sum(1 for column in columns.values() if column.missing + column.nan)
    numbers = (
        Item("rows", figures.number(statistics.rows)),
        Item("columns", figures.number(len(columns))),
        Item("columns with missing values", figures.number(lacking)),
        Item("of all cells are missing", figures.share(missing / cells if cells else 0.0)),
    )
    cards = tuple(_card(name, column, statistics) for name, column in flattened(statistics))
    made = _made(statistics)
    return StatisticsPage(
        "Statistics", title or "Statistics of a table", made, statistics.digest, numbers, cards, _tables(statistics)
    )


def _made(statistics: Statistics) -> str:
    """What was asked for besides the columns, in a sentence."""
    weight = f"Weighted by {figures.visible(statistics.weight)}." if statistics.weight else ""
    label = f"Means of {figures.visible(statistics.label)} by value." if statistics.label else ""
    return " ".join(part for part in (weight, label) if part)


def _tables(statistics: Statistics) -> tuple[Grid, ...]:
    """The slices, where there are any."""
    if not statistics.slices:
        return ()
    by = ", ".join(figures.visible(" & ".join(by)) for by in statistics.sliced)
    return (grid(f"Slices by {by}", ("slice", "rows", "of all rows", "of its cells missing"), slice_rows(statistics)),)


def _label_means(name: str, column: ColumnStatistics, statistics: Statistics) -> list[Grid]:
    by_value = statistics.conditional.get(name)
    if by_value is None or not by_value.whole.rows:
        return []
    rows: list[tuple[Scalar, ...]] = [*label_rows(column, by_value)]
    note = "This column has too many different values to tell the label by each." if by_value.too_many else ""
    label = figures.visible(statistics.label)
    return [grid(f"Mean of {label} by {figures.visible(name)}", ("value", "rows", "mean"), rows, note=note)]


def _card(name: str, column: ColumnStatistics, statistics: Statistics) -> Card:
    shown = figures.visible(name)
    picture, says = _picture(shown, column)
    return Card(
        name=shown,
        kind=column.kind.value,
        words=f"{shown} {column.kind.value}".lower(),
        missing=column.missing_rate,
        distinct=column.distinct,
        picture=picture,
        says=says,
        facts=tuple(_facts(column)),
        flags=tuple(_flags(column)),
        grids=(*_grids(shown, column), *_label_means(name, column, statistics)),
    )


def _picture(name: str, column: ColumnStatistics) -> tuple[str, str]:
    if column.distinct == 1:
        return "", ""
    if column.kind.is_numeric and column.histogram.counts:
        unit: Unit = {Kind.TIMESTAMP: "timestamp", Kind.DURATION: "seconds"}.get(column.kind, "")  # type: ignore[assignment]
        return _distribution(f"Distribution of {name}", column.histogram, column.kind, unit=unit)
    if column.top.values and column.finite:
        return _most_frequent(name, column), ""
    if column.lengths is not None and column.lengths.count:
        picture, says = _distribution(f"Lengths in {name}", column.lengths.histogram, Kind.INTEGER, axis="length")
        return picture, says
    return "", ""


def _distribution(title: str, counted: Histogram, kind: Kind, *, unit: Unit = "", axis: str = "") -> tuple[str, str]:
    bins = binned(counted, kind)
    scale = 1e-6 if kind is Kind.DURATION else 1.0
    median = counted.quantile(0.5)
    marks = () if median is None else ((median * scale, "median"),)
    edges = [edge * scale for edge in bins.edges]
    whole = kind is Kind.INTEGER
    picture = histogram(edges, bins.counts, title=title, unit=unit, name=axis, marks=marks, whole=whole, wide=_WIDE)
    share = bins.outside / counted.total
    return picture, f"{figures.share(share)} of the values lie beyond the picture." if share else ""


def _most_frequent(name: str, column: ColumnStatistics) -> str:
    pairs = list(zip(column.top.values, column.top.counts, strict=True))[:_TOP_DRAWN]
    rows = [Bar(figures.of_kind(column.kind, value), count / column.finite) for value, count in pairs]
    rest = 1.0 - sum(row.value for row in rows)
    if column.distinct > len(rows) and rest > 0:
        rows.append(Bar(f"{figures.number(column.distinct - len(rows))} others", rest, soft=True))
    return bars(rows, title=f"Most frequent values of {name}", unit="share", wide=_WIDE)


def _facts(column: ColumnStatistics) -> list[Item]:
    write = _writer(column.kind)
    facts = [
        Item("missing", figures.share(column.missing_rate)),
        Item("different", figures.distinct(column)),
    ]
    if column.kind.is_numeric and column.finite:
        facts += [
            Item("median", figures.rough(column, column.quantile(0.5))),
            Item("least", write(column.minimum)),
            Item("mean", figures.rough(column, column.mean)),
            Item("greatest", write(column.maximum)),
        ]
    elif column.kind is Kind.BOOLEAN and column.finite:
        facts.append(Item("true", figures.share(column.mean)))
    elif column.lengths is not None and column.lengths.count:
        least, most = column.lengths.minimum, column.lengths.maximum
        span = figures.number(least) if least == most else f"{figures.number(least)} to {figures.number(most)}"
        facts.append(Item("length", span))
    return [*facts, *_weighted(column)]


def _weighted(column: ColumnStatistics) -> list[Item]:
    """What the rows weigh."""
    if column.weighted is None:
        return []
    facts = [Item("effective rows", figures.number(column.weighted.effective_rows))]
    if column.kind.is_numeric and column.weighted.mean is not None:
        facts.append(Item("weighted mean", figures.rough(column, column.weighted.mean)))
    return facts


def _flags(column: ColumnStatistics) -> list[str]:
    if not column.rows:
        return ["The table has no rows."]
    if not column.present:
        return ["Every value is missing."]
    flags = []
    if column.nan:
        flags.append(f"{figures.counted(column.nan, 'value')} NaN.")
    infinities = column.positive_infinity + column.negative_infinity
    if infinities:
        flags.append(f"{figures.number(infinities)} infinite.")
    if column.invalid_utf8:
        flags.append(f"{figures.counted(column.invalid_utf8, 'value')} not UTF-8.")
    if column.finite > 1 and column.distinct == 1 and column.top.values:
        flags.append("One value only.")
    if column.sketch is None and column.finite > 1 and column.distinct == column.finite:
        flags.append("Every value differs.")
    return flags


def _grids(name: str, column: ColumnStatistics) -> list[Grid]:
    grids = []
    if column.kind.is_numeric and column.finite:
        rows: list[tuple[Scalar, ...]] = [
            (figures.share(share), figures.rough(column, column.quantile(share))) for share in _SHARES
        ]
        rows += [("standard deviation", _spread(column)), ("zeros", figures.number(column.zeros))]
        exact = "Exact." if column.histogram.is_exact else _bound(column)
        grids.append(grid(f"Quantiles of {name}", ("share of values", "at or below"), rows, note=exact))
    if column.top.values and column.finite:
        listed = list(zip(column.top.values, column.top.counts, strict=True))[:_TOP_LISTED]
        counted: list[tuple[Scalar, ...]] = [
            (figures.of_kind(column.kind, value), count, figures.share(count / column.finite))
            for value, count in listed
        ]
        error = column.top.error
        note = f"Counts may lack up to {figures.number(error)} rows each." if error else ""
        grids.append(grid(f"Most frequent values of {name}", ("value", "rows", "share"), counted, note=note))
    return grids


def _bound(column: ColumnStatistics) -> str:
    return f"From a histogram; a value's rank is right within {figures.share(column.rank_error)} of the rows."


def _spread(column: ColumnStatistics) -> str:
    in_time = column.kind in (Kind.TIMESTAMP, Kind.DURATION)
    if column.std is None:
        return figures.ABSENT
    return figures.seconds(column.std / 1e6) if in_time else figures.number(column.std)


def _writer(kind: Kind) -> Callable[[float | None], str]:
    return partial(figures.of_kind, kind)
