"""A Helm chart: the same objects as the Kustomize base, with values, their schema, and templates for them.

The templates are made of the very objects that `kubernetes` writes, with holes where values go, and the defaults are what stands in
those places: installed with its defaults, the chart gives what the base gives. Gateway API and the Prometheus operator, which a
cluster may lack, are off until they are asked for. A value that the schema does not know is refused by Helm.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal

from seakeep.integrations import _kube as kube
from seakeep.integrations._kubernetes.knobs import Knob, default_of, template, values
from seakeep.integrations._kubernetes.options import Facts, Options
from seakeep.integrations._yaml import comment, document
from seakeep.integrations.kubernetes import base_objects, component_objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seakeep.integrations._kube import Plain
    from seakeep.pipeline.exports.subject import Subject

__all__ = ["MEASURES", "NEEDS", "Options", "files", "next_lines"]

NEEDS: Final[Literal["project", "release", "either"]] = "either"
MEASURES: Final = True
_POD = ("spec", "template", "spec")
_CONTAINER = (*_POD, "containers", 0)
_JOB = ("spec", "jobTemplate", "spec", "template", "spec")
_JOBS = ("monitor", "retrain")


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The chart: Chart.yaml, values.yaml, values.schema.json and templates/.

    Raises: BadExport, BadTarget, for an illegal name, no image, or an option that makes no sense.
    """
    facts = Facts("helm", subject, options)
    objects, switched = base_objects(facts), component_objects(facts)
    everything = {name: value for part in (objects, *switched.values()) for name, (value, _) in part.items()}
    knobs = [knob for knob in _knobs(facts) if knob.file in everything]
    written = {"Chart.yaml": _chart(facts), "values.yaml": _values(facts, everything, knobs, switched)}
    written["values.schema.json"] = _schema(everything, knobs, switched)
    for name, (value, why) in objects.items():
        written[f"templates/{name}.yaml"] = template(name, value, knobs, head=kube.warning(subject) + why)
    for switch, part in switched.items():
        for name, (value, why) in part.items():
            text = template(name, value, knobs, head=kube.warning(subject) + why)
            written[f"templates/{name}.yaml"] = f"{{{{- if .Values.{switch}.enabled }}}}\n{text}{{{{- end }}}}\n"
    written["templates/NOTES.txt"] = _notes(facts)
    return written


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """What to type next, above the folder that was written."""
    name = Facts("helm", subject, options).server
    return (
        "helm lint --strict CHART",
        f"helm upgrade --install {name} CHART --namespace {options.namespace} --dry-run=server",
        f"helm upgrade --install {name} CHART --namespace {options.namespace} --rollback-on-failure",
    )


def _chart(facts: Facts) -> str:
    release = facts.subject.release
    number = release.version if release else 0
    value = {
        "apiVersion": "v2",
        "name": facts.server,
        "description": f"{facts.subject.name}, as Seakeep serves, watches and retrains it.",
        "type": "application",
        "version": f"1.0.{number}",
        "appVersion": str(number or (release.digest[: kube.DIGITS] if release else facts.project.code[: kube.DIGITS])),
        "kubeVersion": ">=1.31.0-0",
        "annotations": kube.notes(release),
    }
    return document({key: item for key, item in value.items() if item}, head=kube.warning(facts.subject))


def _knobs(facts: Facts) -> Iterator[Knob]:
    """Every value there is, in the order of values.yaml."""
    yield Knob("deployment", (*_CONTAINER, "image"), "image.server", "The release's image.")
    yield Knob("deployment", (*_CONTAINER, "imagePullPolicy"), "image.pullPolicy", "When it is pulled.")
    for job in _JOBS:
        yield Knob(f"cronjob-{job}", (*_JOB, "containers", 0, "image"), "image.worker", "The project's image.")
    secrets = [{"name": facts.options.pull_secret}] if facts.options.pull_secret else []
    for file, pod in (("deployment", _POD), *((f"cronjob-{job}", _JOB) for job in _JOBS)):
        yield Knob(
            file,
            (*pod, "imagePullSecrets"),
            "image.pullSecrets",
            "Secrets that images are pulled with.",
            "with",
            default=secrets,
        )
    yield from _server_knobs()
    yield from _scaling_knobs()
    yield from _place_knobs()
    yield from _job_knobs()
    yield from _platform_knobs(facts)


