"""Calibration: p-values of unchanged windows are uniform at most, by simulation; thresholds shrink with rows; draws are fixed."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from seakeep.core import ColumnStatistics, Kind, plugins
from seakeep.core.errors import UsageError
from seakeep.data.statistics.columns import column_statistics
from seakeep.evidence import calibration
from seakeep.evidence.calibration import CannotCalibrate, Null, effective_rows, null
from seakeep.testing import column_of

NAMES = plugins.names("evidence.distances")
SHAPES = {
    "normal": lambda g, n: pl.Series(g.normal(size=n)),
    "heavy": lambda g, n: pl.Series(g.lognormal(0, 1, size=n)),
    "few": lambda g, n: pl.Series(g.integers(0, 12, size=n)),
    "counts": lambda g, n: pl.Series(g.poisson(0.7, size=n)),
    "words": lambda g, n: pl.Series([f"w{x}" for x in np.minimum(g.zipf(1.6, size=n), 400)]),
    "coin": lambda g, n: pl.Series(g.random(n) < 0.03),
    "gaps": lambda g, n: pl.Series([None if x < 0.02 else 1 for x in g.random(n)], dtype=pl.Int64),
}


def p_of(name, module, reference, current):
    rows = current.rows if name == "missing_rate" else current.finite
    return null(name, reference, rows=rows).p_value(module.distance(reference, current))


@pytest.mark.parametrize("shape", SHAPES)
def test_unchanged_windows_have_small_p_values_rarely(shape):
    """6 references, 25 windows each: at most 5 % below 0.05 wanted, 12 % is what dependent draws of few references may give; at
    most 2 of 150 below 0.001."""
    random = np.random.default_rng(11)
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(6):
        reference = column_statistics(SHAPES[shape](random, 3000))
        for _ in range(25):
            current = column_statistics(SHAPES[shape](random, 400))
            for name in NAMES:
                module = plugins.load("evidence.distances", name)
                if reference.kind in module.KINDS:
                    found[name].append(p_of(name, module, reference, current))
    for name, values in found.items():
        assert np.mean(np.array(values) <= 0.05) <= 0.12 if values else True, name
        assert np.sum(np.array(values) <= 0.001) <= 2, name


@pytest.mark.parametrize("name", ["kolmogorov_smirnov", "jensen_shannon", "psi", "chi_square", "wasserstein"])
def test_a_moved_window_has_a_tiny_p_value(name):
    random = np.random.default_rng(1)
    reference = column_statistics(pl.Series(random.normal(size=20_000)))
    current = column_statistics(pl.Series(random.normal(0.5, 1, 2000)))
    assert p_of(name, plugins.load("evidence.distances", name), reference, current) < 1e-6


def test_a_reference_as_small_as_the_window_counts_as_a_sample_too():
    random = np.random.default_rng(2)
    module = plugins.load("evidence.distances", "kolmogorov_smirnov")
    values = []
    for _ in range(60):
        reference, current = (column_statistics(pl.Series(random.normal(size=500))) for _ in range(2))
        values.append(p_of("kolmogorov_smirnov", module, reference, current))
    assert np.mean(np.array(values) <= 0.05) <= 0.15


def test_thresholds_shrink_with_the_rows_and_grow_with_rarity():
    reference = column_statistics(pl.Series(np.random.default_rng(3).normal(size=100_000)))
    few, many = (null("kolmogorov_smirnov", reference, rows=rows) for rows in (200, 20_000))
    assert many.threshold(0.01) < few.threshold(0.01) / 5
    assert few.threshold(0.05) < few.threshold(0.001) < few.threshold(1e-6)


@pytest.mark.parametrize("probability", [0.3, 0.05, 0.004, 1e-4, 1e-8])
def test_the_threshold_is_the_least_distance_with_that_p_value(probability):
    found = null("psi", column_of(list(np.random.default_rng(4).normal(size=3000))), rows=500)
    at = found.threshold(probability)
    assert found.p_value(at) <= probability
    assert found.p_value(at * 0.999) > probability or at < 1e-9


def test_equal_arguments_give_equal_bits():
    column = column_of([float(x) for x in range(500)])
    first = null("psi", column, rows=100)
    calibration._drawn.cache_clear()
    assert null("psi", column, rows=100) == first
    assert null("psi", column, rows=100, seed=1) != first


def test_windows_of_nearly_one_size_share_their_draws():
    column = column_of([float(x) for x in range(500)])
    assert null("psi", column, rows=1000) is null("psi", column, rows=1001)


def test_a_column_that_never_varied_still_has_a_null():
    constant = column_of(["a"] * 5000)
    for name in ("l_infinity", "jensen_shannon", "psi"):
        module = plugins.load("evidence.distances", name)
        one, many = (column_of(["a"] * (1000 - k) + ["b"] * k) for k in (1, 200))
        assert p_of(name, module, constant, constant) == 1.0
        assert p_of(name, module, constant, one) > 1e-5, name
        assert p_of(name, module, constant, many) < 1e-5, name


def test_a_column_that_was_never_missing_allows_for_one_that_is():
    full = column_of(list(range(2000)))
    module = plugins.load("evidence.distances", "missing_rate")
    assert p_of("missing_rate", module, full, column_of([None, *range(99)])) > 1e-4
    assert p_of("missing_rate", module, full, column_of([None] * 20 + list(range(80)))) < 1e-5


def test_effective_rows_have_the_variance_of_both():
    assert effective_rows(1000, 1000) <= 500
    assert effective_rows(10**9, 500) == pytest.approx(500, rel=0.1)
    assert effective_rows(1, 1) == 1


@pytest.mark.parametrize(("reference", "rows"), [([], 5), ([None], 5), ([1.0], 0)])
def test_nothing_to_draw_from_is_refused(reference, rows):
    with pytest.raises(CannotCalibrate, match="both need at least one"):
        null("psi", column_of(reference, Kind.NUMBER), rows=rows)


def test_a_distance_that_is_not_a_number_has_no_p_value():
    with pytest.raises(UsageError, match="not a number"):
        Null((0.1, 0.2), 1.0, 1.0).p_value(math.nan)


def test_infinite_draws_do_not_spoil_the_tail():
    constant = ColumnStatistics(Kind.NUMBER, rows=3)
    assert constant.finite == 3
    found = null("wasserstein", column_of([1.0] * 100), rows=50)
    assert found.p_value(0.0) == 1.0
