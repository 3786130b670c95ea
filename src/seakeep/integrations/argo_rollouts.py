"""Argo Rollouts: a Rollout whose steps move the traffic, and AnalysisTemplates that ask Seakeep for the canary's verdict.

While the weights grow, a background analysis asks and ends the canary at the first "fail". At the last weight a step waits for
the verdict: "pass" lets the canary in, "fail" sends it back, and "inconclusive" for too long pauses it for a person to decide.

What is hard is that Argo counts a metric as successful once it has `count` measurements and none of its limits is broken: a
metric that was inconclusive throughout would let the canary in (argo-rollouts analysis.go, assessMetricStatus). So the limit of
inconclusive measurements is one less than their count: without one "pass" there is no success. A server that does not answer,
answers no JSON, or speaks of another release (409) is an error to Argo, which is neither; too many of them end the canary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from seakeep.integrations import _kube as kube
from seakeep.integrations import _progressive as progressive
from seakeep.integrations._kubernetes import platform, serving
from seakeep.integrations._options import check_least

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._kube import Plain
    from seakeep.integrations._kubernetes.options import Facts
    from seakeep.pipeline.exports.subject import Subject

NEEDS: Final[Literal["project", "release", "either"]] = "release"
MEASURES: Final = True
_TARGET = "argo-rollouts"
_API = "argoproj.io/v1alpha1"
_FOREVER = 1_000_000
_TIMEOUT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set with --set.

    name: of the objects, where the release's is no legal one. image: registry and name of the images (default: export.image).
    namespace: of everything. server_digest, worker_digest: of the pushed images ("sha256:…"). routing: "gateway" for weights by
    Gateway API, whose plug-in for Argo Rollouts must be installed; "replicas" for weights by numbers of pods. gateway: NAME or
    NAMESPACE/NAME of the Gateway; hostname: of its route, empty for all. weights: of the canary in percent, step by step.
    pause_minutes: at each weight. interval_seconds: between two questions. patience_minutes: how long the last step waits for
    a verdict before it pauses for a person. errors: questions in a row that may go unanswered. least_replicas, most_replicas: of
    servers. requests_per_replica: a second, above which there is one more; 0 for 70 % of what was measured. memory_mib,
    cpu_millis: of a server; 0 MiB for what was measured. claim: name of the volume that all pods write to, where there is
    one; else storage_gib, storage_class of a new one. control_url: of a control server that there is already; by default one is
    deployed where a project is exported. controller_namespace, monitoring_namespace: from where it may be asked.
    """

    name: str = ""
    image: str = ""
    namespace: str = "default"
    server_digest: str = ""
    worker_digest: str = ""
    routing: Literal["gateway", "replicas"] = "gateway"
    gateway: str = "gateway"
    hostname: str = ""
    weights: str = "5,25,50"
    pause_minutes: int = 5
    interval_seconds: int = 30
    patience_minutes: int = 120
    errors: int = 10
    least_replicas: int = 2
    most_replicas: int = 10
    requests_per_replica: int = 0
    memory_mib: int = 0
    cpu_millis: int = 500
    claim: str = ""
    storage_gib: int = 10
    storage_class: str = ""
    control_url: str = ""
    controller_namespace: str = "argo-rollouts"
    monitoring_namespace: str = "monitoring"


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """A folder for kubectl apply -k. Raises: BadExport, BadTarget, for an illegal name, no image, or an impossible option."""
    check_least(_TARGET, options, pause_minutes=0, interval_seconds=5, patience_minutes=1, errors=0)
    progress = progressive.Progress.of(_TARGET, subject, options)
    facts = progress.facts
    objects: dict[str, tuple[Plain, str]] = {
        "rollout": (rollout(progress, options), _doc(rollout)),
        "analysis-watch": (watch(progress, options), _doc(watch)),
        "analysis-verdict": (verdict(progress, options), _doc(verdict)),
        "service": (service(facts, facts.slug), _doc(service)),
        "service-canary": (service(facts, facts.canary), _doc(service)),
        "autoscaler": (autoscaler(facts), serving.autoscaler.__doc__ or ""),
        "disruption-budget": (disruption_budget(facts), serving.disruption_budget.__doc__ or ""),
        **progressive.home_objects(facts),
        **progressive.control_objects(progress, options.controller_namespace),
    }
    if options.routing == "gateway":
        objects["route"] = (platform.route(facts), "The weights are Argo's from the first canary on.")
    head = "Argo Rollouts 1.8 or later. The next release: export it to the same folder, start its rollout, apply."
    return progressive.written(facts, objects, head=head)


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to type next, in the folder that was written."""
    return progressive.steps_to_type(progressive.Progress.of(_TARGET, subject, options).facts)


def rollout(progress: progressive.Progress, options: Options) -> Plain:
    """The servers, and how a new release of them is let in. The rollout must be on record before it is applied (plan external)."""
    facts = progress.facts
    made = serving.deployment(facts)
    selector = kube.selector(facts.subject, "server")
    template = made["spec"]["template"]
    template["metadata"]["labels"] = kube.labels(facts.subject, "server")
    for constraint in template["spec"]["topologySpreadConstraints"]:
        constraint["labelSelector"] = {"matchLabels": selector}
    return {
        "apiVersion": _API,
        "kind": "Rollout",
        "metadata": kube.metadata(facts.subject, facts.slug, "server"),
        "spec": {
            "revisionHistoryLimit": 5,
            "progressDeadlineSeconds": 600,
            "progressDeadlineAbort": True,
            "selector": {"matchLabels": selector},
            "strategy": {"canary": _canary(progress, options)},
            "template": template,
        },
    }


def watch(progress: progressive.Progress, options: Options) -> Plain:
    """Asks while the weights grow, and ends the canary at the first "fail". It has no count: it goes on until the rollout ends."""
    return _template(progress, options, "watch", {"inconclusiveLimit": _FOREVER})


def verdict(progress: progressive.Progress, options: Options) -> Plain:
    """Waits for the verdict: Successful at the first "pass", Failed at the first "fail", Inconclusive when the patience is over.

    inconclusiveLimit is one less than count, so that measurements that told nothing can never add up to a success.
    """
    count = max(2, options.patience_minutes * 60 // options.interval_seconds)
    return _template(
        progress,
        options,
        "verdict",
        {"count": count, "consecutiveSuccessLimit": 1, "inconclusiveLimit": count - 1},
    )


def service(facts: Facts, name: str) -> Plain:
    """The address of one arm. Argo adds to its selector which pods are in it."""
    selector = kube.selector(facts.subject, "server")
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": selector | {"app.kubernetes.io/part-of": "seakeep"}},
        "spec": {
            "type": "ClusterIP",
            "selector": selector,
            "ports": [{"name": "http", "port": kube.PORT, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def autoscaler(facts: Facts) -> Plain:
    """As kubernetes' own, of the Rollout."""
    made = serving.autoscaler(facts)
    made["spec"]["scaleTargetRef"] = {"apiVersion": _API, "kind": "Rollout", "name": facts.slug}
    return _unroled(facts, made)


