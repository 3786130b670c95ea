"""The intervals' promise: a 95 % interval holds the population's value in about 95 of 100 samples. By simulation."""

from __future__ import annotations

import numpy as np
import pytest

from seakeep.core import Task
from seakeep.evaluation.estimate import difference, measure, metrics_of
from seakeep.evaluation.sample import Sample

TRUTH_ROWS = 1_000_000


def drawn(task: Task, rows: int, seed: int) -> Sample:
    """Rows of one fixed population: an imbalanced, slightly miscalibrated classifier, or heavy-tailed errors."""
    random = np.random.default_rng(seed)
    if task is Task.REGRESSION:
        labels = random.normal(10, 2, rows)
        return Sample(task, labels, (labels + random.standard_t(6, rows))[:, None])
    classes = 2 if task is Task.BINARY else 5
    raw = random.normal(size=(rows, classes)) * 1.3 + np.array([0.8, 0.0, -0.5, 0.2, 0.0])[:classes]
    labels = (raw + random.gumbel(size=raw.shape)).argmax(axis=1)
    told = np.exp(raw * 1.5)
    scores = told / told.sum(axis=1, keepdims=True)
    return Sample(task, labels, scores, scores.argmax(axis=1))


def coverage(name: str, task: Task, rows: int, *, samples: int, truth: float) -> float:
    found = [measure(name, drawn(task, rows, seed)) for seed in range(1, samples + 1)]
    return float(np.mean([each.low <= truth <= each.high for each in found if each.low is not None]))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "task"), [(name, task) for task in Task for name in metrics_of(task)])
@pytest.mark.parametrize("rows", [150, 1000])
def test_the_interval_holds_the_true_value_as_often_as_it_says(name, task, rows):
    truth = measure(name, drawn(task, TRUTH_ROWS, 0)).value
    found = coverage(name, task, rows, samples=600, truth=truth)
    # The calibration error is biased upwards on few rows; its interval allows for the whole of that, and so holds more often.
    assert 0.915 <= found <= (1.0 if name == "calibration_error" else 0.985), found


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "f1", "macro_f1", "r2", "median_absolute_error"])
def test_the_intervals_made_here_hold_the_true_value_in_a_quick_look(name):
    task = next(task for task in Task if name in metrics_of(task))
    truth = measure(name, drawn(task, 300_000, 0)).value
    assert coverage(name, task, 400, samples=150, truth=truth) >= 0.89


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "log_loss", "f1", "accuracy"])
def test_the_paired_difference_holds_the_true_one_and_is_narrower_than_two_intervals(name):
    def rivals(rows: int, seed: int) -> tuple[Sample, Sample]:
        ours = drawn(Task.BINARY, rows, seed)
        noise = np.random.default_rng(seed + 10**6).normal(size=rows) * 0.4
        raw = np.log(ours.scores[:, 1] / ours.scores[:, 0]) + noise
        share = 1 / (1 + np.exp(-raw))
        scores = np.column_stack([1 - share, share])
        return ours, Sample(Task.BINARY, ours.labels, scores, scores.argmax(axis=1))

    truth = difference(name, *rivals(300_000, 0)).value
    held, widths = [], []
    for seed in range(1, 151):
        ours, theirs = rivals(400, seed)
        gap, alone = difference(name, ours, theirs), measure(name, ours)
        held.append(gap.low <= truth <= gap.high)
        widths.append((gap.high - gap.low) / (alone.high - alone.low))
    assert np.mean(held) >= 0.89
    assert np.median(widths) < 0.8
