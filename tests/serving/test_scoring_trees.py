"""Batch scoring with a model's trees in native code: the same file to the bit, and refusals."""

from __future__ import annotations

import pytest

from seakeep import data
from seakeep.core.errors import UsageError
from seakeep.serving import score
from seakeep.serving.runtimes import compiled
from seakeep.serving.scoring import predictors
from seakeep.testing.example_models import example_frame, example_model


@pytest.fixture
def compilations(monkeypatch):
    """The models that were compiled."""
    done, compile_ = [], compiled.compiled_or_not
    monkeypatch.setattr(
        compiled, "compiled_or_not", lambda model, **how: (done.append(model), compile_(model, **how))[1]
    )
    return done


def test_compiled_trees_give_the_same_file_to_the_bit(tmp_path, compilations, monkeypatch):
    monkeypatch.setattr(predictors, "COMPILE_ROWS", 2000)
    dataset = data.read(example_frame(5000))
    written = {}
    for trees in ("onnxruntime", "auto", "compiled"):
        score(example_model(), dataset, tmp_path / trees / "out.parquet", trees=trees, chunk_rows=500)
        written[trees] = ((tmp_path / trees / "out.parquet").read_bytes(), len(compilations))
    assert [count for _, count in written.values()] == [0, 1, 2]
    assert len({content for content, _ in written.values()}) == 1


def test_a_small_table_is_not_compiled_for(tmp_path, compilations):
    score(example_model(), data.read(example_frame(1000)), tmp_path / "out.parquet")
    assert not compilations


def test_another_way_to_run_trees_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"'compild'.*\n.*\n.*compiled"):
        score(example_model(), data.read(example_frame(10)), tmp_path / "out.parquet", trees="compild")
    assert not list(tmp_path.iterdir())
