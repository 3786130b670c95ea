"""The overview of a log is the same whether it is read at once or in stretches."""

from __future__ import annotations

import polars as pl
import pytest

from seakeep.prediction_log import PredictionLog, overview

from .examples import HOUR, NOON, TWO, asked, written


@pytest.fixture
def log(tmp_path):
    made = PredictionLog.of(tmp_path, "late")
    for hour in range(5):
        many = [asked(10 * hour + n, time=NOON + hour * HOUR + n) for n in range(7)]
        for number, record in enumerate(many):
            record.latency_ms = float(number * hour)
        written(made, [*many, asked(10 * hour + 8, time=NOON + hour * HOUR, release=TWO, sampled=0.5)], boot=f"b{hour}")
        if hour < 3:
            made.convert()
    made.add_labels(pl.DataFrame({"id": ["q1.0", "q30.0"], "late": [True, False]}), label="late", id="id")
    return made


@pytest.mark.parametrize("most", [1, 8, 17, 1000])
def test_groups_are_the_same_in_stretches_of_any_length(log, monkeypatch, most):
    monkeypatch.setattr(overview, "_MOST_ROWS", most)
    first, second = overview.overview(log.scan())
    assert (first.rows, first.asked, first.labelled, second.rows, second.asked) == (35, 35, 2, 5, 10)
    every = sorted(float(n * hour) for hour in range(5) for n in range(7))
    assert (first.median_ms, first.p95_ms, first.p99_ms) == (every[17], every[32], every[34])
    assert (first.last - first.first).total_seconds() == pytest.approx(4 * 3600, abs=1)


def test_an_empty_log_has_no_groups(tmp_path):
    assert overview.overview(PredictionLog.of(tmp_path, "late").scan()) == ()
