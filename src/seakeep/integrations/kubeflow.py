"""Kubeflow Pipelines: the project's life as a pipeline definition to review, and the same compiled (KFP v2).

`pipeline.py` is plain kfp code, one component for each stage, whose body starts `seakeep run --stage` as a process on the worker
image. `pipeline.yaml` is what kfp makes of it, in a process of its own, so that kfp is never loaded here. Called by
`seakeep export kubeflow`.

What is hard: a component's body runs alone in its container, so whatever it needs is handed to it or lifted into it; and a pod's
files go with it, so the contract must stand in the image, and the registry on a volume or at an address.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from seakeep.core.errors import MissingExtra
from seakeep.integrations._stages import HOME, PROJECT_FOLDER, NotRemote, data_folder, remote_project
from seakeep.pipeline.exports.errors import BadExport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.pipeline.exports.subject import Subject

NEEDS: Literal["project"] = "project"
TEMPLATES = Path(__file__).parent / "_kubeflow"
DEFINITION, COMPILED = "pipeline.py", "pipeline.yaml"
USER = 10001


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set.

    name: of the pipeline. image: registry and name of the images. folder: of the project on the worker image. home: where the
    shared volume is mounted; claim: the PersistentVolumeClaim behind it. data_claim: one that holds the data, mounted where the
    project's spans arrive; empty where the project reads from an address. secret_name: of the Secret with SEAKEEP_DATABASE;
    empty for a registry on the volume. objects: where objects are kept (s3://…, gs://…, az://…); empty for the volume. cpu,
    memory: what each step asks for; train_cpu, train_memory: what training does. retries: of a step that broke; retry_seconds:
    before the first, doubled each time. max_minutes: a step that takes longer is stopped. caching: whether Kubeflow may skip
    steps by its own cache; Seakeep's holds in any case. rollout: whether a release that passed begins its rollout. schedule:
    six fields of cron, seconds first, as Kubeflow takes them; shown as the command that sets it up.
    """

    name: str = ""
    image: str = ""
    folder: str = PROJECT_FOLDER
    home: str = HOME
    claim: str = "seakeep-home"
    data_claim: str = ""
    secret_name: str = ""
    objects: str = ""
    cpu: str = "1"
    memory: str = "2Gi"
    train_cpu: str = "2"
    train_memory: str = "4Gi"
    retries: int = 2
    retry_seconds: int = 30
    max_minutes: int = 60
    caching: bool = False
    rollout: bool = True
    schedule: str = ""


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The definition and what kfp compiles of it. Raises: NotRemote, BadExport, MissingExtra."""
    for package in ("kfp", "kfp-kubernetes"):
        if not any(importlib.metadata.distributions(name=package)):
            raise MissingExtra.of(package, "kubeflow", purpose="compiling a Kubeflow pipeline")
    definition = text_of(subject, options)
    return {DEFINITION: definition, COMPILED: _compiled(definition)}


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """How it is given to Kubeflow: once, and on a schedule."""
    name = subject.slug
    once = f"kfp run create --experiment-name {name} --package-file {COMPILED}"
    if not options.schedule:
        return (once,)
    create = f"kfp recurring-run create --experiment-name {name} --job-name {name}"
    return (once, f"{create} --cron-expression '{options.schedule}' --pipeline-package-path {COMPILED}")


def text_of(subject: Subject, options: Options) -> str:
    """The definition: plain kfp code."""
    import jinja2

    _check(options)
    project = remote_project("kubeflow", subject)
    environment = jinja2.Environment(  # noqa: S701  (Python is written, no page)
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    return environment.get_template(f"{DEFINITION}.jinja").render(
        options=options,
        name=project.name,
        slug=subject.slug,
        file=project.file,
        image=_image(subject, options),
        project=f"{options.folder}/{project.file}",
        data=data_folder(project, options.folder),
        requirements=project.requirements,
        user=USER,
    )


def _check(options: Options) -> None:
    """Raise NotRemote, where an option has a value that kfp would take and a cluster would not."""
    for name in ("retries", "retry_seconds"):
        if getattr(options, name) < 0:
            raise NotRemote.wrong_option("kubeflow", name, getattr(options, name), "a whole number of at least 0")
    if options.max_minutes < 1:
        raise NotRemote.wrong_option("kubeflow", "max_minutes", options.max_minutes, "a whole number of at least 1")
    if options.schedule and len(options.schedule.split()) != 6:
        expected = 'six fields of cron, seconds first, for example "0 0 3 * * *"'
        raise NotRemote.wrong_option("kubeflow", "schedule", options.schedule, expected)


def _image(subject: Subject, options: Options) -> str:
    if not options.image:
        raise BadExport.no_image("kubeflow")
    assert subject.project is not None
    return f"{options.image}-worker:{subject.project.code[:12]}"


def _compiled(definition: str) -> str:
    """What kfp makes of the definition. Raises NotRemote, with kfp's own words."""
    with tempfile.TemporaryDirectory(prefix="seakeep-kubeflow-") as folder:
        (Path(folder) / DEFINITION).write_text(definition, "utf-8")
        command = [sys.executable, "-W", "ignore", DEFINITION, COMPILED]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise NotRemote.not_compiled("kubeflow", ended.stderr)
        return (Path(folder) / COMPILED).read_text("utf-8")
