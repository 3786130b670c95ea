"""Steps: equal by what they do, refused where they cannot be done piece by piece."""

from __future__ import annotations

import polars as pl
import pytest

from seakeep.data.errors import BadStep
from seakeep.data.steps import Derived, Dropped, HashShare, Ordered, TimeRange, Where

A = pl.col("a")


def test_equal_steps_are_equal_and_say_so_in_their_text() -> None:
    assert Derived.of("x", A + 1) == Derived.of("x", pl.col("a") + 1)
    assert Derived.of("x", A + 1) != Derived.of("x", A + 2)
    assert Derived.of("x", A + 1).canonical != Derived.of("y", A + 1).canonical
    assert Where.of(A > 1).canonical == Where.of(pl.col("a") > 1).canonical
    assert Dropped(("b", "a")).canonical == Dropped(("a", "b")).canonical == "drop ['a', 'b']"
    assert Ordered(("b", "a")).canonical == "order ['b', 'a']"
    assert TimeRange("t", "2013-01-01T00:00:00", None, later=False).canonical == "time t < 2013-01-01T00:00:00 None"
    assert HashShare("k", 0.2, "", held_out=True).canonical == "share k < 0.2 ''"


def test_steps_describe_themselves() -> None:
    steps = [
        Derived.of("x", A), Where.of(A > 1), Dropped(("a", "b")), Ordered(("a",)),
        TimeRange("t", "2013-01-01", None, later=True), HashShare("k", 0.2, "", held_out=False),
    ]  # fmt: skip
    assert [step.description for step in steps] == [
        "with x", "filtered", "without a, b", "in one order", "from 2013-01-01", "80% by k",
    ]  # fmt: skip


ROW_WISE = [
    A * 2, pl.when(A > 1).then(1).otherwise(0), pl.col("s").str.to_lowercase(), A.is_in([1, 2]), A.fill_null(0),
    A.clip(0, 3), pl.col("t").dt.hour(), pl.col("s").str.to_datetime("%Y-%m-%d"), pl.concat_str("s", pl.lit("x")),
    pl.max_horizontal("a", "b"), pl.coalesce("a", "b"), pl.struct("a", "b"), pl.col("l").list.sum(), A.is_between(1, 3),
    A.replace({1: 2}), pl.col("s").str.extract("(x)"), pl.lit(1) + A, pl.datetime(A, 1, 1), pl.duration(hours=A),
]  # fmt: skip
OTHER_ROWS = [
    A - A.mean(), A + A.sum(), pl.when(A.mean() < A).then(1).otherwise(2), pl.when(A > 1).then(A.max()).otherwise(2),
    pl.when(A > 1).then(1).otherwise(A.shift(1)), A.is_between(A.min(), 3), A.shift() + 1, A.sum().over("b") + 1,
    pl.struct(A, A.shift().alias("b")), A.rolling_mean(3) + 1, A.forward_fill(), A.fill_null(strategy="mean"), A.sort(),
    A.reverse() * 2, A.rank() > 1, pl.coalesce(A, A.first()), A.is_duplicated(), A + pl.len(), A.diff(), A.shuffle(),
    A.head(1), pl.max_horizontal(A, A.max()), pl.col("s").str.to_datetime(), A.clip(A.quantile(0.1), None), A.unique(),
    (A > 1).any() | (A > 2), pl.lit(pl.Series([1, 2])), A.is_in(pl.col("b").implode()), pl.col("l").list.eval(pl.element()),
    A.filter(A > 1) + 1,
]  # fmt: skip


@pytest.mark.parametrize("expression", ROW_WISE, ids=str)
def test_row_wise_expressions_are_taken(expression: pl.Expr) -> None:
    assert Derived.of("x", expression).text == Derived.of("x", expression).text


@pytest.mark.parametrize("expression", OTHER_ROWS, ids=str)
def test_expressions_over_other_rows_are_refused(expression: pl.Expr) -> None:
    with pytest.raises(BadStep, match=r"derive\['x'\] does not work row by row"):
        Derived.of("x", expression)


def test_the_refusal_says_what_to_do() -> None:
    with pytest.raises(BadStep) as caught:
        Where.of(A.mean() < A)
    assert str(caught.value).splitlines()[1:] == [
        "  Tables are read in pieces; a value may depend on its own row only. Text to time needs its format.",
        "  Compute it before reading, or say the format: .str.to_datetime('%Y-%m-%d %H:%M').",
    ]
