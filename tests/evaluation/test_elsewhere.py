"""Answers of an engine's workers and the rows that the driver reads belong together, or it is said."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest

from seakeep.core.prediction import Predictions
from seakeep.data import read
from seakeep.data.engines import NotVisible, connect
from seakeep.data.errors import CannotRead
from seakeep.evaluation import elsewhere


@pytest.mark.parametrize("answers", [1, 3])
def test_a_table_that_changed_between_workers_and_driver_is_refused(monkeypatch, answers):
    with pytest.raises(CannotRead, match="changed while it was read"):
        rows_read(monkeypatch, answers)


def test_a_table_that_did_not_change_is_read_whole(monkeypatch):
    assert rows_read(monkeypatch, 2) == 70_000


def rows_read(monkeypatch, answers) -> int:
    file = io.BytesIO()
    np.savez(file)
    monkeypatch.setattr(elsewhere, "each", lambda *_, **__: (file.getvalue() for _ in range(answers)))
    dataset = read(pl.DataFrame({"a": range(70_000)}))
    found = elsewhere.batches_answered(connect("local"), (), dataset, label="a", columns=["a"])
    return sum(batch.height for batch in found)


def test_a_table_written_anew_with_as_many_rows_is_named(monkeypatch, tmp_path):
    """The counts agree, so only the file itself tells that the labels are of other rows than the answers."""
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": range(100)}).write_parquet(path)
    file = io.BytesIO()
    np.savez(file)

    def answers(*_, **__):
        yield file.getvalue()
        pl.DataFrame({"a": range(100, 0, -1)}).write_parquet(path)

    monkeypatch.setattr(elsewhere, "each", answers)
    found = elsewhere.batches_answered(connect("local"), (), read(path), label="a", columns=["a"])
    with pytest.raises(NotVisible, match="is another file than when the table was read") as caught:
        list(found)
    assert caught.value.found.startswith(str(path))


def test_a_file_that_is_gone_at_the_end_is_named(monkeypatch, tmp_path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": range(100)}).write_parquet(path)
    file = io.BytesIO()
    np.savez(file)

    def answers(*_, **__):
        yield file.getvalue()
        path.unlink()

    monkeypatch.setattr(elsewhere, "each", answers)
    with pytest.raises(NotVisible, match=r"t\.parquet is another file"):
        list(elsewhere.batches_answered(connect("local"), (), read(path), label="a", columns=["a"]))


def test_answers_for_more_rows_than_can_be_judged_are_refused():
    """One label went missing between the worker and the driver."""
    asked = elsewhere.Answered()
    asked.ready, asked.table = Predictions(np.zeros((3, 2), np.float32)), "trips"
    with pytest.raises(NotVisible, match="workers answered 3 rows that can be judged, and 2 were read beside them"):
        asked.predict(pl.DataFrame({"a": [1, 2]}))
