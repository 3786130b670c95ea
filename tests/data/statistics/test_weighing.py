"""Weights: every weighted fact by its definition in fractions, adding to the bit; weights that cannot be are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import isfinite

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.errors import UsageError
from seakeep.core.histogram import Histogram
from seakeep.core.statistics import Statistics, StatisticsMismatch
from seakeep.core.weighted import BITS, Weighted
from seakeep.data import profile, read
from seakeep.data.statistics.asked import Asked
from seakeep.data.statistics.columns import column_statistics
from seakeep.data.statistics.deep import deep_statistics
from seakeep.data.statistics.errors import BadWeights

UNIT = Fraction(1, 1 << BITS)
weights = st.floats(0, 2.0**39) | st.sampled_from([0.0, 1.0, 0.1, 1e-13, 2.0**-41, 3.0])
COLUMNS: dict[str, tuple[pl.DataType, st.SearchStrategy[object]]] = {
    "number": (pl.Float64(), st.none() | st.floats() | st.sampled_from([0.0, -0.0, 1.5])),
    "integer": (pl.Int64(), st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 2)),
    "wide": (pl.Int128(), st.none() | st.integers(-(2**100), 2**100)),
    "decimal": (pl.Decimal(30, 3), st.none() | st.integers(-(10**25), 10**25).map(lambda u: Decimal(u).scaleb(-3))),
    "text": (pl.String(), st.none() | st.sampled_from(["a", "b"])),
    "truth": (pl.Boolean(), st.none() | st.booleans()),
    "moment": (pl.Date(), st.none() | st.dates()),
    "bytes": (pl.Binary(), st.none() | st.binary(max_size=2)),
}


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    rows = draw(st.integers(0, 8))
    columns = {
        name: pl.Series(draw(st.lists(values, min_size=rows, max_size=rows)), dtype=dtype)
        for name, (dtype, values) in COLUMNS.items()
    }
    weighing = draw(st.lists(weights, min_size=rows, max_size=rows))
    return pl.DataFrame({"weight": pl.Series(weighing, dtype=pl.Float64), **columns})


def weighed(frame: pl.DataFrame) -> Statistics:
    return deep_statistics(frame, Asked("weight"))


def units(weight: float) -> int:
    return round(Fraction(weight) / UNIT)


@given(tables(), st.integers(0, 8))
def test_weighted_statistics_add_to_the_bit(frame: pl.DataFrame, at: int) -> None:
    assert weighed(frame[:at]) + weighed(frame[at:]) == weighed(frame)


@given(tables())
def test_everything_but_weights_is_as_without_them(frame: pl.DataFrame) -> None:
    found = weighed(frame)
    assert found.weight == "weight"
    for name, own in found.columns.items():
        column = column_statistics(frame[name])
        assert own.weighted is not None
        assert (own.rows, own.missing, own.top, own.histogram) == (
            column.rows,
            column.missing,
            column.top,
            column.histogram,
        )


@given(tables())
def test_weighted_facts_of_numbers_are_their_definitions(frame: pl.DataFrame) -> None:
    found = weighed(frame)["number"].weighted
    assert found is not None
    rows = [(units(w), x) for w, x in frame.select("weight", "number").rows()]
    finite = [(w, x + 0.0) for w, x in rows if x is not None and isfinite(x)]
    assert found.missing == sum(w for w, x in rows if x is None)
    assert found.present == sum(w for w, x in rows if x is not None)
    assert found.squared == sum(w * w for w, x in rows if x is not None)
    assert found.finite == sum(w for w, _ in finite)
    assert found.total.fraction() == sum((w * UNIT * Fraction(x) for w, x in finite), Fraction())
    assert found.squares.fraction() == sum((w * UNIT * Fraction(x) ** 2 for w, x in finite), Fraction())
    gathered: Counter[float] = Counter()
    for w, x in finite:
        gathered[x] += w
    assert found.top.as_dict() == +gathered
    assert found.histogram == Histogram.of(+gathered)


@given(tables())
def test_weighted_sums_of_other_kinds_are_exact(frame: pl.DataFrame) -> None:
    found = weighed(frame)
    for name, exact in {
        "integer": Fraction,
        "wide": Fraction,
        "decimal": Fraction,
        "truth": Fraction,
    }.items():
        weighted = found[name].weighted
        assert weighted is not None
        rows = [(units(w), exact(x)) for w, x in frame.select("weight", name).rows() if x is not None]
        assert weighted.total.fraction() == sum((w * UNIT * x for w, x in rows), Fraction())
        assert weighted.squares.fraction() == sum((w * UNIT * x * x for w, x in rows), Fraction())


def test_equal_weights_change_nothing() -> None:
    values = pl.Series(np.random.default_rng(5).lognormal(size=5_000))
    frame = pl.DataFrame({"x": values, "weight": pl.Series([0.25] * 5_000)})
    column = weighed(frame)["x"]
    found = column.weighted
    assert found is not None
    assert found.mean == column.mean
    assert column.variance is not None
    assert found.variance == pytest.approx(column.variance * 4_999 / 5_000, rel=1e-12)
    assert found.quantile(0.5) == column.quantile(0.5)
    assert (found.rows, found.effective_rows, found.missing_rate) == (1_250.0, 5_000.0, 0.0)
    assert found.histogram.rank_error == pytest.approx(column.rank_error)


def test_means_agree_with_numpy() -> None:
    random = np.random.default_rng(3)
    x, w = random.normal(size=4_000), random.gamma(2.0, size=4_000)
    found = weighed(pl.DataFrame({"x": x, "weight": w}))["x"].weighted
    assert found is not None
    assert found.mean == pytest.approx(np.average(x, weights=w), rel=1e-9)
    assert found.std == pytest.approx(np.average((x - np.average(x, weights=w)) ** 2, weights=w) ** 0.5, rel=1e-9)
    assert found.effective_rows == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=1e-9)


def test_fields_and_items_weigh_what_their_rows_do() -> None:
    frame = pl.DataFrame({"weight": [1, 2, 4], "s": [{"a": 1}, None, {"a": None}], "l": [[1, 1], [], None]})
    found = weighed(frame)
    field, items = found["s"].fields["a"].weighted, found["l"].items
    assert field is not None
    assert (field.rows, field.missing * 2.0**-BITS, field.mean) == (5.0, 4.0, 1.0)
    assert items is not None
    assert items.weighted is not None
    assert items.weighted.weights() == {1: 2.0}


def test_values_that_weigh_nothing_have_no_mean() -> None:
    found = weighed(pl.DataFrame({"weight": [0, 0], "x": [1.0, 2.0]}))["x"].weighted
    assert found is not None
    assert (found.mean, found.variance, found.std, found.quantile(0.5)) == (None, None, None, None)
    assert (found.missing_rate, found.effective_rows) == (0.0, 0.0)


def test_a_column_that_some_files_lack_weighs_what_their_rows_do() -> None:
    both = weighed(pl.DataFrame({"weight": [1, 2], "x": [1.0, 2.0]})) + weighed(pl.DataFrame({"weight": [5]}))
    found = both["x"].weighted
    assert found is not None
    assert (found.rows, found.missing_rate) == (8.0, 5 / 8)
    assert both == both + Statistics()
    rest = both.select(("x",))
    assert (rest + both)["weight"].weighted == Weighted(
        present=8 << BITS,
        missing=8 << BITS,
        finite=8 << BITS,
        squared=30 << 2 * BITS,
        total=both["weight"].weighted.total,  # type: ignore[union-attr]
        squares=both["weight"].weighted.squares,  # type: ignore[union-attr]
        histogram=both["weight"].weighted.histogram,  # type: ignore[union-attr]
        top=both["weight"].weighted.top,  # type: ignore[union-attr]
    )


BAD: list[tuple[list[float | None], str]] = [
    ([1.0, None, None], "is missing in 2 rows, first in row 1"),
    ([1.0, 2.0, -0.5], "is negative in 1 row, first in row 2"),
    ([float("nan"), 2.0, 0.5], "is NaN in 1 row, first in row 0"),
    ([1.0, float("inf"), 0.5], r"is beyond 2\^40 in 1 row, first in row 1"),
]


@pytest.mark.parametrize(("values", "message"), BAD)
def test_weights_that_cannot_be_are_refused_with_their_row(values: list[float | None], message: str) -> None:
    with pytest.raises(BadWeights, match=message) as caught:
        weighed(pl.DataFrame({"weight": values}))
    assert "polars.col" in caught.value.fix


def test_a_bad_weight_is_counted_from_the_tables_first_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seakeep.data.statistics.deep.SHORTEST", 4)
    monkeypatch.setattr("seakeep.data.statistics.deep.LONGEST", 4)
    with pytest.raises(BadWeights, match="first in row 9"):
        profile(read(pl.DataFrame({"weight": [1.0] * 9 + [-1.0]})), weight="weight")


def text_weights() -> None:
    profile(read(pl.DataFrame({"w": ["1"]})), weight="w")


def unknown_weights() -> None:
    profile(read(pl.DataFrame({"weight": [1]})), weight="weigth")


def mixed_weights() -> None:
    frame = pl.DataFrame({"weight": [1], "other": [2]})
    _ = weighed(frame) + profile(read(frame), weight="other")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (text_weights, BadWeights, "'w' is String, expected numbers"),
        (unknown_weights, UsageError, "Did you mean 'weight'"),
        (mixed_weights, StatisticsMismatch, "weight weight cannot be added to statistics with weight other"),
    ],
)
def test_other_mistakes_are_told(call: Callable[[], None], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_many_values_keep_the_heaviest_within_their_error() -> None:
    random = np.random.default_rng(1)
    values = random.permutation(np.concatenate([np.arange(6_000), np.repeat([7, 8], 3_000)]))
    weight = random.gamma(1.0, size=len(values))
    frame = pl.DataFrame({"x": values, "t": [f"t{v}" for v in values], "weight": weight})
    parts = [weighed(frame[i : i + 1_500]) for i in range(0, frame.height, 1_500)]
    whole = sum(parts, Statistics())
    exact: Counter[int] = Counter()
    for value, own in zip(values.tolist(), weight.tolist(), strict=True):
        exact[value] += units(own)
    for name in ("x", "t"):
        found = whole[name].weighted
        assert found is not None
        top = found.top
        listed = top.as_dict()
        for value, true in exact.items():
            least = listed.get(value if name == "x" else f"t{value}", 0)
            assert least <= true <= least + top.error
        assert top.error <= sum(exact.values()) / 2049
