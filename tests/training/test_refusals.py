"""Each refused configuration, by name, before anything is fitted. The exporters' tests show what a naive export would answer."""

from __future__ import annotations

import math

import pytest
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, RidgeClassifier, SGDClassifier
from xgboost import XGBClassifier, XGBRegressor

from seakeep.training import estimators
from seakeep.training.errors import ConfigurationRefused
from seakeep.training.refusals import REFUSALS


def custom(labels, scores):
    return scores - labels, scores * 0 + 1


CASES = [
    ("lightgbm.linear_tree", LGBMRegressor(linear_tree=True)),
    ("lightgbm.linear_tree", LGBMRegressor(linear_trees=True)),
    ("lightgbm.zero_as_missing", LGBMClassifier(zero_as_missing=True)),
    ("lightgbm.categorical_feature", LGBMClassifier(categorical_feature=[0])),
    ("lightgbm.categorical_feature", LGBMClassifier(cat_feature="0,1")),
    ("lightgbm.custom_objective", LGBMClassifier(objective=custom)),
    ("lightgbm.objective", LGBMRegressor(objective="lambdarank")),
    ("lightgbm.objective", LGBMRegressor(objective="cross_entropy_lambda")),
    ("lightgbm.reg_sqrt", LGBMRegressor(reg_sqrt=True)),
    ("lightgbm.prediction_parameters", LGBMClassifier(pred_early_stop=True)),
    ("lightgbm.early_stopping", LGBMClassifier(early_stopping_rounds=5)),
    ("xgboost.booster", XGBClassifier(booster="gblinear")),
    ("xgboost.enable_categorical", XGBClassifier(feature_types=["c", "q"])),
    ("xgboost.multi_strategy", XGBRegressor(multi_strategy="multi_output_tree")),
    ("xgboost.custom_objective", XGBClassifier(objective=custom)),
    ("xgboost.objective", XGBClassifier(objective="binary:hinge")),
    ("xgboost.objective", XGBRegressor(objective="rank:pairwise")),
    ("xgboost.objective", XGBRegressor(objective="survival:cox")),
    ("xgboost.missing", XGBClassifier(missing=-1.0)),
    ("xgboost.quantile_alpha", XGBRegressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.9])),
    ("xgboost.early_stopping", XGBClassifier(early_stopping_rounds=5)),
    ("sklearn.categorical_features", HistGradientBoostingClassifier(categorical_features=[0])),
    ("sklearn.init", GradientBoostingRegressor(init=LinearRegression())),
    ("sklearn.loss", SGDClassifier()),
    ("sklearn.loss", SGDClassifier(loss="modified_huber")),
    ("no_exporter", CalibratedClassifierCV(method="isotonic")),
    ("no_exporter", RidgeClassifier()),
    ("no_exporter", LGBMRanker()),
]


@pytest.mark.parametrize(("name", "given"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_configuration_is_refused_by_name(name, given):
    with pytest.raises(ConfigurationRefused) as caught:
        estimators.prepare(given, seed=0)
    assert caught.value.name == name
    assert caught.value.where == f"refused: {name}"
    assert caught.value.cause
    assert caught.value.fix


def test_every_refusal_is_tried_here():
    listed = {refusal.name for refusals in REFUSALS.values() for refusal in refusals}
    assert listed - {"sklearn.multi_class"} <= {name for name, _ in CASES}


def test_a_message_has_its_four_parts():
    with pytest.raises(ConfigurationRefused) as caught:
        estimators.prepare(LGBMRegressor(linear_tree=True), seed=0)
    assert str(caught.value) == (
        "LGBMRegressor with linear_tree=True (refused: lightgbm.linear_tree)\n"
        "  A leaf holds a regression, and an ONNX tree's leaf holds a number; a naive export drops the slopes.\n"
        "  linear_tree=False"
    )


@pytest.mark.parametrize(
    "given",
    [
        LGBMClassifier(linear_tree=False, zero_as_missing=False, categorical_feature="auto"),
        LGBMClassifier(boosting_type="rf", subsample=0.5, subsample_freq=1),
        LGBMClassifier(boosting_type="dart"),
        LGBMClassifier(objective="multiclassova"),
        XGBClassifier(missing=math.nan, booster="dart"),
        XGBClassifier(enable_categorical=True),
        HistGradientBoostingClassifier(categorical_features=None),
        HistGradientBoostingClassifier(categorical_features="from_dtype"),
        GradientBoostingClassifier(init="zero"),
        SGDClassifier(loss="log_loss"),
        RandomForestRegressor(),
    ],
    ids=str,
)
def test_what_our_writer_makes_right_is_not_refused(given):
    assert estimators.prepare(given, seed=0).fitter is not given


def test_a_version_specific_normalisation_is_refused():
    refusal = next(each for each in REFUSALS["sklearn"] if each.name == "sklearn.multi_class")
    assert refusal.found("LogisticRegression", {"multi_class": "ovr"}) == "multi_class='ovr'"
    assert not refusal.found("LogisticRegression", {})
