"""Estimators: built, checked, copied, seeded; and each way to name one wrongly."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from xgboost import XGBClassifier

from seakeep.core.errors import MissingExtra, UsageError
from seakeep.training import Estimator, estimator, estimators
from seakeep.training.errors import CannotTrain, ConfigurationRefused


def test_naming_an_estimator_imports_no_training_library():
    program = (
        "import sys; from seakeep.training import estimator;"
        "print(estimator('lightgbm.LGBMClassifier', n_estimators=5));"
        "print([m for m in ('sklearn', 'lightgbm', 'onnx', 'polars') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["LGBMClassifier(n_estimators=5)", "[]"]


def test_a_named_estimator_and_the_object_are_prepared_alike():
    named = estimators.prepare(estimator("lightgbm.LGBMClassifier", n_estimators=5), seed=3)
    given = estimators.prepare(LGBMClassifier(n_estimators=5), seed=3)
    assert named.text == given.text == "LGBMClassifier(n_estimators=5)"
    assert named.fitter.get_params() == given.fitter.get_params()


def test_the_users_object_is_left_as_it_was():
    theirs = RandomForestClassifier()
    estimators.prepare(theirs, seed=3)
    assert theirs.random_state is None
    assert theirs.n_jobs is None


def test_a_seed_is_set_only_where_there_is_none():
    assert estimators.prepare(RandomForestClassifier(), seed=3).fitter.random_state == 3
    assert estimators.prepare(RandomForestClassifier(random_state=9), seed=3).fitter.random_state == 9


def test_lightgbm_is_made_deterministic():
    parameters = estimators.prepare(LGBMClassifier(), seed=0).fitter.get_params()
    assert (parameters["deterministic"], parameters["force_row_wise"]) == (True, True)
    chosen = estimators.prepare(LGBMClassifier(force_col_wise=True), seed=0).fitter.get_params()
    assert "force_row_wise" not in chosen


def test_the_text_names_what_could_change_an_answer_and_no_more():
    text = estimators.prepare(XGBClassifier(n_estimators=5, n_jobs=2, max_depth=3, verbosity=0), seed=0).text
    assert text == "XGBClassifier(max_depth=3, n_estimators=5)"


def test_a_pipeline_is_refused_with_the_way_out():
    with pytest.raises(ConfigurationRefused) as caught:
        estimators.prepare(make_pipeline(LogisticRegression()), seed=0)
    assert str(caught.value) == (
        "sklearn.pipeline.Pipeline has no exporter to ONNX, so it cannot be released (refused: no_exporter)\n"
        "  Seakeep exports lightgbm, sklearn, xgboost.\n"
        "  Give its last step as the estimator, and declare the steps before it as seakeep.features.Features(…)."
    )


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("sklearn.svm.SVC", "LogisticRegression"),
        ("sklearn.ensemble.AdaBoostClassifier", "Classifier"),
        ("sklearn.neural_network.MLPRegressor", "HistGradientBoostingRegressor"),
        ("catboost.CatBoostClassifier", "LGBMClassifier"),
        ("torch.nn.Linear", "HistGradientBoostingClassifier"),
    ],
)
def test_what_has_no_exporter_is_refused_with_the_nearest_that_has(name, near):
    with pytest.raises(ConfigurationRefused) as caught:
        estimators.prepare(estimator(name), seed=0)
    assert caught.value.name == "no_exporter"
    assert near in caught.value.fix


def test_a_subclass_is_refused_since_it_may_predict_in_another_way():
    class Louder(LogisticRegression):
        pass

    with pytest.raises(ConfigurationRefused, match="Louder has no exporter"):
        estimators.prepare(Louder(), seed=0)


def test_a_misspelt_class_names_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'LGBMClassifier'"):
        estimators.prepare(estimator("lightgbm.LGBMClasifier"), seed=0)


def test_a_misspelt_module_names_the_nearest():
    with pytest.raises(UsageError, match=r"no module 'sklearn.ensembel'"):
        estimators.prepare(estimator("sklearn.ensembel.RandomForestClassifier"), seed=0)


def test_a_name_without_a_module_is_told_which():
    with pytest.raises(UsageError) as caught:
        estimators.prepare(estimator("LogisticRegression"), seed=0)
    assert caught.value.fix == 'estimator("sklearn.linear_model.LogisticRegression", …)'


@pytest.mark.parametrize("name", ["sklearn.ensemble.RandomForestClassifier", "lightgbm.LGBMClassifier"])
def test_a_misspelt_parameter_names_the_nearest(name):
    with pytest.raises(UsageError, match="Did you mean 'n_estimators'"):
        estimators.prepare(estimator(name, n_estimator=5), seed=0)


@pytest.mark.parametrize("given", [LogisticRegression, "LogisticRegression", 3, None])
def test_what_is_no_estimator_is_told_what_is(given):
    with pytest.raises(UsageError, match="expected an estimator object"):
        estimators.prepare(given, seed=0)


def test_a_library_that_is_not_installed_is_named_with_its_extra(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(estimators.importlib, "import_module", absent)
    monkeypatch.setattr(estimators, "_exporter", lambda _: object())
    with pytest.raises(MissingExtra, match=r"pip install 'seakeep\[xgboost\]'"):
        estimators.prepare(Estimator("xgboost.XGBClassifier"), seed=0)


@pytest.mark.parametrize(
    ("said", "fix"), [("libgomp.so.1: cannot open", "apt-get install libgomp1"), ("libother.so", "import lightgbm")]
)
def test_a_library_that_lacks_one_of_the_systems_names_what_to_install(monkeypatch, said, fix):
    def broken(name):
        raise OSError(said)

    monkeypatch.setattr(estimators.importlib, "import_module", broken)
    monkeypatch.setattr(estimators, "_exporter", lambda library: library)
    with pytest.raises(CannotTrain, match=said) as caught:
        estimators.prepare(estimator("lightgbm.LGBMClassifier"), seed=0)
    assert fix in caught.value.fix


def test_what_a_library_refuses_is_told_in_its_words():
    prepared = estimators.prepare(RandomForestClassifier(max_depth=-3), seed=0)
    with pytest.raises(CannotTrain, match="max_depth"):
        estimators.fit(prepared, np.zeros((4, 1), np.float32), np.array([0, 1, 0, 1]))


def test_what_a_library_warns_of_is_returned():
    prepared = estimators.prepare(LogisticRegression(max_iter=1), seed=0)
    warned = estimators.fit(prepared, np.array([[0.0], [1], [2], [3]], np.float32), np.array([0, 1, 0, 1]))
    assert any("converge" in text for text in warned)


def test_a_linear_fit_does_not_depend_on_the_number_of_threads():
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(0)
    table, values = rng.normal(size=(20_000, 30)), rng.normal(size=20_000)
    found = []
    for threads in (1, 2):
        prepared = estimators.prepare(LinearRegression(), seed=0)
        with threadpool_limits(threads):
            estimators.fit(prepared, table, values)
        found.append(prepared.fitter.coef_.tobytes())
    assert found[0] == found[1]
