"""The objects of one release's servers: settings, Deployment, Service, autoscaler, disruption budget, network, volume."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from seakeep.core.codec import digest
from seakeep.integrations import _kube as kube
from seakeep.integrations._clouds import as_variable
from seakeep.integrations._kubernetes import secured

if TYPE_CHECKING:
    from seakeep.integrations._kube import Plain
    from seakeep.integrations._kubernetes.options import Facts

RATE = "seakeep_requests_per_second"
"""What the autoscaler asks the metrics API for; see prometheus-adapter.yaml."""
_SETTINGS: tuple[str, ...] = ("workers", "missing", "domain", "log", "log_seconds", "max_body_mb", "max_rows")
_SETTINGS += ("latency_target_ms", "concurrency", "drain_seconds")
"""Told whether or not they were changed, so that whoever operates the servers finds them."""
_OWN = ("http", "grpc", "role", "version")
"""Decided by the export: gRPC would need a port of the Service."""
_CALM_SECONDS = 300


def settings(facts: Facts) -> Plain:
    """What the servers of this project are told: the settings [serve], [tls] and [access] of its seakeep.toml, as variables."""
    serve = facts.subject.settings.serve
    # what is redacted or hashed here must be so there, so that whatever was changed is told
    changed = [one.name for one in fields(serve) if getattr(serve, one.name) != one.default]
    data = {"SEAKEEP_HOME": kube.HOME, "SEAKEEP_SERVE_HTTP": f"0.0.0.0:{kube.PORT}"}
    data |= {
        f"SEAKEEP_SERVE_{name.upper()}": as_variable(getattr(serve, name))
        for name in dict.fromkeys((*_SETTINGS, *changed))
        if name not in _OWN
    }
    data |= secured.variables(facts)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(facts, facts.settings), "data": data}


def deployment(facts: Facts) -> Plain:
    """The servers. It names no number of replicas: that is the autoscaler's."""
    role, image = facts.options.role, facts.server_image()
    asked, _ = facts.server_resources()
    labels = kube.labels(facts.subject, "server", role=role)
    container = kube.server_container(image, role=role, resources=asked, settings=facts.settings)
    # Pods are replaced when their settings change, which Kubernetes does not do by itself.
    notes = kube.notes(facts.release) | {"seakeep.dev/settings": digest(settings(facts)["data"])[: kube.DIGITS]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(facts, facts.server),
        "spec": {
            "revisionHistoryLimit": 5,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "selector": {"matchLabels": _selector(facts)},
            "template": {
                "metadata": {"labels": labels, "annotations": notes},
                "spec": {
                    **pod(facts),
                    "terminationGracePeriodSeconds": kube.grace_seconds(facts.subject.settings.serve.drain_seconds),
                    "topologySpreadConstraints": kube.spread(_selector(facts)),
                    "containers": [secured.guarded(facts, container)],
                    "volumes": [*kube.volumes(facts.claim), *secured.volumes(facts)],
                },
            },
        },
    }


def pod(facts: Facts) -> Plain:
    """What every pod says first: who it is, and that it wants nothing of the cluster."""
    secret = facts.options.pull_secret
    return {
        "serviceAccountName": facts.slug,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **({"imagePullSecrets": [{"name": secret}]} if secret else {}),
        "securityContext": kube.pod_security(),
    }


def service_account(facts: Facts) -> Plain:
    """Whom the pods run as. A cloud's identity is bound to it by its annotations; it has no rights in the cluster."""
    found = {"name": facts.slug, "labels": kube.labels(facts.subject, "identity")}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": found,
        "automountServiceAccountToken": False,
    }


def service(facts: Facts, *, role: str) -> Plain:
    """The address of one arm. Both stand from the beginning, so that a route may name them."""
    name = facts.slug if role == "champion" else facts.canary
    labels = kube.selector(facts.subject, "server", role=role) | {"app.kubernetes.io/part-of": "seakeep"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "type": "ClusterIP",
            "selector": kube.selector(facts.subject, "server", role=role),
            "ports": [
                {"name": "http", "port": kube.PORT, "targetPort": "http", "protocol": "TCP", **secured.speaks(facts)}
            ],
        },
    }


def autoscaler(facts: Facts) -> Plain:
    """More servers where each answers more than it was measured to, by the servers' own count of requests.

    Where nobody serves that metric, the processor's use alone scales up, and nothing scales down.
    """
    rate, _ = facts.requests_per_replica()
    own = {
        "type": "Pods",
        "pods": {"metric": {"name": RATE}, "target": {"type": "AverageValue", "averageValue": str(rate)}},
    }
    processor = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
    }
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": _metadata(facts, facts.server),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": facts.server},
            "minReplicas": facts.options.least_replicas,
            "maxReplicas": facts.options.most_replicas,
            "metrics": [own, processor],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": _CALM_SECONDS}},
        },
    }


def disruption_budget(facts: Facts) -> Plain:
    """At most one server goes at a time when nodes are drained."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(facts, facts.server),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": _selector(facts)},
        },
    }


def network(facts: Facts) -> Plain:
    """Servers are asked from their own namespace, by the gateway and by Prometheus, and ask nobody: all they need is mounted."""
    names = (facts.options.gateway_namespace, facts.options.monitoring_namespace)
    others = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}} for name in names]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{facts.slug}-server", "labels": kube.labels(facts.subject, "network")},
        "spec": {
            "podSelector": {"matchLabels": kube.selector(facts.subject, "server")},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": {}}, *others], "ports": [{"port": "http", "protocol": "TCP"}]}],
            "egress": [],
        },
    }


def volume_claim(facts: Facts) -> Plain:
    """The home: predictions of all servers, read by the jobs. Many nodes write to it at once."""
    storage_class = facts.options.storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": facts.claim, "labels": kube.labels(facts.subject, "home")},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            **({"storageClassName": storage_class} if storage_class else {}),
            "resources": {"requests": {"storage": f"{facts.options.storage_gib}Gi"}},
        },
    }


def _metadata(facts: Facts, name: str) -> Plain:
    return kube.metadata(facts.subject, name, "server", role=facts.options.role)


def _selector(facts: Facts) -> dict[str, str]:
    return kube.selector(facts.subject, "server", role=facts.options.role)
