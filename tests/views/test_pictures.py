from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Table
from seakeep.views.pictures import DRAWN, ROWS_DRAWN, is_whole, pictures


def table(name: str, columns: tuple[str, ...], *rows: tuple[object, ...]) -> Table:
    return Table(name, name, columns, rows)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*DRAWN, "unheard_of"])
def test_a_table_of_other_columns_gets_no_picture(name):
    assert pictures(table(name, ("one", "two"), (1, 2))) == () or name == "confusion"
    assert pictures(table(name, ("one",))) == ()


@given(st.sampled_from(sorted(DRAWN)), st.data())
def test_any_values_under_known_columns_can_be_drawn(name, data):
    columns = data.draw(st.lists(st.sampled_from(KNOWN), unique=True, min_size=1))
    value = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    rows = data.draw(st.lists(st.tuples(*(value for _ in columns)), max_size=5))
    pictures(table(name, tuple(columns), *rows))


KNOWN = ["slice", "metric", "value", "low", "high", "rows", "group", "column", "importance", "distance", "threshold"]
KNOWN += [
    "actual",
    "predicted",
    "recall",
    "precision",
    "false_positive_rate",
    "true_positive_rate",
    "observed",
    "model",
]


def test_metrics_get_a_forest_plot_each_where_there_are_slices():
    rows = [(name, metric, 0.7, 0.6, 0.8, 10) for metric in ("roc_auc", "recall") for name in ("all", "carrier=UA")]
    found = pictures(table("metrics", ("slice", "metric", "value", "low", "high", "rows"), *rows))
    assert [picture.title for picture in found] == ["roc_auc by slice", "recall by slice"]
    assert "all rows" in found[0].svg
    assert pictures(table("metrics", ("slice", "metric", "value"), ("all", "roc_auc", 0.7))) == ()


def test_of_many_slices_the_largest_are_drawn_and_the_rest_counted():
    rows = [("all", "recall", 0.5, 0.4, 0.6, 10_000)] + [(f"s{i}", "recall", 0.5, 0.4, 0.6, i) for i in range(50)]
    picture = pictures(table("metrics", ("slice", "metric", "value", "low", "high", "rows"), *rows))[0]
    assert picture.svg.count("<circle") == ROWS_DRAWN
    assert ">s49<" in picture.svg
    assert ">s3<" not in picture.svg
    assert "27 more in the table" in picture.says


def test_drift_marks_what_is_over_its_threshold_and_comes_largest_first():
    rows = [("a", "psi", 0.01, 0.2), ("b", "psi", 0.4, 0.2), ("c", "psi", math.nan, 0.2), ("a", "l_infinity", 0.1, 0.3)]
    psi, other = pictures(table("drift", ("column", "distance", "value", "threshold"), *rows))
    assert psi.svg.count("bar out") == 1
    assert psi.svg.index(">b<") < psi.svg.index(">a<") < psi.svg.index(">c<")
    assert other.title == "l_infinity by column"


def test_a_confusion_is_drawn_from_long_and_from_wide_rows():
    long = table("confusion", ("actual", "predicted", "rows"), (False, False, 5), (False, True, 1), (True, True, 4))
    wide = table("confusion", ("actual", "false", "true"), ("false", 5, 1), ("true", 0, 4))
    for one in (long, wide):
        svg = pictures(one)[0].svg
        assert svg.count("<rect") == 4
        assert "actual false, predicted true: 1 (16.7 %)" in svg


def test_a_curve_a_class():
    rows = [(name, x, x) for name in ("a", "b") for x in (0.0, 1.0)]
    picture = pictures(table("roc", ("class", "false_positive_rate", "true_positive_rate"), *rows))[0]
    assert picture.svg.count('class="curve series-') == 4  # two lines and their names' samples


@pytest.mark.parametrize("name", [None, "", "all", "All rows", "overall"])
def test_names_of_the_whole_table(name):
    assert is_whole(name)
    assert not is_whole("carrier=UA")
