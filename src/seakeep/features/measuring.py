"""Statistics of values inside a chain of operations: from a column's value counts, or from one pass over the data."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.counters import TopValues
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnStatistics, Statistics
from seakeep.features.nulls import DTYPES, MISSING_TEXT, MISSING_TIME, feeds
from seakeep.features.operation import Need, State, computed
from seakeep.features.texts import EXACT_INTEGERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.core.counters import Value
    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Input

Request = tuple[tuple[str, ...], tuple[State, ...], Need]


def pushed(column: ColumnStatistics, states: Sequence[State]) -> ColumnStatistics | None:
    """Statistics of what comes out of `states`, from the column's value counts; None where those are not exact."""
    counts = _counts(column)
    if counts is None:
        return None
    values = computed(states, [np.array(list(counts), DTYPES[column.kind])])
    return _counted(values.tolist(), list(counts.values()))


def measured(requests: Sequence[Request], inputs: Sequence[Input], dataset: Dataset) -> list[ColumnStatistics]:
    """Statistics of what comes out of each chain, in one pass over the data for all of them.

    Exact counts take memory in proportion to the different values of a category; hash such columns instead.
    """
    from seakeep.data import batches

    needed = dict.fromkeys(name for sources, _, _ in requests for name in sources)
    columns = [column for column in inputs if column.name in needed]
    moments = Statistics()
    counters: list[Counter[Value]] = [Counter() for _ in requests]
    for frame in batches(dataset, columns=tuple(needed)):
        arrays = feeds(frame, columns)
        outcomes = [computed(states, [arrays[name] for name in sources]) for sources, states, _ in requests]
        moments += _profiled(requests, outcomes)
        for counter, outcome, (_, _, need) in zip(counters, outcomes, requests, strict=True):
            if need is Need.COUNTS:
                counter.update(outcome.tolist())
    return [
        _tallied(counters[i]) if need is Need.COUNTS else moments.columns.get(str(i), ColumnStatistics(Kind.NUMBER))
        for i, (_, _, need) in enumerate(requests)
    ]


def _counts(column: ColumnStatistics) -> dict[float, int] | None:
    """How often each raw value occurs, missing ones under their mark; None where that is not known exactly."""
    if column.top.is_exact:
        counts = {float(value) if column.kind is not Kind.TIMESTAMP else int(value): n for value, n in _top(column)}
    elif column.histogram.is_exact:
        counts = dict(zip(column.histogram.middles(), column.histogram.counts, strict=True))
    else:
        return None
    if column.kind is Kind.TIMESTAMP:
        if any(abs(value) >= EXACT_INTEGERS for value in counts):
            return None
        return {**{int(value): n for value, n in counts.items()}, MISSING_TIME: column.missing}
    special = {np.inf: column.positive_infinity, -np.inf: column.negative_infinity}
    return {**counts, **special, float("nan"): column.missing + column.nan}


def _top(column: ColumnStatistics) -> list[tuple[Any, int]]:
    return list(zip(column.top.values, column.top.counts, strict=True))


def _counted(values: Sequence[float], counts: Sequence[int]) -> ColumnStatistics:
    """Statistics of numbers, each of which occurs so many times."""
    finite: Counter[float] = Counter()
    special: Counter[str] = Counter()
    for value, count in zip(values, counts, strict=True):
        if np.isfinite(value):
            finite[value + 0.0] += count
        else:
            special[str(value)] += count
    finite = +finite
    sums = [(ExactSum.of(value), count) for value, count in finite.items()]
    return ColumnStatistics(
        Kind.NUMBER,
        rows=sum(counts),
        nan=special["nan"],
        positive_infinity=special["inf"],
        negative_infinity=special["-inf"],
        zeros=finite[0.0],
        minimum=min(finite, default=None),
        maximum=max(finite, default=None),
        total=sum((ExactSum.scaled(s.mantissa * n, s.exponent) for s, n in sums), ExactSum()),
        squares=sum((ExactSum.scaled(s.mantissa**2 * n, 2 * s.exponent) for s, n in sums), ExactSum()),
        histogram=Histogram.of(dict(finite)),
        top=TopValues.of(dict(finite.items())),
    )


def _profiled(requests: Sequence[Request], outcomes: Sequence[NDArray[Any]]) -> Statistics:
    """Statistics of one batch's numbers, by the request's index."""
    import polars as pl

    from seakeep.data import profile_frame

    numbers = {str(i): outcome for i, outcome in enumerate(outcomes) if requests[i][2] is Need.MOMENTS}
    return profile_frame(pl.DataFrame(numbers)) if numbers else Statistics()


def _tallied(counter: Counter[Value]) -> ColumnStatistics:
    """Statistics of a category's values: the count of each, the most frequent first, ties by value."""
    counts = {
        value: n
        for value, n in counter.items()
        if value != MISSING_TEXT and not (isinstance(value, float) and math.isnan(value))
    }
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    values, numbers = tuple(value for value, _ in ordered), tuple(n for _, n in ordered)
    kind = Kind.STRING if values and isinstance(values[0], str) else Kind.INTEGER
    return ColumnStatistics(
        kind, rows=counter.total(), missing=counter.total() - sum(numbers), top=TopValues(values, numbers)
    )
