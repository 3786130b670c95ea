"""The conformance suite of runtimes: what the server, batch scoring and evaluation rely on, whoever runs the graph.

A runtime whose last bits follow the batch's size would make a request's answer depend on its neighbours, since the server
runs together what arrives together; one that takes null for a value would answer what nobody asked. Each law is one
function; a broken one raises AssertionError with the law and what was found.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core import plugins
from seakeep.core.errors import ModelError, SchemaMismatch
from seakeep.core.kinds import Task
from seakeep.testing.example_models import CLASSES, FEATURES, example_frame, example_model, expected_scores
from seakeep.testing.laws import hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.core.model import Model
    from seakeep.core.prediction import Predictor

ROWS = 500
BATCHES = (1, 2, 3, 7, 64)
TOLERANCE = 1e-5


def check_runtime(name: str) -> None:
    """Hold the runtime called `name` to the laws; raises AssertionError naming the first that it breaks.

    The module must offer `predictor(model)`, which returns a core.prediction.Predictor; see `seakeep.serving.runtimes`.
    """
    make: Callable[[Model], Predictor] = plugins.load("serving.runtimes", name).predictor
    for task in Task:
        predictor = make(example_model(task))
        _check_forms(predictor, task)
        _check_values(predictor, task)
        _check_batches(predictor)
        _check_threads(predictor)
        _check_columns(predictor)
    _check_torn(make)


def _check_forms(predictor: Predictor, task: Task) -> None:
    width = max(1, len(CLASSES[task]))
    for rows in (0, 1, ROWS):
        frame = example_frame(rows)
        answers, features = predictor.predict(frame), predictor.features(frame)
        hold(answers.scores.shape == (rows, width), f"scores are (rows, {width})", answers.scores.shape)
        hold(answers.scores.dtype == np.float32, "scores are float32", answers.scores.dtype)
        hold(features.shape == (rows, len(FEATURES)), f"features are (rows, {len(FEATURES)})", features.shape)
        hold(features.dtype == np.float32, "features are float32", features.dtype)
        if task is Task.REGRESSION:
            hold(answers.decisions is None, "a regression decides nothing", answers.decisions)
        else:
            decided = answers.decisions is not None and answers.decisions.shape == (rows,)
            hold(decided, "a classifier decides every row", answers.decisions)


def _check_values(predictor: Predictor, task: Task) -> None:
    frame = example_frame(ROWS)
    answers = predictor.predict(frame)
    expected = expected_scores(predictor.features(frame), task)
    apart = np.abs(answers.scores - expected) / np.maximum(1, np.abs(expected))
    hold(float(apart.max()) <= TOLERANCE, "scores are what the features make them", float(apart.max()))
    missing = frame.select(pl.lit(None, dtype=dtype).alias(name) for name, dtype in frame.schema.items()).head(1)
    vector = predictor.features(missing)[0].tolist()
    hold(vector == [1.0, 1.0, np.float32(-0.001), -1.0, -1.0, np.float32(-1 / 24), 1.0], "null is missing", vector)


def _check_batches(predictor: Predictor) -> None:
    frame = example_frame(ROWS)
    whole = predictor.predict(frame)
    for size in BATCHES:
        parts = [predictor.predict(frame[begin : begin + size]) for begin in range(0, ROWS, size)]
        scores = np.concatenate([part.scores for part in parts])
        differing = int((scores.view(np.int32) != whole.scores.view(np.int32)).any(axis=1).sum())
        hold(
            not differing,
            f"answers are equal to the bit in batches of {size} and of {ROWS}",
            f"{differing} rows differ",
        )
        if whole.decisions is not None:
            decisions = np.concatenate([part.decisions for part in parts if part.decisions is not None])
            hold(bool((decisions == whole.decisions).all()), f"decisions are equal in batches of {size}", decisions)


def _check_threads(predictor: Predictor) -> None:
    frames = [example_frame(ROWS, seed=seed) for seed in range(8)]
    alone = [predictor.predict(frame).scores for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        together = [answers.scores for answers in pool.map(predictor.predict, frames)]
    same = all(np.array_equal(one, other, equal_nan=True) for one, other in zip(alone, together, strict=True))
    hold(same, "several threads may ask at once", "other answers")


def _check_columns(predictor: Predictor) -> None:
    frame = example_frame(ROWS)
    turned = frame.select(reversed(frame.columns)).with_columns(other=pl.lit("x"))
    same = np.array_equal(predictor.predict(frame).scores, predictor.predict(turned).scores, equal_nan=True)
    hold(same, "the columns' order and further columns change nothing", "other answers")
    for broken, law in (
        (frame.drop("carrier"), "a missing column is refused by name"),
        (frame.with_columns(carrier=pl.lit(1.5)), "a column of another kind is refused by name"),
    ):
        try:
            predictor.predict(broken)
        except SchemaMismatch as error:
            hold("carrier" in str(error), law, str(error))
        else:
            hold(False, law, "it answered")


def _check_torn(make: Callable[[Model], Predictor]) -> None:
    model = example_model()
    try:
        make(replace(model, graph=model.graph[: len(model.graph) // 2]))
    except ModelError:
        return
    hold(False, "a torn graph is refused with ModelError", "it was loaded")
