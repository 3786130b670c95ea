"""Subject: what is exported: a project, a release, or both, as plain facts from which a target makes its files.

Targets read facts and nothing else, so the same facts give the same bytes on any machine. Paths of this machine are among
them, for reading; they never stand in what is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.pipeline.exports.errors import BadExport

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.core import Model, Verdict
    from seakeep.pipeline.measured import Measured
    from seakeep.pipeline.settings import Settings

LONGEST_SLUG = 52
"""Kubernetes takes 63; what is left is for what objects add, as a CronJob's do."""
_SLUG = re.compile(rf"[a-z](?:[a-z0-9-]{{0,{LONGEST_SLUG - 2}}}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A pipeline and its files.

    file: of the pipeline, relative to root. name: of its releases. root: the project's folder here. code: digest of its
    sources. spans: whether the table arrives in spans; data: their globs. schema_file: relative to root. stages: names, in
    order. extras: of seakeep, that its estimator needs. requirements: the gates, as text.
    """

    file: str
    name: str
    root: Path
    code: str
    spans: bool
    schema_file: str
    stages: tuple[str, ...]
    extras: tuple[str, ...]
    requirements: tuple[str, ...]
    data: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A release and its model.

    folder: where its files stand here. forced: why it is exported although it did not pass; empty where it did. measured: what
    a server of it used, where the target asks for that.
    """

    label: str
    name: str
    version: int
    digest: str
    verdict: Verdict
    folder: Path
    model: Model
    forced: str = ""
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is exported. name: the model's, or the one given by the option `name`. settings: the project's."""

    name: str
    settings: Settings
    project: ProjectFacts | None = None
    release: ReleaseFacts | None = None

    @property
    def slug(self) -> str:
        """The name as a label of DNS (RFC 1123), for objects of Kubernetes. Raises BadExport where it is none."""
        if _SLUG.fullmatch(self.name):
            return self.name
        words = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        legal = re.sub(r"^[^a-z]+", "", words)[:LONGEST_SLUG].rstrip("-")
        raise BadExport.illegal_name(self.name, legal)
