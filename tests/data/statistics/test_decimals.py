"""Decimals: sums without rounding, values as their nearest doubles, whole numbers never merged, whatever the precision."""

from __future__ import annotations

from collections import Counter
from decimal import Context, Decimal
from fractions import Fraction

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import counters
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnStatistics
from seakeep.data.statistics.columns import column_statistics
from seakeep.data.statistics.decimals import nearest

EXACT = Context(prec=60)
TYPES = [(4, 0), (9, 2), (15, 15), (18, 0), (18, 9), (38, 0), (38, 1), (38, 24), (38, 38)]


@st.composite
def decimals(draw: st.DrawFn) -> tuple[list[int | None], int, int]:
    precision, scale = draw(st.sampled_from(TYPES))
    most = 10**precision - 1
    units = st.none() | st.integers(-most, most) | st.integers(-2, 2) | st.sampled_from([most, -most])
    return draw(st.lists(units, max_size=12)), precision, scale


def of(units: list[int | None], precision: int, scale: int) -> ColumnStatistics:
    values = [None if unit is None else EXACT.scaleb(Decimal(unit), -scale) for unit in units]
    return column_statistics(pl.Series("x", values, pl.Decimal(precision, scale)))


@given(decimals())
def test_every_fact_is_that_of_the_fractions(drawn: tuple[list[int | None], int, int]) -> None:
    units, precision, scale = drawn
    found = of(units, precision, scale)
    exact = [Fraction(unit, 10**scale) for unit in units if unit is not None]
    values = [nearest(unit, scale) for unit in units if unit is not None]
    assert (found.kind, found.rows, found.missing) == (Kind.NUMBER, len(units), units.count(None))
    assert found.total.fraction() == sum(exact, Fraction())
    assert found.squares.fraction() == sum((value * value for value in exact), Fraction())
    assert (found.minimum, found.maximum) == (min(values, default=None), max(values, default=None))
    assert found.top.as_dict() == Counter(values)
    assert found.histogram == Histogram.of(Counter(map(float, values)))
    assert found.zeros == exact.count(Fraction())
    assert found.distinct == len(set(values))


@given(decimals(), decimals())
def test_decimals_of_any_two_types_add_to_the_bit(
    first: tuple[list[int | None], int, int], second: tuple[list[int | None], int, int]
) -> None:
    one, other = of(*first), of(*second)
    both = one.added(other, name="x")
    assert both == other.added(one, name="x")
    assert both.total.fraction() == one.total.fraction() + other.total.fraction()


def test_ten_dimes_are_a_dollar() -> None:
    found = of([10] * 10, 9, 2)
    assert found.total == ExactSum.of(1.0)
    assert found.mean == 0.1


def test_identifiers_beyond_doubles_stay_apart() -> None:
    found = of([2**53, 2**53 + 1, 2**53 + 2], 20, 0)
    assert found.distinct == 3
    assert found.top.values == (2.0**53, 2**53 + 1, 2.0**53 + 2)


def test_many_decimals_have_a_sketch() -> None:
    units = list(range(-3_000, 3_000))
    for found in (of(units, 9, 2), of([unit * 10**20 for unit in units], 38, 2)):
        assert found.sketch is not None
        assert abs(found.distinct - len(units)) < 6 * found.distinct_error * len(units)
        assert found.top_error == found.top.error / 6_000 > 0
        assert len(found.top.values) <= counters.LIMIT


def test_decimals_add_to_doubles() -> None:
    doubles = column_statistics(pl.Series("x", [0.5, 0.25]))
    both = of([10], 9, 2).added(doubles, name="x")
    assert both.total.fraction() == Fraction(1, 10) + Fraction(3, 4)
