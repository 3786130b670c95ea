"""Lists and structs, as deep as they go: items and fields are columns of their own, and they add as columns do."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnMismatch, ColumnStatistics, Statistics
from seakeep.data import profile_frame
from seakeep.data.statistics import nested
from seakeep.data.statistics.columns import column_statistics

LEAVES: list[tuple[pl.DataType, st.SearchStrategy[object]]] = [
    (pl.Int64(), st.integers(-(2**63), 2**63 - 1)),
    (pl.Float64(), st.floats()),
    (pl.String(), st.text(st.characters(codec="utf-8"), max_size=3)),
    (pl.Boolean(), st.booleans()),
    (pl.Binary(), st.binary(max_size=3)),
    (pl.Date(), st.dates()),
    (pl.Time(), st.times()),
    (pl.Duration("ms"), st.timedeltas(timedelta(-9), timedelta(9))),
    (pl.Decimal(9, 2), st.integers(-(10**9) + 1, 10**9 - 1).map(lambda units: Decimal(units).scaleb(-2))),
    (pl.Enum(["a", "b"]), st.sampled_from(["a", "b"])),
    (pl.Null(), st.none()),
]


@st.composite
def typed(draw: st.DrawFn, depth: int = 2) -> tuple[pl.DataType, st.SearchStrategy[object]]:
    """A type and values of it, missing ones among them."""
    shape = draw(st.sampled_from(["leaf", "list", "struct", "array"] if depth else ["leaf"]))
    if shape == "list":
        inner, values = draw(typed(depth - 1))
        return pl.List(inner), st.none() | st.lists(values, max_size=4)
    if shape == "array":
        inner, values = draw(typed(depth - 1))
        return pl.Array(inner, 2), st.none() | st.lists(values, min_size=2, max_size=2)
    if shape == "struct":
        fields = {name: draw(typed(depth - 1)) for name in ("a", "b")}
        return (
            pl.Struct({name: dtype for name, (dtype, _) in fields.items()}),
            st.none() | st.fixed_dictionaries({name: values for name, (_, values) in fields.items()}),
        )
    dtype, values = draw(st.sampled_from(LEAVES))
    return dtype, st.none() | values


@st.composite
def columns(draw: st.DrawFn) -> pl.Series:
    dtype, values = draw(typed())
    return pl.Series("x", draw(st.lists(values, max_size=6)), dtype=dtype, strict=True)


@given(columns(), st.integers(0, 6))
def test_any_column_adds_wherever_it_is_cut(column: pl.Series, at: int) -> None:
    whole = column_statistics(column)
    assert column_statistics(column[:at]).added(column_statistics(column[at:]), name="x") == whole
    assert whole.rows == len(column)
    assert whole.missing == column.null_count()


@given(columns())
def test_any_column_is_saved_and_loaded(tmp_path_factory: pytest.TempPathFactory, column: pl.Series) -> None:
    statistics = profile_frame(column.to_frame())
    path = tmp_path_factory.mktemp("nested") / "statistics.json"
    statistics.save(path)
    assert Statistics.load(path).digest == statistics.digest


def test_items_are_those_of_all_rows_together() -> None:
    found = column_statistics(pl.Series("x", [[1, 2], [], None, [None, 5]]))
    assert found.lengths is not None
    assert found.items == column_statistics(pl.Series("x[]", [1, 2, None, 5]))
    assert found.items is not None
    assert (found.lengths.total, found.items.rows) == (4, 4)


def test_fields_count_only_rows_that_have_a_struct() -> None:
    found = column_statistics(pl.Series("x", [{"a": 1, "b": [{"c": "u"}]}, None, {"a": None, "b": []}]))
    assert (found.rows, found.missing) == (3, 1)
    assert found.fields["a"] == column_statistics(pl.Series("x.a", [1, None]))
    inner = found.fields["b"].items
    assert inner is not None
    assert inner.fields["c"].top.as_dict() == {"u": 1}


def test_arrays_of_arrays_are_lists_of_lists() -> None:
    dtype = pl.Array(pl.Array(pl.Int8, 2), 2)
    found = column_statistics(pl.Series("x", [[[1, 2], [3, 4]], None], dtype=dtype))
    assert found.items is not None
    assert found.items.items is not None
    assert found.items.items.top.as_dict() == {1: 1, 2: 1, 3: 1, 4: 1}
    empty = column_statistics(pl.Series("x", [[], []], dtype=pl.Array(pl.Int8, 0)))
    assert empty.items is not None
    assert (empty.items.kind, empty.items.rows) == (Kind.INTEGER, 0)


def test_lists_are_opened_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    column = pl.Series("x", [[1, 2, 3], [], None, list(range(50)), [7], [None, 7]])
    whole = column_statistics(column)
    monkeypatch.setattr(nested, "ROWS", 4)
    seen: list[int] = []
    parts = list(nested.items_of(column.drop_nulls(), name="x[]"))
    seen = [len(part) for part in parts]
    assert sum(seen) == 56
    assert max(seen) <= 4
    assert column_statistics(column) == whole


def test_a_field_that_other_structs_lack_is_missing_in_them() -> None:
    one = column_statistics(pl.Series("x", [{"a": 1}, None]))
    other = column_statistics(pl.Series("x", [{"b": "u"}, {"b": None}]))
    both = one.added(other, name="x")
    assert (both.fields["a"].rows, both.fields["a"].missing) == (3, 2)
    assert (both.fields["b"].rows, both.fields["b"].missing) == (3, 2)
    assert both.fields["b"] == other.added(one, name="x").fields["b"]


def test_fields_of_two_kinds_are_named_by_their_path() -> None:
    one = column_statistics(pl.Series("x", [[{"a": 1}]]))
    other = column_statistics(pl.Series("x", [[{"a": "u"}]]))
    with pytest.raises(ColumnMismatch, match=r"column 'x\[\]\.a' is integer in one table and string in the other"):
        one.added(other, name="x")


def test_all_missing_lists_and_structs_know_their_insides() -> None:
    lists = column_statistics(pl.Series("x", [None, None], dtype=pl.List(pl.String)))
    structs = column_statistics(pl.Series("x", [None], dtype=pl.Struct({"a": pl.Date})))
    assert lists.items == ColumnStatistics(
        Kind.STRING, lengths=column_statistics(pl.Series([], dtype=pl.String)).lengths
    )
    assert structs.fields == {"a": ColumnStatistics(Kind.TIMESTAMP)}


def test_dates_and_times_at_the_edges() -> None:
    found = column_statistics(pl.Series("x", [[date(1, 1, 1), date(9999, 12, 31)]]))
    assert found.items is not None
    assert found.items.minimum == -62_135_596_800_000_000
    clock = column_statistics(pl.Series("x", [time(0, 0), time(23, 59, 59, 999_999)]))
    assert (clock.kind, clock.minimum, clock.maximum) == (Kind.DURATION, 0, 86_399_999_999)
    before = column_statistics(pl.Series("x", [-800_000, 0], dtype=pl.Int32).cast(pl.Date))
    assert before.minimum == -800_000 * 86_400_000_000


def test_nested_statistics_say_their_format_and_plain_ones_do_not(tmp_path: Path) -> None:
    profile_frame(pl.DataFrame({"x": [[1]]})).save(tmp_path / "nested.json")
    profile_frame(pl.DataFrame({"x": [1]})).save(tmp_path / "plain.json")
    assert (tmp_path / "nested.json").read_text().startswith('{"format": 2, "rows": 1')
    assert (tmp_path / "plain.json").read_text().startswith('{"rows": 1')
