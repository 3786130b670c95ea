"""Means of the label by value: exact, addable in any order, for every kind of column and label."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import isfinite

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.core import conditional
from seakeep.core.conditional import Conditional, Group
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import key_of
from seakeep.core.statistics import Statistics, StatisticsMismatch
from seakeep.data import profile, read
from seakeep.data.statistics.asked import Asked
from seakeep.data.statistics.deep import deep_statistics
from seakeep.data.statistics.errors import BadLabel

rows = st.lists(
    st.tuples(
        st.none() | st.sampled_from(["a", "b", "c"]),
        st.none() | st.floats() | st.sampled_from([1.0, 2.0]),
        st.none() | st.booleans(),
        st.none() | st.floats(),
    ),
    max_size=10,
)
Rows = list[tuple[str | None, float | None, bool | None, float | None]]


def table(drawn: Rows) -> pl.DataFrame:
    schema = {
        "text": pl.String,
        "number": pl.Float64,
        "truth": pl.Boolean,
        "label": pl.Float64,
        "list": pl.List(pl.Int8),
    }
    return pl.DataFrame([(*row, None) for row in drawn], schema=schema, orient="row")


def of(frame: pl.DataFrame, label: str = "label") -> Statistics:
    return deep_statistics(frame, Asked(label=label))


def exact(values: list[float]) -> Group:
    return Group(len(values), sum(map(ExactSum.of, values), ExactSum()))


@given(rows)
def test_every_group_is_the_exact_sum_of_its_labels(drawn: Rows) -> None:
    found = of(table(drawn)).conditional
    labelled = [row for row in drawn if row[3] is not None and isfinite(row[3])]
    assert list(found) == ["text", "number", "truth"]
    for index, (name, by_value) in enumerate(found.items()):
        assert by_value.whole == exact([row[3] or 0.0 for row in labelled]), name
        seen = {row[index] for row in labelled if row[index] is not None and isfinite(hash(row[index]))}
        groups = {
            value: exact([row[3] or 0.0 for row in labelled if row[index] == value])
            for value in seen
            if not isinstance(value, float) or isfinite(value)
        }
        if name == "number":
            assert dict(zip(by_value.keys, by_value.groups, strict=True)) == {
                key_of(float(value or 0.0)): group for value, group in groups.items()
            }
        else:
            texts = {str(value).lower() if name == "truth" else value: group for value, group in groups.items()}
            assert by_value.values == texts
        assert by_value.missing.rows == by_value.whole.rows - sum(group.rows for group in groups.values())


@given(rows, st.integers(0, 10))
def test_label_means_add_to_the_bit(drawn: Rows, at: int) -> None:
    frame = table(drawn)
    assert of(frame[:at]) + of(frame[at:]) == of(frame)


@settings(max_examples=6)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 3_000), max_size=4))
def test_many_numbers_add_to_the_bit_wherever_they_are_cut(seed: int, cuts: list[int]) -> None:
    random = np.random.default_rng(seed)
    frame = pl.DataFrame({"x": random.lognormal(size=3_000), "label": random.normal(size=3_000)})
    edges = [0, *sorted(cuts), 3_000]
    parts = [of(frame[a:b]) for a, b in pairwise(edges)]
    whole = of(frame).conditional["x"]
    assert sum(parts, Statistics()).conditional["x"] == whole
    assert sum(reversed(parts), Statistics()).conditional["x"] == whole
    assert len(whole.keys) <= conditional.LIMIT
    low, high = whole.bounds(7)
    inside = frame.filter(pl.col("x").is_between(low, high))["label"]
    assert whole.groups[7].mean == pytest.approx(inside.mean())


def test_a_key_keeps_only_the_whole() -> None:
    frame = pl.DataFrame({"key": [f"k{i}" for i in range(3_000)] + [None], "label": [1] * 3_001})
    found = of(frame).conditional["key"]
    assert (found.too_many, found.values, found.whole.rows, found.missing.rows) == (True, {}, 3_001, 1)
    parts = of(frame[:1_500]) + of(frame[1_500:])
    assert parts.conditional["key"] == found
    assert (parts + parts).conditional["key"].too_many


@pytest.mark.parametrize("dtype", [pl.Boolean, pl.Int8, pl.UInt64, pl.Float32, pl.Decimal(9, 2), pl.Null])
def test_labels_of_every_kind_that_has_a_mean(dtype: pl.DataType) -> None:
    label = pl.Series([None, None] if dtype == pl.Null else [1, 0]).cast(dtype)
    found = of(pl.DataFrame({"x": ["a", "a"], "none": [None, None], "label": label})).conditional
    count = 0 if dtype == pl.Null else 2
    assert found["x"].whole == Group(count, ExactSum.of(count / 2))
    assert found["none"] == Conditional(whole=found["x"].whole, missing=found["x"].whole)


def test_a_column_that_some_files_lack_is_missing_there() -> None:
    one = of(pl.DataFrame({"x": ["a"], "label": [3]}))
    both = one + of(pl.DataFrame({"label": [5], "y": [1]}))
    assert both.conditional["x"].missing == Group(1, ExactSum.of(5))
    assert both.conditional["x"].whole.mean == 4.0
    assert Group().mean is None


def test_wrong_labels_are_told() -> None:
    with pytest.raises(BadLabel, match="label 'y' is String, which has no mean"):
        profile(read(pl.DataFrame({"y": ["a"]})), label="y")
    frame = pl.DataFrame({"y": [1], "z": [2]})
    with pytest.raises(StatisticsMismatch, match="label y cannot be added to statistics with label z"):
        _ = of(frame, "y") + of(frame, "z")


def test_sums_of_labels_have_no_rounding() -> None:
    frame = pl.DataFrame({"x": ["a"] * 3, "label": [1e16, 1.0, -1e16]})
    assert of(frame).conditional["x"].values["a"].total.fraction() == Fraction(1)
