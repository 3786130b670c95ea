from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import ColumnStatistics, Kind
from seakeep.views import figures

anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(anything)
def test_any_plain_value_can_be_written(value):
    assert figures.scalar(value)


@given(st.sampled_from(Kind), anything)
def test_any_value_can_be_written_under_any_kind(kind, value):
    assert figures.of_kind(kind, value)


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_a_share_above_zero_never_reads_as_zero_nor_one_below_all_as_all(share):
    assert figures.share(share) not in ("0 %", "100 %")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_within_its_digits(value):
    text = figures.number(value, digits=6).replace("−", "-").replace(",", "")
    assert abs(float(text) - value) <= abs(value) * 1e-5


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_microsecond_of_64_bits_is_a_time_or_a_number(microseconds):
    assert figures.timestamp(microseconds)


def test_times_show_only_the_parts_they_have():
    assert figures.timestamp(1_356_998_401_500_000) == "2013-01-01 00:00:01.5"
    assert figures.timestamp(1_356_998_401_000_000) == "2013-01-01 00:00:01"
    assert figures.timestamp(float("nan")) == "NaN"


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_lengths_of_time_and_sizes_are_written_with_a_unit(value):
    assert figures.seconds(value).split()[-1] in ("ms", "s", "min", "h", "d")
    assert figures.size(value).split()[-1] in ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@given(st.text())
def test_no_character_that_moves_hides_or_reorders_is_left(text):
    unseen = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    joiners = "\u200c\u200d"
    assert not any(unicodedata.category(c) in unseen and c not in joiners for c in figures.visible(text))


@given(st.text(), st.integers(3, 50))
def test_shortened_text_fits_and_short_text_is_left_alone(text, limit):
    assert len(figures.shortened(text, limit)) <= limit
    assert len(text) > limit or figures.shortened(text, limit) == text


def test_lines_keep_their_breaks():
    assert figures.lines("a\n\tb\x07") == "a\n    b\\x07"


def test_times_far_apart_are_rough_and_those_within_a_day_are_not():
    far = ColumnStatistics(Kind.TIMESTAMP, 2, minimum=0, maximum=10**12)
    near = ColumnStatistics(Kind.TIMESTAMP, 2, minimum=0, maximum=10**9)
    assert figures.rough(far, 90_500_000.0) == "1970-01-01 00:02"
    assert figures.rough(near, 90_500_000.0) == "1970-01-01 00:01:30.5"
    assert figures.rough(far, None) == "–"
