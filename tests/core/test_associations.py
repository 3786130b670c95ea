"""Associations by hand: small tables of counts whose correlation, information and V are known in closed form."""

from __future__ import annotations

import math

import pytest

from seakeep.core.associations import Associations, Bins, BinsDiffer, CoMoments, Pair
from seakeep.core.errors import UsageError
from seakeep.core.exact import ExactSum

TEXT = Bins(values=("a", "b"))
NUMBER = Bins(edges=(1.0,))


def moments(*points: tuple[float, float]) -> CoMoments:
    found = CoMoments()
    for x, y in points:
        found += CoMoments(1, *(ExactSum.of(value) for value in (x, y, x * x, y * y, x * y)))
    return found


def of(counts: tuple[int, ...], *, bins: Bins = TEXT, sums: CoMoments | None = None) -> Associations:
    return Associations(sum(counts), {"x": bins, "y": bins}, {"x": {"y": Pair(counts, sums)}})


def table(*there: int) -> tuple[int, ...]:
    """Counts of two by two values, with nothing in the bins of other and of missing values."""
    a, b, c, d = there
    return (a, b, 0, 0, c, d, 0, 0, *[0] * 8)


def test_bins_count_those_of_other_and_of_missing_values() -> None:
    assert (TEXT.number, NUMBER.number, Bins().number) == (4, 4, 2)


@pytest.mark.parametrize(
    ("points", "expected"),
    [([(1, 2), (2, 4), (3, 6)], 1.0), ([(1, 6), (2, 4), (3, 2)], -1.0), ([(0, 0), (0, 1), (1, 0), (1, 1)], 0.0), ([(1, 1), (1, 2)], None)],
)  # fmt: skip
def test_correlation_of_points(points, expected) -> None:
    assert moments(*points).correlation == expected


def test_columns_that_are_equal_tell_each_other_a_bit() -> None:
    found = of(table(50, 0, 0, 50)).between("y", "x")
    assert found.plug_in == pytest.approx(math.log(2))
    assert found.mutual_information == pytest.approx(math.log(2) + 1 / 200)  # 2 cells - 2 - 2 + 1, of 200
    assert (found.rows, found.correlation, found.cramers_v) == (100, None, 1.0)


def test_independent_columns_tell_nothing() -> None:
    found = of(table(25, 25, 25, 25)).between("x", "y")
    assert (found.mutual_information, found.plug_in, found.cramers_v) == (0.0, 0.0, 0.0)


def test_a_column_of_one_value_has_no_v_and_a_table_without_rows_no_information() -> None:
    assert of(table(10, 10, 0, 0)).between("x", "y").cramers_v is None
    nothing = of(table(0, 0, 0, 0)).between("x", "y")
    assert (nothing.mutual_information, nothing.cramers_v) == (0.0, None)


def test_associations_add() -> None:
    first = of(table(3, 0, 0, 1), bins=NUMBER, sums=moments((1, 2), (2, 1)))
    second = of(table(1, 2, 0, 1), bins=NUMBER, sums=moments((5, 3)))
    both = first + second
    assert both == second + first
    assert both.pairs["x"]["y"] == Pair(table(4, 2, 0, 2), moments((1, 2), (2, 1), (5, 3)))
    assert both.between("x", "y").correlation == moments((1, 2), (2, 1), (5, 3)).correlation
    assert (Pair((1,)) + Pair((2,), moments((1, 1)))).moments == moments((1, 1))


def test_other_bins_do_not_add() -> None:
    with pytest.raises(BinsDiffer, match="column 'x' were counted in different bins") as told:
        of(table(1, 0, 0, 1)) + of(table(1, 0, 0, 1), bins=NUMBER)
    assert "seakeep.associate(dataset, statistics=…)" in told.value.fix


def test_names_are_those_of_two_columns() -> None:
    found = of(table(1, 0, 0, 1))
    with pytest.raises(UsageError, match="itself are no pair"):
        found.between("x", "x")
    with pytest.raises(UsageError, match="'z'"):
        found.between("x", "z")
