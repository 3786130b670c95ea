"""Katib: an Experiment that tries parameters of the project's estimator, each trial a Job that runs the pipeline.

A trial is `seakeep run --set estimator.NAME=VALUE --metric METRIC` with a home of its own, which goes with its pod: trials do not
wait for each other, and what they made is no release of anybody. Katib's collector reads the metric from standard output. Called
by `seakeep export katib`. What wins is set in the project, reviewed and run as everything else is.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from seakeep.core import plugins
from seakeep.core.errors import UsageError
from seakeep.integrations import _kube as kube
from seakeep.integrations._options import check_least
from seakeep.integrations._stages import Worker, accepting
from seakeep.integrations._yaml import document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._kube import Plain
    from seakeep.pipeline.exports.subject import ProjectFacts, Subject

NEEDS: Final[Literal["project", "release", "either"]] = "project"
EXPERIMENT = "experiment.yaml"
SPACES = {
    "lightgbm": "num_leaves=15:127 learning_rate=0.01:0.3 n_estimators=100:600 min_child_samples=5:100",
    "xgboost": "max_depth=3:10 learning_rate=0.01:0.3 n_estimators=100:600 min_child_weight=1:20",
}
"""What is tried where nothing is said: the parameters that decide most, within bounds that no trial breaks at."""
_TRIAL_HOME = f"{kube.TEMPORARY}/seakeep"
_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER})")
_FORM = "NAME=LEAST:MOST, or NAME=a|b|c, with spaces between"


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set.

    name: of the objects. image: registry and name of the images; worker_digest: of the pushed worker image ("sha256:…"), which
    then stands instead of the tag. data_claim: a PersistentVolumeClaim that holds the data, mounted where the project's spans
    arrive. space: what is tried, for example "num_leaves=15:127 learning_rate=0.01:0.3 boosting_type=gbdt|dart"; whole numbers
    where both bounds are; empty for a space that suits the library. metric: that decides (default: of the first requirement).
    algorithm: that chooses. trials, parallel: how many, and how many at a time; most_failed: before the experiment is given
    up. memory_mib, cpu_millis: what a trial asks for. max_minutes: a trial that takes longer is stopped.
    """

    name: str = ""
    image: str = ""
    worker_digest: str = ""
    data_claim: str = ""
    space: str = ""
    metric: str = ""
    algorithm: Literal["tpe", "multivariate-tpe", "random", "bayesianoptimization", "cmaes", "sobol"] = "tpe"
    trials: int = 24
    parallel: int = 3
    most_failed: int = 3
    memory_mib: int = 4096
    cpu_millis: int = 2000
    max_minutes: int = 60


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The Experiment. Raises: NotRemote, BadExport, BadTarget; UsageError, for a metric that there is not."""
    worker = Worker.of("katib", subject, options)
    check_least("katib", options, trials=1, parallel=1, memory_mib=1, cpu_millis=1, max_minutes=1, most_failed=0)
    parameters = [_parameter(text) for text in _space(worker.project, options).split()]
    metric = _metric(worker.project, options)
    head = (
        f"Tries parameters of {worker.project.name}'s estimator and keeps the best {metric} on its held-out rows.\n"
        "Those rows have then chosen the parameters: what is released is judged by the gates on a later span.\n"
        "Its namespace needs the label katib.kubeflow.org/metrics-collector-injection=enabled."
    )
    return {EXPERIMENT: document(_experiment(worker, options, parameters, metric), head=head)}


def next_lines(subject: Subject, options: Options) -> Sequence[str]:  # noqa: ARG001  (what every target offers)
    """What to type next, in the folder that was written."""
    best = f"kubectl get experiment {subject.slug} -o jsonpath='{{.status.currentOptimalTrial}}'"
    return (f"kubectl create -f {EXPERIMENT}", best)


def _experiment(worker: Worker, options: Options, parameters: list[Plain], metric: str) -> Plain:
    greater = plugins.load("evaluation.metrics", metric).GREATER_IS_BETTER
    return {
        "apiVersion": "kubeflow.org/v1beta1",
        "kind": "Experiment",
        "metadata": {"name": worker.subject.slug, "labels": worker.labels("tune")},
        "spec": {
            "objective": {"type": "maximize" if greater else "minimize", "objectiveMetricName": metric},
            "algorithm": {"algorithmName": options.algorithm},
            "maxTrialCount": options.trials,
            "parallelTrialCount": options.parallel,
            "maxFailedTrialCount": options.most_failed,
            "parameters": parameters,
            "metricsCollectorSpec": {"collector": {"kind": "StdOut"}},
            "trialTemplate": {
                "primaryContainerName": "trial",
                "trialParameters": [{"name": each["name"], "reference": each["name"]} for each in parameters],
                "trialSpec": _job(worker, options, [each["name"] for each in parameters], metric),
            },
        },
    }


def _job(worker: Worker, options: Options, names: Sequence[str], metric: str) -> Plain:
    """A trial. The metric is what it is for, so a verdict of fail or inconclusive (1, 2) is a success; breakage is none."""
    file = shlex.quote(worker.file)
    told = " ".join(f'--set "estimator.{name}=${{trialParameters.{name}}}"' for name in names)
    run = f"{kube.PYTHON} -m seakeep run {file} --home {_TRIAL_HOME} {told} --metric {metric}"
    container = worker.container("trial", [], memory_mib=options.memory_mib, cpu_millis=options.cpu_millis)
    alone = {key: value for key, value in container.items() if key not in ("args", "env")}
    own = [mount for mount in container["volumeMounts"] if mount["name"] != "home"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {
            "backoffLimit": 1,
            "activeDeadlineSeconds": options.max_minutes * 60,
            "template": {
                "metadata": {"labels": worker.labels("tune"), "annotations": {"sidecar.istio.io/inject": "false"}},
                "spec": {
                    "restartPolicy": "Never",
                    "automountServiceAccountToken": False,
                    "securityContext": kube.pod_security(),
                    "containers": [{**alone, "command": accepting("1|2", run), "volumeMounts": own}],
                    "volumes": [volume for volume in worker.volumes() if volume["name"] != "home"],
                },
            },
        },
    }


def _space(project: ProjectFacts, options: Options) -> str:
    found = options.space or next((SPACES[extra] for extra in project.extras if extra in SPACES), "")
    if not found.strip():
        raise kube.BadTarget.wrong_option("katib", "space", options.space, _FORM)
    return found


def _parameter(text: str) -> Plain:
    """One parameter's range or choices. A learning rate, and whatever spans a tenfold range, is tried on a logarithmic scale."""
    name, equals, values = text.partition("=")
    if not equals or not name.isidentifier() or not values:
        raise kube.BadTarget.wrong_option("katib", "space", text, _FORM)
    bounds = _RANGE.fullmatch(values)
    if bounds is None:
        choices = values.split("|")
        if ":" in values or not all(re.fullmatch(r"[\w.+-]+", choice) for choice in choices):
            raise kube.BadTarget.wrong_option("katib", "space", text, _FORM)
        return {"name": name, "parameterType": "categorical", "feasibleSpace": {"list": choices}}
    least, most = bounds.groups()
    if float(least) >= float(most):
        raise kube.BadTarget.wrong_option("katib", "space", text, "the least value before the most")
    whole = least.lstrip("+-").isdecimal() and most.lstrip("+-").isdecimal()
    wide = {"distribution": "logUniform"} if not whole and float(least) > 0 and float(most) >= 10 * float(least) else {}
    space = {"min": least, "max": most, **wide}
    return {"name": name, "parameterType": "int" if whole else "double", "feasibleSpace": space}


def _metric(project: ProjectFacts, options: Options) -> str:
    """The metric that decides: as asked for, or that of the first requirement which names one."""
    known = plugins.names("evaluation.metrics")
    if options.metric:
        if options.metric not in known:
            raise UsageError.unknown_name("metric", options.metric, known, where="option of katib")
        return options.metric
    named = (requirement.partition(" ")[0].partition("[")[0] for requirement in project.requirements)
    found = next((name for name in named if name in known), "")
    if not found:
        raise kube.BadTarget.wrong_option("katib", "metric", "", f"one of {', '.join(known)}")
    return found
