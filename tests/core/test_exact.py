"""Exact sums: equal to fractions, whatever the order."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.exact import ExactSum, nearest_float

doubles = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.lists(doubles | st.integers(-(2**130), 2**130))


def summed(values: list[float]) -> ExactSum:
    return sum((ExactSum.of(value) for value in values), ExactSum())


@given(numbers)
def test_a_sum_is_the_sum_of_fractions(values: list[float]) -> None:
    assert summed(values).fraction() == sum(map(Fraction, values), Fraction())


@given(st.lists(doubles))
def test_a_sum_of_doubles_rounds_as_fsum_does(values: list[float]) -> None:
    try:
        expected = math.fsum(values)
    except OverflowError:  # fsum gives up on intermediate overflow, the exact sum does not
        return
    assert summed(values).value() == expected


@given(numbers, numbers, numbers)
def test_adding_is_associative_and_commutative_to_the_bit(a: list[float], b: list[float], c: list[float]) -> None:
    one, two, three = summed(a), summed(b), summed(c)
    assert (one + two) + three == one + (two + three) == (three + one) + two == summed(c + b + a)


@given(st.integers(), st.integers(-50, 50), st.integers(0, 60))
def test_equal_values_are_equal_objects(mantissa: int, exponent: int, extra: int) -> None:
    assert ExactSum.scaled(mantissa, exponent) == ExactSum.scaled(mantissa << extra, exponent - extra)


def test_zero_has_one_form() -> None:
    assert ExactSum.scaled(0, 99) == ExactSum.of(-0.0) == ExactSum.of(0) == ExactSum()


@pytest.mark.parametrize(
    ("value", "error"), [(math.inf, OverflowError), (-math.inf, OverflowError), (math.nan, ValueError)]
)
def test_what_is_not_finite_has_no_exact_value(value: float, error: type[Exception]) -> None:
    with pytest.raises(error):
        ExactSum.of(value)


def test_a_sum_beyond_the_doubles_is_infinite_only_when_read() -> None:
    large = ExactSum.of(1.7e308)
    assert (large + large).value() == math.inf
    assert (large + large + ExactSum.of(-1.7e308)).value() == 1.7e308
    assert nearest_float(Fraction(-(10**400))) == -math.inf


def test_decimals_add_without_rounding_and_have_one_form() -> None:
    dime, dollar = ExactSum.decimal(1, 1), ExactSum.decimal(1, 0)
    assert reduce(add, [dime] * 10) == dollar == ExactSum.of(1.0)
    assert dime + ExactSum.of(0.5) == ExactSum.decimal(6, 1)
    assert ExactSum.decimal(3, -2) == ExactSum.of(300.0)
    assert ExactSum.reduced(0, 3, 2) == ExactSum()
    assert ExactSum.decimal(12, 2).fraction() == Fraction(3, 25)
    assert (ExactSum.decimal(1, 1) + ExactSum.scaled(1, 4)).value() == 16.1
