"""What rows weigh: shares, moments, quantiles and effective rows of weighted columns, by hand."""

from __future__ import annotations

import pytest

from seakeep.core.counters import TopValues
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.weighted import BITS, Weighted


def column(*rows: tuple[float, int]) -> Weighted:
    """A column of numbers: value and whole weight of each row."""
    units = {value: weight << BITS for value, weight in rows}
    total = squares = ExactSum()
    for value, weight in rows:
        total, squares = total + ExactSum.of(value * weight), squares + ExactSum.of(value * value * weight)
    present = sum(units.values())
    squared = sum(each * each for each in units.values())
    return Weighted(present, 0, present, squared, total, squares, Histogram.of(units), TopValues.of(dict(units)))


def test_moments_are_weighted_by_rows() -> None:
    found = column((1.0, 1), (4.0, 3))
    assert (found.rows, found.mean, found.variance) == (4.0, 3.25, 1.6875)
    assert found.std == pytest.approx(1.6875**0.5)
    assert found.effective_rows == pytest.approx(1.6)
    assert found.weights() == {4.0: 3.0, 1.0: 1.0}
    assert (found.quantile(0.0), found.quantile(1.0)) == (1.0, 4.0)


def test_weights_add() -> None:
    assert column((1.0, 1)) + column((4.0, 3)) == column((4.0, 3)) + column((1.0, 1)) == column((1.0, 1), (4.0, 3))


def test_what_is_missing_has_its_share_of_the_weight() -> None:
    assert (column((1.0, 1)) + Weighted(missing=3 << BITS)).missing_rate == 0.75


def test_what_weighs_nothing_has_no_moments() -> None:
    nothing = Weighted()
    assert (nothing.mean, nothing.variance, nothing.std, nothing.quantile(0.5)) == (None, None, None, None)
    assert (nothing.rows, nothing.missing_rate, nothing.effective_rows) == (0.0, 0.0, 0.0)
