"""Execution: what one stage read, wrote, took and decided; and where executions are kept.

The cache and the lineage are both questions to these records: "which whole execution had this key?" and "which one wrote this
digest?". A record is written in one transaction after its outputs are on the disk, so one that can be found is complete.
Hosts and user names are not kept; the paths of data files are, since a digest alone leads nobody to a file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from seakeep.registry.artifacts import Artifact
from seakeep.registry.database import following, json_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Json
    from seakeep.registry.database import Database, Row

Outcome = Literal["pass", "fail", "inconclusive", "done", "error"]
COLUMNS = (
    "id, run, pipeline, stage, key, code, parameters, looked_at, "
    "started, wall_seconds, cpu_seconds, peak_bytes, verdict"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sight:
    """The state of a file or folder outside of the registry when a stage looked at it.

    kind: "file" (digest of its bytes), "folder" (digest of the listed names), "absent". bytes, modified_ns: what the file
    system said; where both are unchanged the content is taken to be, as make and git do.
    suffixes: of a folder, the endings of names that matter; empty for all. mark: of an object in a bucket, its version or ETag, which
    stands for the time; its path is an address, and a folder's a pattern.
    """

    path: str
    kind: Literal["file", "folder", "absent"]
    digest: str = ""
    bytes: int = 0
    modified_ns: int = 0
    suffixes: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Execution:
    """One stage of one run.

    run: the run's identifier. key: digest of all that decides the outputs; equal keys, equal outputs. code: digest of the
    project's sources. started: Unix seconds. wall_seconds, cpu_seconds: of this stage, children included.
    peak_bytes: largest resident memory during the stage. verdict: of its report; "done" for a stage that does not judge,
    "error" for one that was broken off by an exception. id: the record's number, 0 before it is kept.
    """

    run: str
    pipeline: str
    stage: str
    key: str
    code: str
    started: float
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    verdict: Outcome
    inputs: tuple[Artifact, ...] = ()
    outputs: tuple[Artifact, ...] = ()
    parameters: Mapping[str, Json] = field(default_factory=dict)
    looked_at: tuple[Sight, ...] = ()
    id: int = 0

    def output(self, name: str) -> Artifact | None:
        """The output that has this name, or None."""
        return next((artifact for artifact in self.outputs if artifact.name == name), None)


@dataclass(frozen=True, slots=True)
class Executions:
    """The records of executions."""

    database: Database

    def record(self, execution: Execution) -> int:
        """Keep a record and what it used, all or nothing; returns its number. Its outputs must have been kept before."""
        with self.database.transaction():
            number = following(self.database, "executions")
            self.database.execute(
                f"INSERT INTO executions ({COLUMNS}) VALUES (?{', ?' * 12})",  # noqa: S608  (constants)
                (
                    *(number, execution.run, execution.pipeline, execution.stage, execution.key, execution.code),
                    *(json_of(execution.parameters), _sights(execution.looked_at), execution.started),
                    *(execution.wall_seconds, execution.cpu_seconds, execution.peak_bytes, execution.verdict),
                ),
            )
            rows = [
                (number, direction, position, artifact.name, artifact.kind, artifact.digest)
                for direction, artifacts in (("input", execution.inputs), ("output", execution.outputs))
                for position, artifact in enumerate(artifacts)
            ]
            self.database.execute_many("INSERT INTO uses VALUES (?, ?, ?, ?, ?, ?)", rows)
        return number

    def look_again(self, number: int, looked_at: tuple[Sight, ...]) -> None:
        """Replace a record's sights by later ones of the same content, so that the next look is quick."""
        self.database.execute("UPDATE executions SET looked_at = ? WHERE id = ?", (_sights(looked_at), number))

    def with_key(self, key: str) -> tuple[Execution, ...]:
        """Executions that have this key and did not break off, newest first."""
        return self._select("key = ? AND verdict != 'error' ORDER BY id DESC", (key,))

    def of_run(self, run: str) -> tuple[Execution, ...]:
        """A run's executions in order."""
        return self._select("run = ? ORDER BY id", (run,))

    def writing(self, digest: str) -> tuple[Execution, ...]:
        """Executions that wrote this artifact, newest first."""
        return self._using(digest, "output")

    def reading(self, digest: str) -> tuple[Execution, ...]:
        """Executions that read this artifact, newest first."""
        return self._using(digest, "input")

    def _using(self, digest: str, direction: str) -> tuple[Execution, ...]:
        where = "id IN (SELECT execution FROM uses WHERE digest = ? AND direction = ?) AND verdict != 'error'"
        return self._select(f"{where} ORDER BY id DESC", (digest, direction))

    def _select(self, where: str, values: tuple[str, ...]) -> tuple[Execution, ...]:
        query = f"SELECT {COLUMNS} FROM executions WHERE {where}"  # noqa: S608  (constants)
        return tuple(self._execution(row) for row in self.database.execute(query, values))

    def _execution(self, row: Row) -> Execution:
        values = dict(zip(COLUMNS.split(", "), row, strict=True))
        values["parameters"] = json.loads(str(values["parameters"]))
        values["looked_at"] = tuple(
            Sight(path, kind, content, size, modified, tuple(suffixes), *mark)
            for path, kind, content, size, modified, suffixes, *mark in json.loads(str(values["looked_at"]))
        )
        uses = self.database.execute(
            "SELECT direction, name, kind, digest FROM uses WHERE execution = ? ORDER BY direction, position",
            (values["id"],),
        )
        inputs = tuple(Artifact(*use[1:]) for use in uses if use[0] == "input")
        outputs = tuple(Artifact(*use[1:]) for use in uses if use[0] == "output")
        return Execution(**values, inputs=inputs, outputs=outputs)


def _sights(looked_at: tuple[Sight, ...]) -> str:
    """Sights as rows of their fields: a run with nothing to do reads one a data file, and should not notice."""
    rows = ([getattr(sight, name) for name in Sight.__slots__] for sight in looked_at)
    return json_of([row if row[-1] else row[:-1] for row in rows])
