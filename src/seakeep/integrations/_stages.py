"""A project's stages where each runs in a pod of its own: what must hold for that, and what such a pod is made of.

Shared by kubeflow, argo_workflows, trainer and katib. Hard is what a pod takes with it when it goes: the contract that a first
run infers and writes beside the pipeline's file would be lost, and every later stage would ask for it in vain. So the contract
must be part of the project, and with it of the worker image. Nouns outlive the pod in the home, a volume that all pods share.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from seakeep.integrations import _kube as kube
from seakeep.integrations._options import NAME, check_forms
from seakeep.pipeline.exports.errors import BadExport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._kube import Plain
    from seakeep.pipeline.exports.subject import ProjectFacts, Subject

_NAMED = ("claim", "data_claim", "database_secret")


class NotRemote(BadExport):
    """A project's stages cannot run apart from each other."""

    @classmethod
    def no_contract(cls, target: str, file: str, schema: str) -> NotRemote:
        return cls(
            f"{target} runs each stage in a pod of its own, and the project has no contract for them to share",
            where=schema,
            cause="A first run infers it from the data and writes it beside the pipeline; in a pod it would be lost with the pod.",
            fix=f"seakeep run {file}, then review {schema} and commit it",
            target=target,
            schema=schema,
        )

    @classmethod
    def not_compiled(cls, target: str, told: str) -> NotRemote:
        last = next((line for line in reversed(told.splitlines()) if line.strip()), "it said nothing")
        return cls(
            f"kfp cannot compile the pipeline: {last.strip()}",
            where=target,
            cause="An option has a value that kfp does not take, or this kfp is older or newer than those it was tried with.",
            fix="pip install 'seakeep[kubeflow]', or see the options: seakeep export kubeflow --list",
            told=told,
        )


@dataclass(frozen=True, slots=True)
class Worker:
    """Where a project's commands run. target: for errors. options: its options, for their numbers.

    given: of the options that such targets share, those that this one has: image, worker_digest, claim, data_claim,
    database_secret.
    """

    target: str
    subject: Subject
    project: ProjectFacts
    options: object
    given: Mapping[str, str]

    @classmethod
    def of(cls, target: str, subject: Subject, options: object) -> Worker:
        """Checked. Raises NotRemote, where the project has no contract; BadExport, BadTarget, for names that are not legal."""
        project = subject.project
        if project is None:
            raise BadExport.needs(target, "project", subject.name)
        if not (project.root / project.schema_file).is_file():
            raise NotRemote.no_contract(target, project.file, project.schema_file)
        given = {name: getattr(options, name, "") for name in ("image", "worker_digest", *_NAMED)}
        form = (f"({NAME})?", "lower-case letters, digits and '-', at most 63")
        check_forms(target, options, {name: form for name in _NAMED if hasattr(options, name)})
        return cls(target, subject, project, options, given)

    @property
    def image(self) -> str:
        """The worker image. Raises BadExport, where no registry is known."""
        return kube.worker_image(
            self.target, self.given["image"], self.project.code, digest=self.given["worker_digest"]
        )

    @property
    def file(self) -> str:
        """The pipeline's file on the worker image."""
        return f"{kube.PROJECT}/{self.project.file}"

    @property
    def claim(self) -> str:
        """The claim of the home."""
        return self.given["claim"] or f"{self.subject.slug}-home"

    @property
    def secret(self) -> str:
        """The Secret of the registry's database."""
        return self.given["database_secret"] or f"{self.subject.slug}-database"

    @property
    def data(self) -> str:
        """Where the volume with the data is mounted: at the folder that the project's spans arrive in; empty for none."""
        return data_folder(self.project) if self.given["data_claim"] else ""

    def container(self, name: str, args: Sequence[str], *, memory_mib: int, cpu_millis: int) -> Plain:
        """A container of one command of seakeep."""
        asked = kube.resources(memory_mib, cpu_millis)
        found = kube.worker_container(name, self.image, list(args), resources=asked, secret=self.secret)
        return found | {"volumeMounts": self.mounts()}

    def stage(self, stage: str, more: str = "") -> list[str]:
        """The command of one stage, where only 0 counts as success and an inconclusive verdict (2) is to go on.

        A failed verdict (1) and breakage (3 and above) stay what they are. more: further arguments, as a shell takes them.
        """
        run = f"{kube.PYTHON} -m seakeep run {shlex.quote(self.file)} --stage {stage}{f' {more}' if more else ''}"
        return accepting("2", run)

    def mounts(self) -> list[Plain]:
        """The home, temporary files, and the data."""
        return kube.mounts() + ([{"name": "data", "mountPath": self.data, "readOnly": True}] if self.data else [])

    def volumes(self) -> list[Plain]:
        """What is mounted there."""
        data = {"claimName": self.given["data_claim"], "readOnly": True}
        return kube.volumes(self.claim, temporary_mib=2048) + (
            [{"name": "data", "persistentVolumeClaim": data}] if self.data else []
        )

    def labels(self, task: str) -> dict[str, str]:
        """Labels of a pod, and of what makes it."""
        own = {"seakeep.dev/task": task, "seakeep.dev/code": self.project.code[: kube.DIGITS]}
        return kube.labels(self.subject, "worker") | own


def accepting(codes: str, command: str) -> list[str]:
    """A command for systems that know only success and failure: it succeeds where `command` ends with one of these exit codes,
    as a shell's pattern ("2", "1|2"), and ends as it does otherwise. A subshell, so that what wraps it wraps all of it.
    """
    return ["sh", "-c", f"({command}; code=$?; case $code in {codes}) exit 0 ;; esac; exit $code)"]


def data_folder(project: ProjectFacts) -> str:
    """The folder on the worker image that the project's spans arrive in; empty where none is declared, or an address.

    What stands before the first wildcard is the folder: "arrived/*/x-*.parquet" arrive in "arrived".
    """
    pattern = next((pattern for pattern in project.data if "://" not in pattern), "")
    if not pattern:
        return ""
    parts = PurePosixPath(pattern).parent.parts
    wild = next((index for index, part in enumerate(parts) if re.search(r"[*?\[]", part)), len(parts))
    folder = PurePosixPath(kube.PROJECT, *PurePosixPath(project.file).parent.parts, *parts[:wild])
    return "" if str(folder) == kube.PROJECT else str(folder)
