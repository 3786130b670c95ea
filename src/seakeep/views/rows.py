"""What the terminal shows of nouns that live in higher rooms: plain rows, filled in by whoever calls.

A run, a release's place in the registry and a lineage belong to rooms above this one. Their views take these rows, so that
drawing needs the core only and importing them costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.report import Verdict

_FOLDED_FROM = 3


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of a run.

    seconds: wall clock. cpu_seconds: of all threads and children. peak_bytes: largest resident memory while it ran. None
    where it was not measured (a cached stage). verdict: of the stage's report, None where it makes none.
    note: a few words, such as "12 columns" or an error's first line.
    """

    stage: str
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_bytes: int | None = None
    verdict: Verdict | None = None
    cached: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One registered release. created: when it was registered, as text; aliases: names that point to it ("champion")."""

    name: str
    version: int
    digest: str
    verdict: Verdict
    created: str = ""
    aliases: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LineageRow:
    """One line of a printed lineage; the root first, each row's parent is the nearest row above it that is less deep.

    depth: 0 for the root. stage: what led here, empty for the root. kind: "release", "model", "dataset", "file".
    digest: may be empty. repeated: whether it was shown before, and so is not opened again.
    """

    depth: int
    kind: str
    label: str
    stage: str = ""
    digest: str = ""
    repeated: bool = False


def folded(rows: Sequence[LineageRow]) -> list[LineageRow]:
    """The same tree with neighbours of one stage and kind that were all shown before, three or more, in one row: "8 files"."""
    found: list[LineageRow] = []
    for _, alike in groupby(rows, lambda row: (row.depth, row.stage, row.kind, row.repeated)):
        group = list(alike)
        if len(group) < _FOLDED_FROM or not group[0].repeated:
            found += group
            continue
        words = figures.counted(len(group), group[0].kind.removesuffix("s"))
        found.append(replace(group[0], kind=words, label=words, digest=""))
    return found
