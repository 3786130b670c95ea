from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.views.charts.scales import Scale, nice_ticks, padded, ticks, time_ticks

finite = st.floats(allow_nan=False, allow_infinity=False)
ranges = st.tuples(finite, finite).map(sorted).map(tuple)


@given(ranges)
def test_a_padded_range_is_never_empty_and_holds_what_it_was_given(span):
    low, high = padded(*span)
    assert low < high
    assert low <= span[0]
    assert high >= span[1]


@given(ranges, finite)
def test_every_value_falls_on_the_canvas(span, value):
    scale = Scale(*padded(*span), 10.0, 400.0)
    assert 10.0 <= scale(value) <= 400.0


@given(ranges, st.sampled_from(["", "share", "timestamp", "seconds", "bytes"]))
def test_ticks_ascend_within_the_range_and_are_few(span, unit):
    low, high = padded(*span)
    found = [at for at, _ in ticks(low, high, unit)]
    room = (high / 2 - low / 2) * 2e-6
    assert found == sorted(found)
    assert len(found) <= 40
    assert all(math.isfinite(at) and low - room <= at <= high + room for at in found)


@pytest.mark.parametrize(("low", "high"), [(0.70, 0.72), (1e9, 1e9 + 5), (-3e-7, 2e-7), (0, 336_776), (1e15, 1e15 + 3)])
def test_labels_differ_where_ticks_do(low, high):
    labels = [label for _, label in ticks(low, high, "")]
    assert len(set(labels)) == len(labels) >= 2


def test_ticks_are_round():
    assert nice_ticks(0.0, 9.7) == (0.0, 2.0, 4.0, 6.0, 8.0)
    assert nice_ticks(0.688, 0.731, count=4) == (0.69, 0.7, 0.71, 0.72, 0.73)


DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        ((0, 365 * DAY), ["1970-01", "1970-04", "1970-07", "1970-10", "1971-01"]),
        ((0, 40 * 365 * DAY), ["1970", "1980", "1990", "2000"]),
        ((0, 3 * DAY), ["1970-01-01", "1970-01-02", "1970-01-03", "1970-01-04"]),
        ((0, DAY / 4), ["1970-01-01", "1970-01-01 02:00", "1970-01-01 04:00", "1970-01-01 06:00"]),
    ],
)
def test_time_ticks_fall_on_whole_units(span, labels):
    assert [label for _, label in ticks(*span, "timestamp", count=4)] == labels


def test_lengths_of_time_tick_on_whole_minutes():
    assert [label for _, label in ticks(0, 900, "seconds", count=4)] == ["0 s", "5 min", "10 min", "15 min"]


def test_times_beyond_the_calendar_still_get_ticks():
    assert len(time_ticks(-9.2e18, 9.2e18)) >= 2
