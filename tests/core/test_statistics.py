"""Statistics: they add, they save, and what they say agrees with other libraries."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import counters
from seakeep.core.codec import BadDocument, to_plain
from seakeep.core.counters import TopValues
from seakeep.core.distinct import DistinctSketch, hash_bytes, hash_number
from seakeep.core.errors import UsageError
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.statistics import (
    ColumnMismatch,
    ColumnStatistics,
    Lengths,
    OtherVersion,
    Statistics,
    StatisticsMismatch,
    common_kind,
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1) | st.integers(-4, 4)
texts = st.text(max_size=4)


def of_numbers(values: list[float | None], kind: Kind = Kind.NUMBER) -> ColumnStatistics:
    """Statistics of numbers by the definitions alone."""
    present = [value for value in values if value is not None]
    top = TopValues.of(Counter(present))
    return ColumnStatistics(
        kind,
        rows=len(values),
        missing=len(values) - len(present),
        zeros=present.count(0),
        minimum=min(present, default=None),
        maximum=max(present, default=None),
        total=reduce(add, map(ExactSum.of, present), ExactSum()),
        squares=ExactSum.of(0) + reduce(add, (_square(value) for value in present), ExactSum()),
        histogram=Histogram.of(Counter(map(float, present))),
        top=top,
        sketch=None if top.is_exact else DistinctSketch.of(map(hash_number, present)),
    )


def _square(value: float) -> ExactSum:
    exact = ExactSum.of(value)
    return ExactSum.scaled(exact.mantissa**2, exact.exponent * 2)


def of_texts(values: list[str]) -> ColumnStatistics:
    sizes = [len(value) for value in values]
    lengths = Lengths(
        len(sizes),
        sum(sizes),
        min(sizes, default=None),
        max(sizes, default=None),
        Histogram.of(Counter(map(float, sizes))),
    )
    top = TopValues.of(Counter(values))
    sketch = None if top.is_exact else DistinctSketch.of(hash_bytes(v.encode("utf-8", "surrogatepass")) for v in values)
    return ColumnStatistics(Kind.STRING, rows=len(values), top=top, sketch=sketch, lengths=lengths)


columns = st.one_of(
    st.lists(st.none() | numbers, max_size=12).map(of_numbers),
    st.lists(st.none() | integers, max_size=12).map(lambda values: of_numbers(values, Kind.INTEGER)),
    st.integers(0, 5).map(lambda rows: ColumnStatistics.absent(Kind.NULL, rows)),
)


@given(columns, columns, columns)
def test_adding_is_associative_and_commutative_across_kinds(
    a: ColumnStatistics, b: ColumnStatistics, c: ColumnStatistics
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counters, "LIMIT", 1000)
        left = a.added(b, name="x").added(c, name="x")
        assert left == a.added(b.added(c, name="x"), name="x") == c.added(a, name="x").added(b, name="x")
        assert left.kind is b.added(a, name="x").added(c, name="x").kind


@given(st.lists(integers, max_size=30), st.lists(numbers, max_size=30), st.integers(2, 10))
def test_the_sketch_is_the_same_in_any_order_once_values_are_many(a: list[int], b: list[float], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counters, "LIMIT", limit)
        parts = [of_numbers(a[:7], Kind.INTEGER), of_numbers(a[7:], Kind.INTEGER), of_numbers(list(b))]
        one = parts[0].added(parts[1], name="x").added(parts[2], name="x")
        two = parts[2].added(parts[1], name="x").added(parts[0], name="x")
        assert one.sketch == two.sketch
        assert (one.sketch is None) == one.top.is_exact == two.top.is_exact


@given(st.lists(texts, max_size=20), st.lists(texts, max_size=20))
def test_texts_add_as_if_counted_together(a: list[str], b: list[str]) -> None:
    assert of_texts(a).added(of_texts(b), name="x") == of_texts(a + b)


def test_many_texts_are_sketched_from_those_listed() -> None:
    a, b = [f"a{i}" for i in range(1500)], [f"b{i}" for i in range(1500)]
    both = of_texts(a).added(of_texts(b), name="x")
    assert both.sketch == of_texts(a + b).sketch
    assert abs(both.distinct - 3000) < 200
    assert both.added(of_texts(a), name="x").sketch == both.sketch


def test_large_integers_are_not_rounded_into_one_when_a_column_becomes_a_number() -> None:
    first = of_numbers([2**53 + 1, 2**53 + 1, 2**53, 7], Kind.INTEGER)
    both = first.added(of_numbers([0.5]), name="id")
    assert both.kind is Kind.NUMBER
    assert both.top.as_dict() == {2**53 + 1: 2, 2**53: 1, 7.0: 1, 0.5: 1}
    assert all(type(value) is float for value in both.top.values if value != 2**53 + 1)
    assert (both.distinct, type(both.minimum), type(both.maximum)) == (4, float, float)


@given(st.lists(numbers, min_size=2, max_size=30))
def test_mean_and_variance_are_those_of_fractions_rounded_once(values: list[float]) -> None:
    column, exact = of_numbers(list(values)), [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    variance = sum((value - mean) ** 2 for value in exact) / (len(exact) - 1)
    assert column.mean == float(mean)
    try:
        assert column.variance == float(variance)
    except OverflowError:
        assert column.variance == math.inf


def test_moments_agree_with_numpy() -> None:
    values = np.random.default_rng(0).lognormal(size=1000)
    column = of_numbers(values.tolist())
    assert column.mean == pytest.approx(values.mean(), rel=1e-14)
    assert column.variance == pytest.approx(values.var(ddof=1), rel=1e-12)
    assert column.std == pytest.approx(values.std(ddof=1), rel=1e-12)
    for share in (0.0, 0.1, 0.5, 0.99, 1.0):
        assert column.quantile(share) == np.quantile(values, share, method="inverted_cdf")


def test_coarse_quantiles_stay_within_the_extremes() -> None:
    values = np.random.default_rng(0).normal(size=5000)
    column = of_numbers(values.tolist())
    assert not column.histogram.is_exact
    assert column.minimum <= column.quantile(0.0) <= column.quantile(1.0) <= column.maximum
    assert column.quantile(0.5) == pytest.approx(np.median(values), abs=0.01)


def test_nothing_is_said_of_no_rows() -> None:
    empty = ColumnStatistics(Kind.NUMBER)
    assert (empty.mean, empty.variance, empty.std, empty.quantile(0.5), empty.missing_rate) == (
        None,
        None,
        None,
        None,
        0.0,
    )
    assert of_numbers([1.0]).variance is None
    assert of_texts(["a"]).mean is None
    assert of_texts(["a", "b"]).variance is None
    assert Lengths().mean is None


def test_special_values_are_neither_missing_nor_finite() -> None:
    column = ColumnStatistics(Kind.NUMBER, rows=10, missing=2, nan=3, positive_infinity=1, negative_infinity=1)
    assert (column.present, column.finite, column.missing_rate) == (8, 3, 0.5)


def test_booleans_have_a_mean() -> None:
    column = ColumnStatistics(Kind.BOOLEAN, rows=4, total=ExactSum.of(3), top=TopValues((True, False), (3, 1)))
    assert (column.mean, column.variance, column.distinct) == (0.75, None, 2)


def test_lengths_have_a_mean() -> None:
    assert of_texts(["", "abc"]).lengths.mean == 1.5


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [
        (Kind.NULL, Kind.NULL, Kind.NULL),
        (Kind.NULL, Kind.STRING, Kind.STRING),
        (Kind.INTEGER, Kind.NUMBER, Kind.NUMBER),
        (Kind.BOOLEAN, Kind.INTEGER, None),
        (Kind.TIMESTAMP, Kind.TIMESTAMP, Kind.TIMESTAMP),
    ],
)
def test_common_kinds(first: Kind, second: Kind, common: Kind | None) -> None:
    assert common_kind(first, second) is common_kind(second, first) is common


def test_columns_of_two_kinds_do_not_add() -> None:
    first, second = Statistics(1, {"x": of_texts(["a"])}), Statistics(1, {"x": of_numbers([1.0])})
    with pytest.raises(ColumnMismatch) as caught:
        first + second
    assert str(caught.value) == (
        "column 'x' is string in one table and number in the other\n"
        "  A file was written with another type, or two different tables are being put together.\n"
        '  Convert it on reading: seakeep.read(…, derive={"x": polars.col("x").cast(…)}).'
    )
    assert (caught.value.name, caught.value.first, caught.value.second) == ("x", Kind.STRING, Kind.NUMBER)


def test_the_empty_table_adds_nothing_and_an_absent_column_is_missing() -> None:
    one = Statistics(2, {"a": of_numbers([1.0, None]), "t": of_texts(["x", "y"])})
    assert Statistics() + one == one + Statistics() == one
    both = one + Statistics(3, {"b": of_numbers([1.0, 2.0, 3.0])})
    assert list(both.columns) == ["a", "t", "b"]
    assert (both["a"].rows, both["a"].missing, both["b"].missing) == (5, 4, 2)
    assert both["t"].lengths.count == 2


def test_columns_are_found_by_name_or_the_nearest_is_proposed() -> None:
    one = Statistics(1, {"distance": of_numbers([1.0]), "late": of_numbers([0.0])})
    assert one.select(("late",)).columns == {"late": of_numbers([0.0])}
    with pytest.raises(UsageError, match=r"there is no column 'distanse'\n  Did you mean 'distance'"):
        one["distanse"]


@given(st.lists(st.none() | numbers | integers.map(float), max_size=20), st.lists(texts, max_size=10))
def test_statistics_save_and_load_equal(tmp_path_factory: pytest.TempPathFactory, values: list, words: list) -> None:
    path = tmp_path_factory.mktemp("s") / "statistics.json"
    column = of_numbers([*values, *[None] * max(0, len(words) - len(values))])
    one = Statistics(column.rows, {"x": column, 'a "name"\n': of_texts(words)})
    one.save(path)
    assert Statistics.load(path) == one
    assert Statistics.load(path).digest == one.digest


def test_statistics_with_a_sketch_save_and_load_equal(tmp_path: Path) -> None:
    one = Statistics(5000, {"x": of_numbers([i / 7 for i in range(5000)])})
    one.save(tmp_path / "s.json")
    assert Statistics.load(tmp_path / "s.json") == one
    Statistics().save(tmp_path / "empty.json")
    assert Statistics.load(tmp_path / "empty.json") == Statistics()


def test_a_torn_file_of_statistics_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    Statistics(1, {"x": of_numbers([1.0])}).save(path)
    path.write_text(path.read_text()[:40])
    with pytest.raises(BadDocument, match=r"s\.json"):
        Statistics.load(path)


def test_statistics_of_a_struct_can_be_a_caches_key():
    struct = ColumnStatistics(Kind.STRUCT, fields={"a": ColumnStatistics(Kind.INTEGER)})
    assert {struct: 1}[ColumnStatistics(Kind.STRUCT, fields={"a": ColumnStatistics(Kind.INTEGER)})] == 1


def test_statistics_of_a_newer_format_are_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"format": 3, "rows": 1, "columns": {}}')
    with pytest.raises(
        OtherVersion, match=r"statistics of format 3; this version of Seakeep reads formats 1 to 2"
    ) as caught:
        Statistics.load(tmp_path / "s.json")
    assert "s.json" in caught.value.where
    assert "seakeep profile DATA -o FILE" in caught.value.fix


def test_a_format_that_is_no_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"format": "new", "rows": 1, "columns": {}}')
    with pytest.raises(OtherVersion, match="format 'new'"):
        Statistics.load(tmp_path / "s.json")


def test_statistics_made_in_two_ways_do_not_add() -> None:
    with pytest.raises(StatisticsMismatch, match="with weight w cannot be added to statistics with weight none"):
        _ = Statistics(rows=1, weight="w") + Statistics(rows=1)


def test_what_was_gained_and_is_empty_leaves_the_digest_alone() -> None:
    column = of_numbers([1.0, 2.0])
    plain = to_plain(Statistics(2, {"x": column}))
    assert isinstance(plain, dict)
    assert list(plain) == ["rows", "columns"]
    assert "items" not in to_plain(column)  # type: ignore[operator]
    assert to_plain(ExactSum.of(1.0)) == {"mantissa": 1, "exponent": 0}


def test_every_bound_is_told() -> None:
    few, many = of_numbers([1.0, 2.0]), of_numbers([float(i) for i in range(3_000)])
    assert (few.rank_error, few.distinct_error, few.top_error) == (0.0, 0.0, 0.0)
    assert 0 < many.rank_error < 0.01
    assert many.distinct_error == pytest.approx(0.01625)
    assert many.top_error == many.top.error / 3_000
    assert ColumnStatistics(Kind.NUMBER).top_error == 0.0
