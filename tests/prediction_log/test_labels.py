"""Labels: ids before keys, the latest arrival wins, and the order in which they come leaves no trace."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import astuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import seakeep
from seakeep.core import files
from seakeep.core.errors import UsageError
from seakeep.core.files import CannotWrite
from seakeep.prediction_log import BadLabels, Header, Label, LabelSummary, PredictionLog, Spool, merging
from seakeep.prediction_log.outbox import box, waiting

from .examples import HOUR, NOON, TWO, asked, written

NOON_TIME = dt.datetime(2013, 11, 4, 12, tzinfo=dt.UTC)
LATER = NOON_TIME + dt.timedelta(hours=1)


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    found = PredictionLog.of(tmp_path, "late")
    written(found, [asked(1, key="a"), asked(2, key="b"), asked(3, key="a", time=NOON + 2 * HOUR)])
    return found


def add(log: PredictionLog, labels: dict, *, arrived=LATER, **given) -> LabelSummary:
    names = given or {"id": "who"}
    return log.add_labels(
        pl.DataFrame({"who": list(labels), "late": list(labels.values())}), label="late", arrived=arrived, **names
    )


def labels(log: PredictionLog) -> dict:
    table = log.scan().collect()
    return dict(zip(table["@id"], table["@label"], strict=True))


def test_labels_are_joined_by_id(log):
    assert add(log, {"q1.0": True, "q2.0": False}) == LabelSummary(added=2)
    assert labels(log) == {"q1.0": True, "q2.0": False, "q3.0": None}
    assert log.scan().collect()["@labelled"].to_list() == [LATER, LATER, None]


def test_a_keys_label_goes_to_what_was_asked_before_it_arrived(log):
    assert add(log, {"a": True}, key="who") == LabelSummary(added=1)
    assert labels(log) == {"q1.0": True, "q2.0": None, "q3.0": None}
    add(log, {"a": False}, key="who", arrived=LATER + dt.timedelta(hours=2))
    assert labels(log) == {"q1.0": False, "q2.0": None, "q3.0": False}


def test_an_id_goes_before_a_key(log):
    add(log, {"q1.0": False})
    add(log, {"a": True}, key="who", arrived=LATER + dt.timedelta(days=1))
    assert labels(log) == {"q1.0": False, "q2.0": None, "q3.0": True}


def test_a_label_by_id_may_come_from_a_clock_that_is_behind_but_not_by_days(log):
    add(log, {"q1.0": True}, arrived=NOON_TIME - dt.timedelta(hours=23))
    add(log, {"q2.0": True}, arrived=NOON_TIME - dt.timedelta(hours=25))
    assert labels(log) == {"q1.0": True, "q2.0": None, "q3.0": None}
    assert log.scan(since="2013-11-04T12:00").collect()["@label"].to_list() == [True, None, None]


def test_equal_labels_are_duplicates_and_keep_the_time_of_the_first(log):
    add(log, {"q1.0": True})
    assert add(log, {"q1.0": True}, arrived=LATER + dt.timedelta(hours=5)) == LabelSummary(duplicate=1)
    assert log.scan().collect()["@labelled"][0] == LATER


def test_a_later_label_corrects_an_earlier_one(log):
    add(log, {"q1.0": True})
    assert add(log, {"q1.0": False}, arrived=LATER + dt.timedelta(hours=5)) == LabelSummary(corrected=1)
    assert labels(log)["q1.0"] is False
    assert log.scan().collect()["@labelled"][0] == LATER + dt.timedelta(hours=5)


def test_a_label_that_arrived_before_the_one_that_counts_is_outdated(log):
    add(log, {"q1.0": True})
    assert add(log, {"q1.0": False}, arrived=LATER - dt.timedelta(minutes=5)) == LabelSummary(outdated=1)
    assert labels(log)["q1.0"] is True


def test_labels_of_unknown_ids_are_kept_and_joined_when_the_prediction_comes(log):
    assert add(log, {"q9.0": True}) == LabelSummary(unknown=1)
    written(log, [asked(9)])
    assert labels(log)["q9.0"] is True
    assert add(log, {"q9.0": True}) == LabelSummary(duplicate=1)


def test_rows_without_an_id_or_label_are_counted_and_left_out(log):
    table = pl.DataFrame({"who": ["q1.0", None, "q2.0"], "late": [None, True, False]})
    assert log.add_labels(table, label="late", id="who") == LabelSummary(added=1, empty=2)


def test_a_table_without_any_label_writes_no_file(log):
    empty = pl.DataFrame({"who": [None], "late": [True]}, schema={"who": pl.String, "late": pl.Boolean})
    assert log.add_labels(empty, label="late", id="who") == LabelSummary(empty=1)
    assert log.add_labels(empty.clear(), label="late", id="who") == LabelSummary()
    assert not log.layout.labels.exists()


def test_two_labels_for_one_id_in_one_table_are_one_label(log):
    table = pl.DataFrame({"who": ["q1.0", "q1.0", "q2.0", "q2.0"], "late": [True, True, False, True]})
    found = log.add_labels(table, label="late", id="who", arrived=LATER)
    assert (found.added, found.duplicate, found.rows) == (2, 2, 4)
    assert labels(log)["q2.0"] is True


def test_labels_by_rest_count_before_and_after_conversion(log):
    written(log, [Label(NOON + 5, "id", "q1.0", True), Label(NOON + 5, "key", "b", False)])
    assert labels(log) == {"q1.0": True, "q2.0": False, "q3.0": None}
    log.convert()
    assert labels(log) == {"q1.0": True, "q2.0": False, "q3.0": None}
    assert add(log, {"q1.0": True}) == LabelSummary(duplicate=1)


@pytest.mark.parametrize("values", [[True, False], [1, 0], [1.0, 0.0], ["True", "FALSE"], ["1", "0"]])
def test_booleans_may_be_written_in_any_common_way(log, values):
    add(log, dict(zip(("q1.0", "q2.0"), values, strict=True)))
    assert labels(log) == {"q1.0": True, "q2.0": False, "q3.0": None}
    assert add(log, {"q1.0": True, "q2.0": False}) == LabelSummary(duplicate=2)


def test_a_label_that_matches_no_class_is_strange_kept_and_hides_no_other(log):
    assert add(log, {"q1.0": "true"}) == LabelSummary(added=1)
    found = add(log, {"q1.0": "yes", "q2.0": "3.7", "q9.0": "no"}, arrived=LATER + dt.timedelta(hours=1))
    assert found == LabelSummary(strange=3)
    assert (found.rows, found.classes) == (3, ("false", "true"))
    assert labels(log) == {"q1.0": True, "q2.0": None, "q3.0": None}
    kept = pl.concat(pl.read_parquet(path) for path in log.layout.labels.glob("*.parquet"))
    assert sorted(kept["@label"]) == ["3.7", "no", "true", "yes"]
    assert add(log, {"q2.0": True}, arrived=LATER + dt.timedelta(hours=2)) == LabelSummary(added=1)


def classed(log: PredictionLog, number: int, *classes, release: str, version: int = 1) -> None:
    """One prediction `q<number>` of a release with these classes: the last of them."""
    spool = Spool(log.layout.spool, boot=f"boot{number}")
    task = "binary" if len(classes) == 2 else "multiclass"
    spool.describe(Header("late", release, version, task, (("distance", "number"),), classes))
    scores = [0.0] * (len(classes) - 1) + [1.0]
    spool.append(asked(number, release=release, columns=[[1.0]], scores=scores, decisions=[len(classes) - 1]))
    assert spool.close()


def test_whole_numbers_alone_are_labels_of_whole_number_classes(tmp_path):
    log = PredictionLog.of(tmp_path, "late")
    for number in (1, 2, 3):
        classed(log, number, 2, 3, 4, release="c" * 64)
    assert add(log, {"q1.0": "3.0", "q2.0": "3.7", "q3.0": "9"}) == LabelSummary(added=1, strange=2)
    assert labels(log) == {"q1.0": 3, "q2.0": None, "q3.0": 9}


@pytest.mark.parametrize("classes", [("True", "False"), ("FALSE", "TRUE"), ("0", "1"), (0, 1), (0.0, 1.0)])
def test_boolean_labels_match_classes_that_are_written_otherwise(tmp_path, classes):
    log = PredictionLog.of(tmp_path, "late")
    classed(log, 1, *classes, release="c" * 64)
    assert add(log, {"q1.0": True}) == LabelSummary(added=1)
    assert labels(log)["q1.0"] == next(each for each in classes if str(each).lower() in ("true", "1", "1.0"))
    assert add(log, {"q1.0": True}) == LabelSummary(duplicate=1)


def test_boolean_labels_that_could_be_two_classes_are_strange(tmp_path):
    log = PredictionLog.of(tmp_path, "late")
    classed(log, 1, "True", "TRUE", "no", release="c" * 64)
    assert add(log, {"q1.0": True}) == LabelSummary(strange=1)
    assert add(log, {"q1.0": "True"}) == LabelSummary(added=1)


def test_a_label_is_known_if_any_release_knows_it_and_has_each_releases_type(tmp_path):
    log = PredictionLog.of(tmp_path, "late")
    classed(log, 1, False, True, release="c" * 64)
    classed(log, 2, "no", "yes", release="d" * 64, version=2)
    classed(log, 3, 0, 1, release="e" * 64, version=3)
    found = add(log, {"q1.0": "true", "q2.0": "yes", "q3.0": "true"})
    assert found == LabelSummary(added=3)
    assert found.classes == ("0", "1", "no", "yes", "false", "true")
    own = [table.collect() for table in log.scan_by_release()]
    assert [table["@label"].to_list() for table in own] == [[True], ["yes"], [1]]
    assert [table["@prediction"].to_list() for table in own] == [[True], ["yes"], [1]]


def test_keys_that_are_whole_numbers_written_as_floats_are_the_same_keys(log):
    written(log, [asked(4, key="17")])
    table = pl.DataFrame({"flight": [17.0, None, float("nan")], "late": [True, True, True]})
    assert log.add_labels(table, label="late", key="flight", arrived=LATER) == LabelSummary(added=1, empty=2)
    assert labels(log)["q4.0"] is True


def test_labels_of_a_regression_are_numbers(tmp_path):
    log = PredictionLog.of(tmp_path, "late")
    written(log, [asked(1, release=TWO), asked(2, release=TWO), asked(3, release=TWO)])
    add(log, {"q1.0": 12.5, "q2.0": 3.0})
    add(log, {"q3.0": "7"})
    assert labels(log) == {"q1.0": 12.5, "q2.0": 3.0, "q3.0": 7.0}
    assert add(log, {"q3.0": "far", "q2.0": "inf"}, arrived=LATER + dt.timedelta(hours=1)) == LabelSummary(strange=2)
    assert labels(log)["q3.0"] == 7.0


def test_labels_may_come_before_any_prediction(tmp_path):
    log = PredictionLog.of(tmp_path, "late")
    assert add(log, {"q1.0": "1"}) == LabelSummary(unknown=1)
    written(log, [asked(1)])
    assert labels(log) == {"q1.0": True}


def test_labels_are_taken_from_a_path_or_a_dataset(log, tmp_path):
    (tmp_path / "labels.csv").write_text("id,late\nq1.0,true\nq2.0,NA\n")
    assert log.add_labels(tmp_path / "labels.csv", label="late", id="id") == LabelSummary(added=1, empty=1)
    dataset = seakeep.read(tmp_path / "labels.csv", label="late")
    assert log.add_labels(dataset, label="late", id="id") == LabelSummary(duplicate=1, empty=1)


def test_neither_or_both_of_id_and_key_are_refused(log):
    for names in ({}, {"id": "who", "key": "who"}):
        with pytest.raises(UsageError, match="expected one of the two"):
            log.add_labels(pl.DataFrame({"who": ["a"], "late": [True]}), label="late", **names)


def test_a_column_that_is_not_there_is_named_with_the_nearest(log):
    with pytest.raises(UsageError, match="Did you mean 'late'"):
        log.add_labels(pl.DataFrame({"who": ["a"], "late": [True]}), label="lat", id="who")
    with pytest.raises(UsageError, match="there is no column 'whom'"):
        log.add_labels(pl.DataFrame({"who": ["a"], "late": [True]}), label="late", key="whom")


@pytest.mark.parametrize("values", [[[1]], [dt.date(2013, 1, 1)], [b"x"], [{"a": 1}]])
def test_a_column_that_is_no_single_value_is_refused(log, values):
    with pytest.raises(BadLabels, match="expected texts, whole numbers, numbers or booleans"):
        log.add_labels(pl.DataFrame({"who": ["a"], "late": values}), label="late", id="who")


def test_a_full_disk_keeps_no_label(log, monkeypatch):
    import errno

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(CannotWrite, match="no space"):
        add(log, {"q1.0": True})
    monkeypatch.undo()
    assert labels(log)["q1.0"] is None
    assert not list(log.layout.labels.iterdir())


def test_labels_are_given_to_sinks_before_they_count(log, monkeypatch):
    """A kill in between must leave none in the log that no sink gets."""
    box(log.layout, "/sink").mkdir(parents=True)

    replace = files.os.replace

    def killed(source: object, target: object) -> None:
        if "labels" in str(target).split("/"):
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            add(log, {"q1.0": True})
    (parcel,) = waiting(log.layout, "/sink")
    assert pl.read_parquet(parcel.path)["@id"].to_list() == ["q1.0"]
    assert labels(log)["q1.0"] is None
    assert parcel.place.startswith("labels/")


def test_many_files_of_labels_are_merged_without_a_trace(log, monkeypatch):
    monkeypatch.setattr(merging, "_MOST_FILES", 4)
    for number in range(7):
        add(log, {"q1.0": number % 2 == 0, f"z{number}.0": True}, arrived=LATER + dt.timedelta(minutes=number))
    before = log.scan().collect()
    assert log.convert().rows == 3
    assert len(list(log.layout.labels.iterdir())) == 1
    assert_frame_equal(log.scan().collect(), before)
    assert add(log, {"z3.0": True}) == LabelSummary(duplicate=1)


ROWS = st.lists(
    st.tuples(st.sampled_from(["id", "key"]), st.integers(0, 3), st.booleans(), st.integers(-30, 30)),
    min_size=1,
    max_size=7,
)


@settings(max_examples=15 if settings().max_examples < 500 else 300)
@given(ROWS, st.randoms())
def test_the_order_in_which_labels_come_leaves_no_trace(rows, draw):
    """Against the rules written out by hand, and against another order of arrival in other files."""
    shuffled = list(rows)
    draw.shuffle(shuffled)
    found = []
    for order in (rows, shuffled):
        with tempfile.TemporaryDirectory() as folder:
            log = PredictionLog.of(folder, "late")
            written(log, [asked(n, key=str(n % 2), time=NOON + n * HOUR) for n in range(4)])
            for by, number, late, hours in order:
                name = f"q{number}.0" if by == "id" else str(number % 2)
                add(log, {name: late}, arrived=NOON_TIME + dt.timedelta(hours=hours), **{by: "who"})
            found.append(log.scan().sort("@id").collect())
    assert_frame_equal(*found)
    for n, label in enumerate(found[0]["@label"]):
        assert label == expected(n, rows)


def expected(n: int, rows: list) -> bool | None:
    """Rule by rule, for prediction n, made n hours after noon."""
    by_id = [(hours, late) for by, number, late, hours in rows if by == "id" and number == n]
    by_key = [(hours, late) for by, number, late, hours in rows if by == "key" and number % 2 == n % 2]
    if by_id and max(by_id)[0] >= n - 24:
        return max(by_id)[1]
    return max(by_key)[1] if by_key and max(by_key)[0] >= n else None


def test_a_summary_counts_every_row_once():
    assert LabelSummary(1, 2, 3, 4, 5, 6, 7).rows == sum(astuple(LabelSummary(1, 2, 3, 4, 5, 6, 7))[:-1]) == 28
