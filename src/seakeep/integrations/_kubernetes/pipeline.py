"""The objects of a project's work: a CronJob for the monitor, one for retraining, and a Job for each stage of the pipeline.

An exit code of 1 or 2 is a verdict: the command did its work, and asking again would give the same answer. Only breakage (3 and
what the system does to a process) is tried again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations import _kube as kube
from seakeep.integrations._kubernetes.serving import pod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.integrations._kube import Plain
    from seakeep.integrations._kubernetes.options import Facts

_TRIES = 2
_DAY_SECONDS = 86_400
_MONITOR_SECONDS = 3600
_VERDICTS = [1, 2]


def monitor(facts: Facts) -> Plain:
    """Judges the windows that are due."""
    args = ["monitor", facts.project.name, "--once", "--json"]
    return _cron(facts, "monitor", facts.options.monitor_schedule, args, seconds=_MONITOR_SECONDS)


def retrain(facts: Facts) -> Plain:
    """Looks whether there is reason to train again, and does it."""
    seconds = facts.subject.settings.retrain.max_minutes * 60 + _MONITOR_SECONDS
    args = ["retrain", _file(facts), "--once", "--json"]
    return _cron(facts, "retrain", facts.options.retrain_schedule, args, seconds=seconds)


def stages(facts: Facts) -> Mapping[str, Plain]:
    """A Job a stage, in order. Each finds what the one before it made by its digest, in the home."""
    return {
        stage: {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": _metadata(facts, f"{facts.slug}-{stage}", stage),
            "spec": {
                **_job(facts, stage, ["run", _file(facts), "--stage", stage, "--json"]),
                "ttlSecondsAfterFinished": _DAY_SECONDS,
            },
        }
        for stage in facts.project.stages
    }


def network(facts: Facts) -> Plain:
    """Nobody asks a job anything. What jobs ask (a database, an object store) stands elsewhere for everybody else."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{facts.slug}-worker", "labels": kube.labels(facts.subject, "network")},
        "spec": {
            "podSelector": {"matchLabels": kube.selector(facts.subject, "worker")},
            "policyTypes": ["Ingress"],
            "ingress": [],
        },
    }


def _cron(facts: Facts, task: str, schedule: str, args: list[str], *, seconds: int) -> Plain:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": _metadata(facts, f"{facts.slug}-{task}", task),
        "spec": {
            "schedule": schedule,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",  # two of one task would wait for each other's lock
            "startingDeadlineSeconds": 300,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "metadata": {"labels": _labels(facts, task)},
                "spec": {**_job(facts, task, args), "activeDeadlineSeconds": seconds},
            },
        },
    }


def _job(facts: Facts, task: str, args: list[str]) -> Plain:
    """A Job's spec: one pod, tried again where it broke and not where it came to a verdict."""
    asked = kube.resources(facts.options.worker_memory_mib, facts.options.worker_cpu_millis)
    container = kube.worker_container(task, facts.worker_image(), args, resources=asked, secret=facts.database)
    verdict = {"containerName": task, "operator": "In", "values": _VERDICTS}
    return {
        "backoffLimit": _TRIES,
        "podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": verdict}]},
        "template": {
            "metadata": {"labels": _labels(facts, task)},
            "spec": {
                **pod(facts),
                "restartPolicy": "Never",
                "containers": [container],
                "volumes": kube.volumes(facts.claim, temporary_mib=2048),
            },
        },
    }


def _metadata(facts: Facts, name: str, task: str) -> Plain:
    return {"name": name, "labels": _labels(facts, task)}


def _labels(facts: Facts, task: str) -> dict[str, str]:
    code = facts.project.code[: kube.DIGITS]
    return kube.labels(facts.subject, "worker") | {"seakeep.dev/task": task, "seakeep.dev/code": code}


def _file(facts: Facts) -> str:
    return f"{kube.PROJECT}/{facts.project.file}"
