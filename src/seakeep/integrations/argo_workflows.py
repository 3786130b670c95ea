"""Argo Workflows: the project's stages as a WorkflowTemplate, and a CronWorkflow that trains again where there is reason.

Each stage is a pod on the worker image; they hand over by digest, through the home that they share. A failed verdict ends the
workflow, an inconclusive one does not, and only what broke is tried again. Called by `seakeep export argo-workflows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from seakeep.integrations import _kube as kube
from seakeep.integrations._options import NAME, check_cron, check_forms, check_least
from seakeep.integrations._stages import Worker
from seakeep.integrations._yaml import document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._kube import Plain
    from seakeep.pipeline.exports.subject import Subject

NEEDS: Final[Literal["project", "release", "either"]] = "project"
TEMPLATE, CRON = "workflow-template.yaml", "cron-workflow.yaml"
_API = "argoproj.io/v1alpha1"
_DAY_SECONDS = 86_400
_SPAN = "{{workflow.parameters.span}}"


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set.

    name: of the objects. image: registry and name of the images; worker_digest: of the pushed worker image ("sha256:…"), which
    then stands instead of the tag. claim: the PersistentVolumeClaim of the home (default: NAME-home). data_claim: one that
    holds the data, mounted where the project's spans arrive. database_secret: name of the Secret whose key `url` is the
    registry's database (default: NAME-database; it may be absent). service_account: that the pods run as; Argo wants one that
    may write workflowtaskresults. schedule: of the CronWorkflow, five fields of cron in UTC. memory_mib, cpu_millis: what each
    stage asks for; train_memory_mib, train_cpu_millis: what training does. retries: of a stage that broke; retry_seconds:
    before the first, doubled each time. max_minutes: a workflow that takes longer is stopped.
    """

    name: str = ""
    image: str = ""
    worker_digest: str = ""
    claim: str = ""
    data_claim: str = ""
    database_secret: str = ""
    service_account: str = "default"
    schedule: str = "0 3 * * *"
    memory_mib: int = 2048
    cpu_millis: int = 1000
    train_memory_mib: int = 4096
    train_cpu_millis: int = 2000
    retries: int = 2
    retry_seconds: int = 30
    max_minutes: int = 120


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The WorkflowTemplate and the CronWorkflow. Raises: NotRemote, BadExport, BadTarget."""
    worker = _checked(subject, options)
    stages = ", ".join(worker.project.stages)
    return {
        TEMPLATE: document(
            _template(worker, options),
            head=f"The life of {worker.project.name}, a pod a stage: {stages}.\n"
            "A stage that is on record is found and not done again.",
        ),
        CRON: document(
            _cron(worker, options),
            head=f"Looks whether there is reason to train {worker.project.name} again: new spans, drift, decay, a schedule\n"
            "(the settings [retrain] of the project), and does it in one pod.",
        ),
    }


def next_lines(subject: Subject, options: Options) -> Sequence[str]:  # noqa: ARG001  (what every target offers)
    """What to type next, in the folder that was written."""
    name = subject.slug
    return (f"kubectl apply -f {TEMPLATE} -f {CRON}", f"argo submit --from workflowtemplate/{name} --watch")


def _checked(subject: Subject, options: Options) -> Worker:
    worker = Worker.of("argo-workflows", subject, options)
    check_least("argo-workflows", options, retries=0, retry_seconds=0, memory_mib=1, cpu_millis=1, max_minutes=1)
    check_least("argo-workflows", options, train_memory_mib=1, train_cpu_millis=1)
    check_cron("argo-workflows", options, "schedule")
    check_forms("argo-workflows", options, {"service_account": (NAME, "the name of a ServiceAccount")})
    return worker


def _template(worker: Worker, options: Options) -> Plain:
    stages = worker.project.stages
    after = {later: {"depends": f"{earlier}.Succeeded"} for earlier, later in pairwise(stages)}
    life = {
        "name": "life",
        "dag": {"tasks": [{"name": stage, "template": stage, **after.get(stage, {})} for stage in stages]},
    }
    spec = {
        "entrypoint": "life",
        "onExit": "conclude",
        "arguments": {"parameters": _parameters(worker)},
        "serviceAccountName": options.service_account,
        "securityContext": kube.pod_security(),
        "volumes": worker.volumes(),
        "activeDeadlineSeconds": options.max_minutes * 60,
        "podGC": {"strategy": "OnPodSuccess"},
        "ttlStrategy": {"secondsAfterCompletion": 7 * _DAY_SECONDS},
        "podMetadata": {"labels": worker.labels("life")},
        "templates": [life, *(_stage(worker, options, stage) for stage in stages), *_others(worker, options)],
    }
    return {
        "apiVersion": _API,
        "kind": "WorkflowTemplate",
        "metadata": {"name": worker.subject.slug, "labels": worker.labels("life")},
        "spec": spec,
    }


def _cron(worker: Worker, options: Options) -> Plain:
    name = worker.subject.slug
    return {
        "apiVersion": _API,
        "kind": "CronWorkflow",
        "metadata": {"name": f"{name}-retrain", "labels": worker.labels("retrain")},
        "spec": {
            "schedules": [options.schedule],
            "timezone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 300,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "workflowSpec": {"workflowTemplateRef": {"name": name}, "entrypoint": "retrain"},
        },
    }


def _parameters(worker: Worker) -> list[Plain]:
    """What can be given with `argo submit -p`. A pipeline without spans has none to choose."""
    if not worker.project.spans:
        return []
    return [{"name": "span", "value": "", "description": "The newest span of data to use; empty for all that came."}]


def _stage(worker: Worker, options: Options, stage: str) -> Plain:
    """One stage's pod. The span is handed over by the environment, so that no text of a caller becomes part of a command."""
    training = stage == "train"
    memory, cpu = (
        (options.train_memory_mib, options.train_cpu_millis) if training else (options.memory_mib, options.cpu_millis)
    )
    container = worker.container("main", [], memory_mib=memory, cpu_millis=cpu)
    more = '${SPAN:+--span "$SPAN"}' if worker.project.spans else ""
    container |= {"command": worker.stage(stage, more)}
    if worker.project.spans:
        container["env"] = [*container["env"], {"name": "SPAN", "value": _SPAN}]
    return {"name": stage, "retryStrategy": _retry(options), "container": _without(container, "args")}


def _others(worker: Worker, options: Options) -> list[Plain]:
    """What the CronWorkflow starts, and what is said at the end of every workflow, however it ended."""
    memory, cpu = options.train_memory_mib, options.train_cpu_millis
    retrain = worker.container("main", ["retrain", worker.file, "--once", "--json"], memory_mib=memory, cpu_millis=cpu)
    told = worker.container("main", ["releases", worker.project.name], memory_mib=512, cpu_millis=100)
    python = [kube.PYTHON, "-m", "seakeep"]
    return [
        {"name": "retrain", "retryStrategy": _retry(options), "container": {**retrain, "command": python}},
        {"name": "conclude", "container": {**told, "command": python}},
    ]


def _retry(options: Options) -> Plain:
    """Again where it broke; an exit code of 1 or 2 is a verdict, which would be the same again."""
    return {
        "limit": options.retries,
        "retryPolicy": "Always",
        "expression": "asInt(lastRetry.exitCode) not in [1, 2]",
        "backoff": {"duration": f"{options.retry_seconds}s", "factor": 2, "maxDuration": "1h"},
    }


def _without(container: Plain, key: str) -> Plain:
    return {name: value for name, value in container.items() if name != key}
