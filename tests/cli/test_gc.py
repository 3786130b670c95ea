"""seakeep gc: old predictions go where that is asked, and it tells what went."""

from __future__ import annotations

import os
import time

import pytest

from seakeep.prediction_log import Header, PredictionLog, Record, Spool
from seakeep.prediction_log.outbox import box, waiting
from seakeep.registry import Registry

HEADER = Header("late", "a" * 64, 1, "binary", (("distance", "number"),), (False, True))
DAY = 86_400


@pytest.fixture
def home(tmp_path):
    """A registry whose log has one row of 100 days ago and one of now."""
    home = tmp_path / ".seakeep"
    Registry(home).close()
    log = PredictionLog.of(home, "late")
    spool = Spool(log.layout.spool, boot="boot")
    spool.describe(HEADER)
    for number, age in enumerate((100 * DAY, 0)):
        at = int((time.time() - age) * 1e6)
        spool.append(Record(at, f"q{number}", HEADER.release, "champion", 1, 0.1, 1, columns=[[1.0]]))
    assert spool.close()
    return home


@pytest.fixture
def run(shell, home):
    return lambda *options: shell("gc", "--home", home, *options)


def left(home):
    return PredictionLog.of(home, "late").scan().collect()["@id"].to_list()


def test_predictions_stay_where_nothing_else_is_asked(run, home):
    assert run().code == 0
    assert sorted(left(home)) == ["q0.0", "q1.0"]


def test_old_hours_go_and_are_told(run, home):
    found = run("--predictions-older-than", "90d")
    assert found.code == 0, found.out
    assert "late: removed 1 hours of predictions from 20" in found.out
    assert left(home) == ["q1.0"]
    assert "late: no predictions are that old" in run("--predictions-older-than", "90d").out


def test_files_that_no_sink_took_are_told_where_they_go(run, home):
    log = PredictionLog.of(home, "late")
    box(log.layout, "/backup").mkdir(parents=True)
    log.convert()
    for parcel in waiting(log.layout, "/backup"):
        os.utime(parcel.path, (0, 0))
    assert "0 damaged spools, 2 files that a sink had not taken" in run("--predictions-older-than", "90d").out


def test_what_went_is_told_as_json(run):
    told = run("--predictions-older-than", "90d", "--json").json["predictions"]
    assert [(one["name"], one["hours"], one["files"], one["labels"]) for one in told] == [("late", 1, 1, 0)]


@pytest.mark.parametrize("length", ["90", "0d", "a week", "9999999999w"])
def test_a_length_that_is_none_is_told(run, home, length):
    found = run("--predictions-older-than", length)
    assert found.code == 3
    assert f"{length!r} is" in found.err
    assert len(left(home)) == 2
