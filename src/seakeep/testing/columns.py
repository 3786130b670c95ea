"""Statistics of a few values, worked in plain Python: for examples, for conformance suites, and as an oracle for `profile`."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from seakeep.core.counters import TopValues
from seakeep.core.distinct import DistinctSketch, hash_bytes, hash_number
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnStatistics, Lengths, Statistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_KINDS = ((bool, Kind.BOOLEAN), (int, Kind.INTEGER), (float, Kind.NUMBER), (str, Kind.STRING))


def column_of(values: Sequence[bool | float | str | None], kind: Kind | None = None) -> ColumnStatistics:
    """Statistics of a column that holds `values`, None where missing. Timestamps and durations are given in microseconds.

    Parameters: kind: what the values are; by default that of the first value present, null where there is none.
    >>> column_of([1, 2, None]).missing_rate == 1 / 3
    True
    """
    present = [value for value in values if value is not None]
    kind = kind or _kind_of(present)
    if kind is Kind.NUMBER:
        present = [float(value) for value in present]
    finite = [value for value in present if not (isinstance(value, float) and not math.isfinite(value))]
    counts = Counter(value if isinstance(value, str) else value + 0 for value in finite)
    top = TopValues.of({value == 1 if kind is Kind.BOOLEAN else value: count for value, count in counts.items()})
    numbers = [value for value in finite if not isinstance(value, str)] if kind.is_numeric else []
    texts = [value for value in finite if isinstance(value, str)]
    return ColumnStatistics(
        kind,
        rows=len(values),
        missing=len(values) - len(present),
        nan=sum(value != value for value in present),  # noqa: PLR0124  (NaN alone differs from itself)
        positive_infinity=present.count(math.inf),
        negative_infinity=present.count(-math.inf),
        zeros=numbers.count(0),
        minimum=min(numbers, default=None),
        maximum=max(numbers, default=None),
        total=_sum(value for value in finite if not isinstance(value, str)),
        squares=_sum_of_squares(numbers),
        histogram=Histogram.of(dict(Counter(float(value) for value in numbers))),
        top=top,
        sketch=None if top.is_exact else DistinctSketch.of(_hash(value) for value in counts),
        lengths=_lengths(texts) if kind is Kind.STRING else None,
    )


def table_of(columns: Mapping[str, Sequence[bool | float | str | None]]) -> Statistics:
    """Statistics of a table whose columns hold these values, all equally many.

    >>> table_of({"fare": [1.5, None]}).rows
    2
    """
    found = {name: column_of(values) for name, values in columns.items()}
    return Statistics(max((column.rows for column in found.values()), default=0), found)


def _kind_of(present: Sequence[bool | float | str]) -> Kind:
    return next((kind for python, kind in _KINDS if present and isinstance(present[0], python)), Kind.NULL)


def _sum(values: Iterable[float]) -> ExactSum:
    total = ExactSum()
    for value in values:
        total += ExactSum.of(value)
    return total


def _sum_of_squares(values: Iterable[float]) -> ExactSum:
    total = ExactSum()
    for value in values:
        exact = ExactSum.of(value)
        total += ExactSum.scaled(exact.mantissa**2, 2 * exact.exponent)
    return total


def _hash(value: bool | float | str) -> int:
    return hash_bytes(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else hash_number(value)


def _lengths(texts: Sequence[str]) -> Lengths:
    sizes = [len(text) for text in texts]
    histogram = Histogram.of({float(size): count for size, count in Counter(sizes).items()})
    return Lengths(len(sizes), sum(sizes), min(sizes, default=None), max(sizes, default=None), histogram)
