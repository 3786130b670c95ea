"""Lengths of time as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1w", 604800), ("7d", 604800), ("12h", 43200), ("30m", 1800), ("45s", 45), (" 1.5 h ", 5400), ("0.5s", 0.5)],
)
def test_a_number_and_a_unit_are_a_length_of_time(text, seconds) -> None:
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "7", "d", "7 days", "-7d", "0d", "0.0h", "7D", "1e3s", "9" * 400 + "d", "1d 2h", "٣d"]
)
def test_what_is_no_length_of_time_is_none(text) -> None:
    assert durations.seconds(text) is None


@given(st.integers(1, 10**6))
def test_a_length_told_is_the_length_to_three_digits(length) -> None:
    assert durations.seconds(durations.text(length)) == pytest.approx(length, rel=0.005)
