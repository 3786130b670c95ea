"""train from end to end: the model's contract, its answers, its determinism, and its refusals before anything is fitted."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from xgboost import XGBClassifier

from seakeep import data
from seakeep.core.errors import UsageError
from seakeep.core.kinds import Task
from seakeep.core.model import Model
from seakeep.core.report import Verdict
from seakeep.features import Features, Session, category, feeds, number
from seakeep.training import Trained, estimator, train
from seakeep.training.errors import CannotTrain, ConfigurationRefused

SMALL = LGBMClassifier(n_estimators=10)


def answers(model: Model, frame: pl.DataFrame, outputs):
    return Session(model.graph).run(outputs, feeds(frame, model.inputs))


@pytest.mark.parametrize(
    ("given", "label", "task"),
    [
        (SMALL, "late", Task.BINARY),
        (SMALL, "grade", Task.MULTICLASS),
        (LGBMRegressor(n_estimators=10), "tip", Task.REGRESSION),
        (XGBClassifier(n_estimators=10), "grade", Task.MULTICLASS),
        (RandomForestClassifier(10), "late", Task.BINARY),
        (HistGradientBoostingClassifier(max_iter=10), "late", Task.BINARY),
    ],
    ids=["binary", "multiclass", "regression", "xgboost", "forest", "histogram"],
)
def test_a_trained_model_passes_parity_and_has_the_graph_of_the_contract(frame, train_on, given, label, task):
    found = train_on(frame, given, label=label)
    assert isinstance(found, Trained)
    assert [check.code for check in found.report.failed if check.code.startswith("parity")] == []
    model = found.model
    assert model.task is task
    assert [column.name for column in model.inputs] == ["fare", "distance", "ident", "carrier", "paid", "at"]
    vectors = answers(model, frame, ["features"])[0]
    assert vectors.shape == (frame.height, len(model.features))
    if task is Task.REGRESSION:
        assert (model.classes, answers(model, frame, ["value"])[0].shape) == ((), (frame.height,))
        return
    probabilities, decision = answers(model, frame, ["probabilities", "decision"])
    assert probabilities.shape == (frame.height, len(model.classes))
    assert np.array_equal(probabilities.argmax(axis=1), decision)
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-5
    assert model.classes == ((False, True) if label == "late" else ("a", "b", "c"))


def test_a_linear_model_is_trained_on_filled_features(frame, train_on, filled):
    found = train_on(frame, LogisticRegression(max_iter=200), features=filled)
    assert not [check for check in found.report.failed if check.code.startswith("parity")]
    assert found.model.estimator == "LogisticRegression(max_iter=200)"


def test_the_model_saves_and_loads_equal(frame, train_on, tmp_path):
    model = train_on(frame, SMALL).model
    model.save(tmp_path)
    assert Model.load(tmp_path) == model


def test_features_name_their_sources(frame, train_on):
    model = train_on(frame, SMALL).model
    assert model.sources["distance.log1p.standardize"] == ("distance",)
    assert set(model.sources) == set(model.features)


def test_rows_without_a_label_are_left_out_counted_and_change_nothing(frame, train_on):
    unlabelled = frame.with_columns(pl.lit(None, pl.Boolean).alias("late"))
    dataset = data.read(frame, label="late")
    mixed = data.read(pl.concat([frame, unlabelled[:50]]), label="late")
    statistics = data.profile(dataset)
    schema = data.infer_schema(statistics, label="late")
    declared = Features(number("fare"), category("carrier").one_hot())
    held = dataset
    plain, left = (
        train(each, declared, SMALL, schema=schema, statistics=statistics, held_out=held) for each in (dataset, mixed)
    )
    assert plain.model.graph == left.model.graph
    check = left.report.checks[0]
    assert (check.code, check.verdict, check.evidence["without_label"]) == ("training.rows", Verdict.PASS, 50)
    assert "50 rows without a label were left out" in check.message


def test_held_out_rows_of_classes_never_seen_are_left_out(frame, train_on):
    held = frame.with_columns(
        pl.when(pl.int_range(pl.len()) < 10).then(pl.lit("z")).otherwise(pl.col("grade")).alias("grade")
    )
    found = train_on(frame, SMALL, label="grade", held_out=held)
    table = found.report.table("baselines")
    assert {row["rows"] for row in table.records()} == {frame.height - 10}
    assert table.note.endswith("10 rows of classes never seen in training are left out.")


def test_a_held_out_table_without_labels_is_inconclusive(frame, train_on):
    held = frame.with_columns(pl.lit(None, pl.Boolean).alias("late"))
    found = train_on(frame, SMALL, held_out=held)
    check = found.report.checks[-1]
    assert (check.code, check.verdict) == ("baseline.better", Verdict.INCONCLUSIVE)


def test_an_estimator_that_did_not_converge_is_told(frame, train_on, filled):
    found = train_on(frame, LogisticRegression(max_iter=1), features=filled)
    told = [check for check in found.report.checks if check.code == "training.warning"]
    assert told
    assert told[0].verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "given",
    [
        SMALL,
        LGBMClassifier(n_estimators=5, boosting_type="rf", subsample=0.5, subsample_freq=1),
        XGBClassifier(n_estimators=5, subsample=0.5),
        RandomForestClassifier(5),
        HistGradientBoostingClassifier(max_iter=5),
    ],
    ids=lambda given: type(given).__name__,
)
def test_two_trainings_give_the_same_bytes(frame, train_on, given):
    first, second = (train_on(frame, given) for _ in range(2))
    assert first.model.digest == second.model.digest
    assert first.report == second.report


def test_another_seed_gives_another_forest(frame, train_on):
    first, second = (train_on(frame, RandomForestClassifier(5), seed=seed).model for seed in (0, 1))
    assert first.graph != second.graph


def test_the_number_of_cores_changes_nothing(tmp_path):
    """Fresh processes with one and with two cores, so that every library reads its own setting anew."""
    program = tmp_path / "digest.py"
    program.write_text(
        textwrap.dedent(
            """
            import os, sys
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
            import numpy as np, polars as pl
            from seakeep import data
            from seakeep.features import Features, number
            from seakeep.training import estimator, train
            rng = np.random.default_rng(0)
            x = rng.normal(size=(3000, 3))
            frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": x.sum(axis=1) + rng.normal(size=3000)})
            frame = frame.with_columns(late=pl.col("y") > 0)
            for label, name, given in (
                ("late", "lightgbm.LGBMClassifier", {"n_estimators": 20}),
                ("y", "xgboost.XGBRegressor", {"n_estimators": 20}),
                ("late", "sklearn.ensemble.RandomForestClassifier", {"n_estimators": 5}),
                ("y", "sklearn.ensemble.HistGradientBoostingRegressor", {"max_iter": 10}),
                ("late", "sklearn.linear_model.LogisticRegression", {}),
                ("y", "sklearn.linear_model.Ridge", {}),
            ):
                dataset = data.read(frame, label=label)
                statistics = data.profile(dataset)
                schema = data.infer_schema(statistics, label=label)
                declared = Features(number("a"), number("b"), number("c"))
                print(train(dataset, declared, estimator(name, **given), schema=schema, statistics=statistics).model.digest)
            """
        )
    )
    found = [
        subprocess.run([sys.executable, str(program), cores], capture_output=True, text=True, check=True).stdout
        for cores in ("1", "2")
    ]
    assert found[0] == found[1]
    assert found[0].count("\n") == 6


def test_a_class_that_would_be_kept_back_whole_is_fitted_on(train_on):
    frame = pl.DataFrame({"x": np.arange(100.0), "grade": ["a", "b", "a", "b", "a"] * 20})
    frame = frame.with_columns(grade=pl.when(pl.int_range(100) == 4).then(pl.lit("z")).otherwise(pl.col("grade")))
    found = train_on(
        frame, estimator("xgboost.XGBClassifier", n_estimators=3), label="grade", features=Features(number("x"))
    )
    assert found.model.classes == ("a", "b", "z")
    assert answers(found.model, frame, ["probabilities"])[0].shape == (100, 3)


def test_a_refused_configuration_reads_nothing():
    class Untouchable:
        label = "late"

        def __getattr__(self, name):
            raise AssertionError(f"read {name}")

    with pytest.raises(ConfigurationRefused):
        train(Untouchable(), Features(number("x")), LGBMClassifier(linear_tree=True), schema=None, statistics=None)


def test_a_misspelt_feature_column_is_told(frame, train_on):
    with pytest.raises(UsageError, match="fare"):
        train_on(frame, SMALL, features=Features(number("fair")))


def test_a_class_label_for_a_regressor_is_refused(frame, train_on):
    with pytest.raises(CannotTrain, match="Ridge learns numbers"):
        train_on(frame, Ridge(), label="grade")


def test_twenty_rows_are_enough_to_be_told_that_nothing_is_proven(make, train_on):
    found = train_on(make(20), estimator("sklearn.tree.DecisionTreeClassifier", max_depth=2))
    assert found.report.verdict is not Verdict.PASS
    assert not [check for check in found.report.failed if check.code.startswith("parity")]


@pytest.mark.parametrize(("dtype", "first"), [(pl.UInt64, 2**64 - 1000), (pl.Int128, 2**100)])
def test_integers_beyond_64_bits_are_trained_on(frame, train_on, dtype, first):
    wide = pl.lit(first, dtype=dtype) + pl.int_range(pl.len()).cast(dtype)
    found = train_on(frame.with_columns(wide=wide), SMALL, features=Features(number("wide"), number("fare")))
    assert not [check for check in found.report.failed if check.code.startswith("parity")]
