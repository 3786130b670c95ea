"""Artifact: how the registry speaks of anything a stage reads or writes: a file, a dataset, statistics, a model, a release.

An artifact is a kind and a digest; the same bytes made twice are the same artifact, so lineage joins runs without any
naming scheme. `name` is the part it played at one stage ("training", "held_out") or, for data files, the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ArtifactKind = Literal[
    "file", "dataset", "statistics", "schema", "model", "report", "release", "predictions", "prediction"
]


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something a stage read or wrote. digest: SHA-256, 64 hexadecimal digits."""

    name: str
    kind: ArtifactKind
    digest: str
