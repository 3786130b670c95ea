"""The page of several tables' statistics side by side: one card a column, one picture a table, on one axis.

What a card needs is worked out here, as few numbers: the script of the page draws a card when it comes into sight, so that 300
columns open at once and weigh some hundred kilobytes. Bins are common to all tables, from the sum of their histograms.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from seakeep.core.codec import digest
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.views import figures
from seakeep.views.bins import binned, filled
from seakeep.views.columns import flattened
from seakeep.views.pages.parts import Item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.statistics import ColumnStatistics, Statistics

_VALUES, _LONGEST, _BINS = 8, 40, 28


@dataclass(frozen=True, slots=True)
class SideBySidePage:
    """Everything the template asks for. data: JSON for the script; kinds: to choose from; columns: names, without the script."""

    kind: str
    title: str
    subject: str
    digest: str
    numbers: tuple[Item, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    columns: tuple[str, ...]
    data: str


def side_by_side_page(tables: Mapping[str, Statistics], *, title: str = "") -> SideBySidePage:
    """The page of these tables, by name; the first is what the others are compared with."""
    names = tuple(figures.visible(name) for name in tables)
    columns = [dict(flattened(statistics)) for statistics in tables.values()]
    paths = list(dict.fromkeys(path for table in columns for path in table))
    cards = [_card(path, [table.get(path) for table in columns]) for path in paths]
    rows = ", ".join(figures.number(statistics.rows) for statistics in tables.values())
    everywhere = sum(all(path in table for table in columns) for path in paths)
    numbers = (
        Item("tables", figures.number(len(tables))),
        Item("columns", figures.number(len(paths))),
        Item("columns in every table", figures.number(everywhere)),
    )
    return SideBySidePage(
        kind="Tables side by side",
        title=title or " · ".join(names),
        subject=f"{rows} rows. Distances are from {names[0]}." if len(names) > 1 else f"{rows} rows.",
        digest=digest([statistics.digest for statistics in tables.values()]),
        numbers=numbers,
        names=names,
        kinds=tuple(sorted({kind for card in cards for kind in card["kinds"]})),
        columns=tuple(card["name"] for card in cards),
        data=_as_script({"names": names, "cards": cards}),
    )


def _as_script(data: object) -> str:
    """JSON that may stand in a script element whatever the names are."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _card(path: str, columns: Sequence[ColumnStatistics | None]) -> dict[str, Any]:
    known = [column for column in columns if column is not None]
    kinds = list(dict.fromkeys(column.kind.value for column in known))
    picture = _picture(columns)
    missing = [1.0 if column is None else column.missing_rate for column in columns]
    return {
        "name": figures.visible(path),
        "kinds": kinds,
        "missing": round(max(missing), 6),
        "apart": round(_apart(picture["shares"], missing), 4),
        "facts": [_facts(column) for column in columns],
        **picture,
    }


def _picture(columns: Sequence[ColumnStatistics | None]) -> dict[str, Any]:
    """Bins or values that all tables share, and each one's shares of them; shares that are not shown are the last."""
    known = [column for column in columns if column is not None and column.present]
    kinds = {column.kind for column in known}
    if kinds and (kinds <= {Kind.INTEGER, Kind.NUMBER} or (len(kinds) == 1 and known[0].kind.is_numeric)):
        kind = Kind.NUMBER if len(kinds) > 1 else known[0].kind
        return _of_numbers([column.histogram if column else Histogram() for column in columns], kind)
    if any(column.top.values for column in known):
        return _of_values(columns)
    lengths = [column.lengths.histogram if column and column.lengths else Histogram() for column in columns]
    return {**_of_numbers(lengths, Kind.INTEGER), "axis": "length"} if known else {"shares": []}


def _of_numbers(counted: Sequence[Histogram], kind: Kind) -> dict[str, Any]:
    """Shares of common bins. ends: the first and the last edge as text; middles: medians as places on the axis, 0 to 1."""
    bins = binned(reduce(add, counted), kind, bins=_BINS)
    if not bins.edges:
        return {"shares": []}
    low, high = bins.edges[0], bins.edges[-1]
    half = 0.5 if kind is Kind.INTEGER and low % 1 == 0.5 else 0.0
    parts = [filled(one, bins.edges) if one.counts else None for one in counted]
    medians = [one.quantile(0.5) for one in counted]
    return {
        "ends": [figures.of_kind(kind, _shown(edge, kind)) for edge in (low + half, high - half)],
        "medians": [None if m is None else round((m / 2 - low / 2) / (high / 2 - low / 2), 4) for m in medians],
        "shares": [
            _rounded([*part.counts, part.outside], one.total) if part else []
            for part, one in zip(parts, counted, strict=True)
        ],
    }


def _shown(edge: float, kind: Kind) -> float:
    """An edge with no more digits than a reader needs; moments as they are."""
    return edge if kind in (Kind.TIMESTAMP, Kind.DURATION) else float(f"{edge:.4g}")


def _of_values(columns: Sequence[ColumnStatistics | None]) -> dict[str, Any]:
    """Shares of the values that are frequent in any table; the last share is that of all others."""
    tops = [{} if column is None else _by_text(column) for column in columns]
    most: dict[str, float] = {}
    for top in tops:
        for value, share in top.items():
            most[value] = max(most.get(value, 0.0), share)
    values = sorted(most, key=lambda value: (-most[value], value))[:_VALUES]
    return {
        "values": [figures.shortened(value, _LONGEST) for value in values],
        "shares": [
            _rounded([*own, max(0.0, 1.0 - sum(own))], 1.0) if top else []
            for top in tops
            for own in [[top.get(value, 0.0) for value in values]]
        ],
    }


def _by_text(column: ColumnStatistics) -> dict[str, float]:
    """Shares of the most frequent values, by how they read."""
    listed = zip(column.top.values[: 4 * _VALUES], column.top.counts, strict=False)
    return {figures.of_kind(column.kind, value): count / column.finite for value, count in listed if column.finite}


def _rounded(parts: Sequence[float], whole: float) -> list[float]:
    return [round(part / whole, 4) for part in parts]


def _apart(shares: Sequence[Sequence[float]], missing: Sequence[float]) -> float:
    """The greatest distance of a table from the first: half the sum of differences of the shares shown and of missing ones."""
    if not shares:
        return max(abs(rate - missing[0]) for rate in missing)
    whole = [_with_missing(own, rate) for own, rate in zip(shares, missing, strict=True)]
    long = max(map(len, whole))
    filled_up = [[*own[:-1], *[0.0] * (long - len(own)), own[-1]] for own in whole]
    return max(sum(map(abs, map(float.__sub__, own, filled_up[0]))) / 2 for own in filled_up)


def _with_missing(shares: Sequence[float], rate: float) -> list[float]:
    return [*(share * (1 - rate) for share in shares), rate] if shares else [1.0]


def _facts(column: ColumnStatistics | None) -> list[str]:
    """What is typical of a column in one table, under the headings of the script."""
    if column is None:
        return ["no such column", ""]
    missing = figures.share(column.missing_rate)
    if not column.present:
        return [missing, "0"]
    if column.kind.is_numeric and column.finite:
        values = (column.minimum, column.quantile(0.5), column.maximum)
        return [missing, figures.distinct(column), *(figures.rough(column, value) for value in values)]
    if column.lengths is not None and column.lengths.count and not column.top.values:
        lengths = (column.lengths.minimum, column.lengths.histogram.quantile(0.5), column.lengths.maximum)
        return [missing, "", *map(figures.number, lengths)]
    return [missing, figures.distinct(column)]
