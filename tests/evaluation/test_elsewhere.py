"""Answers of an engine's workers and the rows that the driver reads belong together, or it is said."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest

from seakeep.data import read
from seakeep.data.engines import connect
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
