"""Labels: what is a class, what a number, what is left out, what is refused, with each message."""

from __future__ import annotations

import math

import polars as pl
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from seakeep import data
from seakeep.core.kinds import Task
from seakeep.training import estimators
from seakeep.training.errors import CannotTrain
from seakeep.training.labels import read_labels

CLASSIFIER, REGRESSOR = RandomForestClassifier(), RandomForestRegressor()


def labels_of(values, estimator, dtype=None):
    dataset = data.read(pl.DataFrame({"y": pl.Series(values, dtype=dtype)}), label="y")
    return read_labels(dataset, estimators.prepare(estimator, seed=0))


@pytest.mark.parametrize(
    ("values", "classes"),
    [([True, False, True], (False, True)), (["b", "a", "b"], ("a", "b")), ([7, -1, 7], (-1, 7))],
)
def test_two_values_are_a_binary_task_whatever_their_kind(values, classes):
    found = labels_of(values, CLASSIFIER)
    assert (found.task, found.classes, found.codes.tolist()) == (Task.BINARY, classes, [1, 0, 1])


def test_three_values_are_a_multiclass_task_sorted():
    found = labels_of(["z", "é", "a"], CLASSIFIER)
    assert (found.task, found.classes, found.codes.tolist()) == (Task.MULTICLASS, ("a", "z", "é"), [1, 2, 0])


def test_categoricals_are_strings():
    assert labels_of(["b", "a", None], CLASSIFIER, pl.Categorical()).classes == ("a", "b")


def test_rows_without_a_label_are_left_out_and_counted():
    found = labels_of([True, None, False, None], CLASSIFIER)
    assert (found.left_out, found.kept.tolist()) == (2, [True, False, True, False])


@pytest.mark.parametrize("values", [[1, 2, None], [1.5, 2.5, None]])
def test_numbers_are_a_regression(values):
    found = labels_of(values, REGRESSOR)
    assert (found.task, found.classes, found.left_out) == (Task.REGRESSION, (), 1)


@pytest.mark.parametrize(
    ("values", "estimator", "message"),
    [
        ([True, True, None], CLASSIFIER, "label 'y' is True in all 2 rows, expected two classes or more"),
        ([0.5, 1.5], CLASSIFIER, "label 'y' is a number, and RandomForestClassifier learns classes"),
        (list(range(1500)), CLASSIFIER, "label 'y' has 1,500 different values, expected at most 1,000 classes"),
        (["a", "b"], REGRESSOR, "label 'y' is a string, and RandomForestRegressor learns numbers"),
        ([True, False], REGRESSOR, "label 'y' is a boolean, and RandomForestRegressor learns numbers"),
        ([1.0, math.nan, math.inf], REGRESSOR, "label 'y' is NaN or infinite in 2 of 3 rows"),
        (
            [[1, 0], [0, 1]],
            CLASSIFIER,
            "label 'y' is of kind list, expected a boolean, an integer, a number or a string",
        ),
        ([{"a": 1}, {"a": 2}], REGRESSOR, "label 'y' is of kind struct, expected"),
        ([b"a", None], CLASSIFIER, "label 'y' is of kind binary, expected"),
    ],
)
def test_a_label_that_cannot_be_learned_is_refused(values, estimator, message):
    with pytest.raises(CannotTrain) as caught:
        labels_of(values, estimator)
    assert message in str(caught.value)
    assert caught.value.cause
    assert caught.value.fix


def test_a_label_that_is_missing_everywhere_is_refused():
    with pytest.raises(CannotTrain, match="every row's label 'y' is missing"):
        labels_of([None, None], CLASSIFIER, pl.Boolean())


def test_a_dataset_without_a_label_is_refused():
    dataset = data.read(pl.DataFrame({"y": [1, 2]}))
    with pytest.raises(CannotTrain, match="no label column"):
        read_labels(dataset, estimators.prepare(CLASSIFIER, seed=0))


@pytest.mark.parametrize(("name", "near"), [("LogisticRegression", "Ridge"), ("LGBMClassifier", "LGBMRegressor")])
def test_a_number_as_class_names_a_regressor_that_there_is(name, near):
    module = "sklearn.linear_model" if near == "Ridge" else "lightgbm"
    with pytest.raises(CannotTrain, match=rf"Use a regressor \({near}\)"):
        labels_of([0.5, 1.5, 2.5], estimators.estimator(f"{module}.{name}"))
