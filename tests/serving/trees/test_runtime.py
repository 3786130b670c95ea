"""The runtime with compiled trees, and a server that is told to use it."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
from tests.serving.asking import asking

from seakeep.core.errors import MissingExtra
from seakeep.core.kinds import Task
from seakeep.serving.runtimes import compiled
from seakeep.serving.runtimes.onnx import OnnxPredictor
from seakeep.serving.served import Served
from seakeep.serving.server.run import serve
from seakeep.serving.server.settings import BadSetting, Settings
from seakeep.testing.example_models import example_model
from seakeep.training.ensemble import Answers

from .forests import FEATURES, forest, model, rows

NAMES = "abcde"


@pytest.fixture(scope="module")
def trees():
    """A model of trees, and a table of hard rows for it."""
    rng = np.random.default_rng(3)
    ensemble = forest(rng, 50, 31)
    x = rows(rng, ensemble, 300)[:, :FEATURES]
    frame = pl.DataFrame({name: x[:, i].astype(np.float64) for i, name in enumerate(NAMES)})
    return model(ensemble, Answers(Task.BINARY, "sigmoid")), frame


def test_answers_do_not_depend_on_the_batch_or_who_runs_it(trees):
    made, frame = trees
    predictor = compiled.predictor(made, threads=2)
    assert isinstance(predictor.session, compiled.CompiledSession)
    expected = OnnxPredictor(made).predict(frame)
    for size in (1, 5, predictor.session.least_rows, 64, 300):
        parts = [predictor.predict(frame[begin : begin + size]) for begin in range(0, 300, size)]
        found = np.concatenate([part.scores for part in parts])
        assert np.array_equal(found.view(np.int32), expected.scores.view(np.int32))
        assert np.array_equal(np.concatenate([part.decisions for part in parts]), expected.decisions)
    assert np.array_equal(predictor.features(frame), OnnxPredictor(made).features(frame), equal_nan=True)
    assert predictor.predict(frame[:0]).scores.shape == (0, 2)


def test_several_threads_may_ask_at_once(trees):
    made, frame = trees
    predictor = compiled.predictor(made, threads=1)
    frames = [frame[i : i + 100 + i] for i in range(64)]
    alone = [predictor.predict(one).scores for one in frames]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: predictor.predict(one).scores, frames))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.fixture(scope="module")
def asked():
    with asking() as made:
        yield made


def metric(engine):
    return {cells[0] for cells in engine.metrics._totals()["seakeep_trees_compiled"].values()}


def test_a_server_with_compiled_trees_answers_as_one_without(trees, asked, tmp_path):
    made, frame = trees
    values = [{name: v if np.isfinite(v) else None for name, v in row.items()} for row in frame[:100].to_dicts()]
    answers = []
    for choice in ("onnxruntime", "auto", "compiled"):
        folder = tmp_path / choice
        folder.mkdir()
        engine = asked(Served.of(made), folder, trees=choice)
        assert metric(engine) == {float(choice != "onnxruntime")}
        answers.append(engine.sent({"rows": values})["predictions"])
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(("choice", "level"), [("auto", logging.INFO), ("compiled", logging.WARNING)])
def test_a_model_without_trees_is_left_to_onnx_runtime_and_the_log_says_why(asked, tmp_path, caplog, choice, level):
    caplog.set_level(logging.INFO, "seakeep.serving")
    engine = asked(Served.of(example_model()), tmp_path, trees=choice)
    assert [(record.levelno, record.message.partition(": ")[2]) for record in caplog.records] == [
        (level, "the trees cannot be compiled: the graph has no trees")
    ]
    assert metric(engine) == {0.0}


@pytest.fixture
def no_llvmlite(monkeypatch):
    from seakeep.serving.trees import kernel

    monkeypatch.setattr(kernel, "_engines", {})
    monkeypatch.setitem(__import__("sys").modules, "llvmlite", None)
    monkeypatch.setattr("seakeep.serving.server.run.find_spec", lambda _: None)


def test_auto_does_not_need_llvmlite(trees, asked, tmp_path, no_llvmlite, caplog):
    caplog.set_level(logging.INFO, "seakeep.serving")
    engine = asked(Served.of(trees[0]), tmp_path, trees="auto")
    assert metric(engine) == {0.0}
    assert "Compiling trees needs the package 'llvmlite', which is not installed" in caplog.text


def test_compiled_needs_llvmlite(trees, asked, tmp_path, no_llvmlite):
    with pytest.raises(MissingExtra, match=r"pip install 'seakeep\[compiled\]'"):
        asked(Served.of(trees[0]), tmp_path, trees="compiled")
    with pytest.raises(MissingExtra, match="Compiling trees needs the package 'llvmlite'"):
        serve([trees[0]], trees="compiled")


def test_another_choice_is_refused():
    with pytest.raises(BadSetting, match="trees is 'gcc', expected one of 'onnxruntime', 'auto', 'compiled'"):
        Settings(trees="gcc")
