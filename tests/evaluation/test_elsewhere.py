"""Judging with answers that an engine's workers gave: the same report to the bit."""

from __future__ import annotations

import polars as pl
import pytest

from seakeep.core import Task
from seakeep.core.codec import to_json
from seakeep.core.prediction import Predictions
from seakeep.data import read
from seakeep.data.engines import BadEngine, connected
from seakeep.evaluation import at_least, evaluate, no_worse_than
from seakeep.serving import OnnxPredictor
from seakeep.testing.example_models import CLASSES, example_frame, example_model

ROWS = 70_000


@pytest.fixture(scope="module")
def engine():
    with connected("local[1]") as found:
        yield found


def dataset(task: Task, folder):
    """Rows of several batches, some without a label, some with one that no model knows."""
    classes = CLASSES[task] or (1.5, 20.0)
    places = pl.int_range(pl.len()) * 7919 % 101
    label = pl.Series("late", [classes[i * 7919 % 101 % len(classes)] for i in range(ROWS)])
    frame = example_frame(ROWS, seed=3).with_columns(label).with_columns(late=pl.when(places > 6).then(pl.col("late")))
    frame[:40_000].write_parquet(folder / "a.parquet")
    frame[40_000:].write_parquet(folder / "b.parquet")
    return read(folder, label="late")


@pytest.mark.parametrize("task", list(Task))
def test_the_report_is_the_same(task, engine, tmp_path):
    model, table = example_model(task), dataset(task, tmp_path)
    rival = example_model(task, name="rival")
    metric = "mae" if task is Task.REGRESSION else "log_loss"
    reports = [
        evaluate(
            OnnxPredictor(model),
            model,
            table,
            slices=["carrier"],
            require=[no_worse_than("champion", metric, margin=0.1)],
            champion_predictor=OnnxPredictor(rival),
            champion_model=rival,
            explain=False,
            engine=where,
        )
        for where in (None, engine)
    ]
    assert to_json(reports[0]) == to_json(reports[1])
    assert "rows have a label" in reports[0].checks[0].message


def test_a_table_without_rows_is_judged_alike(engine):
    model = example_model()
    table = read(example_frame(10).with_columns(late=pl.lit(True)), label="late", where=pl.col("seats") > 10**6)
    reports = [
        evaluate(OnnxPredictor(model), model, table, require=[at_least("roc_auc", 0.5)], engine=where)
        for where in (None, engine)
    ]
    assert to_json(reports[0]) == to_json(reports[1])


def test_a_predictor_that_workers_cannot_make_is_refused(engine):
    class Own:
        def predict(self, frame: pl.DataFrame) -> Predictions:
            raise NotImplementedError

    table = read(example_frame(10).with_columns(late=pl.lit(True)), label="late")
    with pytest.raises(BadEngine, match=r"Own cannot be sent to workers"):
        evaluate(Own(), example_model(), table, engine=engine)
