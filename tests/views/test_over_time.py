from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Report, Table
from seakeep.views import terminal
from seakeep.views.over_time import sparkline

from . import examples


@given(st.lists(st.floats()), st.integers(1, 80))
def test_a_sparkline_draws_any_numbers_within_its_width(values, wide):
    assert len(sparkline(values, wide=wide)) <= wide


def test_a_sparkline_shows_the_greatest_of_each_stretch():
    assert sparkline([0.0] * 500 + [2.0] + [0.0] * 499, wide=10) == "▁▁▁▁▁█▁▁▁▁"


def test_a_window_just_below_the_threshold_is_no_full_block():
    assert sparkline([math.nextafter(1.0, 0.0), 1.0]) == "▇█"


def test_the_columns_that_went_furthest_come_first(monitoring_report):
    lines = terminal.text(terminal.monitoring(monitoring_report)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("column  "))
    assert lines[start + 1].split()[0] == "column_1"
    assert lines[start + 1].split()[-3:] == ["14", "of", "72"]
    assert lines[start + 3].split()[-3:] == ["0", "of", "72"]


def test_of_very_many_columns_the_rest_are_counted():
    shown = terminal.text(terminal.monitoring(examples.large()))
    assert "and 470 more checks that did not pass" in shown
    assert "and 8 more lines" in shown
    assert len(shown.splitlines()) < 200


def test_a_metric_decays_from_its_first_to_its_last_window(monitoring_report):
    line = next(
        x for x in terminal.text(terminal.monitoring(monitoring_report)).splitlines() if x.startswith("roc_auc  ▇")
    )
    assert line.split()[-3:] == ["0.74", "0.672", "0.672"]


def test_a_rollout_has_a_bar_a_phase_and_says_how_it_ended(rollout_report):
    lines = terminal.text(terminal.rollout(rollout_report)).splitlines()
    shadow = next(line for line in lines if line.startswith("shadow"))
    canary = next(line for line in lines if line.startswith("canary 5 %"))
    assert shadow.split()[-5:] == ["1,800", "3", "min", "✓", "pass"]
    assert canary.split()[-2:] == ["✗", "fail"]
    assert canary.index("█") > shadow.rindex("█") - 1


def test_evidence_is_full_height_where_it_rolls_back(rollout_report):
    lines = terminal.text(terminal.rollout(rollout_report)).splitlines()
    assert "█" in next(line for line in lines if line.startswith("errors  "))
    assert "█" not in next(line for line in lines if line.startswith("latency  "))


def test_a_rollout_that_goes_on_has_a_phase_that_nothing_ended():
    from seakeep.rollout import report

    lines = terminal.text(terminal.rollout(report(examples.rolled_out(minutes=8)))).splitlines()
    assert next(line for line in lines if line.startswith("canary 5 %")).endswith("goes on")


def test_a_report_without_windows_or_phases_is_drawn_all_the_same():
    empty = Report("monitoring", "Monitoring", "none", (), (Table("windows", "", ("window",), ()),))
    assert terminal.text(terminal.monitoring(empty)) == terminal.text(terminal.report(empty))
    assert terminal.text(terminal.rollout(empty)) == terminal.text(terminal.report(empty))


def test_a_report_is_drawn_by_its_kind(monitoring_report, rollout_report, drift_report):
    assert terminal.text(terminal.drawn(monitoring_report)) == terminal.text(terminal.monitoring(monitoring_report))
    assert terminal.text(terminal.drawn(rollout_report)) == terminal.text(terminal.rollout(rollout_report))
    assert terminal.text(terminal.drawn(drift_report)) == terminal.text(terminal.report(drift_report))
