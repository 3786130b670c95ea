"""Sums of columns equal the exact sums of core."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.exact import ExactSum
from seakeep.data.statistics import sums
from seakeep.data.statistics.sums import sums_of_doubles, sums_of_integers

doubles = st.floats(allow_nan=False, allow_infinity=False)
near_one = st.floats(-1e6, 1e6)
counts = st.integers(1, 2**14)


def check(found: tuple[ExactSum, ExactSum], counted: dict[float, int]) -> None:
    total = sum((Fraction(value) * count for value, count in counted.items()), Fraction())
    squares = sum((Fraction(value) ** 2 * count for value, count in counted.items()), Fraction())
    assert found[0].fraction() == total
    assert found[1].fraction() == squares
    for number in found:
        assert number == ExactSum.scaled(number.mantissa, number.exponent)


def arrays(counted: dict[float, int], dtype: type) -> tuple[np.ndarray, np.ndarray]:
    ordered = sorted(counted)
    return np.array(ordered, dtype), np.array([counted[value] for value in ordered], np.int64)


@given(st.dictionaries(doubles | near_one, counts, max_size=50), st.sampled_from([0, 64]))
def test_doubles_sum_exactly_by_limbs_and_by_integers(counted: dict[float, int], little: int) -> None:
    counted = Counter({value + 0.0: count for value, count in counted.items()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "_LITTLE", little)
        check(sums_of_doubles(*arrays(counted, np.float64)), counted)


@given(st.dictionaries(st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9), counts, max_size=50))
def test_integers_sum_exactly(counted: dict[int, int]) -> None:
    check(sums_of_integers(*arrays(counted, np.int64)), counted)


@given(st.dictionaries(st.integers(0, 2**64 - 1), counts, max_size=50))
def test_unsigned_integers_sum_exactly(counted: dict[int, int]) -> None:
    check(sums_of_integers(*arrays(counted, np.uint64)), counted)


@given(st.dictionaries(st.integers(-(2**53) + 1, 2**53 - 1).map(float), counts, max_size=20))
def test_whole_doubles_take_the_short_way_to_the_same_sum(counted: dict[float, int]) -> None:
    check(sums_of_doubles(*arrays(counted, np.float64)), counted)


def test_the_largest_mantissas_do_not_overflow_with_the_most_rows() -> None:
    rows = 2**20
    for value in (float(2**53 - 1) / 2**10, -float(2**53 - 1) * 2.0**900, float(np.nextafter(2, 1))):
        counted = {value: rows}
        check(sums_of_doubles(*arrays(counted, np.float64)), counted)
    for whole in (2**63 - 1, -(2**63)):
        check(sums_of_integers(*arrays({whole: rows}, np.int64)), {whole: rows})
    check(sums_of_integers(*arrays({2**64 - 1: rows}, np.uint64)), {2**64 - 1: rows})


def test_many_neighbours_of_one_value_sum_exactly() -> None:
    counted = Counter(np.random.default_rng(2).normal(1e6, 1e-3, 30_000).tolist())
    check(sums_of_doubles(*arrays(counted, np.float64)), counted)


def test_no_values_sum_to_zero() -> None:
    nothing = np.empty(0, np.int64)
    assert sums_of_integers(nothing, nothing) == sums_of_doubles(np.empty(0), nothing) == (ExactSum(), ExactSum())
