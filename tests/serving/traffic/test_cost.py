"""A run's cost is measured."""

from __future__ import annotations

import time

import pytest

from seakeep.serving.server.traffic.cost import Cost, measured


def test_the_fixed_part_and_that_of_a_row_are_told_apart(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def run(rows):
        now[0] += 0.001 + 0.0001 * rows

    assert measured(run, 1, 64) == pytest.approx(Cost(0.001, 0.0001))


def test_a_slow_model_is_run_once_of_each_size(monkeypatch):
    now, runs = [0.0], []
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def run(rows):
        runs.append(rows)
        now[0] += rows

    assert measured(run, 1, 64) == pytest.approx(Cost(0.0, 1.0))
    assert runs == [1, 64]


def test_a_run_of_more_rows_that_happened_to_be_quicker_costs_nothing_a_row(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def run(rows):
        now[0] += 0.002 / rows

    assert measured(run, 1, 2) == Cost(0.002, 0.0)
