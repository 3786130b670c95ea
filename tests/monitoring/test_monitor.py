"""Monitor: every closed window once, in order, whole; labels later; two at once; releases that change; clocks that lie."""

from __future__ import annotations

import threading

import polars as pl
import pytest

from seakeep.core import Model, Verdict, locks
from seakeep.core.codec import from_json
from seakeep.core.report import Report
from seakeep.monitoring import Monitor, MonitorSettings
from seakeep.monitoring.monitor import MonitorBusy
from seakeep.monitoring.settings import BadMonitor
from seakeep.prediction_log.damage import DamagedFile
from seakeep.registry import Registry
from seakeep.registry.errors import BadReference

from .conftest import NAME, START, hour, raw


def starts(results) -> list[float]:
    return [(each.window.start / 1e6 - START.timestamp()) / 3600 for each in results]


def test_a_quiet_window_passes_and_is_judged_once(watched):
    watched.log(raw(2000), 0)
    monitor = watched.monitor()
    (result,) = monitor.tick(hour(1.1))
    assert [check for check in result.report.checks if check.verdict is not Verdict.PASS] == []
    assert (result.rows, result.revision, result.label) == (2000, 0, f"{NAME}@1")
    assert result.report.kind == "monitoring"
    assert monitor.tick(hour(1.2)) == ()


def test_a_window_that_is_not_closed_yet_waits_for_its_grace(watched):
    watched.log(raw(500), 0)
    monitor = watched.monitor(grace="30m")
    assert monitor.tick(hour(1.4)) == ()
    assert starts(monitor.tick(hour(1.5))) == [0]


def test_after_a_downtime_every_window_is_judged_in_order_and_once(watched):
    for number in range(5):
        watched.log(raw(300, number), number)
    assert starts(watched.monitor().tick(hour(2.5))) == [0, 1]
    assert starts(watched.monitor().tick(hour(7.5))) == [2, 3, 4, 5, 6]
    assert starts(watched.monitor().tick(hour(7.5))) == []
    assert [line["window"]["start"] for line in watched.lines()] == [f"2026-03-02T0{n}:00:00Z" for n in range(7)]


def test_an_empty_window_is_inconclusive_and_never_a_pass(watched):
    watched.log(raw(300), 0)
    watched.log(raw(300), 2)
    first, empty, third = watched.monitor().tick(hour(3.1))
    assert empty.report.verdict is Verdict.INCONCLUSIVE
    assert [check.code for check in empty.report.checks] == ["monitoring.rows"]
    assert (empty.release, empty.rows) == ("", 0)
    assert first.rows == third.rows == 300


def test_a_long_stretch_without_rows_is_one_gap(watched):
    watched.log(raw(300), 0)
    watched.log(raw(300), 900)
    results = watched.monitor().tick(hour(901.5))
    assert starts(results) == [0, 1, 900]
    assert results[1].window.end - results[1].window.start == 899 * 3_600_000_000


def test_drift_opens_an_incident_that_says_how_much_in_which_direction(watched):
    watched.log(raw(2000, warmer=0.6), 0)
    (result,) = watched.monitor().tick(hour(1.1))
    (check,) = result.report.failed
    assert (check.code, check.subject) == ("drift.kolmogorov_smirnov", "temp")
    assert "the mean went from 9.995 to 10.57" in check.message
    assert "standard deviations up" in check.message
    assert check.evidence["effect"]["standard_deviations"] == pytest.approx(0.6, abs=0.1)
    (event,) = result.events
    assert (event.kind, event.incident.subject, event.incident.windows) == ("opened", "temp", 1)


def test_an_incident_is_extended_and_closed_by_calm_windows(watched):
    for number, warmer in enumerate((0.6, 0.7, 0, 0, 0)):
        watched.log(raw(2000, number, warmer=warmer), number)
    watched.monitor(calm=3).tick(hour(5.1))
    events = [(line["event"], line["window"]["start"][11:13]) for line in watched.lines("incident")]
    assert events == [("opened", "00"), ("extended", "01"), ("closed", "04")]
    (incident,) = watched.monitor().incidents()
    assert (incident.state, incident.windows, incident.calm) == ("closed", 2, 3)


def test_drift_after_a_closed_incident_is_a_new_one(watched):
    for number, warmer in enumerate((0.6, 0, 0.6)):
        watched.log(raw(2000, number, warmer=warmer), number)
    watched.monitor(calm=1).tick(hour(3.1))
    assert [each.state for each in watched.monitor().incidents()] == ["closed", "open"]


