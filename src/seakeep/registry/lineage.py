"""Lineage: what an artifact was made from, back to the files, and what was made from it.

An artifact may have been written by several executions (a run repeated with --no-cache, a contract that the runs of a year meet in).
Upwards the newest one speaks that is older than the execution that read it: what came later had no part in it. Downwards every
reader counts once a stage.
The walk meets each artifact once, so it ends, and costs one query an artifact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.registry.artifacts import Artifact
    from seakeep.registry.executions import Execution, Executions

Direction = Literal["up", "down"]
_ANY = 1 << 62


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` was made from `source` by `stage` of `pipeline`, in the execution of that number."""

    source: Artifact
    target: Artifact
    stage: str
    pipeline: str
    execution: int


@dataclass(frozen=True, slots=True)
class Lineage:
    """The edges met from `root`: towards its origins ("up") or its products ("down"), nearest first."""

    root: Artifact
    direction: Direction
    edges: tuple[Edge, ...]

    def next(self, artifact: Artifact) -> tuple[tuple[str, Artifact], ...]:
        """Stage and artifact one step on from `artifact`."""
        if self.direction == "up":
            return tuple((edge.stage, edge.source) for edge in self.edges if edge.target.digest == artifact.digest)
        return tuple((edge.stage, edge.target) for edge in self.edges if edge.source.digest == artifact.digest)

    def walk(self) -> Iterator[tuple[int, str, Artifact, bool]]:
        """Depth, stage, artifact, and whether it was shown before; in the order of a printed tree, the root first."""
        seen: set[str] = set()
        stack = [(0, "", self.root)]
        while stack:
            depth, stage, artifact = stack.pop()
            repeated = artifact.digest in seen
            seen.add(artifact.digest)
            yield depth, stage, artifact, repeated
            if not repeated:
                stack.extend((depth + 1, *step) for step in reversed(self.next(artifact)))


def trace(executions: Executions, root: Artifact, direction: Direction) -> Lineage:
    """Follow `root` through the executions on record."""
    edges: dict[tuple[str, str, str], Edge] = {}
    waiting, met = [(root, _ANY)], {root.digest}
    while waiting:
        artifact, reader = waiting.pop(0)
        for edge in _edges(executions, artifact, direction, reader):
            edges.setdefault((edge.source.digest, edge.target.digest, edge.stage), edge)
            following = edge.source if direction == "up" else edge.target
            if following.digest not in met:
                met.add(following.digest)
                waiting.append((following, edge.execution))
    return Lineage(root, direction, tuple(edges.values()))


def _edges(executions: Executions, artifact: Artifact, direction: Direction, reader: int) -> Iterator[Edge]:
    """One step on from an artifact that the execution of number `reader` read."""
    if direction == "up":
        written = executions.writing(artifact.digest)
        for execution in ([each for each in written if each.id <= reader] or written)[:1]:
            yield from (_edge(source, artifact, execution) for source in execution.inputs)
    else:
        for execution in executions.reading(artifact.digest):
            yield from (_edge(artifact, target, execution) for target in execution.outputs)


def _edge(source: Artifact, target: Artifact, execution: Execution) -> Edge:
    return Edge(source, target, execution.stage, execution.pipeline, execution.id)
