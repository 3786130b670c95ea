from __future__ import annotations

from dataclasses import replace

import pytest

from seakeep.core import ColumnStatistics, Kind, Statistics
from seakeep.core.counters import TopValues
from seakeep.core.distinct import DistinctSketch, hash_number
from seakeep.core.histogram import Histogram
from seakeep.core.statistics import Lengths
from seakeep.views.pages.statistics import Card, statistics_page


def card(column: ColumnStatistics) -> Card:
    return statistics_page(Statistics(column.rows, {"c": column})).cards[0]


def fact(shown: Card, name: str) -> str:
    return next(item.value for item in shown.facts if item.name == name)


LISTS = ColumnStatistics(Kind.LIST, 6, lengths=Lengths(6, 12, 1, 3, Histogram.of({1.0: 2, 2.0: 2, 3.0: 2})))


def test_a_list_shows_its_lengths():
    shown = card(LISTS)
    assert fact(shown, "length") == "1 to 3"
    assert "Lengths in c" in shown.picture


def test_a_number_of_values_from_a_sketch_says_that_it_is_about():
    counts = TopValues.of({float(i): 1 for i in range(2048)}, error=1)
    sketch = DistinctSketch.of(hash_number(float(i)) for i in range(5000))
    shown = card(ColumnStatistics(Kind.NUMBER, 5000, minimum=0.0, maximum=4999.0, top=counts, sketch=sketch))
    assert fact(shown, "different").startswith("≈ ")
    assert "may lack up to 1 rows each" in shown.grids[-1].note


@pytest.mark.parametrize(
    ("column", "flag"),
    [
        (ColumnStatistics(Kind.NUMBER, 4, positive_infinity=1, negative_infinity=1), "2 infinite."),
        (ColumnStatistics(Kind.BINARY, 4, invalid_utf8=1), "1 value not UTF-8."),
        (ColumnStatistics(Kind.NUMBER, 4, nan=3), "3 values NaN."),
        (ColumnStatistics(Kind.NUMBER, 0), "The table has no rows."),
        (ColumnStatistics.absent(Kind.STRING, 4), "Every value is missing."),
        (ColumnStatistics(Kind.STRING, 2, top=TopValues.of({"a": 1, "b": 1})), "Every value differs."),
        (ColumnStatistics(Kind.STRING, 2, top=TopValues.of({"a": 2})), "One value only."),
    ],
)
def test_what_is_out_of_the_ordinary_is_said(column, flag):
    assert flag in card(column).flags


def test_one_value_alone_needs_no_picture():
    assert card(ColumnStatistics(Kind.STRING, 2, top=TopValues.of({"a": 2}))).picture == ""


def test_an_inexact_histogram_states_its_bound():
    counted = Histogram.of({float(i): 1 for i in range(5000)})
    column = ColumnStatistics(Kind.NUMBER, 5000, minimum=0.0, maximum=4999.0, histogram=counted)
    assert "right within" in card(column).grids[0].note
    assert "Exact." in card(replace(column, histogram=Histogram.of({1.0: 5000}))).grids[0].note
