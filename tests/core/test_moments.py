"""Moments keep every microsecond, and stop at the ends of the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.moments import EPOCH, microseconds, moment


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_of_the_calendar_comes_back(at):
    assert moment((at - EPOCH) // timedelta(microseconds=1)) == at


@given(st.integers(-(2**63), 2**63 - 1))
def test_no_number_is_outside_of_the_calendar(number):
    assert datetime.min.replace(tzinfo=UTC) <= moment(number) <= datetime.max.replace(tzinfo=UTC)


def test_seconds_are_rounded_to_microseconds():
    assert microseconds(1.0000004) == 1_000_000
    assert microseconds(1.0000006) == 1_000_001