def disruption_budget(facts: Facts) -> Plain:
    """As kubernetes' own, of both arms' servers."""
    made = serving.disruption_budget(facts)
    made["spec"]["selector"] = {"matchLabels": kube.selector(facts.subject, "server")}
    return _unroled(facts, made)


def _unroled(facts: Facts, made: Plain) -> Plain:
    made["metadata"] = kube.metadata(facts.subject, made["metadata"]["name"], "server")
    return made


def _canary(progress: progressive.Progress, options: Options) -> Plain:
    facts = progress.facts
    pauses = [{"pause": {"duration": f"{options.pause_minutes}m"}}] if options.pause_minutes else []
    steps: list[Plain] = []
    for weight in progress.weights:
        steps += [{"setWeight": weight}, *pauses]
    steps.append({"analysis": {"templates": [{"templateName": f"{facts.slug}-verdict"}], "args": _args(facts)}})
    made: Plain = {
        "stableService": facts.slug,
        "canaryService": facts.canary,
        "maxUnavailable": 0,
        "maxSurge": 1,
        "analysis": {"templates": [{"templateName": f"{facts.slug}-watch"}], "args": _args(facts)},
        "steps": steps,
    }
    if options.routing == "gateway":
        route = {"httpRoute": facts.slug, "namespace": facts.options.namespace}
        del made["maxUnavailable"], made["maxSurge"]
        made["trafficRouting"] = {"plugins": {"argoproj-labs/gatewayAPI": route}}
    return made


def _args(facts: Facts) -> list[Plain]:
    return [{"name": "release", "value": progressive.digits(facts)}]


def _template(progress: progressive.Progress, options: Options, name: str, limits: Plain) -> Plain:
    facts = progress.facts
    url = progress.verdict_url.rpartition("=")[0] + "={{args.release}}"
    metric = {
        "name": name,
        "interval": f"{options.interval_seconds}s",
        **limits,
        "failureLimit": 0,
        "consecutiveErrorLimit": options.errors,
        "successCondition": 'result == "pass"',
        "failureCondition": 'result == "fail"',
        "provider": {
            "web": {
                "method": "GET",
                "url": url,
                "timeoutSeconds": _TIMEOUT_SECONDS,
                "jsonPath": "{$.verdict}",
            }
        },
    }
    return {
        "apiVersion": _API,
        "kind": "AnalysisTemplate",
        "metadata": {"name": f"{facts.slug}-{name}", "labels": kube.labels(facts.subject, "analysis")},
        "spec": {"args": [{"name": "release"}], "metrics": [metric]},
    }


def _doc(function: object) -> str:
    return function.__doc__ or ""