def test_a_window_whose_labels_came_later_is_judged_again_as_a_revision(watched):
    labels = watched.log(raw(4000), 0)
    monitor = watched.monitor()
    (first,) = monitor.tick(hour(1.1))
    assert not any(check.code.startswith("decay.") for check in first.report.checks)
    watched.label(labels)
    (again,) = monitor.tick(hour(1.2))
    assert (again.window, again.revision, again.labelled) == (first.window, 1, 4000)
    (decay,) = [check for check in again.report.checks if check.code == "decay.roc_auc"]
    assert decay.observed == pytest.approx(0.8, abs=0.03)
    assert [check for check in again.report.checks if check.code != "decay.roc_auc"] == list(first.report.checks)
    assert monitor.tick(hour(1.3)) == ()
    assert [line["revision"] for line in watched.lines()] == [0, 1]


def test_decay_fails_when_the_whole_interval_is_worse_than_the_margin(watched):
    watched.label(watched.log(raw(4000), 0, skill=0.3))
    (result,) = watched.monitor().tick(hour(1.1))
    (check,) = result.report.failed
    assert (check.code, check.verdict) == ("decay.roc_auc", Verdict.FAIL)
    assert check.threshold == pytest.approx(0.78)
    assert "worse than the 0.8 at release" in check.message


def test_a_few_labels_are_inconclusive(watched):
    labels = watched.log(raw(4000), 0)
    watched.label(labels.head(20))
    (result,) = watched.monitor().tick(hour(1.1))
    (check,) = [check for check in result.report.checks if check.code == "decay.roc_auc"]
    assert check.verdict is Verdict.INCONCLUSIVE


def test_the_incident_states_its_effect_on_the_metric_once_labels_came(watched):
    labels = watched.log(raw(4000, warmer=0.6), 0, skill=0.5)
    monitor = watched.monitor()
    monitor.tick(hour(1.1))
    assert monitor.incidents()[0].metric is None
    watched.label(labels)
    monitor.tick(hour(1.2))
    drifted = next(each for each in monitor.incidents() if each.code.startswith("drift."))
    assert drifted.metric["metric"] == "roc_auc"
    assert drifted.metric["change"] < -0.05
    assert [line["event"] for line in watched.lines("incident")] == ["opened", "opened", "measured"]


def test_labels_that_trickle_make_few_revisions_and_the_last_ones_count(watched):
    labels = watched.log(raw(2000), 0)
    monitor = watched.monitor()
    monitor.tick(hour(1.1))
    for number in range(0, 1800, 100):
        watched.label(labels[number : number + 100])
        monitor.tick(hour(1.2))
    before = len(watched.lines())
    assert before <= 10
    monitor.tick(hour(1.3))  # nothing came since
    assert watched.lines()[-1]["labelled"] == 1800


def test_labels_do_not_change_what_was_said_of_drift(watched):
    labels = watched.log(raw(2000, warmer=0.6), 0)
    monitor = watched.monitor()
    (first,) = monitor.tick(hour(1.1))
    watched.log(raw(4000, 9), 0)  # rows that come late
    watched.label(labels)
    (again,) = monitor.tick(hour(1.2))
    assert [c for c in again.report.failed if c.code.startswith("drift.")] == list(first.report.failed)


def test_late_rows_are_counted_and_do_not_reopen_a_window(watched):
    watched.log(raw(1000), 0)
    monitor = watched.monitor()
    monitor.tick(hour(1.1))
    watched.log(raw(50, 3), 0)
    assert monitor.tick(hour(1.2)) == ()
    assert monitor.told.late == 50


def test_rows_from_the_future_wait_until_time_gets_there(watched):
    watched.log(raw(300), 0)
    watched.log(raw(300), 30)
    monitor = watched.monitor()
    assert starts(monitor.tick(hour(1.1))) == [0]
    assert monitor.told.ahead == 300
    assert starts(monitor.tick(hour(31.1)))[-1] == 30


def test_a_clock_that_was_in_the_far_future_for_a_while_leaves_no_blind_watch(watched):
    watched.log(raw(100), 0)
    assert len(watched.monitor().tick(hour(1.5))) == 1
    (gap,) = watched.monitor().tick(hour(200_000))
    watched.log(raw(100), 3)
    found = watched.monitor().tick(hour(4.5))
    assert gap.window.start == found[0].window.start
    assert [each.rows for each in found] == [0, 0, 100]
    assert watched.monitor().tick(hour(4.5)) == ()


def test_a_clock_that_goes_back_judges_nothing_twice(watched):
    watched.log(raw(300), 0)
    monitor = watched.monitor()
    assert starts(monitor.tick(hour(3.1))) == [0, 1, 2]
    assert monitor.tick(hour(0.5)) == ()
    assert monitor.tick(hour(-5000)) == ()
    assert starts(monitor.tick(hour(4.1))) == [3]


