"""What objects of Kubernetes have in common wherever Seakeep runs in a cluster: names, labels, images, containers, limits.

Shared by kubernetes, helm, kserve, argo_workflows and whoever else writes a pod. A pod of ours runs as nobody in particular, on a
file system that it cannot write to: two folders are mounted, /tmp for temporary files and the home for what is kept.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from seakeep.pipeline.exports.errors import BadExport

if TYPE_CHECKING:
    from seakeep.pipeline.exports.subject import ReleaseFacts, Subject

Plain = dict[str, Any]

HOME, RELEASE, PROJECT, TEMPORARY = "/var/lib/seakeep", "/release", "/project", "/tmp"  # noqa: S108  (within a container)
PORT, CONTROL_PORT = 8080, 8081
USER = 10001
VENV = "/opt/seakeep"
PYTHON = f"{VENV}/bin/python"
LIVE, READY = "/v2/health/live", "/v2/health/ready"
PRE_STOP_SECONDS, SCRIBE_SECONDS = 5, 10
"""Until load balancers have heard that a pod goes; and the time that the scribe has to finish a file, beside the draining."""
DIGITS = 12
UNMEASURED_MIB = 768
"""Memory of a server that was not measured, as its release came without a registry: more than any model tried so far used."""
_ROOM = 1.25
_STEP_MIB = 16
_IMAGE = re.compile(r"[a-z0-9]+(?:[._:-][a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class BadTarget(BadExport):
    """A project or release cannot be written for Kubernetes as asked."""

    @classmethod
    def bad_image(cls, image: str) -> BadTarget:
        return cls(
            f"image is {image!r}; expected a registry and a name without tag, in lower-case letters",
            cause="Tags are added by role, version and digest, so that a tag never means two images.",
            fix="--set image=registry.example.com/team/name",
            image=image,
        )


def labels(subject: Subject, component: str, *, role: str = "") -> dict[str, str]:
    """Labels of an object. component: "server", "worker" or "control". role: "champion" or "challenger", of servers."""
    found = selector(subject, component, role=role)
    found["app.kubernetes.io/part-of"] = "seakeep"
    found["app.kubernetes.io/managed-by"] = "seakeep-export"
    if subject.release and component == "server":
        found["app.kubernetes.io/version"] = str(subject.release.version or subject.release.digest[:DIGITS])
        found["seakeep.dev/release"] = subject.release.digest[:DIGITS]
    return found


def selector(subject: Subject, component: str, *, role: str = "") -> dict[str, str]:
    """The labels by which pods are found. They never change from one release to the next: a Deployment's selector cannot."""
    found = {"app.kubernetes.io/name": subject.slug, "app.kubernetes.io/component": component}
    return found | ({"seakeep.dev/role": role} if role else {})


def notes(release: ReleaseFacts | None) -> dict[str, str]:
    """What people ask of a release when they meet it in a cluster: its digest, and why it is there if it did not pass."""
    if release is None:
        return {}
    found = {"seakeep.dev/digest": release.digest, "seakeep.dev/verdict": release.verdict.value}
    return found | ({"seakeep.dev/forced": release.forced} if release.forced else {})


def metadata(subject: Subject, name: str, component: str, *, role: str = "") -> Plain:
    """An object's name, labels and annotations. It has no namespace: whoever applies it says which."""
    found: Plain = {"name": name, "labels": labels(subject, component, role=role)}
    own = notes(subject.release) if component == "server" else {}
    return found | ({"annotations": own} if own else {})


def warning(subject: Subject) -> str:
    """Lines on top of every file of a release that did not pass; none for one that did."""
    release = subject.release
    if release is None or not release.forced:
        return ""
    return f"WARNING: {release.label} did not pass its checks ({release.verdict.value}). Exported because: {release.forced}\n"


def server_image(target: str, image: str, release: ReleaseFacts, *, digest: str = "") -> str:
    """The image that holds one release, by a tag that is used once, or by the image's digest. Raises BadExport, BadTarget."""
    tag = f"{release.version}-{release.digest[:DIGITS]}" if release.version else release.digest[:DIGITS]
    return _tagged(target, image, "server", tag, digest)


def worker_image(target: str, image: str, code: str, *, digest: str = "") -> str:
    """The image that holds a project's sources. code: their digest. Raises BadExport, BadTarget."""
    return _tagged(target, image, "worker", code[:DIGITS], digest)


