"""Windows: aligned, closed by the watermark, none missed and none twice, whatever clocks say."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from seakeep.monitoring.windows import LONGEST_RUN, Seen, Window, aligned, due

HOUR = 3_600_000_000
DAY = 24 * HOUR
MOMENTS = st.integers(-(10**17), 10**17)


def seen(counts: dict[int, int]) -> dict[int, Seen]:
    """Rows by the hour's number since the epoch's Monday."""
    start = aligned(0, HOUR).start
    return {start + number * HOUR: Seen(rows, start + number * HOUR + HOUR - 1) for number, rows in counts.items()}


def numbers(windows) -> list[tuple[int, int]]:
    return [(window.start // HOUR, window.end // HOUR) for window in windows]


@given(MOMENTS, st.sampled_from([60_000_000, HOUR, DAY, 7 * DAY, 90_000_000]))
def test_every_moment_has_one_window(moment, length):
    window = aligned(moment, length)
    assert window.start <= moment < window.end
    assert window.end - window.start == length
    assert aligned(window.start, length) == window
    assert aligned(window.end, length).start == window.end


def test_days_begin_at_midnight_and_weeks_on_monday():
    moment = 1_772_600_000_000_000  # Wednesday, 4 March 2026
    assert aligned(moment, DAY).name == "2026-03-04T00:00:00Z"
    assert aligned(moment, 7 * DAY).name == "2026-03-02T00:00:00Z"
    assert aligned(moment, 7 * DAY).until == "2026-03-09T00:00:00Z"


@given(
    st.dictionaries(st.integers(0, 400), st.integers(1, 1000), max_size=12), st.lists(st.integers(0, 450), max_size=8)
)
def test_windows_are_neither_missed_nor_doubled_whenever_one_looks(counts, looks):
    found: list[Window] = []
    cursor = None
    for look in looks:
        so_far = due(seen(counts), length=HOUR, grace=0, cursor=cursor, clock=aligned(0, HOUR).start + look * HOUR)
        found += so_far.windows
        cursor = found[-1].end if found else None
    assert all(first.end == second.start for first, second in pairwise(found))
    filled = {start for start in seen(counts) if found and found[0].start <= start < found[-1].end}
    assert filled <= {window.start for window in found if window.end - window.start == HOUR}


def test_a_window_is_closed_when_the_clock_has_passed_its_end_by_the_grace():
    for clock, closed in ((HOUR, 0), (HOUR + 599_999_999, 0), (HOUR + 600_000_000, 1)):
        assert len(due(seen({0: 5}), length=HOUR, grace=600_000_000, cursor=None, clock=clock).windows) == closed


def test_by_events_the_watermark_is_the_latest_of_the_newest_busy_window():
    found = due(seen({0: 500, 1: 400, 2: 450}), length=HOUR, grace=0, cursor=None, clock=None)
    assert found.watermark == 3 * HOUR - 1
    assert numbers(found.windows) == [(0, 1), (1, 2)]


def test_a_few_stray_events_move_no_watermark_and_begin_no_watch():
    counts = {-50_000: 2, 0: 500, 1: 400, 2: 450, 90_000: 3}
    found = due(seen(counts), length=HOUR, grace=0, cursor=None, clock=None)
    assert numbers(found.windows) == [(0, 1), (1, 2)]
    assert found.ahead == 3


def test_empty_windows_between_are_due_and_long_runs_are_one():
    few = due(seen({0: 9, 3: 9}), length=HOUR, grace=0, cursor=None, clock=4 * HOUR)
    assert numbers(few.windows) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    far = LONGEST_RUN + 10
    many = due(seen({0: 9, far: 9}), length=HOUR, grace=0, cursor=None, clock=(far + 1) * HOUR)
    assert numbers(many.windows) == [(0, 1), (1, far), (far, far + 1)]


def test_nothing_seen_has_nothing_due():
    assert due({}, length=HOUR, grace=0, cursor=None, clock=None).windows == ()
    assert due({}, length=HOUR, grace=0, cursor=None, clock=10 * HOUR).windows == ()


def test_a_watch_that_has_begun_sees_that_nobody_asks_any_more():
    assert numbers(due({}, length=HOUR, grace=0, cursor=HOUR, clock=3 * HOUR).windows) == [(1, 2), (2, 3)]


def test_a_clock_before_the_cursor_has_nothing_due():
    assert due(seen({0: 9}), length=HOUR, grace=0, cursor=50 * HOUR, clock=2 * HOUR).windows == ()
