"""What Argo Rollouts and Flagger share: weights, the control server that both ask for the verdict, and its network.

The verdict is made by `seakeep rollout serve NAME --http` from the prediction log that both arms' servers write; a controller only
asks. It names the release that its canary serves, so that an earlier or later rollout's verdict is never taken for its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from seakeep.integrations import _kube as kube
from seakeep.integrations._kubernetes import serving
from seakeep.integrations._kubernetes.options import Facts
from seakeep.integrations._kubernetes.options import Options as KubernetesOptions
from seakeep.integrations._options import ADDRESS, NAME, check_forms
from seakeep.integrations._yaml import document
from seakeep.pipeline.control.tokens import TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.integrations._kube import Plain
    from seakeep.pipeline.exports.subject import Subject

_MEMORY_MIB, _CPU_MILLIS = 768, 250
_LOOK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """How traffic moves. weights: of the canary in percent, step by step. facts: what is deployed."""

    facts: Facts
    weights: tuple[int, ...]
    control_url: str

    @classmethod
    def of(cls, target: str, subject: Subject, options: Any) -> Progress:
        """Checked. options: a target's, whose fields of the same names as kubernetes' mean the same. Raises BadExport, BadTarget."""
        shared = {each.name for each in fields(KubernetesOptions)} & {each.name for each in fields(options)}
        check_forms(target, options, {"controller_namespace": (NAME, "lower-case letters, digits and '-', at most 63")})
        facts = Facts(target, subject, KubernetesOptions(**{name: getattr(options, name) for name in sorted(shared)}))
        return cls(facts, _weights(target, options.weights), _url(target, options.control_url))

    @property
    def has_control(self) -> bool:
        """Whether the control server is deployed with it: it runs in the project's image."""
        return self.facts.subject.project is not None and not self.control_url

    @property
    def verdict_url(self) -> str:
        """Where the verdict of this release's canary is asked for."""
        return f"{self._rollout}/verdict?release={digits(self.facts)}"

    def gate_url(self, gate: str) -> str:
        """Where one of Flagger's questions is asked."""
        return f"{self._rollout}/gates/{gate}?release={digits(self.facts)}"

    @property
    def _rollout(self) -> str:
        own = f"http://{control_name(self.facts)}.{self.facts.options.namespace}:{kube.CONTROL_PORT}"
        return f"{self.control_url or own}/rollouts/{quote(self.facts.release.name, safe='')}"


def digits(facts: Facts) -> str:
    """The first digits of the release's digest, as pods are labelled with them; known also where its version is not."""
    return facts.release.digest[: kube.DIGITS]


def control_name(facts: Facts) -> str:
    """The name of the control server's Deployment and Service."""
    return f"{facts.slug}-control"


def control_objects(progress: Progress, controller_namespace: str) -> dict[str, tuple[Plain, str]]:
    """The control server by file; nothing where there is one already, or no project to run it."""
    if not progress.has_control:
        return {}
    facts = progress.facts
    made = {
        "control": deployment(facts),
        "control-service": service(facts),
        "control-network": network(facts, controller_namespace),
    }
    whys = {"control": deployment.__doc__, "control-service": service.__doc__, "control-network": network.__doc__}
    return {name: (value, whys[name] or "") for name, value in made.items()}


def deployment(facts: Facts) -> Plain:
    """Looks at the prediction log and makes the verdict. One is enough: two would do no harm, and no more."""
    name, labels = control_name(facts), kube.selector(facts.subject, "control")
    asked = kube.resources(_MEMORY_MIB, _CPU_MILLIS)
    args = ["rollout", "serve", facts.release.name]
    args += ["--every", str(_LOOK_SECONDS), "--http", f"0.0.0.0:{kube.CONTROL_PORT}"]
    container = kube.worker_container("control", facts.worker_image(), args, resources=asked, secret=facts.database)
    token = {"secretKeyRef": {"name": f"{facts.slug}-webhook", "key": "token", "optional": True}}
    container["env"] = [*container["env"], {"name": TOKEN, "valueFrom": token}]
    container["ports"] = [{"name": "control", "containerPort": kube.CONTROL_PORT, "protocol": "TCP"}]
    probe = {"httpGet": {"path": "/healthz", "port": "control"}, "timeoutSeconds": 3}
    container |= {"readinessProbe": {**probe, "periodSeconds": 5}, "livenessProbe": {**probe, "periodSeconds": 20}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": kube.metadata(facts.subject, name, "control"),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": kube.labels(facts.subject, "control")},
                "spec": {**serving.pod(facts), "containers": [container], "volumes": kube.volumes(facts.claim)},
            },
        },
    }


def service(facts: Facts) -> Plain:
    """Where controllers, Prometheus and Alertmanager find it."""
    port = {"name": "control", "port": kube.CONTROL_PORT, "targetPort": "control", "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": kube.metadata(facts.subject, control_name(facts), "control"),
        "spec": {"type": "ClusterIP", "selector": kube.selector(facts.subject, "control"), "ports": [port]},
    }


def network(facts: Facts, controller_namespace: str) -> Plain:
    """Who may ask it: pods beside it, the controller, and Prometheus with Alertmanager. Whom it asks is left open: a database."""
    names = (controller_namespace, facts.options.monitoring_namespace)
    others = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}} for name in names]
    ports = [{"port": "control", "protocol": "TCP"}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": control_name(facts), "labels": kube.labels(facts.subject, "network")},
        "spec": {
            "podSelector": {"matchLabels": kube.selector(facts.subject, "control")},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {}}, *others], "ports": ports}],
        },
    }


def home_objects(facts: Facts) -> dict[str, tuple[Plain, str]]:
    """What servers and the control server share: settings, whom they run as, and the home."""
    found = {
        "settings": (serving.settings(facts), serving.settings.__doc__ or ""),
        "service-account": (serving.service_account(facts), serving.service_account.__doc__ or ""),
    }
    if not facts.options.claim:
        found["home"] = (serving.volume_claim(facts), serving.volume_claim.__doc__ or "")
    return found


def written(facts: Facts, objects: Mapping[str, tuple[Plain, str]], *, head: str) -> dict[str, str]:
    """Objects as files, and the Kustomization that names them."""
    warning = kube.warning(facts.subject)
    made = {f"{name}.yaml": document(value, head=warning + _lines(why)) for name, (value, why) in objects.items()}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": facts.options.namespace,
        "resources": list(made),
    }
    return made | {"kustomization.yaml": document(kustomization, head=warning + head)}


def steps_to_type(facts: Facts) -> tuple[str, ...]:
    """The commands that put a canary on record and on its way, in this order."""
    label = facts.release.label
    return (
        f"seakeep rollout start {facts.release.name} --release {label} --plan external",
        "kubectl apply --server-side --dry-run=server -k .",
        "kubectl apply --server-side -k .",
    )


def _weights(target: str, text: str) -> tuple[int, ...]:
    """Percents that grow, each from 1 to 99."""
    parts = [part.strip() for part in text.split(",")]
    found = tuple(int(part) for part in parts if part.isascii() and part.isdigit())
    fits = len(found) == len(parts) and all(0 < each < 100 for each in found)
    if not fits or list(found) != sorted(set(found)):
        raise kube.BadTarget.wrong_option(
            target, "weights", text, "percents from 1 to 99 that grow, for example 5,25,50"
        )
    return found


def _url(target: str, text: str) -> str:
    found = text.rstrip("/")
    if found and not re.fullmatch(ADDRESS, found):
        raise kube.BadTarget.wrong_option(
            target, "control_url", text, "http://HOST:PORT of a control server, or nothing"
        )
    return found


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines() if line.strip())