def _server_knobs() -> Iterator[Knob]:
    hashed = ".Values.settings | toJson | sha256sum | trunc 12 | quote"  # digits alone would be a number
    note = ("spec", "template", "metadata", "annotations", "seakeep.dev/settings")
    yield Knob("settings", ("data",), "settings", "What servers are told, as variables of their environment.", "yaml")
    yield Knob("deployment", note, "settings", "", expression=hashed)
    yield Knob(
        "deployment",
        (*_CONTAINER, "resources", "requests", "cpu"),
        "resources.cpu",
        "Processor time that a server asks for.",
    )
    for part in ("requests", "limits"):
        yield Knob(
            "deployment",
            (*_CONTAINER, "resources", part, "memory"),
            "resources.memory",
            "Memory, requested and limited: measured.",
        )
    grace = (*_POD, "terminationGracePeriodSeconds")
    yield Knob("deployment", grace, "terminationGracePeriodSeconds", "More than SEAKEEP_SERVE_DRAIN_SECONDS by 15.")


def _scaling_knobs() -> Iterator[Knob]:
    yield Knob("autoscaler", ("spec", "minReplicas"), "autoscaling.minReplicas", "Fewest servers.")
    yield Knob("autoscaler", ("spec", "maxReplicas"), "autoscaling.maxReplicas", "Most servers.")
    own = ("spec", "metrics", 0, "pods", "target", "averageValue")
    yield Knob("autoscaler", own, "autoscaling.requestsPerReplica", "Requests a second above which there is one more.")
    processor = ("spec", "metrics", 1, "resource", "target", "averageUtilization")
    yield Knob(
        "autoscaler", processor, "autoscaling.cpuUtilization", "Percent of the requested processor time, likewise."
    )
    yield Knob(
        "disruption-budget",
        ("spec", "maxUnavailable"),
        "disruptionBudget.maxUnavailable",
        "Servers that may be gone at once.",
    )


