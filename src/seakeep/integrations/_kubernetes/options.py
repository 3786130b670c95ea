"""What can be set of the objects in a cluster, checked once before anything is made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from seakeep.integrations._kube import BadTarget, Plain, memory_of, resources, server_image, worker_image
from seakeep.integrations._options import NAME, check_cron, check_forms, check_least, check_range

if TYPE_CHECKING:
    from seakeep.pipeline.exports.subject import ProjectFacts, ReleaseFacts, Subject

_HOST = r"(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_BUSY = 0.7
_UNMEASURED_RATE = 200


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set with --set.

    name: of the objects, where the release's is no legal one. image: registry and name of the images (default: export.image).
    namespace: in which the overlays put everything. role: as what this release answers; of a challenger only the canary's
    objects are written. server_digest, worker_digest: of the pushed images ("sha256:…"), which then stand instead of tags.
    pull_secret: name of the Secret that the images are pulled with. memory_mib: of a server; 0 for what was measured and a
    quarter more. cpu_millis: thousandths of a core that a server asks for. least_replicas, most_replicas: of servers.
    requests_per_replica: a second, above which there is one more; 0 for 70 % of what was measured. storage_gib, storage_class:
    of the volume that all pods write to; claim: name of one that there is already, instead. gateway: NAME or NAMESPACE/NAME of
    the Gateway; hostname: of its route, empty for all. canary_percent: of the requests that go to the canary. gateway_namespace,
    monitoring_namespace: from where pods may be asked. database_secret: name of the Secret whose key `url` is the registry's
    database (default: NAME-database; it may be absent). monitor_schedule, retrain_schedule: cron's five fields, in UTC.
    worker_memory_mib, worker_cpu_millis: of jobs.
    """

    name: str = ""
    image: str = ""
    namespace: str = "default"
    role: Literal["champion", "challenger"] = "champion"
    server_digest: str = ""
    worker_digest: str = ""
    pull_secret: str = ""
    memory_mib: int = 0
    cpu_millis: int = 500
    least_replicas: int = 2
    most_replicas: int = 10
    requests_per_replica: int = 0
    storage_gib: int = 10
    storage_class: str = ""
    claim: str = ""
    gateway: str = "gateway"
    hostname: str = ""
    canary_percent: int = 0
    gateway_namespace: str = "gateway-system"
    monitoring_namespace: str = "monitoring"
    database_secret: str = ""
    monitor_schedule: str = "*/10 * * * *"
    retrain_schedule: str = "0 3 * * *"
    worker_memory_mib: int = 4096
    worker_cpu_millis: int = 1000


@dataclass(frozen=True, slots=True)
class Facts:
    """A subject and its options, checked; with the names that objects call each other by. target: for errors."""

    target: str
    subject: Subject
    options: Options

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_names()

    @property
    def slug(self) -> str:
        """The name of the champion's Deployment and Service."""
        return self.subject.slug

    @property
    def canary(self) -> str:
        """The name of the challenger's Deployment and Service."""
        return f"{self.slug}-canary"

    @property
    def server(self) -> str:
        """The name of this release's Deployment."""
        return self.slug if self.options.role == "champion" else self.canary

    @property
    def settings(self) -> str:
        """The name of the ConfigMap of this release's server."""
        return f"{self.server}-settings"

    @property
    def claim(self) -> str:
        """The name of the volume's claim."""
        return self.options.claim or f"{self.slug}-home"

    @property
    def database(self) -> str:
        """The name of the Secret of the registry's database."""
        return self.options.database_secret or f"{self.slug}-database"

    @property
    def release(self) -> ReleaseFacts:
        """The release. To be asked for where there is one."""
        assert self.subject.release is not None
        return self.subject.release

    @property
    def project(self) -> ProjectFacts:
        """The project. To be asked for where there is one."""
        assert self.subject.project is not None
        return self.subject.project

    def server_image(self) -> str:
        """The release's image."""
        return server_image(self.target, self.options.image, self.release, digest=self.options.server_digest)

    def worker_image(self) -> str:
        """The project's image."""
        return worker_image(self.target, self.options.image, self.project.code, digest=self.options.worker_digest)

    def server_resources(self) -> tuple[Plain, str]:
        """Requests and limits of a server, and which figure they come from."""
        memory, why = memory_of(self.release, workers=self.subject.settings.serve.workers)
        if self.options.memory_mib:
            memory, why = self.options.memory_mib, f"{self.options.memory_mib} MiB: set by --set memory_mib"
        return resources(memory, self.options.cpu_millis), why

    def requests_per_replica(self) -> tuple[int, str]:
        """Requests a second of one server above which there is one more, and which figure that is."""
        if self.options.requests_per_replica:
            return self.options.requests_per_replica, "set by --set requests_per_replica"
        measured = self.release.measured
        if measured is None:
            return _UNMEASURED_RATE, "not measured, as the release came without its registry"
        cores = self.options.cpu_millis / 1000
        rate = max(1, math.floor(measured.requests_per_core * cores * _BUSY))
        why = (
            f"70 % of the {measured.requests_per_core} requests that one core answered in a second, on {cores:g} cores"
        )
        return rate, why

    def _check_numbers(self) -> None:
        given = self.options
        check_least(self.target, given, cpu_millis=1, least_replicas=1, most_replicas=1, storage_gib=1)
        check_least(self.target, given, worker_memory_mib=1, worker_cpu_millis=1)
        check_least(self.target, given, memory_mib=0, requests_per_replica=0)
        if given.most_replicas < given.least_replicas:
            expected = f"at least least_replicas, which is {given.least_replicas}"
            raise BadTarget.wrong_option(self.target, "most_replicas", given.most_replicas, expected)
        check_range(self.target, given, "canary_percent", 0, 100)

    def _check_names(self) -> None:
        words = "lower-case letters, digits and '-', at most 63"
        named = ("pull_secret", "claim", "storage_class", "database_secret")
        forms = {
            "namespace": (NAME, words),
            **dict.fromkeys(named, (f"({NAME})?", words)),
            "gateway_namespace": (NAME, "a namespace"),
            "monitoring_namespace": (NAME, "a namespace"),
            "gateway": (f"{NAME}(/{NAME})?", "NAME or NAMESPACE/NAME of a Gateway"),
            "hostname": (f"({_HOST})?", "a host's name in lower-case letters"),
        }
        check_forms(self.target, self.options, forms)
        check_cron(self.target, self.options, "monitor_schedule", "retrain_schedule")
