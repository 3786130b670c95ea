"""Sketches of columns equal those of core, to the bit."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import counters, histogram
from seakeep.core.counters import TopValues
from seakeep.core.distinct import DistinctSketch
from seakeep.core.histogram import Histogram
from seakeep.data.statistics.sketches import heaviest, histogram_of, sketch_of, top_values_of

doubles = st.floats(allow_nan=False, allow_infinity=False)
counted_values = st.dictionaries(doubles | st.floats(0.5, 2.0), st.integers(1, 9), max_size=60)
limits = st.sampled_from([2, 3, 8, 2048])


def arrays(counted: dict[float, int]) -> tuple[np.ndarray, np.ndarray]:
    ordered = sorted(counted)
    return np.array(ordered, np.float64) + 0.0, np.array([counted[value] for value in ordered], np.int64)


@given(limits, counted_values)
def test_histograms_equal_cores(limit: int, counted: dict[float, int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram, "LIMIT", limit)
        assert histogram_of(*arrays(counted)) == Histogram.of(counted)


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 1.0, 1e15, 1e300])
def test_large_histograms_equal_cores(scale: float) -> None:
    values = np.sort(np.random.default_rng(3).normal(0, scale, 20_000))
    ones = np.ones(20_000, np.int64)
    assert histogram_of(values, ones) == Histogram.of(Counter(values.tolist()))
    assert histogram_of(np.abs(values)[np.argsort(np.abs(values))], ones).shift > 0


def test_rounded_neighbours_are_put_together() -> None:
    values = np.array([2**53, 2**53 + 1, 2**53 + 2], np.int64).astype(np.float64)
    found = histogram_of(values, np.array([1, 2, 4]))
    assert found == Histogram.of({float(2**53): 3, float(2**53 + 2): 4})


@given(limits, st.dictionaries(st.integers(-40, 40), st.integers(1, 9), max_size=60))
def test_top_values_equal_cores(limit: int, counted: dict[int, int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counters, "LIMIT", limit)
        values, counts = sorted(counted), np.array([counted[value] for value in sorted(counted)], np.int64)
        taken, kept = heaviest(counts)
        found = top_values_of([values[i] for i in kept], counts[kept] - taken, error=taken)
        assert found == TopValues.of(counted)


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 2**52) | st.sampled_from([0, 2**64 - 1, 2**52, 2**51])))
def test_sketches_equal_cores(hashes: list[int]) -> None:
    assert sketch_of(np.array(hashes, np.uint64)) == DistinctSketch.of(hashes)


def test_large_sketches_equal_cores() -> None:
    hashes = np.random.default_rng(4).integers(0, 2**64, 100_000, np.uint64)
    assert sketch_of(hashes) == DistinctSketch.of(hashes.tolist())
