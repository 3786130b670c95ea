"""The Experiment; test_workflows_schema.py holds it to Katib's own types, test_katib_trial.py runs a trial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seakeep.core.errors import UsageError
from seakeep.integrations._kube import BadTarget
from seakeep.integrations.katib import EXPERIMENT, SPACES, Options, files, next_lines

from .facts import IMAGE, golden
from .workers import remote
from .yaml_reading import read


def experiment(root, **options):
    found = remote(root, **({"extras": options.pop("extras")} if "extras" in options else {}))
    return read(files(found, Options(image=IMAGE, **options))[EXPERIMENT])["spec"]


def test_the_file_is_as_reviewed(tmp_path) -> None:
    golden("katib/experiment.yaml", files(remote(tmp_path), Options(image=IMAGE, data_claim="arrivals"))[EXPERIMENT])


def test_every_parameter_reaches_the_trial(tmp_path) -> None:
    spec = experiment(tmp_path)
    names = [parameter["name"] for parameter in spec["parameters"]]
    command = spec["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    assert names == [text.partition("=")[0] for text in SPACES["lightgbm"].split()]
    assert [each["reference"] for each in spec["trialTemplate"]["trialParameters"]] == names
    assert all(f"estimator.{name}=${{trialParameters.{name}}}" in command for name in names)


def test_a_space_holds_whole_numbers_numbers_and_choices(tmp_path) -> None:
    spec = experiment(tmp_path, space="depth=3:9 rate=1e-3:0.1 share=0.5:0.9 kind=gbdt|dart shift=-2:2")
    assert [(each["name"], each["parameterType"], each["feasibleSpace"]) for each in spec["parameters"]] == [
        ("depth", "int", {"min": "3", "max": "9"}),
        ("rate", "double", {"min": "1e-3", "max": "0.1", "distribution": "logUniform"}),
        ("share", "double", {"min": "0.5", "max": "0.9"}),
        ("kind", "categorical", {"list": ["gbdt", "dart"]}),
        ("shift", "int", {"min": "-2", "max": "2"}),
    ]


@pytest.mark.parametrize(
    "space", ["depth", "=3:4", "depth=", "depth=9:3", "a b=1:2", "x=$(rm)|y", "x=1:2:3", "max-depth=1:2"]
)
def test_a_space_that_cannot_be_read_is_refused(space, tmp_path) -> None:
    with pytest.raises(BadTarget, match=r"space is .*expected (NAME=LEAST:MOST|the least value)"):
        experiment(tmp_path, space=space)


def test_a_library_without_a_usual_space_asks_for_one(tmp_path) -> None:
    with pytest.raises(BadTarget, match="--set space="):
        experiment(tmp_path, extras=("train",))


def test_the_metric_is_that_of_the_first_requirement_and_has_a_direction(tmp_path) -> None:
    assert experiment(tmp_path)["objective"] == {"type": "maximize", "objectiveMetricName": "roc_auc"}
    assert experiment(tmp_path, metric="log_loss")["objective"] == {
        "type": "minimize",
        "objectiveMetricName": "log_loss",
    }
    with pytest.raises(UsageError, match="Did you mean 'log_loss'"):
        experiment(tmp_path, metric="logloss")


def test_a_project_that_requires_nothing_is_asked_for_its_metric(tmp_path) -> None:
    found = remote(tmp_path)
    nothing = replace(found, project=replace(found.project, requirements=("equal_opportunity gap by x at most 0.1",)))
    with pytest.raises(BadTarget, match="metric is ''; expected one of accuracy"):
        files(nothing, Options(image=IMAGE))


def test_trials_keep_to_themselves(tmp_path) -> None:
    written = files(remote(tmp_path), Options(image=IMAGE))[EXPERIMENT]
    assert "SEAKEEP_DATABASE" not in written
    assert "flight-delay-home" not in written
    assert "--home /tmp/seakeep" in written
    assert next_lines(remote(tmp_path), Options())[0] == f"kubectl create -f {EXPERIMENT}"
