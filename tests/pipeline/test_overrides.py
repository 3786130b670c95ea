"""What one run changes of the pipeline: it decides the model, its key and its origins, and nothing before training."""

from __future__ import annotations

import json

import pytest

from seakeep.core.errors import UsageError
from seakeep.pipeline.overrides import BadOverride, Overrides
from seakeep.pipeline.runner import run
from seakeep.registry import Registry
from seakeep.training.estimators import estimator, with_parameters


def test_text_becomes_the_value_that_it_spells():
    given = {"a": "63", "b": "0.5", "c": "true", "d": "null", "e": "dart", "f": '"7"', "g": "[1]", "h": "NaN"}
    found = Overrides.of({f"estimator.{key}": text for key, text in given.items()}).estimator
    assert found == {"a": 63, "b": 0.5, "c": True, "d": None, "e": "dart", "f": "7", "g": "[1]", "h": "NaN"}


def test_overrides_read_the_same_in_any_order():
    first = Overrides.of({"estimator.b": "1", "estimator.a": "2"})
    assert str(first) == str(Overrides.of({"estimator.a": "2", "estimator.b": "1"})) == "estimator.a=2, estimator.b=1"


@pytest.mark.parametrize("key", ["num_leaves", "seed", "estimator.", "estimator.num leaves", "features.x"])
def test_only_parameters_of_the_estimator_can_be_set(key):
    with pytest.raises(BadOverride) as caught:
        Overrides.of({key: "1"})
    assert f"{key!r} cannot be set for a run" in str(caught.value)
    assert "--set estimator.num_leaves=63" in str(caught.value)


def test_an_object_is_copied_before_it_is_changed():
    from sklearn.linear_model import LogisticRegression

    given = LogisticRegression(C=1.0)
    changed = with_parameters(given, {"C": 0.5})
    assert (given.C, changed.C) == (1.0, 0.5)
    with pytest.raises(UsageError, match="there is no parameter 'c'"):
        with_parameters(given, {"c": 1})
    with pytest.raises(UsageError, match="expected an estimator object"):
        with_parameters("LogisticRegression", {"C": 1})


def test_an_estimator_that_is_named_is_not_imported():
    changed = with_parameters(estimator("nowhere.Model", a=1), {"b": 2})
    assert str(changed) == "Model(a=1, b=2)"


@pytest.fixture
def tunable(project):
    """The quick project with an estimator that has parameters; its model says which."""
    project.edit('estimator="Constant()"', 'estimator=seakeep.estimator("nowhere.Constant", depth=3)')
    project.edit("estimator=estimator)", "estimator=str(estimator))")
    return project


def test_a_changed_parameter_trains_again_and_shares_the_stages_before(tunable):
    run(tunable.file)
    tunable.calls()
    changed = run(tunable.file, overrides={"estimator.depth": "5"})
    assert [stage.stage for stage in changed.stages if not stage.cached] == ["train", "evaluate", "register"]
    again = run(tunable.file, overrides={"estimator.depth": "5"})
    assert again.release == changed.release
    assert all(stage.cached for stage in again.stages)
    assert all(stage.cached for stage in run(tunable.file).stages)


def test_what_was_changed_stands_in_the_origins_and_on_record(tunable):
    with_change = run(tunable.file, overrides={"estimator.depth": "5"})
    with Registry(tunable.home) as registry:
        release = registry.resolve(with_change.release).release
        trained = with_change.stage("train")
        found = registry.executions.writing(trained.outputs[0].digest)[0]
    assert release.made_from["set"] == "estimator.depth=5"
    assert found.parameters["set"] == "estimator.depth=5"
    assert found.parameters["estimator"] == "Constant(depth=5)"
    assert (
        "set"
        not in json.loads((tunable.home / "releases" / run(tunable.file).release / "release.json").read_text())[
            "made_from"
        ]
    )


def test_an_unknown_metric_is_told_before_anything_runs(project):
    with pytest.raises(UsageError, match="Did you mean 'roc_auc'"):
        run(project.file, metrics=["rocauc"])
    assert project.calls() == []
