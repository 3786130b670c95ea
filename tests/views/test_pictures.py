from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Table
from seakeep.views.pictures import NEEDED, ROWS_DRAWN, is_whole, pictures


def table(name: str, columns: tuple[str, ...], *rows: tuple[object, ...]) -> Table:
    return Table(name, name, columns, rows)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*NEEDED, "unheard_of"])
def test_a_table_of_other_columns_gets_no_picture(name):
    assert pictures(table(name, ("one", "two"), (1, 2))) == ()
    assert pictures(table(name, ("one",))) == ()


@pytest.mark.parametrize("name", NEEDED)
def test_a_table_without_rows_gets_no_picture(name):
    assert pictures(table(name, NEEDED[name])) == ()


@given(st.sampled_from(sorted(NEEDED)), st.data())
def test_any_values_under_known_columns_can_be_drawn(name, data):
    columns = (*NEEDED[name], *data.draw(st.sampled_from([(), ("low",), ("low", "high"), ("threshold2",)])))
    value = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    rows = data.draw(st.lists(st.tuples(*(value for _ in columns)), max_size=5))
    for picture in pictures(table(name, columns, *rows)):
        assert picture.svg.startswith("<svg")
        assert picture.title


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


def test_drift_marks_what_failed_and_comes_largest_first():
    columns = ("column", "distance", "observed", "threshold", "verdict")
    rows = [
        ("a", "psi", 0.01, 0.2, "pass"),
        ("b", "psi", 0.4, 0.2, "fail"),
        ("c", "psi", math.nan, 0.2, "inconclusive"),
    ]
    psi, other = pictures(table("drift", columns, *rows, ("a", "l_infinity", 0.1, 0.3, "pass")))
    assert psi.svg.count("dot out") == 1
    assert psi.svg.index(">b<") < psi.svg.index(">a<") < psi.svg.index(">c<")
    assert other.title == "l_infinity by column"


def test_fairness_gets_a_forest_plot_a_measure_and_grouping():
    rows = [
        (by, group, m, 0.3, 0.2, 0.4, 90)
        for by in ("carrier", "origin")
        for m in ("selection_rate", "tpr")
        for group in "AB"
    ]
    found = pictures(table("fairness", ("by", "group", "measure", "rate", "low", "high", "rows"), *rows))
    assert [picture.title for picture in found] == [
        "selection rate by carrier",
        "tpr by carrier",
        "selection rate by origin",
        "tpr by origin",
    ]


def test_a_confusion_is_a_heat_map_of_labels_and_decisions():
    rows = ((False, False, 5), (False, True, 1), (True, True, 4))
    svg = pictures(table("confusion", ("label", "decision", "rows"), *rows))[0].svg
    assert svg.count("<rect") == 4
    assert "label false, decision true: 1 (16.7 %)" in svg


def test_contributions_are_explained_row_by_row_largest_first():
    columns = ("row", "column", "value", "contribution")
    rows = ((1, "hour", "19", 0.2), (1, "carrier", "EV", -0.7), (2, "hour", "6", -0.4))
    first, second = pictures(table("contributions", columns, *rows))
    assert first.title == "Row 1 explained"
    assert first.svg.index("carrier = EV") < first.svg.index("hour = 19")
    assert "hour = 6" in second.svg


def test_an_explained_value_is_written_with_four_digits_and_text_as_it_is():
    columns = ("row", "column", "value", "contribution")
    rows = ((1, "height", "-4.14767095582", 0.2), (1, "version", "v1.2.3.4", -0.7))
    svg = pictures(table("contributions", columns, *rows))[0].svg
    assert "height = −4.148" in svg
    assert "version = v1.2.3.4" in svg


def test_predicted_and_actual_share_one_span():
    columns = ("predicted", "actual", "low", "high", "rows")
    picture = pictures(table("predicted_actual", columns, (10.0, 12.0, 11.0, 13.0, 5), (20.0, 19.0, 18.0, 20.0, 5)))[0]
    assert picture.svg.count('class="dot series-0"') == 2
    assert 'class="diagonal"' in picture.svg


@pytest.mark.parametrize("name", [None, "", "all", "All rows", "overall"])
def test_names_of_the_whole_table(name):
    assert is_whole(name)
    assert not is_whole("carrier=UA")


def test_residuals_and_errors_and_importance_are_drawn():
    assert pictures(table("residuals", ("share", "error"), (0.0, -3.0), (1.0, 4.0)))[0].svg.count("<path") == 1
    rows = tuple((f"s{i}", 10, 5, 0.5, float(i), -1.0, 20.0) for i in range(30))
    errors = pictures(table("errors", ("slice", "rows", "errors", "error_rate", "excess", "low", "high"), *rows))[0]
    assert errors.svg.count("<rect") == ROWS_DRAWN
    assert "The first 24 of 30." in errors.says
    importance = pictures(table("importance", ("column", "importance", "low", "high"), ("a", 0.1, 0.05, 0.2)))[0]
    assert 'class="interval"' in importance.svg
