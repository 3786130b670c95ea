"""A trial of the exported Experiment, run here as Katib would run it: placeholders filled in, its output wrapped and read.

Katib's webhook makes of a container's command `sh -c "ARGUMENT 1>FILE 2>&1 && echo completed > …"` where the command is `sh -c`
already, and its collector takes from FILE what its default filter matches. Source: kubeflow/katib, pkg/webhook/v1beta1/pod and
pkg/metricscollector/v1beta1/file-metricscollector; kubeflow.org, "How to Configure Metrics Collector".
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seakeep.cli._main import code_of
from seakeep.integrations import _kube as kube
from seakeep.integrations.katib import EXPERIMENT
from seakeep.pipeline.exports import export

from .facts import IMAGE, finished
from .yaml_reading import read

pytestmark = pytest.mark.slow

FILTER = re.compile(r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return finished(tmp_path_factory.mktemp("katib"))


@pytest.fixture(scope="module")
def experiment(project):
    options = {"image": IMAGE, "space": "n_estimators=5:50 criterion=friedman_mse|squared_error"}
    done = export("katib", project, to=project.parent / "out", settings=options)
    return read(done.files[EXPERIMENT])["spec"]


def trial(experiment, project: Path, folder: Path, **values: object) -> tuple[int, dict[str, float], bool]:
    """Its exit code, what the collector reads, and whether it was marked as completed."""
    script = experiment["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"][0]["command"]
    assert script[:2] == ["sh", "-c"]
    filled = script[2].replace(kube.PYTHON, sys.executable).replace(f"{kube.PROJECT}/", f"{project}/")
    filled = filled.replace(f"--home {kube.TEMPORARY}/seakeep", f"--home {folder}/home")
    for parameter in experiment["trialTemplate"]["trialParameters"]:
        filled = filled.replace(f"${{trialParameters.{parameter['name']}}}", str(values[parameter["reference"]]))
    log, mark = folder / "metrics.log", folder / "trial.pid"
    wrapped = f"{filled} 1>{log} 2>&1 && echo completed > {mark}"
    code = subprocess.run(["sh", "-c", wrapped], check=False).returncode
    found = {match[1]: float(match[2]) for match in FILTER.finditer(log.read_text()) if match[1] == "roc_auc"}
    return code, found, mark.exists()


def test_a_trial_tells_its_metric_to_the_collector(experiment, project, tmp_path) -> None:
    assert [each["name"] for each in experiment["parameters"]] == ["n_estimators", "criterion"]
    found = {}
    for number in (5, 50):
        (tmp_path / str(number)).mkdir()
        code, metrics, completed = trial(
            experiment, project, tmp_path / str(number), n_estimators=number, criterion="squared_error"
        )
        assert (code, completed) == (0, True)
        found[number] = metrics["roc_auc"]
    assert 0.5 < found[5] < found[50] < 1


def test_a_trial_that_fails_its_gates_counts_all_the_same(experiment, project, tmp_path) -> None:
    strict = shutil.copytree(project, tmp_path / "strict", ignore=shutil.ignore_patterns(".seakeep"))
    file = strict / "pipeline.py"
    file.write_text(file.read_text().replace('at_least("roc_auc", 0.70)', 'at_least("roc_auc", 0.99)'))
    code, metrics, completed = trial(experiment, strict, tmp_path, n_estimators=5, criterion="squared_error")
    assert (code, completed) == (0, True)
    assert metrics["roc_auc"] < 0.99


def test_a_trial_that_a_baseline_beats_is_not_evaluated_and_has_no_metric(experiment, project, tmp_path) -> None:
    code, metrics, completed = trial(experiment, project, tmp_path, n_estimators=1, criterion="squared_error")
    assert (code, metrics, completed) == (0, {}, True)


def test_a_trial_that_breaks_is_a_failed_one(experiment, project, tmp_path) -> None:
    code, metrics, completed = trial(experiment, project, tmp_path, n_estimators=-1, criterion="squared_error")
    assert (code, metrics, completed) == (3, {}, False)


def test_trials_leave_the_projects_registry_alone(experiment, project, tmp_path) -> None:
    before = sorted(path.name for path in (project / ".seakeep" / "releases").iterdir())
    trial(experiment, project, tmp_path, n_estimators=6, criterion="friedman_mse")
    assert sorted(path.name for path in (project / ".seakeep" / "releases").iterdir()) == before
    assert code_of(["releases", "--home", str(tmp_path / "home")]) == 0
