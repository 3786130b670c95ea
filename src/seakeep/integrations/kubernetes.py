"""Kubernetes: a Kustomize base with overlays for staging and production: servers, autoscaling, monitoring, canaries, jobs.

Of a release come its servers, of a project its jobs; of a project whose champion is on record come both. What a cluster may
lack (Gateway API, Prometheus operator) are components, which an overlay takes or leaves. Jobs of the pipeline's stages stand
apart, since a Job is started by being applied. Every object is made in `_kubernetes`, which helm's chart shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from seakeep.integrations import _kube as kube
from seakeep.integrations._kubernetes import pipeline, platform, serving
from seakeep.integrations._kubernetes.options import Facts, Options
from seakeep.integrations._yaml import comment, document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._kube import Plain
    from seakeep.pipeline.exports.subject import Subject

__all__ = ["MEASURES", "NEEDS", "Options", "files", "next_lines"]

NEEDS: Final[Literal["project", "release", "either"]] = "either"
MEASURES: Final = True
_STAGING_MOST = 2


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The folder: `base/`, `components/`, `overlays/staging/`, `overlays/production/`, and of a project `jobs/`.

    Raises: BadExport, BadTarget, for an illegal name, no image, or an option that makes no sense.
    """
    facts = Facts("kubernetes", subject, options)
    base = base_objects(facts)
    written = {f"base/{name}.yaml": _file(facts, value, why) for name, (value, why) in base.items()}
    written["base/kustomization.yaml"] = _kustomization(facts, "Everything that every cluster has.", resources=base)
    for component, objects in component_objects(facts).items():
        place = f"components/{component}"
        written |= {f"{place}/{name}.yaml": _file(facts, value, why) for name, (value, why) in objects.items()}
        written[f"{place}/kustomization.yaml"] = _component(objects)
    if subject.release and options.role == "champion":
        head = (
            "Values of the chart prometheus-adapter, which serves the autoscaler's metric. Not applied with the rest."
        )
        written["prometheus-adapter.yaml"] = document(platform.adapter(facts), head=head)
    for overlay in ("staging", "production"):
        written[f"overlays/{overlay}/kustomization.yaml"] = _overlay(facts, overlay)
    return written | _jobs(facts)


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to type next, in the folder that was written."""
    image = f"{options.image}-server" if subject.release else f"{options.image}-worker"
    return (
        f"build and push {image} first: seakeep export container …",
        "kubectl kustomize overlays/staging",
        "kubectl apply --server-side --dry-run=server -k overlays/staging",
        "kubectl apply --server-side -k overlays/staging",
    )


def base_objects(facts: Facts) -> dict[str, tuple[Plain, str]]:
    """The objects that need nothing but Kubernetes, by file; with what a reviewer should know of each."""
    found: dict[str, tuple[Plain, str]] = {}
    is_first = facts.options.role == "champion"
    if is_first:
        found["service-account"] = (serving.service_account(facts), _doc(serving.service_account))
        if not facts.options.claim:
            found["home"] = (serving.volume_claim(facts), _doc(serving.volume_claim))
    if facts.subject.release:
        found |= _server_objects(facts)
    if facts.subject.release and is_first:
        found["service"] = (serving.service(facts, role="champion"), _doc(serving.service))
        found["service-canary"] = (serving.service(facts, role="challenger"), _doc(serving.service))
        found["network-server"] = (serving.network(facts), _doc(serving.network))
    if facts.subject.project and is_first:
        found["cronjob-monitor"] = (pipeline.monitor(facts), _doc(pipeline.monitor))
        found["cronjob-retrain"] = (pipeline.retrain(facts), _doc(pipeline.retrain))
        found["network-worker"] = (pipeline.network(facts), _doc(pipeline.network))
    return found


def component_objects(facts: Facts) -> dict[str, dict[str, tuple[Plain, str]]]:
    """The objects that need more than Kubernetes, by component and file; none where the base has them already."""
    if not facts.subject.release or facts.options.role != "champion":
        return {}
    return {
        "gateway": {"route": (platform.route(facts), _doc(platform.route))},
        "prometheus": {
            "service-monitor": (platform.service_monitor(facts), _doc(platform.service_monitor)),
            "rules": (platform.rules(facts), _doc(platform.rules)),
        },
    }


def _server_objects(facts: Facts) -> dict[str, tuple[Plain, str]]:
    _, memory = facts.server_resources()
    _, rate = facts.requests_per_replica()
    return {
        "settings": (serving.settings(facts), _doc(serving.settings)),
        "deployment": (serving.deployment(facts), f"{_doc(serving.deployment)}\nMemory: {memory}."),
        "autoscaler": (serving.autoscaler(facts), f"{_doc(serving.autoscaler)}\nRequests a second: {rate}."),
        "disruption-budget": (serving.disruption_budget(facts), _doc(serving.disruption_budget)),
    }


def _doc(function: object) -> str:
    """What a function says of the object that it makes, for whoever reviews the file."""
    return "\n".join(line.strip() for line in (function.__doc__ or "").strip().splitlines() if line.strip())


def _file(facts: Facts, value: Plain, why: str) -> str:
    return document(value, head=kube.warning(facts.subject) + why)


def _kustomization(facts: Facts, why: str, *, resources: Mapping[str, object]) -> str:
    value = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"{name}.yaml" for name in resources],
    }
    return document(value, head=kube.warning(facts.subject) + why)


def _component(objects: Mapping[str, object]) -> str:
    value = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": [f"{name}.yaml" for name in objects],
    }
    return document(value)


def _overlay(facts: Facts, overlay: str) -> str:
    """One environment. Staging keeps to few servers, so that it costs little and is still more than one in an upgrade."""
    namespace = facts.options.namespace if overlay == "production" else f"{facts.options.namespace}-{overlay}"
    components = [f"../../components/{name}" for name in component_objects(facts)]
    patches = [_fewer(facts)] if overlay == "staging" and facts.subject.release else []
    value = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": namespace,
        "resources": ["../../base"],
        **({"components": components} if components else {}),
        **({"patches": patches} if patches else {}),
    }
    head = f"{overlay.capitalize()}. The namespace must exist. A cluster without Gateway API or Prometheus operator: remove the component."
    return document(value, head=kube.warning(facts.subject) + head)


def _fewer(facts: Facts) -> Plain:
    target = {"kind": "HorizontalPodAutoscaler", "name": facts.server}
    lines = "".join(
        f"- op: replace\n  path: /spec/{key}\n  value: {value}\n"
        for key, value in (("minReplicas", 1), ("maxReplicas", _STAGING_MOST))
    )
    return {"target": target, "patch": lines}


def _jobs(facts: Facts) -> dict[str, str]:
    """The stages as Jobs, numbered in their order."""
    if not facts.subject.project or facts.options.role != "champion":
        return {}
    head = "Start one after the other: kubectl create -f FILE && kubectl wait --for=condition=complete -f FILE\n"
    return {
        f"jobs/{number}-{stage}.yaml": comment(head) + document(job)
        for number, (stage, job) in enumerate(pipeline.stages(facts).items(), start=1)
    }
