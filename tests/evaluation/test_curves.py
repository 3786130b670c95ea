"""Curves, reliability, confusion and residuals: equal to scikit-learn's, few enough for a picture."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Task
from seakeep.evaluation.curves import BINS, MOST_CLASSES, POINTS, calibration, confusion, curves
from seakeep.evaluation.residuals import residuals
from seakeep.evaluation.sample import Sample


def scored(positive, labels) -> Sample:
    positive, labels = np.asarray(positive, float), np.asarray(labels)
    return Sample(Task.BINARY, labels, np.column_stack([1 - positive, positive]), (positive > 0.5).astype(np.int64))


def drawn(rows: int, *, digits: int = 9) -> Sample:
    random = np.random.default_rng(rows)
    positive = np.round(random.random(rows), digits)
    return scored(positive, (random.random(rows) < positive).astype(np.int64))


def tables(sample) -> dict:
    return {table.name: table for table in curves(sample, (False, True))}


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 1)), min_size=2, max_size=150))
def test_a_short_roc_curve_is_scikit_learns_whole(pairs):
    sample = scored([score / 10 for score, _ in pairs], [label for _, label in pairs])
    if len(set(sample.labels.tolist())) < 2:
        assert "roc" not in tables(sample)
        return
    alarms, hits, _ = sk.roc_curve(sample.labels, sample.positive, drop_intermediate=False)
    found = tables(sample)["roc"].rows
    assert [row[0] for row in found] == pytest.approx(alarms.tolist())
    assert [row[1] for row in found] == pytest.approx(hits.tolist())


@pytest.mark.parametrize("rows", [150, 5000, 50_000])
def test_long_curves_are_cut_to_a_pictures_points_and_keep_their_ends_and_area(rows):
    sample = drawn(rows)
    found = tables(sample)
    assert len(found["roc"].rows) <= POINTS
    assert len(found["precision_recall"].rows) <= POINTS
    assert found["roc"].rows[0][:2] == (0.0, 0.0)
    assert found["roc"].rows[-1][:2] == (1.0, 1.0)
    assert found["precision_recall"].rows[-1][0] == 1.0
    x, y = np.array([row[:2] for row in found["roc"].rows]).T
    assert np.trapezoid(y, x) == pytest.approx(sk.roc_auc_score(sample.labels, sample.positive), abs=2e-3)


def test_points_of_the_precision_recall_curve_are_scikit_learns():
    sample = drawn(120, digits=1)
    precision, recall, thresholds = sk.precision_recall_curve(sample.labels, sample.positive)
    theirs = {round(t, 6): (r, p) for t, r, p in zip(thresholds, recall, precision, strict=False)}
    for recall_here, precision_here, threshold in tables(sample)["precision_recall"].rows:
        assert (recall_here, precision_here) == pytest.approx(theirs[round(threshold, 6)])


def test_reliability_bins_hold_all_rows_and_their_intervals_the_diagonal_of_a_calibrated_model():
    table = calibration(drawn(20_000))
    assert sum(row["rows"] for row in table.records()) == 20_000
    assert len(table.rows) == BINS
    assert np.mean([row["low"] <= row["stated"] <= row["high"] for row in table.records()]) > 0.8


@pytest.mark.parametrize("positive", [[0.5] * 10, [0.0] * 5 + [1.0] * 5, [0.3]])
def test_few_different_scores_make_few_bins_and_none_is_empty(positive):
    table = calibration(scored(positive, [0] * len(positive)))
    assert [row["rows"] for row in table.records()] == [positive.count(value) for value in sorted(set(positive))]


def test_the_confusion_is_scikit_learns():
    random = np.random.default_rng(0)
    labels, decided = random.integers(0, 4, 300), random.integers(0, 4, 300)
    sample = Sample(Task.MULTICLASS, labels, np.eye(4)[decided], decided)
    found = np.array([row["rows"] for row in confusion(sample, ("a", "b", "c", "d")).records()]).reshape(4, 4)
    assert (found == sk.confusion_matrix(labels, decided)).all()


def test_of_very_many_classes_the_frequent_ones_are_shown_and_the_rest_told():
    labels = np.repeat(np.arange(100), np.arange(1, 101))
    sample = Sample(Task.MULTICLASS, labels, np.eye(100)[labels], labels)
    table = confusion(sample, tuple(range(100)))
    assert {row["label"] for row in table.records()} == set(range(70, 100))
    assert len(table.rows) == MOST_CLASSES**2
    assert table.note == "70 rarer classes are left out."


def test_no_rows_and_no_numbers_make_no_tables():
    assert curves(drawn(0), (False, True)) == ()
    assert curves(scored([np.nan, 0.5], [0, 1]), (False, True)) == ()
    empty = Sample(Task.REGRESSION, np.empty(0), np.empty((0, 1)))
    assert residuals(empty) == ()
    assert residuals(Sample(Task.REGRESSION, np.zeros(2), np.array([[np.inf], [0.0]]))) == ()


def test_residual_quantiles_are_those_of_predicted_less_actual():
    random = np.random.default_rng(1)
    labels = random.normal(size=1000)
    sample = Sample(Task.REGRESSION, labels, (labels + random.normal(1, 1, 1000))[:, None])
    quantiles, bins = residuals(sample)
    assert dict(quantiles.rows)[0.5] == pytest.approx(np.median(sample.errors))
    assert dict(quantiles.rows)[1.0] == sample.errors.max()
    assert sum(row["rows"] for row in bins.records()) == 1000
    assert all(row["low"] <= row["actual"] <= row["high"] for row in bins.records())


def test_one_predicted_value_is_one_bin():
    sample = Sample(Task.REGRESSION, np.arange(5.0), np.full((5, 1), 2.0))
    assert residuals(sample)[1].rows[0][:2] == (2.0, 2.0)
    (row,) = residuals(sample.take(np.array([0])))[1].records()
    assert (row["low"], row["high"]) == (None, None)
