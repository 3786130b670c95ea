"""Units: so many rows of a table with all that became of them, on their way to where they are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping  # noqa: TC003  (the codec reads annotations when the program runs)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.codec import from_json, to_json
from seakeep.core.statistics import Statistics  # noqa: TC001
from seakeep.data.statistics.profile import profile_frame
from seakeep.prediction_log import batches

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.serving.scoring.answering import Chunk
    from seakeep.serving.scoring.outputs import Writer


@dataclass(frozen=True, slots=True)
class Note:
    """What a run wants to know of a unit when it goes on. rows: of the table. written: rows of the output. broken: rows by broken rule.

    statistics: of inputs and answers, or None.
    """

    rows: int = 0
    written: int = 0
    broken: Mapping[str, int] = field(default_factory=dict)
    statistics: Statistics | None = None

    def __add__(self, other: Note) -> Note:
        """Of both; statistics where both have them."""
        both = (self.statistics, other.statistics)
        statistics = None if None in both else both[0] + both[1]  # type: ignore[operator]
        broken = Counter(self.broken) + Counter(other.broken)
        return Note(self.rows + other.rows, self.written + other.written, broken, statistics)

    def packed(self) -> bytes:
        """The note as bytes."""
        return to_json(self, indent=None).encode("utf-8", "surrogatepass")

    @classmethod
    def of(cls, content: bytes) -> Note:
        """The note that `packed` wrote."""
        return from_json(cls, content.decode("utf-8", "surrogatepass"), path="the note of a part")


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that are kept in one step. output: their answers; empty where they were handed on already. quarantine, logged: where wanted."""

    number: int
    note: Note
    output: pl.DataFrame
    quarantine: pl.DataFrame | None = None
    logged: pl.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """Where units are kept. log: the folder of a batch's rows, where they are logged."""

    output: Writer
    quarantine: Writer | None = None
    log: Path | None = None

    def keep(self, unit: Unit) -> None:
        """Keep a unit: what stands beside the output first, since the output's note says that all of it is kept. Raises CannotWrite."""
        self.beside(unit)
        self.output.write(unit.number, unit.output, unit.note.packed())

    def beside(self, unit: Unit) -> None:
        """Keep what goes elsewhere than to the output."""
        if self.quarantine is not None and unit.quarantine is not None:
            self.quarantine.write(unit.number, unit.quarantine, b"")
        if self.log is not None and unit.logged is not None:
            batches.keep(self.log, unit.number, unit.logged)


def gathered(number: int, chunks: list[Chunk]) -> Unit:
    """The unit of these chunks, in order. Costs the statistics, where they are wanted."""
    broken: Counter[str] = Counter()
    for chunk in chunks:
        broken += chunk.broken
    profiled = _together([chunk.profiled for chunk in chunks])
    statistics = None if profiled is None else profile_frame(profiled)
    written = sum(chunk.written for chunk in chunks)
    note = Note(sum(chunk.rows for chunk in chunks), written, dict(broken), statistics)
    output = pl.concat([chunk.output for chunk in chunks])
    return Unit(
        number,
        note,
        output,
        _together([chunk.quarantine for chunk in chunks]),
        _together([chunk.logged for chunk in chunks]),
    )


def _together(frames: list[pl.DataFrame | None]) -> pl.DataFrame | None:
    found = [frame for frame in frames if frame is not None]
    return pl.concat(found) if found else None