def test_a_stray_row_of_long_ago_does_not_begin_the_watch(watched):
    watched.log(raw(2), -400_000)
    for number in range(4):
        watched.log(raw(300, number), number)
    assert starts(watched.monitor().tick(hour(4.1))) == [0, 1, 2, 3]


def test_each_release_of_a_window_is_judged_by_its_own_training(watched):
    from .conftest import model

    second = watched.again(rows=20_001)
    watched.log(raw(1500), 0)
    watched.log(raw(1500, 2), 0, release=second, role="challenger")
    assert model().statistics.rows != watched.monitor()._releases.of(second.release.digest).model.statistics.rows
    results = watched.monitor().tick(hour(1.1))
    assert sorted(each.label for each in results) == [f"{NAME}@1", f"{NAME}@2"]
    assert {each.rows for each in results} == {1500}
    assert len(watched.lines()) == 2


def test_shadows_are_left_out(watched):
    watched.log(raw(500), 0)
    watched.log(raw(500), 0, release=watched.again(), role="shadow")
    (result,) = watched.monitor().tick(hour(1.1))
    assert (result.label, result.rows) == (f"{NAME}@1", 500)


def test_a_release_that_is_not_on_record_is_told(watched, tmp_path):
    from dataclasses import replace

    other = replace(watched.release, release=replace(watched.release.release, name="gone"))
    watched.log(raw(500), 0, release=other)
    (result,) = watched.monitor().tick(hour(1.1))
    assert [(c.code, c.verdict) for c in result.report.checks] == [("monitoring.release", Verdict.INCONCLUSIVE)]


def test_refused_rows_are_judged_and_named(watched):
    watched.log(raw(500), 0)
    watched.log(raw(500).clear(500), 0, outcome="refused")
    (result,) = watched.monitor().tick(hour(1.1))
    (check,) = result.report.failed
    assert (check.code, check.observed) == ("monitoring.answered", 0.5)
    assert "most of them 'missing'" in check.message


def test_a_window_with_refusals_alone_is_no_pass(watched):
    watched.log(raw(50).clear(50), 0, outcome="refused")
    (result,) = watched.monitor().tick(hour(1.1))
    assert {check.code: check.verdict for check in result.report.checks} == {
        "monitoring.rows": Verdict.INCONCLUSIVE,
        "monitoring.answered": Verdict.FAIL,
    }


def test_an_input_column_that_vanished_and_one_that_is_new_are_handled(watched):
    frame = raw(500)
    watched.log(frame.drop("temp").with_columns(unseen=pl.lit(1)), 0)
    (result,) = watched.monitor().tick(hour(1.1))
    assert "schema.all_missing" in {check.code for check in result.report.failed}
    assert not any(check.subject == "unseen" for check in result.report.checks)


def test_values_that_break_the_contract_are_told_in_serving(watched):
    frame = raw(500).with_columns(temp=pl.when(pl.int_range(pl.len()) < 200).then(None).otherwise("temp"))
    watched.log(frame, 0)
    (result,) = watched.monitor().tick(hour(1.1))
    codes = {(check.code, check.subject) for check in result.report.failed}
    assert ("schema.missing_rate", "temp") in codes
    assert ("drift.missing_rate", "temp") in codes
    assert not any(check.subject == "late" for check in result.report.checks)


def test_predictions_that_move_against_earlier_windows_are_told(watched):
    for number in range(3):
        watched.log(raw(2000, number), number)
    watched.log(raw(2000, 9), 3, skill=4.0)
    results = watched.monitor().tick(hour(4.1))
    found = [
        [check.verdict for check in each.report.checks if check.code == "monitoring.predictions"] for each in results
    ]
    assert found == [[], [], [], [Verdict.FAIL]]


def test_windows_by_event_time_are_those_of_the_events(watched):
    import datetime as dt

    summer = dt.datetime(2013, 7, 1, tzinfo=dt.UTC)
    for week in range(3):
        frame = raw(400, week, start=summer + dt.timedelta(days=7 * week), span=dt.timedelta(days=7))
        watched.log(frame, 0.01 * week, span=0.01)
    monitor = watched.monitor(window="7d", by="pickup", grace="1h")
    results = monitor.tick(hour(1))
    assert [each.window.name for each in results] == ["2013-07-01T00:00:00Z", "2013-07-08T00:00:00Z"]
    assert [each.rows for each in results] == [400, 400]


