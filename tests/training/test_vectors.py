"""Features that an estimator cannot take, each by name and before it is fitted."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from seakeep.features import Features, number
from seakeep.training.errors import CannotTrain

LABELS = [True, False] * 50


def table(values):
    return pl.DataFrame({"x": values, "z": np.arange(100) * 1.0, "late": LABELS})


def test_a_feature_missing_in_every_row_is_refused(train_on):
    empty = table(pl.Series([None] * 100, dtype=pl.Float64))
    with pytest.raises(CannotTrain, match="feature 'x' is missing in all 100 rows"):
        train_on(empty, LGBMClassifier(), features=Features(number("x"), number("z")))


def test_missing_values_are_refused_for_a_linear_model(train_on):
    with pytest.raises(CannotTrain, match="LogisticRegression takes no missing values"):
        train_on(table([None, *[1.0] * 99]), LogisticRegression(), features=Features(number("x"), number("z")))


def test_nan_that_the_schema_does_not_know_is_refused_for_a_linear_model(train_on):
    with pytest.raises(CannotTrain, match="LogisticRegression takes no missing values"):
        train_on(table([float("nan"), *[1.0] * 99]), LogisticRegression(), features=Features(number("x"), number("z")))


@pytest.mark.parametrize("value", [float("inf"), 1e300])
def test_infinities_are_refused_for_a_forest_also_those_that_float32_makes(train_on, value):
    with pytest.raises(CannotTrain, match="feature 'x' is infinite in 1 rows"):
        train_on(table([value, *[1.0] * 99]), RandomForestClassifier(), features=Features(number("x"), number("z")))


def test_a_column_without_gaps_may_feed_a_linear_model(train_on):
    found = train_on(table([1.0, 2.0] * 50), LogisticRegression(), features=Features(number("x"), number("z")))
    assert not [check for check in found.report.failed if check.code.startswith("parity")]
