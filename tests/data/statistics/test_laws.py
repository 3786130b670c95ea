"""Statistics keep their stated bounds under any merge tree and in adversarial orders; the figures are printed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.core.statistics import Statistics
from seakeep.data import profile_frame, total
from seakeep.data.statistics.columns import column_statistics

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "statistics_laws.py"


def laws() -> ModuleType:
    spec = importlib.util.spec_from_file_location("statistics_laws", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_shape_keeps_its_bounds_under_every_tree(capsys: pytest.CaptureFixture[str]) -> None:
    module = laws()
    found = module.run(5, 5_000, 60, seed=3)
    with capsys.disabled():
        print(module.table(found))
    assert sum(one.examples for one in found.values()) == 55
    realistic = [one for shape, one in found.items() if shape != "two scales"]
    assert max(one.rank for one in realistic) < 0.01


@settings(max_examples=15)
@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 4_000), max_size=6),
    st.sampled_from(["normal", "Zipf", "two scales"]),
)
def test_many_values_in_any_tree_keep_their_bounds(seed: int, cuts: list[int], shape: str) -> None:
    module = laws()
    random = np.random.default_rng(seed)
    values = module.SHAPES[shape](random, 4_000).astype(np.float64)
    parts = [profile_frame(pl.DataFrame({"x": part})) for part in np.split(values, sorted(cuts))]
    for tree in module.TREES:
        whole, _ = module.added(list(parts), tree, random)
        assert module.exact_facts(whole["x"]) == module.exact_facts(column_statistics(pl.Series("x", values)))
        module.measure(module.Seen(), whole["x"], values)


def test_a_million_different_texts_take_no_more_room_than_few_thousand() -> None:
    texts = pl.Series("x", range(1_000_000)).cast(pl.String)
    parts = [profile_frame(texts[at : at + 250_000].to_frame()) for at in range(0, 1_000_000, 250_000)]
    whole = total(parts)["x"]
    assert abs(whole.distinct / 1_000_000 - 1) < 5 * whole.distinct_error
    assert len(whole.top.values) <= 2_048
    assert whole.top_error <= 1 / 2049
    assert len(whole.histogram.keys) == 0


@pytest.mark.parametrize("dtype", [pl.Float64, pl.Int64, pl.String, pl.Boolean, pl.Date, pl.List(pl.Int8), pl.Null])
def test_empty_batches_change_nothing(dtype: pl.DataType) -> None:
    empty = profile_frame(pl.DataFrame({"x": pl.Series([], dtype=dtype)}))
    missing = profile_frame(pl.DataFrame({"x": pl.Series([None, None], dtype=dtype)}))
    assert empty + missing == missing + empty == missing
    assert (missing["x"].missing_rate, missing["x"].distinct, missing["x"].mean) == (1.0, 0, None)
    assert Statistics() + missing == missing
