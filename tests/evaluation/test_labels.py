"""Labels as class indices or numbers: what is missing, what is unknown, and one class however it is written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Model, Schema, Statistics, Task
from seakeep.evaluation.labels import LabelMismatch, LabelReader


def reader(*classes: bool | float | str, task: Task = Task.BINARY) -> LabelReader:
    return LabelReader(Model("m", task, b"", (), Schema("t"), Statistics(), classes), "late")


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([True, False, True]),
        pl.Series([1, 0, 1]),
        pl.Series([1, 0, 1], dtype=pl.UInt8),
        pl.Series([1.0, 0.0, 1.0]),
        pl.Series([Decimal(1), Decimal(0), Decimal(1)]),
    ],
)
@pytest.mark.parametrize("classes", [(False, True), (0, 1), (0.0, 1.0)])
def test_one_and_true_are_one_class_however_file_and_model_write_it(series, classes):
    codes, judged = reader(*classes).read(series)
    assert codes.tolist() == [1, 0, 1]
    assert judged.all()


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["late", "on time"])])
def test_text_labels_are_read_from_any_type_of_text(dtype):
    codes, _ = reader("on time", "late").read(pl.Series(["late", "on time", None], dtype=dtype))
    assert codes.tolist()[:2] == [1, 0]


def test_a_missing_label_is_left_out_and_counted_and_is_not_unknown():
    found = reader(0, 1)
    _, judged = found.read(pl.Series([1.0, None, float("nan"), 0.0]))
    assert judged.tolist() == [True, False, False, True]
    assert (found.missing, dict(found.unknown)) == (2, {})


def test_a_label_that_the_model_never_saw_is_left_out_and_told_by_value():
    found = reader("a", "b")
    for _ in range(2):
        _, judged = found.read(pl.Series(["a", "c", "c", "d"]))
        assert judged.tolist() == [True, False, False, False]
    assert dict(found.unknown) == {"c": 4, "d": 2}
    assert found.missing == 0


@pytest.mark.parametrize(
    "series", [pl.Series([[1], [0], None]), pl.Series([b"1", b"0", None]), pl.Series([date(2013, 1, 1)] * 2 + [None])]
)
def test_labels_of_a_type_that_is_no_class_are_unknown_and_no_crash(series):
    found = reader(0, 1)
    _, judged = found.read(series)
    assert not judged.any()
    assert (sum(found.unknown.values()), found.missing) == (2, 1)


@pytest.mark.parametrize("name", ["value", "rows", "code", "literal", ""])
def test_a_label_column_may_have_any_name(name):
    codes, _ = reader(0, 1).read(pl.Series(name, [1, 0]))
    assert codes.tolist() == [1, 0]


def test_a_batch_without_rows_or_with_nulls_only_has_no_labels():
    found = reader(0, 1)
    assert found.read(pl.Series([], dtype=pl.Int64))[0].shape == (0,)
    assert not found.read(pl.Series([None, None]))[1].any()
    assert found.missing == 2


@given(st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "c", "x", ""]))), st.integers(1, 4))
def test_batches_of_any_size_read_as_one(values, cut):
    whole, parts = reader("a", "b", "c"), reader("a", "b", "c")
    series = pl.Series(values, dtype=pl.String)
    codes = [parts.read(series[start : start + cut])[0] for start in range(0, len(values), cut)]
    assert whole.read(series)[0].tolist() == np.concatenate([np.empty(0), *codes]).tolist()
    assert (whole.missing, whole.unknown) == (parts.missing, parts.unknown)


def test_numbers_are_read_with_missing_and_infinite_ones_left_out():
    found = reader(task=Task.REGRESSION)
    values, judged = found.read(pl.Series([1.5, None, float("nan"), float("inf"), -2.0]))
    assert values[judged].tolist() == [1.5, -2.0]
    assert (found.missing, dict(found.unknown)) == (2, {"inf": 1})


@pytest.mark.parametrize(
    "series", [pl.Series([1, None]), pl.Series([True, None]), pl.Series([None, None]), pl.Series([Decimal(1), None])]
)
def test_integers_booleans_and_nulls_are_numbers_too(series):
    values, judged = reader(task=Task.REGRESSION).read(series)
    assert values[judged].tolist() == [1.0] * int(series.len() - series.null_count())


def test_text_where_a_number_is_predicted_names_the_column_and_the_cast():
    with pytest.raises(LabelMismatch) as caught:
        reader(task=Task.REGRESSION).read(pl.Series(["1"]))
    assert str(caught.value) == (
        "label column 'late' is String, expected numbers (model m predicts a number)\n"
        "  The column holds numbers as text, or another column is the label.\n"
        '  Convert it on reading: seakeep.read(…, derive={"late": polars.col("late").cast(polars.Float64)}).'
    )
