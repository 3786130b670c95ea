"""Slices: each has the statistics of its rows alone; names are those of evaluation; there is an end to their number."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.core.statistics import Statistics, StatisticsMismatch
from seakeep.data import profile, profile_frame, read
from seakeep.data.statistics import deep, slicing
from seakeep.data.statistics.errors import BadSlicing
from seakeep.evaluation.slices import columns_in

rows = st.lists(
    st.tuples(
        st.none() | st.sampled_from(["UA", "B6"]), st.none() | st.sampled_from([1.0, 2.5, float("nan")]), st.integers()
    ),
    max_size=8,
)


def table(drawn: list[tuple[str | None, float | None, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "carrier": pl.Series([row[0] for row in drawn], dtype=pl.String),
            "hours": pl.Series([row[1] for row in drawn], dtype=pl.Float64),
            "x": pl.Series([row[2] % 1000 for row in drawn], dtype=pl.Int64),
        }
    )


def sliced(frame: pl.DataFrame) -> Statistics:
    return profile(read(frame), slices=["carrier", ("carrier", "hours")])


@settings(max_examples=50)
@given(rows, st.integers(0, 8))
def test_sliced_statistics_add_to_the_bit(drawn: list[tuple[str | None, float | None, int]], at: int) -> None:
    frame = table(drawn)
    assert sliced(frame[:at]) + sliced(frame[at:]) == sliced(frame)


@settings(max_examples=50)
@given(rows)
def test_a_slice_is_the_profile_of_its_rows(drawn: list[tuple[str | None, float | None, int]]) -> None:
    frame = table(drawn)
    found = sliced(frame)
    assert found.columns == profile_frame(frame).columns
    for carrier in ("UA", "B6"):
        own = frame.filter(pl.col("carrier") == carrier)
        assert (f"carrier={carrier}" in found.slices) == bool(own.height)
        if own.height:
            assert found.slices[f"carrier={carrier}"] == profile_frame(own)
    single = [part.rows for name, part in found.slices.items() if " & " not in name]
    assert sum(single) == frame.height


def test_names_are_those_of_evaluation() -> None:
    frame = pl.DataFrame(
        {"a": ["x", None], "n": [0.1 + 0.2, float("nan")], "b": [True, None], "d": [date(2020, 1, 2)] * 2}
    )
    found = profile(read(frame), slices=["a", "n", "b", "d", ("a", "n", "b")])
    assert list(found.slices) == [
        "a missing",
        "a=x",
        "n missing",
        "n=0.3",
        "b missing",
        "b=true",
        "d=2020-01-02",
        "a missing & n missing & b missing",
        "a=x & n=0.3 & b=true",
    ]
    assert columns_in("a=x & n=0.3 & b=true") == ("a", "n", "b")
    assert found.sliced == (("a",), ("n",), ("b",), ("d",), ("a", "n", "b"))


def test_moments_beyond_the_calendar_are_named_by_their_number() -> None:
    frame = pl.DataFrame(
        {
            "d": pl.Series([-(10**9), 0], dtype=pl.Int32).cast(pl.Date),
            "t": pl.Series([2**62, 0]).cast(pl.Datetime("ms")),
        }
    )
    assert list(profile(read(frame), slices=["d", "t"]).slices) == ["d=-1000000000", "d=0", "t=0", f"t={2**62}"]


def test_slices_are_saved_and_selected(tmp_path: Path) -> None:
    found = sliced(table([("UA", 1.0, 1), (None, None, 2)]))
    found.save(tmp_path / "s.json")
    assert Statistics.load(tmp_path / "s.json") == found
    assert list(found.select(("x",)).slices["carrier=UA"].columns) == ["x"]


def test_a_key_makes_too_many_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"key": range(1_001)})
    with pytest.raises(BadSlicing, match=r"slices by key are more than 1,000: the rows so far make 1,001"):
        profile(read(frame), slices=["key"])
    monkeypatch.setattr(slicing, "MOST", 6)
    monkeypatch.setattr(deep, "MOST", 6)
    monkeypatch.setattr(deep, "LONGEST", 5)
    monkeypatch.setattr(deep, "SHORTEST", 5)
    with pytest.raises(BadSlicing, match="the rows so far make 10"):
        profile(read(frame), slices=["key"])


def test_lists_cannot_be_sliced_by() -> None:
    with pytest.raises(BadSlicing, match=r"'l' is List\(Int64\), by which rows cannot be sliced"):
        profile(read(pl.DataFrame({"l": [[1]]})), slices=["l"])


def test_statistics_sliced_otherwise_do_not_add() -> None:
    frame = table([("UA", 1.0, 1)])
    with pytest.raises(StatisticsMismatch, match="would speak for a part of the rows only"):
        _ = sliced(frame) + profile(read(frame))
    assert sliced(frame) + Statistics() == Statistics() + sliced(frame) == sliced(frame)
