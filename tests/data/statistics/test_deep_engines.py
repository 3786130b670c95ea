"""Weights, slices and label means on an engine: to the bit what one machine gives, bad rows counted from the table's first."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from seakeep.data import profile, read
from seakeep.data.engines import connected
from seakeep.data.engines import profile as profile_on
from seakeep.data.statistics import deep
from seakeep.data.statistics.asked import Asked
from seakeep.data.statistics.errors import BadWeights

ASKED = Asked("w", (("kind",),), "late")


def table(rows: int) -> pl.DataFrame:
    random = np.random.default_rng(2)
    return pl.DataFrame(
        {
            "w": random.gamma(1.0, size=rows),
            "kind": random.choice(["a", "b"], rows),
            "late": random.random(rows) < 0.3,
            "x": random.normal(size=rows),
        }
    )


@pytest.mark.parametrize("rows", [0, 1, 9_000])
def test_an_engine_gives_what_one_machine_gives(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(deep, "LONGEST", 2_000)
    monkeypatch.setattr(deep, "SHORTEST", 2_000)
    dataset = read(table(rows))
    with connected("local") as engine:
        found = profile_on(engine, dataset, ASKED)
    assert found == profile(dataset, weight="w", slices=["kind"], label="late")


def test_a_bad_weight_is_named_by_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep, "LONGEST", 100)
    monkeypatch.setattr(deep, "SHORTEST", 100)
    frame = table(1_000).with_columns(w=pl.when(pl.int_range(1_000) == 777).then(-1.0).otherwise("w"))
    with connected("local") as engine, pytest.raises(BadWeights, match="first in row 777"):
        profile_on(engine, read(frame), ASKED)
