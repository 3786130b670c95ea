"""The stated false-alarm rate of outliers, by simulation; and confident learning and units by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import seakeep
from seakeep.data.quality.confident import confident
from seakeep.data.quality.units import changed_unit

SHAPES = {
    "normal": lambda draw, rows: draw.normal(size=rows),
    "exponential": lambda draw, rows: draw.exponential(size=rows),
    "lognormal": lambda draw, rows: draw.lognormal(size=rows),
    "uniform": lambda draw, rows: draw.random(rows),
    "gamma": lambda draw, rows: draw.gamma(2, size=rows),
}


@pytest.mark.parametrize("rows", [300, 3000, 30_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_outliers_are_not_told_of_common_shapes(shape, rows):
    draw = np.random.default_rng(3)
    columns = {f"x{at}": SHAPES[shape](draw, rows) for at in range(12)}
    report = seakeep.inspect(seakeep.read(pl.DataFrame(columns)), only=["outliers"])
    assert len(report.failed) <= (1 if shape == "lognormal" else 0)


def test_a_slipped_decimal_point_is_told():
    values = np.random.default_rng(1).normal(50, 5, 5000)
    values[17] *= 100
    (check,) = seakeep.inspect(seakeep.read(pl.DataFrame({"x": values})), only=["outliers"]).failed
    assert check.evidence["above"] == 1
    assert "drop_outliers" in check.fix


def test_the_confident_joint_is_that_worked_by_hand():
    labels = np.array([0, 0, 0, 1, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.9, 0.1]])
    found = confident(labels, probabilities)
    assert found.joint.tolist() == [[2, 1], [1, 2]]
    assert np.flatnonzero(found.suspects).tolist() == [2, 5]


def test_a_row_that_no_class_is_sure_of_is_no_suspect():
    found = confident(np.array([0, 0, 1, 1]), np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.1, 0.9]]))
    assert not found.suspects.any()


@pytest.mark.parametrize(("factor", "offset"), [(1000, 0), (1 / 1.609344, 0), (1.8, 32), (1 / 1.8, -32 / 1.8)])
def test_conversions_are_known_both_ways(factor, offset):
    draw = np.random.default_rng(5)
    change = changed_unit(draw.normal(20, 6, 3000), draw.normal(20, 6, 2000) * factor + offset)
    assert change is not None
    assert (change.factor, change.offset) == pytest.approx((factor, offset), abs=1e-6)


def test_the_same_unit_and_too_few_numbers_are_no_change():
    draw = np.random.default_rng(5)
    assert changed_unit(draw.normal(size=500), draw.normal(size=500)) is None
    assert changed_unit(draw.normal(size=50), 1000 * draw.normal(size=500)) is None
    assert changed_unit(draw.normal(20, 6, 500), draw.normal(90, 1, 500)) is None


def test_one_in_a_hundred_numbers_in_another_unit_is_told():
    draw = np.random.default_rng(2)
    values = draw.normal(1013, 4, 4000)
    (wrong,) = np.nonzero(draw.random(4000) < 0.015)
    values[wrong] *= 1000
    (check,) = seakeep.inspect(seakeep.read(pl.DataFrame({"x": values})), only=["outliers"]).failed
    assert check.evidence["above"] == len(wrong)


def test_a_third_of_the_rows_far_away_is_another_population():
    values = np.concatenate(
        [np.random.default_rng(2).normal(5, 1, 2000), np.random.default_rng(3).normal(9e5, 1, 1000)]
    )
    assert not seakeep.inspect(seakeep.read(pl.DataFrame({"x": values})), only=["outliers"]).failed
