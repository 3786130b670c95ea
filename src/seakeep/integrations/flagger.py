"""Flagger: a Canary over Gateway API whose webhooks ask Seakeep for the canary's verdict, and a MetricTemplate where Prometheus is asked.

Flagger asks by POST and takes the status for the answer: may the canary begin (is its rollout on record), may the weights grow (it
is not sent back), may it be promoted (it passed), must it go (it failed). A question that is not answered is a no: the canary
waits, and goes back when that was often enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from seakeep.integrations import _kube as kube
from seakeep.integrations import _progressive as progressive
from seakeep.integrations import _queries as queries
from seakeep.integrations._kubernetes import serving
from seakeep.integrations._options import ADDRESS, check_forms, check_least
from seakeep.pipeline.control.gates import GATES
from seakeep.pipeline.control.metrics import families

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._kube import Plain
    from seakeep.integrations._kubernetes.options import Facts
    from seakeep.pipeline.exports.subject import Subject

NEEDS: Final[Literal["project", "release", "either"]] = "release"
MEASURES: Final = True
_TARGET = "flagger"
_API = "flagger.app/v1beta1"
_TIMEOUT = "5s"


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set with --set.

    name: of the objects, where the release's is no legal one. image: registry and name of the images (default: export.image).
    namespace: of everything. server_digest, worker_digest: of the pushed images ("sha256:…"). gateway: NAME or NAMESPACE/NAME
    of the Gateway; hostname: of its route, empty for all. weights: of the canary in percent, step by step. interval_seconds:
    between two steps, at which all questions are asked. threshold: of questions answered with no, after which the canary
    goes back. prometheus: its URL, where the verdict is to be asked of Prometheus as well, as a metric. least_replicas,
    most_replicas: of servers. requests_per_replica: a second, above which there is one more; 0 for 70 % of what was measured.
    memory_mib, cpu_millis: of a server; 0 MiB for what was measured. claim: name of the volume that all pods write to, where
    there is one; else storage_gib, storage_class of a new one. control_url: of a control server that there is already; by
    default one is deployed where a project is exported. controller_namespace, monitoring_namespace: from where it may be asked.
    """

    name: str = ""
    image: str = ""
    namespace: str = "default"
    server_digest: str = ""
    worker_digest: str = ""
    gateway: str = "gateway"
    hostname: str = ""
    weights: str = "5,25,50"
    interval_seconds: int = 60
    threshold: int = 5
    prometheus: str = ""
    least_replicas: int = 2
    most_replicas: int = 10
    requests_per_replica: int = 0
    memory_mib: int = 0
    cpu_millis: int = 500
    claim: str = ""
    storage_gib: int = 10
    storage_class: str = ""
    control_url: str = ""
    controller_namespace: str = "flagger-system"
    monitoring_namespace: str = "monitoring"


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """A folder for kubectl apply -k. Raises: BadExport, BadTarget, for an illegal name, no image, or an impossible option."""
    check_least(_TARGET, options, interval_seconds=10, threshold=1)
    check_forms(_TARGET, options, {"prometheus": (f"({ADDRESS})?", "http://HOST:PORT, or nothing")})
    if options.prometheus and subject.release is not None and not subject.release.version:
        raise kube.BadTarget.wrong_option(
            _TARGET, "prometheus", options.prometheus, "nothing, as the release has no version"
        )
    progress = progressive.Progress.of(_TARGET, subject, options)
    facts = progress.facts
    objects: dict[str, tuple[Plain, str]] = {
        "deployment": (deployment(facts), deployment.__doc__ or ""),
        "autoscaler": (serving.autoscaler(facts), serving.autoscaler.__doc__ or ""),
        "canary": (canary(progress, options), canary.__doc__ or ""),
        **progressive.home_objects(facts),
        **progressive.control_objects(progress, options.controller_namespace),
    }
    if options.prometheus:
        objects["metric"] = (metric(facts, options), metric.__doc__ or "")
    head = "Flagger with Gateway API. The next release: export it to the same folder, start its rollout, apply."
    return progressive.written(facts, objects, head=head)


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to type next, in the folder that was written."""
    return progressive.steps_to_type(progressive.Progress.of(_TARGET, subject, options).facts)


def deployment(facts: Facts) -> Plain:
    """The servers. Flagger copies them as NAME-primary, which answers all but the canary's share.

    Flagger finds pods by one label and renames its value for the primary; here `app`, which no other pod of ours has.
    """
    made = serving.deployment(facts)
    label = {"app": facts.slug}
    template = made["spec"]["template"]
    template["metadata"]["labels"] |= label
    made["spec"]["selector"] = {"matchLabels": label}
    for constraint in template["spec"]["topologySpreadConstraints"]:
        constraint["labelSelector"] = {"matchLabels": label}
    return made


def canary(progress: progressive.Progress, options: Options) -> Plain:
    """How a new release is let in. The rollout must be on record before it is applied (plan external), else it waits."""
    facts = progress.facts
    namespace, _, name = options.gateway.rpartition("/")
    return {
        "apiVersion": _API,
        "kind": "Canary",
        "metadata": {"name": facts.slug, "labels": kube.labels(facts.subject, "canary")},
        "spec": {
            "provider": "gatewayapi:v1",
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": facts.slug},
            "autoscalerRef": {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": facts.slug},
            "progressDeadlineSeconds": 600,
            "service": {
                "port": kube.PORT,
                "portName": "http",
                "targetPort": "http",
                **({"hosts": [options.hostname]} if options.hostname else {}),
                "gatewayRefs": [{"name": name} | ({"namespace": namespace} if namespace else {})],
            },
            "analysis": _analysis(progress, options),
        },
    }


def metric(facts: Facts, options: Options) -> Plain:
    """1 where the canary of this release failed, else 0; nothing where Prometheus knows of no such rollout, which counts as a no."""
    of = queries.matchers(model=facts.release.name)
    this = queries.matchers(model=facts.release.name, challenger=str(facts.release.version))
    failed = f"{families.ROLLOUT_VERDICT.name}{{{of}}} == bool {families.VERDICTS['fail']}"
    query = f"max(({failed}) * on (model) group_left () max by (model) ({families.ROLLOUT.name}{{{this}}}))"
    return {
        "apiVersion": _API,
        "kind": "MetricTemplate",
        "metadata": {"name": f"{facts.slug}-failed", "labels": kube.labels(facts.subject, "canary")},
        "spec": {"provider": {"type": "prometheus", "address": options.prometheus}, "query": query},
    }


def _analysis(progress: progressive.Progress, options: Options) -> Plain:
    interval = f"{options.interval_seconds}s"
    hooks = [
        {"name": f"seakeep-{gate}", "type": gate, "url": progress.gate_url(gate), "timeout": _TIMEOUT} for gate in GATES
    ]
    found: Plain = {
        "interval": interval,
        "threshold": options.threshold,
        "stepWeights": list(progress.weights),
        "webhooks": hooks,
    }
    if options.prometheus:
        reference = {"name": f"{progress.facts.slug}-failed"}
        limits = {"thresholdRange": {"max": 0}, "interval": interval}
        found["metrics"] = [{"name": "seakeep-failed", "templateRef": reference, **limits}]
    return found
