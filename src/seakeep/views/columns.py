"""Columns as views list them: those of a table, and after each the items of its lists and the fields of its structs.

Names are paths, "legs[]" and "legs[].carrier", as in messages. Also what weights and slices add to a column's facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.associations import Association, Associations
    from seakeep.core.conditional import Conditional, Group
    from seakeep.core.statistics import ColumnStatistics, Statistics

_GROUPS = 10


def flattened(statistics: Statistics) -> Iterator[tuple[str, ColumnStatistics]]:
    """Every column with its path, in the table's order; items and fields follow what holds them."""
    for name, column in statistics.columns.items():
        yield from _below(name, column)


def _below(path: str, column: ColumnStatistics) -> Iterator[tuple[str, ColumnStatistics]]:
    yield path, column
    if column.items is not None:
        yield from _below(f"{path}[]", column.items)
    for name, field in column.fields.items():
        yield from _below(f"{path}.{name}", field)


def slice_rows(statistics: Statistics) -> list[tuple[str, int, str, str]]:
    """Slices, the largest of each slicing first: name, rows, share of the rows, share of missing cells."""
    place = {by: i for i, by in enumerate(statistics.sliced)}
    found = sorted(
        statistics.slices.items(), key=lambda one: (place.get(_by(one[0]), len(place)), -one[1].rows, one[0])
    )
    return [
        (name, part.rows, figures.share(part.rows / statistics.rows if statistics.rows else 0.0), _missing(part))
        for name, part in found
    ]


def label_rows(column: ColumnStatistics, by_value: Conditional) -> list[tuple[str, int, str]]:
    """The label by a column's values: value or range, rows, mean; most rows first, numbers in some ten ranges."""
    listed = sorted(by_value.values.items(), key=lambda one: -one[1].rows)
    rows = listed[:_GROUPS] if listed else _ranges(column, by_value)
    if by_value.missing.rows:
        rows = [*rows, ("missing", by_value.missing)]
    return [(name, group.rows, figures.number(group.mean)) for name, group in rows]


def strongest(associations: Associations) -> list[tuple[str, str, Association]]:
    """Every pair, that with most mutual information first."""
    pairs = [(first, second) for first, row in associations.pairs.items() for second in row]
    found = [(first, second, associations.between(first, second)) for first, second in pairs]
    return sorted(found, key=lambda one: -one[2].mutual_information)


def _ranges(column: ColumnStatistics, by_value: Conditional) -> list[tuple[str, Group]]:
    """Neighbouring buckets put together until each holds about a tenth of the rows."""
    enough = sum(group.rows for group in by_value.groups) / _GROUPS
    rows: list[tuple[str, Group]] = []
    low, together = 0, None
    for i, group in enumerate(by_value.groups):
        together = group if together is None else together + group
        if together.rows >= enough or i == len(by_value.groups) - 1:
            first, last = (by_value.bounds(low)[0], by_value.bounds(i)[1])
            ends = [figures.rough(column, value) for value in (first, last)]
            rows.append((ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}", together))
            low, together = i + 1, None
    return rows


def _by(name: str) -> tuple[str, ...]:
    return tuple(term.partition("=")[0].removesuffix(" missing") for term in name.split(" & "))


def _missing(part: Statistics) -> str:
    cells = sum(column.rows for column in part.columns.values())
    missing = sum(column.missing + column.nan for column in part.columns.values())
    return figures.share(missing / cells if cells else 0.0)
