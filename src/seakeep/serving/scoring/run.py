"""One pass over a table: units are answered here or elsewhere, and kept. Those of an earlier run are passed over."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seakeep.core.statistics import Statistics
from seakeep.serving.scoring import elsewhere, here
from seakeep.serving.scoring.answering import Answering
from seakeep.serving.scoring.columns import read_columns
from seakeep.serving.scoring.predictors import Predictors
from seakeep.serving.scoring.units import Note, Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import polars as pl

    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.data.engines import Engine
    from seakeep.serving.scoring.answering import Chunk
    from seakeep.serving.scoring.asked import Asked
    from seakeep.serving.scoring.outputs import Output
    from seakeep.serving.scoring.units import Unit


@dataclass(slots=True)
class Run:
    """A pass over `dataset`. output, aside: where answers and broken rows go. folder: where logged rows go. unit_rows: rows of a unit.

    notes: of the units that are kept, by number; at first those of an earlier run. tell: is called with the number of rows after each
    chunk or unit. An output that is not resumable takes answers as they come, `asked.chunk_rows` at a time, and `streamed` counts them.
    """

    model: Model
    dataset: Dataset
    asked: Asked
    output: Output
    aside: Output | None
    folder: Path | None
    unit_rows: int
    notes: dict[int, Note]
    tell: Callable[[int], None]
    streamed: int = field(default=0, init=False)

    def work(self, who: Predictors | Engine, threads: int) -> None:
        """Answer and keep every unit that is not kept yet. Raises what reading, answering and writing raise.

        who: what answers here, in so many threads; or the engine whose workers do.
        """
        units = self._here(who, threads) if isinstance(who, Predictors) else self._elsewhere(who)
        with contextlib.closing(units):
            for unit in units:
                self.notes[unit.number] = unit.note

    def publish(self) -> None:
        """Show what was kept: first the rows that were set aside, last the answers, without which nothing counts as done."""
        units = len(self.notes) if self.output.resumable else self.streamed
        if self.aside is not None:
            self.aside.publish(len(self.notes))
        self.output.publish(units)

    def total(self) -> Note:
        """Of all units, in the table's order."""
        notes = [self.notes[number] for number in sorted(self.notes)]
        total = notes[0] if notes else Note(statistics=Statistics() if self.asked.statistics else None)
        for note in notes[1:]:
            total += note
        return total

    def _here(self, predictors: Predictors, threads: int) -> Generator[Unit]:
        found = here.units(
            Answering(self.model, self.asked, predictors),
            self.dataset,
            columns=read_columns(self.model, self.dataset, self.asked.keep),
            unit_rows=self.unit_rows,
            chunk_rows=self.asked.chunk_rows,
            threads=threads,
            skip=self.notes.keys(),
            took=self._took,
        )
        targets = self._targets()
        with contextlib.closing(found):
            for unit in found:
                if self.output.resumable:
                    targets.keep(unit)
                else:
                    targets.beside(unit)
                yield unit

    def _took(self, chunk: Chunk) -> None:
        """Hand a chunk's answers on, where the output takes them as they come."""
        if not self.output.resumable:
            self._stream(chunk.output)
            chunk.output = chunk.output.clear()
        self.tell(chunk.rows)

    def _elsewhere(self, engine: Engine) -> Generator[Unit]:
        told = elsewhere.Told(self.asked)
        if self.output.reach and (self.aside is None or self.aside.reach):
            told = elsewhere.Told(self.asked, self.output.reach, "" if self.aside is None else self.aside.reach)
        columns = read_columns(self.model, self.dataset, self.asked.keep)
        found = elsewhere.units(
            engine, self.model, self.dataset, told, columns=columns, rows=self.unit_rows, skip=self.notes.keys()
        )
        targets = self._targets()
        with contextlib.closing(found):
            for unit in found:
                if not self.output.resumable:
                    targets.beside(unit)
                    self._streamed(unit)
                elif not told.output:
                    targets.keep(unit)
                if self.output.resumable:
                    self.tell(unit.note.rows)
                yield unit

    def _streamed(self, unit: Unit) -> None:
        """Hand a unit's answers on in the chunks in which they would have come here."""
        rows = self.asked.chunk_rows
        for begin in range(0, max(unit.output.height, 1), rows):
            self._stream(unit.output[begin : begin + rows])
            self.tell(min(rows, unit.output.height - begin))

    def _stream(self, frame: pl.DataFrame) -> None:
        self.output.write(self.streamed, frame, b"")
        self.streamed += 1

    def _targets(self) -> Targets:
        return Targets(self.output, self.aside, self.folder)