def test_a_far_event_of_one_row_closes_no_window(watched):
    import datetime as dt

    frame = raw(400, start=START, span=dt.timedelta(hours=1))
    stray = frame.head(1).with_columns(pickup=pl.lit(dt.datetime(2099, 1, 1, tzinfo=dt.UTC)))
    watched.log(pl.concat([frame, stray.select(frame.columns)]), 0)
    monitor = watched.monitor(by="pickup")
    assert monitor.tick(hour(1)) == ()
    assert monitor.told.ahead == 1


def test_a_log_that_is_not_there_yet_has_nothing_due(watched):
    monitor = watched.monitor()
    assert monitor.tick(hour(100)) == ()
    assert monitor.told.rows == 0
    assert not watched.layout.root.exists()


def test_a_log_without_rows_has_nothing_due(watched):
    watched.layout.spool.mkdir(parents=True)
    assert watched.monitor().tick(hour(100)) == ()


def test_an_unknown_name_is_refused_with_the_nearest(watched):
    with pytest.raises(BadReference, match="Did you mean 'flights'"):
        Monitor(watched.registry, "fligths")


def test_other_windows_than_before_are_refused_until_the_watch_is_restarted(watched):
    watched.log(raw(300), 0)
    watched.monitor().tick(hour(1.1))
    with pytest.raises(BadMonitor, match="watched by windows of 1h by asked") as error:
        watched.monitor(window="2h")
    assert "--restart" in str(error.value)
    assert watched.monitor(window="60m").tick(hour(1.2)) == ()
    assert Monitor(watched.registry, NAME, MonitorSettings()).settings.window == "1h"
    Monitor.restart(watched.registry, NAME)
    assert starts(watched.monitor(window="2h").tick(hour(2.1))) == [0]


def test_a_clock_that_no_release_has_is_refused(watched):
    watched.log(raw(300), 0)
    with pytest.raises(BadMonitor, match="no release of this name reads a timestamp") as error:
        watched.monitor(by="temp").tick(hour(1.1))
    assert "asked, pickup" in str(error.value)


def test_a_second_monitor_says_that_another_is_at_work(watched):
    monitor = watched.monitor()
    with locks.alone(monitor.lock), pytest.raises(MonitorBusy, match="another monitor of flights is at work"):
        monitor.tick(hour(1), wait=False)


def test_two_monitors_at_once_judge_every_window_once(watched):
    for number in range(6):
        watched.log(raw(200, number), number)
    home, found = watched.registry.home, []

    def work():
        with Registry(home) as registry:
            monitor = Monitor(registry, NAME, MonitorSettings(window="1h", grace="1s"))
            found.extend(starts(monitor.tick(hour(6.1))))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1, 2, 3, 4, 5]
    assert len(watched.lines()) == 6


def test_reports_are_kept_and_drawn(watched):
    watched.log(raw(500), 0)
    (result,) = watched.monitor().tick(hour(1.1))
    assert watched.registry.get(Report, result.digest) == result.report
    assert from_json(Report, result.page.with_suffix(".json").read_bytes()) == result.report
    assert "<html" in result.page.read_text()


def test_a_tick_that_breaks_off_leaves_the_window_undone(watched, monkeypatch):
    watched.log(raw(500, warmer=1.0), 0)
    monitor = watched.monitor()
    put = type(watched.registry.documents).put

    def broken(self, kind, name, content, *, expected):
        if kind == "monitor":
            raise KeyboardInterrupt
        return put(self, kind, name, content, expected=expected)

    monkeypatch.setattr(type(watched.registry.documents), "put", broken)
    with pytest.raises(KeyboardInterrupt):
        monitor.tick(hour(1.1))
    assert (watched.lines(), watched.lines("incident"), monitor.incidents()) == ([], [], ())
    monkeypatch.undo()
    assert starts(monitor.tick(hour(1.1))) == [0]


def test_reports_hold_the_windows_so_far(watched):
    for number in range(3):
        watched.label(watched.log(raw(1000, number), number))
    *_, last = watched.monitor().tick(hour(3.1))
    told = {record["window"] for record in last.report.table("windows").records()}
    assert len(told) == 3
    assert len(last.report.table("decay").rows) == 3
    assert {record["slice"] for record in last.report.table("metrics").records()} == {"all", "carrier=AA"}


def test_labels_added_by_the_logs_own_verb_are_seen(watched):
    from seakeep.prediction_log import PredictionLog

    labels = watched.log(raw(3000), 0)
    monitor = watched.monitor()
    monitor.tick(hour(1.1))
    PredictionLog.of(watched.registry.home, NAME).add_labels(labels, label="late", id="@id")
    (again,) = monitor.tick(hour(1.2))
    assert (again.revision, again.labelled) == (1, 3000)


