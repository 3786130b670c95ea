"""The conformance suite of distances: what `data.drift` relies on, whoever wrote the distance.

A distance that grows with the rows, differs with the order in which statistics were added, or answers NaN on an empty column
would raise alarms that mean nothing or, worse, pass what it never looked at. Each law is one function; a broken one raises
AssertionError with the law, the kind of column and both numbers.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from seakeep.core import plugins
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnMismatch, ColumnStatistics
from seakeep.testing.columns import column_of
from seakeep.testing.laws import hold

if TYPE_CHECKING:
    from collections.abc import Sequence

MOVES = (0, 5, 10, 20, 40)
_HOUR = 3_600_000_000


def check_distance(name: str) -> None:
    """Hold the distance called `name` to the laws; raises AssertionError naming the first that it breaks.

    The module must offer distance, noise, KINDS, THRESHOLD, FLOOR (the least that is worth an alarm), SOURCE, LARGEST (its
    greatest value, maybe infinite) and SYMMETRIC (whether it claims that exchanging the columns changes nothing); see
    `seakeep.evidence.distances`.
    """
    module = plugins.load("evidence.distances", name)
    _check_constants(module)
    for kind in sorted(module.KINDS - {Kind.NULL}, key=lambda kind: str(kind.value)):
        columns = [_moved(kind, move) for move in MOVES]
        _check_values(module, kind, columns)
        _check_order(module, kind, columns)
        _check_adding(module, kind)
        _check_noise(module, kind, columns)
        _check_empty(module, kind)
    _check_refusals(module)


def _check_constants(module: Any) -> None:
    wanted = {
        "KINDS": frozenset,
        "THRESHOLD": float,
        "FLOOR": float,
        "SOURCE": str,
        "LARGEST": float,
        "SYMMETRIC": bool,
    }
    for constant, kind in wanted.items():
        found = getattr(module, constant, None)
        hold(isinstance(found, kind), f"{constant} is a {kind.__name__}", found)
    hold(bool(module.KINDS) and frozenset(Kind) >= module.KINDS, "KINDS holds kinds, at least one", module.KINDS)
    hold(0 < module.THRESHOLD < module.LARGEST, "THRESHOLD lies between 0 and LARGEST", module.THRESHOLD)
    hold(0 < module.FLOOR <= module.THRESHOLD, "FLOOR lies between 0 and THRESHOLD", module.FLOOR)
    hold(bool(module.SOURCE), "SOURCE says where the distance is defined", module.SOURCE)


def _check_values(module: Any, kind: Kind, columns: Sequence[ColumnStatistics]) -> None:
    for first, second in itertools.product(columns, repeat=2):
        value = module.distance(first, second)
        hold(type(value) is float and 0 <= value <= module.LARGEST, f"0 <= distance <= LARGEST ({kind.value})", value)
        hold(value == module.distance(first, second), f"the same columns give the same number ({kind.value})", value)
        if first is second:
            hold(value == 0, f"the distance of a column to itself is 0 ({kind.value})", value)
        if module.SYMMETRIC:
            turned = module.distance(second, first)
            hold(math.isclose(value, turned, abs_tol=1e-12), f"symmetric, as claimed ({kind.value})", (value, turned))


def _check_order(module: Any, kind: Kind, columns: Sequence[ColumnStatistics]) -> None:
    values = [module.distance(columns[0], column) for column in columns]
    rising = all(before <= after + 1e-12 for before, after in itertools.pairwise(values))
    hold(rising and values[-1] > 0, f"a larger change is never nearer ({kind.value})", values)


def _check_adding(module: Any, kind: Kind) -> None:
    halves = [(_moved(kind, move, part=0), _moved(kind, move, part=1)) for move in (0, 10)]
    reference, current = ((first.added(second, name="x")) for first, second in halves)
    turned = [second.added(first, name="x") for first, second in halves]
    value = module.distance(reference, current)
    hold(value == module.distance(*turned), f"the order of adding leaves no trace ({kind.value})", value)
    many = [_times(column, 8) for column in (reference, current)]
    grown = module.distance(*many)
    hold(
        value / 2 <= grown <= value * 2, f"8 times the rows do not make a change larger ({kind.value})", (value, grown)
    )


def _check_noise(module: Any, kind: Kind, columns: Sequence[ColumnStatistics]) -> None:
    first, second = columns[:2]
    usual, rare = (module.noise(first, second, probability=p) for p in (0.05, 1e-6))
    many = module.noise(_times(first, 8), _times(second, 8), probability=0.05)
    hold(0 <= usual <= rare, f"a rarer noise is larger ({kind.value})", (usual, rare))
    hold(0 <= many <= usual, f"more rows bring less noise ({kind.value})", (usual, many))


def _check_empty(module: Any, kind: Kind) -> None:
    full, empty = _moved(kind, 0), ColumnStatistics(kind)
    for pair in ((full, empty), (empty, full), (empty, empty)):
        hold(_refuses(module, *pair), f"a column without rows is refused with ColumnMismatch ({kind.value})", pair)


def _check_refusals(module: Any) -> None:
    for kind in sorted(set(Kind) - module.KINDS, key=lambda kind: str(kind.value)):
        column = _moved(kind, 0)
        hold(_refuses(module, column, column), "other kinds are refused with ColumnMismatch", kind)
    if frozenset(Kind) != module.KINDS:
        pair = _moved(Kind.STRING, 0), _moved(Kind.INTEGER, 0)
        hold(_refuses(module, *pair), "columns of two kinds are refused with ColumnMismatch", pair)


def _refuses(module: Any, reference: ColumnStatistics, current: ColumnStatistics) -> bool:
    try:
        module.distance(reference, current)
    except ColumnMismatch:
        return True
    return False


def _moved(kind: Kind, move: int, *, part: int | None = None) -> ColumnStatistics:
    """200 rows, `move` percent of them changed and as many missing; part 0 and 1 are halves of the same rows."""
    rows = range(200) if part is None else range(part, 200, 2)
    missing = [row % 100 < move for row in rows]
    if kind in (Kind.LIST, Kind.STRUCT, Kind.BINARY, Kind.NULL):
        return ColumnStatistics(kind, rows=len(rows), missing=len(rows) if kind is Kind.NULL else sum(missing))
    values = [_value(kind, row, move) for row in rows]
    return column_of([*values, *(None for gone in missing if gone)], kind)


def _value(kind: Kind, row: int, move: int) -> bool | float | str:
    if kind in (Kind.STRING, Kind.BOOLEAN):
        changed = row % 100 < 50 + move
        return changed if kind is Kind.BOOLEAN else "after" if changed else "before"
    if kind is Kind.NUMBER:
        return (row + move) / 8
    return (row + move) * (_HOUR if kind is not Kind.INTEGER else 1)


def _times(column: ColumnStatistics, times: int) -> ColumnStatistics:
    while times > 1:
        column, times = column.added(column, name="x"), times // 2
    return column
