"""Kubeflow Trainer: the training stage as a TrainJob, with the TrainingRuntime that it runs in.

The stages before training run in the pod first, one after the other; each that is on record is found at once. Called by
`seakeep export trainer`. Training takes one node: what Seakeep trains (trees, linear models) is parallel within one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from seakeep.integrations import _kube as kube
from seakeep.integrations._options import check_least
from seakeep.integrations._stages import Worker
from seakeep.integrations._yaml import document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._kube import Plain
    from seakeep.pipeline.exports.subject import Subject

NEEDS: Final[Literal["project", "release", "either"]] = "project"
RUNTIME, JOB = "training-runtime.yaml", "train-job.yaml"
_API = "trainer.kubeflow.org/v1alpha1"
_STAGE = "train"


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set.

    name: of the objects. image: registry and name of the images; worker_digest: of the pushed worker image ("sha256:…"), which
    then stands instead of the tag. claim: the PersistentVolumeClaim of the home (default: NAME-home). data_claim: one that
    holds the data, mounted where the project's spans arrive. database_secret: name of the Secret whose key `url` is the
    registry's database (default: NAME-database; it may be absent). memory_mib, cpu_millis: what training asks for. retries: of
    a pod that broke. max_minutes: a job that takes longer is stopped.
    """

    name: str = ""
    image: str = ""
    worker_digest: str = ""
    claim: str = ""
    data_claim: str = ""
    database_secret: str = ""
    memory_mib: int = 4096
    cpu_millis: int = 2000
    retries: int = 2
    max_minutes: int = 60


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The TrainingRuntime and the TrainJob. Raises: NotRemote, BadExport, BadTarget."""
    worker = Worker.of("trainer", subject, options)
    check_least("trainer", options, retries=0, memory_mib=1, cpu_millis=1, max_minutes=1)
    name = worker.project.name
    return {
        RUNTIME: document(
            _runtime(worker, options), head=f"Where {name} is trained: image, volumes, security. Apply it once."
        ),
        JOB: document(
            _job(worker, options), head=f"One training of {name}. Each is a new object: kubectl create -f {JOB}"
        ),
    }


def next_lines(subject: Subject, options: Options) -> Sequence[str]:  # noqa: ARG001  (what every target offers)
    """What to type next, in the folder that was written."""
    return (f"kubectl apply -f {RUNTIME}", f"kubectl create -f {JOB}")


def _runtime(worker: Worker, options: Options) -> Plain:
    job = {
        "name": "node",
        "template": {
            # By this label the Trainer knows which job is the training, and puts the TrainJob's image and command there.
            "metadata": {"labels": {"trainer.kubeflow.org/trainjob-ancestor-step": "trainer"}},
            "spec": {
                "backoffLimit": options.retries,
                "podFailurePolicy": _verdicts(),
                "template": _pod(worker, options),
            },
        },
    }
    return {
        "apiVersion": _API,
        "kind": "TrainingRuntime",
        "metadata": {"name": worker.subject.slug, "labels": worker.labels(_STAGE)},
        "spec": {"mlPolicy": {"numNodes": 1}, "template": {"spec": {"replicatedJobs": [job]}}},
    }


def _verdicts() -> Plain:
    """A failed verdict would be the same again, so the job ends with it."""
    return {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}}]}


def _pod(worker: Worker, options: Options) -> Plain:
    stages = worker.project.stages
    before = stages[: stages.index(_STAGE)]
    return {
        "metadata": {"labels": worker.labels(_STAGE)},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": kube.pod_security(),
            "initContainers": [_container(worker, options, stage, stage) for stage in before],
            "containers": [_container(worker, options, "node", _STAGE)],
            "volumes": worker.volumes(),
        },
    }


def _container(worker: Worker, options: Options, name: str, stage: str) -> Plain:
    found = worker.container(name, [], memory_mib=options.memory_mib, cpu_millis=options.cpu_millis)
    return {key: value for key, value in found.items() if key != "args"} | {"command": worker.stage(stage)}


def _job(worker: Worker, options: Options) -> Plain:
    name = worker.subject.slug
    return {
        "apiVersion": _API,
        "kind": "TrainJob",
        "metadata": {"generateName": f"{name}-", "labels": worker.labels(_STAGE)},
        "spec": {
            "runtimeRef": {"apiGroup": "trainer.kubeflow.org", "kind": "TrainingRuntime", "name": name},
            "activeDeadlineSeconds": options.max_minutes * 60,
            "trainer": {
                "image": worker.image,
                "command": worker.stage(_STAGE),
                "numNodes": 1,
                "resourcesPerNode": kube.resources(options.memory_mib, options.cpu_millis),
            },
        },
    }
