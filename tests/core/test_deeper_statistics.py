"""Statistics with items, fields, slices, label means and weights: what adding does where one side has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from seakeep.core.conditional import Conditional, Group
from seakeep.core.exact import ExactSum
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnStatistics, Statistics, StatisticsMismatch
from seakeep.core.weighted import Weighted

TEXT = ColumnStatistics(Kind.STRING, rows=2)
LISTS = ColumnStatistics(Kind.LIST, rows=1, items=TEXT)
STRUCTS = ColumnStatistics(Kind.STRUCT, rows=3, missing=1, fields={"city": TEXT})


def test_items_and_fields_add_under_their_paths() -> None:
    assert LISTS.added(LISTS, name="tags").items == TEXT.added(TEXT, name="tags[]")
    assert LISTS.added(ColumnStatistics(Kind.LIST, rows=4), name="tags").items == TEXT
    other = ColumnStatistics(Kind.STRUCT, rows=1, fields={"zip": ColumnStatistics(Kind.STRING, rows=1)})
    both = STRUCTS.added(other, name="place").fields
    assert {name: (field.rows, field.missing) for name, field in both.items()} == {"city": (3, 1), "zip": (3, 2)}


def test_slices_of_both_and_of_one_side_add() -> None:
    table = Statistics(2, {"city": TEXT})
    first = Statistics(2, {"city": TEXT}, sliced=(("city",),), slices={"city=Oslo": table})
    second = Statistics(2, {"city": TEXT}, sliced=(("city",),), slices={"city=Oslo": table, "city=Rome": table})
    assert {name: part.rows for name, part in (first + second).slices.items()} == {"city=Oslo": 4, "city=Rome": 2}
    assert Statistics() + first == first + Statistics() == first
    with pytest.raises(StatisticsMismatch):
        first + table


def test_label_means_of_a_column_that_one_side_lacks_are_those_of_missing_values() -> None:
    ones, none = Group(2, ExactSum.of(2.0)), Group()
    first = Statistics(2, {"x": TEXT}, label="late", conditional={"x": Conditional(ones, none, {"a": ones})})
    second = Statistics(2, {"y": TEXT}, label="late", conditional={"y": Conditional(ones, none, {"b": ones})})
    both = (first + second).conditional
    assert (both["x"].whole.rows, both["x"].missing.rows, both["y"].missing.rows) == (4, 2, 2)


def test_the_format_is_written_where_an_older_one_would_not_do(tmp_path: Path) -> None:
    weighed = Statistics(2, {"x": ColumnStatistics(Kind.STRING, rows=2, weighted=Weighted(present=4))}, weight="seats")
    for name, made in {"plain": Statistics(2, {"x": TEXT}), "weighed": weighed}.items():
        made.save(tmp_path / name)
        assert Statistics.load(tmp_path / name) == made
        assert ('"format"' in (tmp_path / name).read_text()) is (name == "weighed")
