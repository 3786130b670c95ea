"""Statistics worked in plain Python equal those that `profile` makes: two ways to one answer."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Kind, Statistics
from seakeep.data import profile_frame
from seakeep.testing import column_of, table_of

VALUES = {
    "integer": st.integers(-(2**62), 2**62),
    "number": st.floats(width=64),
    "string": st.text(max_size=5),
    "boolean": st.booleans(),
}
TYPES = {"integer": pl.Int64, "number": pl.Float64, "string": pl.String, "boolean": pl.Boolean}


@given(st.data())
def test_columns_equal_those_of_profile(data):
    rows = data.draw(st.integers(1, 20))
    columns = {
        name: data.draw(st.lists(st.none() | values, min_size=rows, max_size=rows)) for name, values in VALUES.items()
    }
    found = Statistics(rows, {name: column_of(values, Kind(name)) for name, values in columns.items()})
    assert found == profile_frame(pl.DataFrame(columns, schema=TYPES))


def test_many_different_values_equal_those_of_profile():
    texts, numbers = [f"v{i % 5000}" for i in range(6000)], [i / 7 for i in range(6000)]
    found = profile_frame(pl.DataFrame({"x": texts, "y": numbers}))
    assert found == table_of({"x": texts, "y": numbers})


def test_an_empty_table_has_no_rows():
    assert table_of({}) == Statistics()