def _tagged(target: str, image: str, role: str, tag: str, digest: str) -> str:
    if not image:
        raise BadExport.no_image(target)
    if not _IMAGE.fullmatch(image):
        raise BadTarget.bad_image(image)
    if digest and not _DIGEST.fullmatch(digest):
        raise BadTarget.wrong_option(target, f"{role}_digest", digest, "sha256: and 64 hexadecimal digits")
    return f"{image}-{role}@{digest}" if digest else f"{image}-{role}:{tag}"


def pod_security() -> Plain:
    """A pod that runs as nobody in particular. The group owns what is mounted."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> Plain:
    """A container that cannot gain rights or write to its image."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def resources(memory_mib: int, cpu_millis: int) -> Plain:
    """Requests and limits. Memory is requested in full, so that no neighbour takes it; processor time has no limit, since being
    throttled makes the slow answers that a limit is to prevent.
    """
    memory = f"{memory_mib}Mi"
    return {"requests": {"cpu": f"{cpu_millis}m", "memory": memory}, "limits": {"memory": memory}}


def memory_of(release: ReleaseFacts, *, workers: int = 1) -> tuple[int, str]:
    """Memory of a server's pod in MiB, and which figure that is."""
    found = release.measured
    if found is None:
        return UNMEASURED_MIB, f"{UNMEASURED_MIB} MiB: not measured, as the release came without its registry"
    used = found.peak_mib + (workers - 1) * found.server_mib
    memory = math.ceil(used * _ROOM / _STEP_MIB) * _STEP_MIB
    parts = f"server {found.server_mib} MiB, scribe while it converts {found.scribe_mib} MiB"
    more = f", {workers - 1} more workers" if workers > 1 else ""
    return memory, f"{memory} MiB: peak measured over {found.requests} requests ({parts}{more}), and a quarter more"


def grace_seconds(drain_seconds: int) -> int:
    """How long a pod may take to end: load balancers hear of it, requests under way end, the scribe finishes its file."""
    return PRE_STOP_SECONDS + drain_seconds + SCRIBE_SECONDS


def server_container(
    image: str, *, role: str, resources: Plain, settings: str, name: str = "server", pull_policy: str = "IfNotPresent"
) -> Plain:
    """The container of a server. role: "champion" or "challenger". settings: name of the ConfigMap of its settings."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": pull_policy,
        "args": ["serve", RELEASE],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "envFrom": [{"configMapRef": {"name": settings}}],
        "env": [{"name": "SEAKEEP_SERVE_ROLE", "value": role}],
        "startupProbe": _probe(READY, periodSeconds=2, failureThreshold=60),
        "readinessProbe": _probe(READY, periodSeconds=5, failureThreshold=2),
        "livenessProbe": _probe(LIVE, periodSeconds=10, failureThreshold=3),
        "lifecycle": {"preStop": {"exec": {"command": _sleep(PRE_STOP_SECONDS)}}},
        "resources": resources,
        "securityContext": container_security(),
        "volumeMounts": mounts(),
    }


def worker_container(name: str, image: str, args: list[str], *, resources: Plain, secret: str) -> Plain:
    """The container of one command. secret: holds the registry's database (key "url"), where it is not on the home's disk."""
    database = {"secretKeyRef": {"name": secret, "key": "url", "optional": True}}
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": args,
        "env": [
            {"name": "SEAKEEP_HOME", "value": HOME},
            {"name": "SEAKEEP_DATABASE", "valueFrom": database},
        ],
        "resources": resources,
        "securityContext": container_security(),
        "volumeMounts": mounts(),
    }


def mounts() -> list[Plain]:
    """The two folders that a container may write to."""
    return [{"name": "tmp", "mountPath": TEMPORARY}, {"name": "home", "mountPath": HOME}]


def volumes(claim: str, *, temporary_mib: int = 256) -> list[Plain]:
    """What is mounted there. claim: a PersistentVolumeClaim that many pods may write to."""
    return [
        {"name": "tmp", "emptyDir": {"sizeLimit": f"{temporary_mib}Mi"}},
        {"name": "home", "persistentVolumeClaim": {"claimName": claim}},
    ]


def spread(match: dict[str, str]) -> list[Plain]:
    """Pods over zones and over nodes, as evenly as there is room; a pod that finds none is started all the same."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": match},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def _probe(path: str, **times: int) -> Plain:
    return {"httpGet": {"path": path, "port": "http"}, **times, "timeoutSeconds": 3}


def _sleep(seconds: int) -> list[str]:
    return [PYTHON, "-c", f"import time; time.sleep({seconds})"]