def test_a_lost_report_is_no_reason_to_stop(watched):
    import shutil

    labels = watched.log(raw(1000), 0)
    monitor = watched.monitor()
    monitor.tick(hour(1.1))
    shutil.rmtree(watched.registry.home / "objects")
    watched.label(labels)
    watched.log(raw(1000, 4), 1)
    assert starts(monitor.tick(hour(2.1))) == [1]
    assert starts(monitor.tick(hour(3.1))) == [2]


def test_rows_without_an_event_time_are_counted(watched):
    watched.log(raw(500), 0)
    watched.log(raw(40).clear(40), 0, outcome="refused")
    monitor = watched.monitor(by="pickup")
    monitor.tick(hour(1))
    assert monitor.told.unplaced == 40


def test_a_torn_log_file_is_named_and_its_window_waits(watched):
    watched.log(raw(500), 0)
    (path,) = watched.layout.parts.rglob("*.parquet")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFile, match=f"{path.name} is damaged"):
        watched.monitor().tick(hour(1.1))
    assert watched.lines() == []
    path.write_bytes(whole)
    assert starts(watched.monitor().tick(hour(1.1))) == [0]


def test_the_pipelines_window_and_what_is_usual_in_it_come_with_the_release(watched):
    from seakeep.core import Check, Table

    from .conftest import evaluation, model

    rows = (("temp", "kolmogorov_smirnov", 2.0, 12, 0.2, 0.6),)
    columns = ("column", "distance", "window_hours", "windows", "median", "largest")
    passed = Check("reference.windows", "pickup", Verdict.PASS, "The variation is on record.")
    reference = Report("reference", "Natural variation", "x", (passed,), (Table("windows", "", columns, rows),))
    second = watched.registry.register(NAME, model(3), [evaluation(), reference], made_from={})
    watched.registry.promote(NAME, second.version, why="a test")
    watched.log(raw(2000, warmer=0.6), 0, release=second, span=2.0)
    monitor = Monitor(watched.registry, NAME, MonitorSettings(grace="1s"))
    assert monitor.settings.hours == 2.0
    (result,) = monitor.tick(hour(2.1))
    assert result.report.verdict is Verdict.PASS
    (check,) = [c for c in result.report.checks if (c.code, c.subject) == ("drift.kolmogorov_smirnov", "temp")]
    assert check.threshold == 0.6


def test_releases_whose_classes_have_other_types_are_each_judged_by_their_own(watched):
    """True and False, then "no" and "yes", then 0 and 1, in one window: the metrics are those of each alone."""
    from seakeep.monitoring import reading
    from seakeep.monitoring.windows import Window
    from seakeep.prediction_log import Header, Spool
    from seakeep.prediction_log.frames import Label, Record

    kinds = {"no": ("no", "yes"), "number": (0, 1), "own": (False, True)}
    spool = Spool(watched.layout.spool, boot="mixed")
    expected = {}
    for seed, (name, classes) in enumerate(kinds.items(), start=7):
        release = watched.again(seed, classes=classes)
        header = Header.of(
            Model.load(release.folder), name=NAME, release=release.release.digest, version=release.version
        )
        spool.describe(header)
        expected[release.release.digest] = classes
        for row in range(200):
            at, truth = round(hour(0.2) * 1e6) + row, row % 2
            values = [[10.0], [60], ["AA"], [False], [at]]
            decided = truth if row % 10 else 1 - truth
            scores = [0.8, 0.2] if decided == 0 else [0.2, 0.8]
            record = Record(at, f"{name}{row}", header.release, "champion", 1, 1.0, 1)
            record.columns, record.scores, record.decisions = values, scores, [decided]
            spool.append(record)
            spool.append(Label(at + 1, "id", f"{name}{row}.0", classes[truth]))
    assert spool.close()
    watched.log(raw(50), 0)
    monitor = watched.monitor()
    monitor.log.convert()
    window = Window(round(hour(0) * 1e6), round(hour(1) * 1e6))
    frames = reading.rows(monitor.log, window, by="asked")
    assert {digest: tuple(sorted(frame["@label"].drop_nulls().unique())) for digest, frame in frames.items()} == {
        **expected,
        watched.digest: (),
    }
    results = {result.release: result for result in monitor.tick(hour(1.1))}
    for digest in expected:
        (table,) = (table for table in results[digest].report.tables if table.name == "metrics")
        values = {record["metric"]: record["value"] for record in table.records()}
        assert values["accuracy"] == pytest.approx(0.9)
