"""A project's stages where each runs in a pod of its own: what must hold for that, and the command line of one.

Shared by kubeflow, argo_workflows, trainer and katib. Hard is what a pod takes with it when it goes: the contract that a first
run infers and writes beside the pipeline's file would be lost, and every later stage would ask for it in vain. So the contract
must be part of the project, and with it of the worker image.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from seakeep.pipeline.exports.errors import BadExport

if TYPE_CHECKING:
    from seakeep.pipeline.exports.subject import ProjectFacts, Subject

HOME = "/var/lib/seakeep"
PROJECT_FOLDER = "/project"


class NotRemote(BadExport):
    """A project's stages cannot run apart from each other, or a value for them makes no sense."""

    @classmethod
    def no_contract(cls, target: str, file: str, schema: str) -> NotRemote:
        return cls(
            f"{target} runs each stage in a pod of its own, and the project has no contract for them to share",
            where=schema,
            cause="A first run infers it from the data and writes it beside the pipeline; in a pod it would be lost with the pod.",
            fix=f"seakeep run {file} --stage profile && seakeep run {file} --stage validate, then review and commit {schema}",
            target=target,
            schema=schema,
        )

    @classmethod
    def wrong_option(cls, target: str, name: str, found: object, expected: str) -> NotRemote:
        return cls(
            f"{name} is {found!r}; expected {expected}",
            where=f"option of {target}",
            fix=f"--set {name}=… with {expected}",
            target=target,
            name=name,
            value=found,
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


def remote_project(target: str, subject: Subject) -> ProjectFacts:
    """The project, whose contract is among its files. Raises NotRemote; BadExport, where there is no project."""
    project = subject.project
    if project is None:
        raise BadExport.needs(target, "project", subject.name)
    if not (project.root / project.schema_file).is_file():
        raise NotRemote.no_contract(target, project.file, project.schema_file)
    return project


def data_folder(project: ProjectFacts, folder: str) -> str:
    """Where, on the worker image, the folder stands that the project's spans arrive in; empty where none is known.

    A URL has no folder. folder: of the project on the image.
    """
    patterns = [pattern for pattern in project.data if "://" not in pattern]
    if not patterns:
        return ""
    beside = PurePosixPath(folder) / PurePosixPath(project.file).parent
    fixed = []
    for part in PurePosixPath(patterns[0]).parent.parts:
        if any(sign in part for sign in "*?["):
            break
        fixed.append(part)
    return str(beside.joinpath(*fixed))
