"""What a column's statistics are, value by value in Python: the definition that the fast ways are held to, to the bit."""

from __future__ import annotations

import math
from collections import Counter

import polars as pl

from seakeep.core import counters
from seakeep.core.column_statistics import ColumnStatistics
from seakeep.core.counters import TopValues
from seakeep.core.distinct import DistinctSketch, hash_bytes, hash_number
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.data.kinds import kind_of


def plain_numbers(values: pl.Series) -> ColumnStatistics:
    """Statistics of a column of doubles or whole numbers."""
    present = values.drop_nulls().to_list()
    finite = [value + 0 if isinstance(value, int) else value + 0.0 for value in present if math.isfinite(value)]
    counted = Counter(finite)
    total, squares = ExactSum(), ExactSum()
    for value, count in counted.items():
        numerator, denominator = value.as_integer_ratio()
        exponent = 1 - denominator.bit_length()
        total += ExactSum.scaled(numerator * count, exponent)
        squares += ExactSum.scaled(numerator * numerator * count, 2 * exponent)
    doubles: Counter[float] = Counter()
    for value, count in counted.items():
        doubles[float(value)] += count
    return ColumnStatistics(
        kind_of(values.dtype, name=values.name),
        rows=len(values),
        missing=values.null_count(),
        nan=sum(math.isnan(value) for value in present),
        positive_infinity=present.count(math.inf),
        negative_infinity=present.count(-math.inf),
        zeros=counted[0],
        minimum=min(counted, default=None),
        maximum=max(counted, default=None),
        total=total,
        squares=squares,
        histogram=Histogram.of(doubles),
        top=TopValues.of(dict(counted.items())),
        sketch=DistinctSketch.of(map(hash_number, counted)) if len(counted) > counters.LIMIT else None,
    )


def plain_texts(values: pl.Series) -> tuple[TopValues, DistinctSketch | None]:
    """Top values and sketch of a column of text."""
    counted = Counter(values.drop_nulls().to_list())
    sketch = DistinctSketch.of(hash_bytes(text.encode()) for text in counted) if len(counted) > counters.LIMIT else None
    return TopValues.of(dict(counted.items())), sketch
