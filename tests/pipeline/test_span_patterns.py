"""Patterns of spans: dates, numbers and versions; what skips a day, comes twice, or fits nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.pipeline import Spans
from seakeep.pipeline.spans.errors import BadSpans
from seakeep.pipeline.spans.patterns import Pattern

from .conftest import folder_of, names


@pytest.mark.parametrize(
    ("pattern", "files", "found"),
    [
        (
            "day={date:%Y-%m-%d}",
            ["day=2013-11-04/a", "day=2013-10-31/a", "day=2013-13-01/a", "day=2013-11-4/a", "day=other/a"],
            ["2013-10-31", "2013-11-04"],
        ),
        (
            "{yyyy}/{mm}/{dd}.csv",
            ["2013/11/04.csv", "2013/11/03.csv", "2013/11/x.csv", "2013/11/04.txt"],
            ["2013-11-03", "2013-11-04"],
        ),
        ("f-{yyyy}{mm}.csv", ["f-201312.csv", "f-201401.csv", "f-2014.csv"], ["2013-12", "2014-01"]),
        ("{date:%Y%m%dT%H}.csv", ["20131104T23.csv", "20131105T00.csv"], ["2013-11-04T23", "2013-11-05T00"]),
        ("{yyyy}/{date:%Y-%m-%d}.csv", ["2013/2013-11-04.csv", "2012/2013-11-05.csv"], ["2013-11-04"]),
        ("span-{span}/data", ["span-2/data", "span-10/data", "span-/data", "span-1/other"], ["2", "10"]),
        ("week-*.csv", ["week-9.csv", "week-10.csv"], ["9", "10"]),
    ],
)
def test_what_fits_a_pattern_is_a_span_of_this_name(tmp_path, pattern, files, found) -> None:
    assert names(Spans(pattern).find(folder_of(tmp_path, *files))) == found


def test_the_newest_version_of_each_span_counts(tmp_path) -> None:
    folder = folder_of(tmp_path, "span-1/v-1/a", "span-1/v-10/a", "span-1/v-9/a", "span-2/v-3/a", "span-2/v-x/a")
    found = Spans("span-{span}/v-{version}").find(folder)
    assert [(span.name, span.version, span.path) for span in found] == [
        ("1", "10", folder / "span-1/v-10"),
        ("2", "3", folder / "span-2/v-3"),
    ]


def test_one_version_of_a_span_in_two_places_is_refused(tmp_path) -> None:
    folder = folder_of(tmp_path, "1-v1.csv", "1-v01.csv")
    with pytest.raises(BadSpans, match=r"span '1' is both .*1-v0?1\.csv and .*1-v0?1\.csv\n  Two paths fit"):
        Spans("{span}-v{version}.csv").find(folder)


def test_a_day_that_is_missing_within_the_window_is_refused_unless_allowed(tmp_path) -> None:
    folder = folder_of(tmp_path, *(f"2013-{day}.csv" for day in ("10-28", "11-01", "11-02", "11-04", "11-05")))
    with pytest.raises(BadSpans) as caught:
        Spans("{date:%Y-%m-%d}.csv", newest=4).select(folder)
    assert str(caught.value) == (
        f"there is no span 2013-11-03 between 2013-11-01 and 2013-11-05 ({folder}/*.csv)\n"
        "  A delivery failed or is late; or there is none on such days.\n"
        '  Wait for it, or allow it: seakeep.Spans(…, gaps="allow")'
    )
    assert names(Spans("{date:%Y-%m-%d}.csv", newest=2).select(folder).all) == ["2013-11-04", "2013-11-05"]
    assert len(Spans("{date:%Y-%m-%d}.csv", newest=4, gaps="allow").select(folder).all) == 4
    with pytest.raises(BadSpans, match=r"no span 2013-10-29, 2013-10-30, 2013-10-31, 2013-11-03 between"):
        Spans("{date:%Y-%m-%d}.csv").select(folder)


def test_a_span_that_is_left_out_by_name_is_no_gap(tmp_path) -> None:
    folder = folder_of(tmp_path, *(f"2013-11-0{day}.csv" for day in range(1, 6)))
    assert names(Spans("{date:%Y-%m-%d}.csv", newest=3).select(folder, without=["2013-11-04"]).all) == [
        "2013-11-02",
        "2013-11-03",
        "2013-11-05",
    ]


@given(st.lists(st.dates(date(2012, 2, 1), date(2012, 4, 1)), min_size=2, unique=True))
def test_missing_days_are_those_that_are_not_there(days) -> None:
    days = sorted(days)
    every = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days)]
    assert Pattern.of("{date:%Y-%m-%d}").missing([str(day) for day in days]) == [
        str(day) for day in every if day not in days
    ]


def test_months_and_hours_follow_each_other_over_the_end_of_a_year() -> None:
    assert Pattern.of("{yyyy}{mm}").missing(["2012-11", "2013-02"]) == ["2012-12", "2013-01"]
    assert Pattern.of("{date:%Y%m%d%H}").missing(["2012-12-31T23", "2013-01-01T02"]) == [
        "2013-01-01T00",
        "2013-01-01T01",
    ]
    assert Pattern.of("{yyyy}").missing(["2011", "2013"]) == ["2012"]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("a.csv", "has 0 stars, expected one"),
        ("*/*.csv", "has 2 stars, expected one"),
        ("v{version}.csv", "not one place that is a span's name"),
        ("{span}-{yyyy}.csv", "not one place that is a span's name"),
        ("{span}-{span}.csv", "not one place"),
        ("{spam}.csv", r"has \{spam\}, which is no part of one"),
        ("{date}.csv", r"has \{date\}, which is no part of one"),
        ("{date:%j}.csv", "has %j, which is no part of one"),
        ("{mm}-{dd}.csv", "has mm and dd of a date, and not what is before"),
        ("s3://bucket/day=*", "is an address, a path on this machine is expected"),
    ],
)
def test_a_pattern_that_is_none_is_refused(pattern, words) -> None:
    with pytest.raises(BadSpans, match=words):
        Spans(pattern)


def test_gaps_are_refused_or_allowed_and_nothing_else() -> None:
    with pytest.raises(BadSpans, match=r"Spans\(gaps=…\) is 'ignore', expected 'refuse' or 'allow'"):
        Spans("{yyyy}.csv", gaps="ignore")