def _place_knobs() -> Iterator[Knob]:
    account = ("metadata", "annotations")
    yield Knob(
        "service-account",
        account,
        "serviceAccount.annotations",
        "A cloud's identity is bound by these.",
        "with",
        default={},
    )
    for name, empty in (("nodeSelector", {}), ("tolerations", []), ("affinity", {})):
        yield Knob("deployment", (*_POD, name), name, f"Of the servers' pods: {name}.", "with", default=empty)
    size = ("spec", "resources", "requests", "storage")
    yield Knob("home", size, "home.storage", "Of the volume of predictions, which all pods write to.")
    peers = ("spec", "ingress", 0, "from")
    label = ("namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
    yield Knob("network-server", (*peers, 1, *label), "network.gatewayNamespace", "From where requests come.")
    yield Knob("network-server", (*peers, 2, *label), "network.monitoringNamespace", "From where Prometheus asks.")


def _job_knobs() -> Iterator[Knob]:
    for job in _JOBS:
        yield Knob(f"cronjob-{job}", ("spec", "schedule"), f"jobs.{job}.schedule", f"When to {job}, in UTC.")
    for job in _JOBS:
        asked = (*_JOB, "containers", 0, "resources")
        yield Knob(
            f"cronjob-{job}", (*asked, "requests", "cpu"), "jobs.resources.cpu", "Processor time that a job asks for."
        )
        for part in ("requests", "limits"):
            yield Knob(
                f"cronjob-{job}", (*asked, part, "memory"), "jobs.resources.memory", "Memory, requested and limited."
            )


def _platform_knobs(facts: Facts) -> Iterator[Knob]:
    rule = ("spec", "rules", 0, "backendRefs")
    percent = facts.options.canary_percent
    champion = "sub 100 (int .Values.gateway.canaryPercent)"
    hosts = [facts.options.hostname] if facts.options.hostname else []
    yield Knob("route", ("spec", "parentRefs"), "gateway.parentRefs", "The Gateway.", "yaml")
    yield Knob(
        "route", ("spec", "hostnames"), "gateway.hostnames", "Hosts of the route; none for all.", "with", default=hosts
    )
    about = "Of the requests, to the canary."
    yield Knob("route", (*rule, 0, "weight"), "gateway.canaryPercent", about, expression=champion, default=percent)
    yield Knob("route", (*rule, 1, "weight"), "gateway.canaryPercent", about, default=percent)
    yield Knob(
        "service-monitor", ("spec", "endpoints", 0, "interval"), "prometheus.interval", "How often Prometheus asks."
    )


def _values(facts: Facts, objects: Mapping[str, Plain], knobs: Sequence[Knob], switched: Mapping[str, object]) -> str:
    found = values(objects, knobs)
    for switch in switched:
        found[switch] = {"enabled": False, **found.get(switch, {})}
    texts = [_explained(document({key: value}), key, knobs) for key, value in found.items()]
    head = ""
    if facts.subject.release:
        head = f"Memory: {facts.server_resources()[1]}.\nRequests a second: {facts.requests_per_replica()[1]}.\n"
    return comment(kube.warning(facts.subject) + head) + "\n".join(texts)


def _explained(text: str, key: str, knobs: Sequence[Knob]) -> str:
    """One part of values.yaml with a comment above each value."""
    abouts = {knob.key: knob.about for knob in knobs if knob.about and knob.key.split(".")[0] == key}
    for dotted, about in abouts.items():
        *parents, last = dotted.split(".")
        indent = "  " * len(parents)
        below = text.find(f"{parents[-1]}:") if len(parents) > 1 else 0
        at = text.index(f"{indent}{last}:", below)
        text = f"{text[:at]}{indent}# {about}\n{text[at:]}"
    return text


def _schema(objects: Mapping[str, Plain], knobs: Sequence[Knob], switched: Mapping[str, object]) -> str:
    """JSON Schema of the values: every key and its type, and nothing else."""
    root: Plain = _object()
    for knob in knobs:
        *parents, last = knob.key.split(".")
        place = root
        for name in parents:
            place = place["properties"].setdefault(name, _object())
        place["properties"].setdefault(last, _type(default_of(knob, objects), knob))
    for switch in switched:
        place = root["properties"].setdefault(switch, _object())
        place["properties"]["enabled"] = {"type": "boolean", "description": "Whether the cluster has it."}
    # What Helm itself may add to a chart's values.
    root["properties"]["global"] = {"type": "object"}
    return json.dumps({"$schema": "https://json-schema.org/draft-07/schema#", **root}, indent=2) + "\n"


def _object() -> Plain:
    return {"type": "object", "additionalProperties": False, "properties": {}}


def _type(value: Any, knob: Knob) -> Plain:
    about = {"description": knob.about} if knob.about else {}
    if knob.key == "settings":
        return {"type": "object", "additionalProperties": {"type": "string"}, **about}
    if knob.key == "gateway.canaryPercent":
        return {"type": "integer", "minimum": 0, "maximum": 100, **about}
    if isinstance(value, int):
        return {"type": "integer", "minimum": 1, **about}
    if isinstance(value, str):
        return {"type": "string", "minLength": 1, **about}
    return {"type": "array" if isinstance(value, list) else "object", **about}


def _notes(facts: Facts) -> str:
    """What Helm says after an installation."""
    if not facts.subject.release:
        return f"The jobs of {facts.subject.name} run as scheduled: kubectl get cronjobs --namespace {{{{ .Release.Namespace }}}}\n"
    return (
        f"{facts.release.label} is served as {facts.server}.\n\n"
        f"  kubectl --namespace {{{{ .Release.Namespace }}}} rollout status deployment/{facts.server}\n"
        f"  kubectl --namespace {{{{ .Release.Namespace }}}} port-forward service/{facts.server} {kube.PORT}\n"
        f"  curl http://127.0.0.1:{kube.PORT}/v2/models/{facts.release.name}\n"
    )
