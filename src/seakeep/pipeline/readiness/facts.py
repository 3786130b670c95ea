"""Facts: everything on record about one pipeline that a test may rest on, read once and lazily, and only about what is in charge.

Evidence has an age and a release. What is older than `fresh` is stale, what is about another release is another model's; a reader
says which of the two it met by raising Unproven with the answer, so that a test is written as if all were well. Nothing here
writes, runs the project's file or reads a table of data, so an assessment takes a fraction of a second.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from seakeep.core import Report, Schema
from seakeep.core.codec import BadDocument, from_json
from seakeep.core.errors import RegistryError
from seakeep.core.model import FACTS_FILE, SCHEMA_FILE
from seakeep.core.model import Facts as ModelFacts
from seakeep.pipeline.readiness import findings, production
from seakeep.pipeline.readiness.findings import Piece, Unproven, iso
from seakeep.pipeline.readiness.manual import SKEW_SECONDS
from seakeep.registry.errors import TornRelease
from seakeep.registry.folders import check_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.pipeline.project import Project
    from seakeep.pipeline.readiness.production import Ended, Window
    from seakeep.registry import Entry, Execution, Registered, Registry

T = TypeVar("T")
_RECENT = 100
_LARGEST_CHECKED = 256 * 1024 * 1024


@dataclass(frozen=True)
class Facts:
    """What is known of pipeline `name` at time `now` (Unix seconds).

    registry: None where the project has none yet. file: the pipeline's, as a person types it. fresh_seconds: how old evidence may be.
    """

    project: Project
    registry: Registry | None
    name: str
    file: str
    now: float
    fresh_seconds: float

    @functools.cached_property
    def champion(self) -> Registered | None:
        """The release in charge, or None."""
        return self.registry.champion(self.name) if self.registry else None

    @functools.cached_property
    def previous(self) -> Registered | None:
        """The release that was in charge before, or None."""
        return self.registry.previous_champion(self.name) if self.registry and self.champion else None

    @functools.cached_property
    def releases(self) -> tuple[Registered, ...]:
        """All of this name."""
        return self.registry.releases(self.name) if self.registry and self.champion else ()

    @functools.cached_property
    def sources(self) -> str:
        """Digest of the sources here."""
        return self.project.code()

    @property
    def code(self) -> str:
        """Digest of the sources in charge: the champion's, or those here where there is none."""
        made_from = self.champion.release.made_from if self.champion else {}
        return made_from.get("code", "") or self.sources

    @functools.cached_property
    def windows(self) -> tuple[Window, ...]:
        """Every window on record of this name, each once and as it was judged last, in order."""
        return production.windows(self)

    @functools.cached_property
    def rollouts(self) -> tuple[Ended, ...]:
        """Rollouts of this name that ended and are fresh, in order."""
        return production.rollouts(self)

    @functools.cached_property
    def recent(self) -> tuple[Registered, ...]:
        """The newest releases of this name, and those that are or were in charge: what an assessment looks at, however many there are."""
        named = {each.label: each for each in (*self.releases[-_RECENT:], self.champion, self.previous) if each}
        return tuple(sorted(named.values(), key=lambda each: each.version))

    @functools.cached_property
    def digest(self) -> str:
        """Of the champion; computing it costs a hash, so once. "" where there is none."""
        return self.champion.release.digest if self.champion else ""

    @functools.cached_property
    def by_digest(self) -> Mapping[str, Registered]:
        """Recent releases by their digest."""
        return {each.release.digest: each for each in self.recent}

    def journal(self, kind: str) -> tuple[Entry, ...]:
        """The journal's lines of a kind about this name."""
        return self.registry.journal.entries(kind=kind, name=self.name) if self.registry else ()

    def is_fresh(self, at: float) -> bool:
        """Whether evidence of this time counts: no older than `fresh`, and not from the future."""
        return self.now - self.fresh_seconds <= at <= self.now + SKEW_SECONDS

    def in_charge(self) -> Registered:
        """The champion. Raises Unproven where there is none."""
        if self.champion is None:
            raise Unproven(findings.nothing(f"no release of {self.name} is in charge", f"seakeep run {self.file}"))
        return self.champion

    def execution(self, digest: str, stage: str) -> Execution | None:
        """The newest execution of this stage that wrote the artifact."""
        found = self.registry.executions.writing(digest) if self.registry else ()
        return next((each for each in found if each.stage == stage), None)

    def report(self, name: str, stage: str) -> tuple[Report, Piece]:
        """A report of the champion, and it as evidence: whole, and as young as the newest execution of `stage` that wrote it.

        Raises: Unproven, where there is none, where its file is torn, or where it is stale.
        """
        found = self._report(self.in_charge(), name)
        execution = self.execution(found.digest, stage)
        label = self.in_charge().label
        if execution is None:
            raise Unproven(findings.nothing(f"no {stage} of {label} is on record here", f"seakeep run {self.file}"))
        piece = Piece(f"{found.title}, of {label}", found.digest, execution.started, len(found.checks))
        if not self.is_fresh(execution.started):
            raise Unproven(
                self.too_old(f"the {stage} of {label}", execution.started, f"seakeep run {self.file}", piece)
            )
        return found, piece

    def report_of(self, release: Registered, name: str) -> Report | None:
        """A report of any release, or None where it has none that is whole."""
        try:
            return self._report(release, name)
        except Unproven:
            return None

    def schema(self) -> Schema:
        """The champion's contract. Raises Unproven where its file is torn."""
        return self._read(Schema, SCHEMA_FILE)

    def model(self) -> ModelFacts:
        """What the champion's model reads and says. Raises Unproven where its file is torn."""
        return self._read(ModelFacts, FACTS_FILE)

    def inputs(self) -> tuple[str, ...]:
        """The raw columns that the champion reads."""
        return tuple(each.name for each in self.model().inputs)

    def kept(self, digest: str, what: str) -> Report:
        """A report kept in the registry. Raises Unproven where it is torn."""
        if self.registry is None:
            raise Unproven(findings.nothing(f"{what} is not on record", f"seakeep run {self.file}"))
        try:
            return self.registry.get(Report, digest)
        except (RegistryError, BadDocument) as error:
            raise Unproven(_torn(what, error)) from error

    def is_whole(self, release: Registered) -> bool:
        """Whether a release's files are those of its manifest; of very large ones, whether they are there."""
        try:
            paths = [release.folder / name for name in release.release.files]
            if sum(path.stat().st_size for path in paths) > _LARGEST_CHECKED:
                return True
            check_folder(release.folder, release.release.digest)
        except (OSError, TornRelease, BadDocument):
            return False
        return True

    def too_old(self, what: str, at: float, fix: str, *pieces: Piece) -> findings.Finding:
        """What is said of stale evidence."""
        if at > self.now:
            return findings.stale(f"{what} is dated in the future ({iso(at)[:10]}); a clock was wrong", fix, pieces)
        days = self.fresh_seconds / 86_400
        return findings.stale(f"{what} is of {iso(at)[:10]}, older than {days:g} days", fix, pieces)

    def _report(self, release: Registered, name: str) -> Report:
        path = f"reports/{name}.json"
        if path not in release.release.files:
            raise Unproven(findings.nothing(f"{release.label} has no report {name}", f"seakeep run {self.file}"))
        return self._whole(Report, release, path)

    def _read(self, kind: type[T], path: str) -> T:
        return self._whole(kind, self.in_charge(), path)

    def _whole(self, kind: type[T], release: Registered, path: str) -> T:
        """A file of a release as a noun, its bytes those of the manifest."""
        file = Path(release.folder / path)
        try:
            content = file.read_bytes()
            if hashlib.sha256(content).hexdigest() != release.release.files.get(path):
                raise TornRelease.differs(file, release.release.files.get(path, ""), "another digest")
            return from_json(kind, content, path=str(file))
        except (OSError, TornRelease, BadDocument) as error:
            raise Unproven(_torn(f"{path} of {release.label}", error)) from error


def _torn(what: str, error: Exception) -> findings.Finding:
    trouble = str(error).partition("\n")[0]
    return findings.torn(f"{what} is torn or lost, so it proves nothing: {trouble}", "seakeep gc")
