"""The conformance suite of exporters finds exporters that are wrong."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from lightgbm import LGBMClassifier

from seakeep.core.kinds import Task
from seakeep.testing.exporters import check_exporter, hard_labels, hard_table
from seakeep.training.exporters import lightgbm as exporter

CASES = [(LGBMClassifier(n_estimators=5, n_jobs=1), Task.BINARY)]


def wrong(monkeypatch, change):
    true = exporter.export
    monkeypatch.setattr(exporter, "export", lambda fitted, *, task: change(true(fitted, task=task)))


def other_scores(**changed):
    return lambda exported: dataclasses.replace(exported, scores=dataclasses.replace(exported.scores, **changed))


def test_the_suite_passes_a_right_exporter():
    check_exporter("lightgbm", CASES)


def test_wrong_values_are_found(monkeypatch):
    wrong(monkeypatch, lambda exported: other_scores(value=exported.scores.value * 1.01)(exported))
    with pytest.raises(
        AssertionError, match=r"LGBMClassifier\(n_estimators=5\): the graph differs from the library by"
    ):
        check_exporter("lightgbm", CASES)


def test_thresholds_beside_the_right_ones_are_found(monkeypatch):
    beside = lambda exported: np.nextafter(exported.scores.threshold, np.float32(np.inf))  # noqa: E731
    wrong(monkeypatch, lambda exported: other_scores(threshold=beside(exported))(exported))
    with pytest.raises(AssertionError, match="at or beside a split"):
        check_exporter("lightgbm", CASES)


def test_a_wrong_rule_of_decision_is_found(monkeypatch):
    def change(exported):
        return dataclasses.replace(exported, answers=dataclasses.replace(exported.answers, cut=0.2))

    wrong(monkeypatch, change)
    with pytest.raises(AssertionError, match="decisions differ from the library's"):
        check_exporter("lightgbm", CASES)


def test_wrong_labels_are_found(monkeypatch):
    wrong(monkeypatch, lambda exported: dataclasses.replace(exported, labels=(1, 0)))
    with pytest.raises(AssertionError, match=r"labels are \(1, 0\)"):
        check_exporter("lightgbm", CASES)


def test_the_hard_table_holds_what_it_promises():
    table = hard_table(1000, missing=True)
    assert table.dtype == np.float32
    assert np.isnan(table).mean() == pytest.approx(0.05, abs=0.01)
    assert not np.isnan(hard_table(1000, missing=False)).any()
    assert set(hard_labels(table, Task.MULTICLASS)) == {0, 1, 2}
    assert (hard_labels(table, Task.REGRESSION, positive=True) > 0).all()
