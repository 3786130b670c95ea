"""split: every row in one part, the same on every machine, and every wrong call explained."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.distinct import hash_bytes, hash_number, mix
from seakeep.data import collect, read, split
from seakeep.data.split import BadSplit

DAYS = pl.DataFrame({"t": pl.datetime_range(datetime(2013, 1, 1), datetime(2013, 1, 10), "1d", eager=True)})


def sizes(parts: tuple[object, object]) -> tuple[int, int]:
    return collect(parts[0]).height, collect(parts[1]).height


@pytest.mark.parametrize(
    "at", ["2013-01-04", date(2013, 1, 4), datetime(2013, 1, 4), "2013-01-04T00:00:00", "2013-01-03T18:00"]
)
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_time_parts_before_from_on(at: object, unit: str) -> None:
    before, after = split(read(DAYS.cast(pl.Datetime(unit)), time="t"), at=at)
    assert collect(before)["t"].max() == datetime(2013, 1, 3)
    assert collect(after)["t"].min() == datetime(2013, 1, 4)
    assert sizes((before, after)) == (3, 7)


def test_dates_are_parted_too() -> None:
    assert sizes(split(read(DAYS.cast(pl.Date), time="t"), at="2013-01-04")) == (3, 7)


def test_a_moment_without_a_zone_is_read_in_the_columns() -> None:
    tokyo = DAYS.with_columns(pl.col("t").dt.replace_time_zone("Asia/Tokyo"))
    assert sizes(split(read(tokyo, time="t"), at="2013-01-04")) == (3, 7)
    assert sizes(split(read(tokyo, time="t"), at=datetime(2013, 1, 4, tzinfo=UTC))) == (4, 6)
    assert sizes(split(read(tokyo, time="t"), at=datetime(2013, 1, 4, tzinfo=timezone(timedelta(hours=9))))) == (3, 7)


def test_an_hour_that_a_clock_shows_twice_is_the_first_and_one_that_it_skips_is_refused() -> None:
    hours = pl.datetime_range(
        datetime(2013, 11, 3, 4, tzinfo=UTC), datetime(2013, 11, 3, 8, tzinfo=UTC), "1h", eager=True
    )
    york = pl.DataFrame({"t": hours.dt.convert_time_zone("America/New_York")})
    assert sizes(split(read(york, time="t"), at="2013-11-03T01:00")) == (1, 4)
    with pytest.raises(BadSplit, match=r"2013-03-10T02:30:00 does not exist in America/New_York"):
        split(read(york, time="t"), at="2013-03-10T02:30")


def test_rows_without_a_time_are_in_the_first_part() -> None:
    frame = pl.DataFrame({"t": [None, datetime(2013, 1, 1), datetime(2014, 1, 1)]})
    before, after = split(read(frame, time="t"), at="2013-06-01")
    assert collect(before)["t"].to_list() == [None, datetime(2013, 1, 1)]
    assert collect(after).height == 1


keys = st.lists(st.none() | st.text(max_size=4), min_size=1, max_size=40)


@given(keys, st.floats(0.01, 0.99), st.text(max_size=3))
def test_every_row_is_in_one_part_and_keys_are_never_parted(values: list[str | None], share: float, salt: str) -> None:
    frame = pl.DataFrame({"k": pl.Series(values, dtype=pl.String), "i": range(len(values))})
    rest, held_out = map(collect, split(read(frame, key="k"), share=share, salt=salt))
    assert sorted([*rest["i"], *held_out["i"]]) == list(range(len(values)))
    assert not set(rest["k"].to_list()) & set(held_out["k"].to_list())
    expected = [
        v for v in values if v is not None and mix(hash_bytes(v.encode()) ^ hash_bytes(salt.encode())) < share * 2**64
    ]
    assert held_out["k"].drop_nulls().to_list() == expected


@given(st.lists(st.integers(-100, 100)), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_larger_share_holds_the_smaller_and_widths_do_not_matter(values: list[int], one: float, two: float) -> None:
    frame = pl.DataFrame({"k": pl.Series(values, dtype=pl.Int64)})
    held = [set(collect(split(read(frame, key="k"), share=share)[1])["k"]) for share in sorted((one, two))]
    assert held[0] <= held[1]
    for dtype in (pl.Int8, pl.Float64, pl.Int128):
        assert (
            set(collect(split(read(frame.cast(dtype), key="k"), share=max(one, two))[1])["k"].cast(pl.Int64)) == held[1]
        )


def test_the_split_never_changes() -> None:
    frame = pl.DataFrame({"k": [f"N{i}" for i in range(30)], "n": range(30)})
    held = collect(split(read(frame, key="k"), share=0.2)[1])["k"].to_list()
    assert held == [k for k in frame["k"] if mix(hash_bytes(k.encode()) ^ hash_bytes(b"")) < 0.2 * 2**64]
    assert held == ["N0", "N1", "N3", "N6", "N7", "N8", "N10", "N12", "N20", "N22", "N23"]
    numbers = collect(split(read(frame, key="n"), share=0.2)[1])["n"].to_list()
    assert numbers == [n for n in range(30) if mix(hash_number(n) ^ hash_bytes(b"")) < 0.2 * 2**64]


@pytest.mark.parametrize("form", ["{}", "N{}", "2013-01-01/{}/UA", "a rather long key, number {}"])
def test_shares_are_kept_and_salts_are_independent(form: str) -> None:
    values = range(20_000) if form == "{}" else [form.format(i) for i in range(20_000)]
    dataset = read(pl.DataFrame({"k": values}), key="k")
    one = set(collect(split(dataset, share=0.2)[1])["k"])
    two = set(collect(split(dataset, share=0.2, salt="x")[1])["k"])
    assert abs(len(one) - 4_000) < 200
    assert abs(len(one & two) - 800) < 120


def test_splits_nest_and_have_digests_of_their_own() -> None:
    dataset = read(DAYS.with_row_index("k"), time="t", key="k")
    before, after = split(dataset, at="2013-01-06")
    train, test = split(before, share=0.5)
    assert collect(train).height + collect(test).height + collect(after).height == 10
    digests = {found.digest for found in (dataset, before, after, train, test, split(before, share=0.4)[1])}
    assert len(digests) == 6
    assert split(dataset, at=date(2013, 1, 6))[0].digest == before.digest
    assert before.description.endswith("before 2013-01-06T00:00:00")
    assert after.description.endswith("from 2013-01-06T00:00:00")
    assert train.description.endswith("50% by k")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "split takes either at or share, found at=None and share=None"),
        ({"at": "2013-01-01", "share": 0.1}, "split takes either at or share, found at='2013-01-01' and share=0.1"),
        ({"share": 0.0}, "share must lie between 0 and 1, it is 0.0"),
        ({"share": 1.0}, "share must lie between 0 and 1, it is 1.0"),
        ({"share": float("nan")}, "share must lie between 0 and 1, it is nan"),
        ({"at": "next week"}, "'next week' is no date or time\n  ISO 8601 is expected"),
        ({"at": "2013-01-01T00:00Z"}, r"2013-01-01T00:00:00\+00:00 has a time zone and column 't' has none"),
    ],
)
def test_a_wrong_call_is_explained(options: dict[str, object], message: str) -> None:
    dataset = read(DAYS.with_row_index("k"), time="t", key="k")
    with pytest.raises(BadSplit, match=message):
        split(dataset, **options)


def test_a_missing_role_is_named_with_the_line_that_gives_it() -> None:
    dataset = read(DAYS)
    with pytest.raises(BadSplit) as caught:
        split(dataset, at="2013-01-04")
    assert str(caught.value) == (
        "the dataset names no time column (a table in memory (10 rows, 1 columns))\n"
        "  A split by time needs one.\n"
        "  seakeep.read(…, time='…')"
    )
    with pytest.raises(BadSplit, match="names no key column"):
        split(dataset, share=0.1)


def test_columns_that_cannot_part_are_refused() -> None:
    frame = pl.DataFrame({"text": ["2013-01-01"], "list": [[1]]})
    with pytest.raises(BadSplit, match=r"time column 'text' is String, not a date or time\n.*\n.*str\.to_datetime"):
        split(read(frame, time="text"), at="2013-01-04")
    with pytest.raises(BadSplit, match=r"key column 'list' is List\(Int64\), whose values cannot be hashed"):
        split(read(frame, key="list"), share=0.5)


def test_the_verb_is_not_shadowed_by_its_file() -> None:
    import seakeep.data.split

    assert seakeep.data.split is split
