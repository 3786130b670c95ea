"""Real models, trained by the training room and run by ONNX Runtime: evaluated, and explained to their served score."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from seakeep.core import Verdict
from seakeep.data import infer_schema, profile, read
from seakeep.evaluation import at_least, at_most, evaluate, explain
from seakeep.features import Features, category, cross, number
from seakeep.serving import OnnxPredictor
from seakeep.training import train

pytestmark = pytest.mark.filterwarnings("default")

FEATURES = Features(
    number("distance").fill("mean").standardize(),
    number("hour"),
    category("carrier").one_hot(),
    cross("carrier", "hour").hash(8),
)


def trained(frame: pl.DataFrame, estimator):
    dataset = read(frame, label="late")
    statistics = profile(dataset)
    schema = infer_schema(statistics, label="late")
    return train(dataset, FEATURES, estimator, schema=schema, statistics=statistics, name="delays").model


def estimators():
    import lightgbm
    import xgboost

    few = {"n_estimators": 20, "random_state": 0, "n_jobs": 1}
    yield "flights", lightgbm.LGBMClassifier(verbose=-1, **few)
    yield "flights", xgboost.XGBClassifier(max_depth=4, **few)
    yield "flights", RandomForestClassifier(max_depth=8, **few)
    yield "flights", GradientBoostingClassifier(n_estimators=20, random_state=0)
    yield "flights", LogisticRegression(max_iter=1000)
    yield "outcomes", lightgbm.LGBMClassifier(verbose=-1, **few)
    yield "outcomes", xgboost.XGBClassifier(max_depth=3, **few)
    yield "outcomes", RandomForestClassifier(max_depth=6, **few)
    yield "outcomes", LogisticRegression(max_iter=1000)
    yield "delays", lightgbm.LGBMRegressor(verbose=-1, **few)
    yield "delays", lightgbm.LGBMRegressor(verbose=-1, objective="poisson", **few)
    yield "delays", xgboost.XGBRegressor(max_depth=4, **few)
    yield "delays", HistGradientBoostingRegressor(max_iter=20, random_state=0)
    yield "delays", Ridge()


REQUIRE = {"flights": at_least("roc_auc", 0.55), "outcomes": at_least("accuracy", 0.4), "delays": at_most("mae", 8)}


@pytest.mark.parametrize(
    ("name", "estimator"), [pytest.param(n, e, id=f"{n}-{type(e).__name__}") for n, e in estimators()]
)
def test_a_trained_model_is_judged_and_its_contributions_sum_to_the_served_score(name, estimator, request):
    world = request.getfixturevalue(name)
    frame = world.frame.with_columns(late=pl.col("late").clip(0)) if name == "delays" else world.frame
    model = trained(frame.head(2000), estimator)
    report = evaluate(
        OnnxPredictor(model), model, read(frame.tail(1000), label="late"), slices=["carrier"], require=[REQUIRE[name]]
    )
    checks = {check.code: check for check in report.checks}
    assert report.verdict is Verdict.PASS, [check.message for check in report.checks]
    assert checks["explain.additivity"].verdict is Verdict.PASS
    assert {table.name for table in report.tables} >= {"metrics", "importance", "contributions", "errors"}


def test_one_prediction_of_a_boosted_model_is_explained_in_raw_columns(flights):
    lightgbm = pytest.importorskip("lightgbm")
    model = trained(flights.frame, lightgbm.LGBMClassifier(n_estimators=30, verbose=-1, n_jobs=1))
    predictor = OnnxPredictor(model)
    row = flights.frame.drop("late").head(1)
    (found,) = explain(model, predictor, row)
    assert {part.column for part in found.contributions} == {"distance", "hour", "carrier", "carrier × hour"}
    assert found.score == pytest.approx(float(predictor.predict(row).scores[0, 1]))
    total = found.expected + sum(part.contribution for part in found.contributions)
    assert 1 / (1 + np.exp(-total)) == pytest.approx(found.score, abs=1e-5)
