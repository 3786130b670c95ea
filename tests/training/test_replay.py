"""The rows parity is judged on: that splits are reached, that odd values are there, that two runs choose the same."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from seakeep import data, features
from seakeep.core.kinds import Kind, Task
from seakeep.core.model import Input
from seakeep.testing.exporters import fit_and_export, hard_table
from seakeep.training import estimators
from seakeep.training.replay import beside_splits, raw_rows, sampled


@pytest.fixture(scope="module")
def forest():
    from sklearn.ensemble import RandomForestClassifier

    table = hard_table(800, missing=True)
    return fit_and_export(estimators.prepare(RandomForestClassifier(5), seed=0), Task.BINARY, table)[0].scores, table


def reached(ensemble, row):
    """The splits that a row passes."""
    found = set()
    for root in ensemble.root:
        node = int(root)
        while ensemble.feature[node] >= 0:
            found.add(node)
            value = row[ensemble.feature[node]]
            left = (value <= ensemble.threshold[node]) or (np.isnan(value) and ensemble.missing_left[node])
            node = int(ensemble.left[node] if left else ensemble.right[node])
    return found


def test_rows_at_a_split_reach_it(forest):
    ensemble, table = forest
    beside = beside_splits(ensemble, table, rows=400)
    splits = np.flatnonzero(~ensemble.is_leaf)
    tried = splits[np.linspace(0, len(splits) - 1, beside.tried).astype(np.int64)]
    arrived = [split in reached(ensemble, beside.vectors[place]) for place, split in enumerate(tried.tolist())]
    assert beside.tried == 100
    assert np.mean(arrived) > 0.9


def test_each_split_is_tried_at_and_beside_its_threshold_and_missing(forest):
    ensemble, table = forest
    beside = beside_splits(ensemble, table, rows=10**9)
    assert beside.tried == beside.splits == int((~ensemble.is_leaf).sum())
    at, after, before, missing = np.split(beside.vectors, 4)
    splits = np.flatnonzero(~ensemble.is_leaf)
    rows, column, threshold = np.arange(len(splits)), ensemble.feature[splits], ensemble.threshold[splits]
    assert np.array_equal(at[rows, column], threshold)
    finite = np.isfinite(threshold)
    assert (after[rows, column] > threshold)[finite].all()
    assert (before[rows, column] < threshold).all()
    assert np.isnan(missing[rows, column]).all()


def test_two_runs_try_the_same_rows(forest):
    ensemble, table = forest
    first, second = (beside_splits(ensemble, table, rows=300).vectors for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_sampled_rows_are_spread_evenly_whatever_the_chunks():
    frame = pl.DataFrame({"x": np.arange(1000.0), "other": ["a"] * 1000})
    column = Input("x", Kind.NUMBER)
    whole = sampled([frame], 1000, [column], rows=11)
    cut = sampled([frame[:1], frame[1:640], frame[640:]], 1000, [column], rows=11)
    assert whole.equals(cut)
    assert whole.columns == ["x"]
    assert (whole.height, whole["x"][0], whole["x"][-1]) == (11, 0.0, 999.0)


def test_a_table_smaller_than_the_sample_is_taken_whole():
    assert sampled([pl.DataFrame({"x": [1, 2]})], 2, [Input("x", Kind.INTEGER)], rows=50).height == 2


@pytest.fixture(scope="module")
def rows(frame):
    declared = features.Features(
        features.number("fare"),
        features.number("ident"),
        features.category("carrier").one_hot(),
        features.timestamp("at").hour(),
        features.boolean("paid"),
    )
    dataset = data.read(frame, label="late")
    fitted = features.fit(declared, data.profile(dataset), dataset)
    real = sampled([frame], frame.height, fitted.inputs, rows=20)
    return raw_rows(real, fitted, {0: np.array([10.5, np.inf], np.float32), 1: np.array([1e8], np.float32)})


def test_raw_rows_hold_every_odd_value_of_every_column_and_say_so(rows):
    assert len(rows.why) == rows.frame.height
    for told in (
        "real",
        "fare is null",
        "fare is inf",
        "fare is nan",
        "ident is 9223372036854775807",
        "carrier is ''",
        "carrier is 'never seen before ⚓'",
        "at is null",
        "at is 9999-12-31T23:59:59+00:00",
        "paid is null",
        "every column is null",
    ):
        assert told in rows.why


def test_bare_columns_are_tried_at_and_beside_thresholds_as_doubles(rows):
    chosen = [place for place, why in enumerate(rows.why) if why == "fare is at or beside a threshold"]
    values = rows.frame["fare"].gather(chosen).to_list()
    assert 10.5 in values
    assert np.nextafter(10.5, 11) in values
    assert float(np.nextafter(np.float32(10.5), np.float32(0))) in values
    assert all(np.isfinite(values))


def test_bare_integer_columns_are_tried_with_integers(rows):
    chosen = [place for place, why in enumerate(rows.why) if why == "ident is at or beside a threshold"]
    assert {10**8 - 8, 10**8 - 1, 10**8, 10**8 + 8} >= set(rows.frame["ident"].gather(chosen).to_list()) >= {10**8}
