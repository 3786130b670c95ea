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
from typing import TYPE_CHECKING, Final, Literal

from seakeep.core.errors import MissingExtra
from seakeep.integrations import _kube as kube
from seakeep.integrations._options import check_least
from seakeep.integrations._stages import NotRemote, Worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.pipeline.exports.subject import Subject

NEEDS: Final[Literal["project", "release", "either"]] = "project"
TEMPLATES = Path(__file__).parent / "_kubeflow"
DEFINITION, COMPILED = "pipeline.py", "pipeline.yaml"
_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set.

    name: of the pipeline. image: registry and name of the images; worker_digest: of the pushed worker image ("sha256:…"), which
    then stands instead of the tag. claim: the PersistentVolumeClaim of the home, which all steps share (default: NAME-home).
    data_claim: one that holds the data, mounted where the project's spans arrive; empty where the project reads from an address.
    database_secret: name of the Secret whose key `url` is the registry's database (default: NAME-database; it may be absent).
    memory_mib, cpu_millis: what each step asks for; train_memory_mib, train_cpu_millis: what training does. retries: of a step
    that broke; retry_seconds: before the first, doubled each time. max_minutes: a step that takes longer is stopped. caching:
    whether Kubeflow may skip steps by its own cache; Seakeep's holds in any case. rollout: whether a release that passed begins
    its rollout. schedule: cron with seconds first, six fields, as Kubeflow takes it; the command that sets it up is shown.
    """

    name: str = ""
    image: str = ""
    worker_digest: str = ""
    claim: str = ""
    data_claim: str = ""
    database_secret: str = ""
    memory_mib: int = 2048
    cpu_millis: int = 1000
    train_memory_mib: int = 4096
    train_cpu_millis: int = 2000
    retries: int = 2
    retry_seconds: int = 30
    max_minutes: int = 60
    caching: bool = False
    rollout: bool = True
    schedule: str = ""


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The definition and what kfp compiles of it. Raises: NotRemote, BadExport, BadTarget, MissingExtra."""
    for package in ("kfp", "kfp-kubernetes"):
        if not any(importlib.metadata.distributions(name=package)):
            raise MissingExtra.of(package, "kubeflow", purpose="compiling a Kubeflow pipeline")
    definition = text_of(subject, options)
    return {DEFINITION: definition, COMPILED: _compiled(definition)}


def next_lines(subject: Subject, options: Options) -> Sequence[str]:
    """How it is given to Kubeflow: the image, which needs kfp; then a run, and a schedule where one is set."""
    name = subject.slug
    image = "build the worker image with kfp: seakeep export container … --set extras=kubeflow"
    once = f"kfp run create --experiment-name {name} --package-file {COMPILED}"
    if not options.schedule:
        return (image, once)
    create = f"kfp recurring-run create --experiment-name {name} --job-name {name}"
    return (image, once, f"{create} --cron-expression '{options.schedule}' --pipeline-package-path {COMPILED}")


def text_of(subject: Subject, options: Options) -> str:
    """The definition: plain kfp code."""
    import jinja2

    worker = _checked(subject, options)
    environment = jinja2.Environment(  # noqa: S701  (Python is written, no page)
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    return environment.get_template(f"{DEFINITION}.jinja").render(
        options=options, worker=worker, project=worker.project, slug=subject.slug, home=kube.HOME, user=kube.USER
    )


def _checked(subject: Subject, options: Options) -> Worker:
    """Raises NotRemote, BadExport, BadTarget, where an option has a value that kfp would take and a cluster would not."""
    worker = Worker.of("kubeflow", subject, options)
    check_least("kubeflow", options, retries=0, retry_seconds=0, memory_mib=1, cpu_millis=1, max_minutes=1)
    check_least("kubeflow", options, train_memory_mib=1, train_cpu_millis=1)
    if options.schedule and len(options.schedule.split()) != _FIELDS:
        expected = 'six fields of cron, seconds first, for example "0 0 3 * * *"'
        raise kube.BadTarget.wrong_option("kubeflow", "schedule", options.schedule, expected)
    return worker


def _compiled(definition: str) -> str:
    """What kfp makes of the definition. Raises NotRemote, with kfp's own words."""
    with tempfile.TemporaryDirectory(prefix="seakeep-kubeflow-") as folder:
        (Path(folder) / DEFINITION).write_text(definition, "utf-8")
        command = [sys.executable, "-W", "ignore", DEFINITION, COMPILED]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise NotRemote.not_compiled("kubeflow", ended.stderr)
        return (Path(folder) / COMPILED).read_text("utf-8")
