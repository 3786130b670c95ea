"""The broken rows as a file, and the others as one: so that a pipeline can go on without what is broken, and somebody can look at it.

Called by `judge`. Pieces are written as they come, so memory is that of one piece. What is hard: Polars writes by pulling from a scan,
so the pieces are offered to it as one, and an error in a piece must come out as it went in; and the two files belong together, so
neither takes its name before both are whole on the disk.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from polars.io.plugins import register_io_source

from seakeep.core.files import CannotWrite, replacing
from seakeep.data.frames import fetch, schema_of
from seakeep.data.rows.counting import ROW
from seakeep.data.rows.errors import BadQuarantine
from seakeep.data.rows.plan import mask
from seakeep.data.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seakeep.core.dataset import Dataset
    from seakeep.data.rows.plan import Plan

NUMBER, SOURCE, BROKEN = "@row", "@source", "@broken"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the broken rows and the good ones go; None for nowhere."""

    quarantine: Path | None
    good: Path | None


def check_places(dataset: Dataset, quarantine: Path | str | None, good: Path | str | None) -> Places:
    """The files to write. Raises BadQuarantine, before any row is read."""
    places = Places(Path(quarantine) if quarantine else None, Path(good) if good else None)
    for option, path in (("quarantine", places.quarantine), ("good", places.good)):
        if path is None:
            continue
        if path.suffix.lower() != ".parquet":
            raise BadQuarantine.ending(path, option)
        if path.exists() and any(path.samefile(file) for file in dataset.source.files() if "://" not in file):
            raise BadQuarantine.own_input(path, dataset.description)
    if places.quarantine and places.good and places.quarantine.absolute() == places.good.absolute():
        raise BadQuarantine.same(places.good)
    for name in (NUMBER, SOURCE, BROKEN):
        if places.quarantine and name in schema_of(dataset):
            raise BadQuarantine.taken(name, dataset.description)
    return places


def write_rows(plan: Plan, dataset: Dataset, rows: Sequence[int], places: Places) -> None:
    """Write the files that are asked for. rows: of each piece. Raises CannotWrite; DataError, naming the file."""
    run = _Writing(plan, dataset, rows)
    with contextlib.ExitStack() as stack:
        for path, broken in ((places.quarantine, True), (places.good, False)):
            if path is not None:
                run.write(stack.enter_context(replacing(path)), path, broken=broken)


class _Writing:
    """One table's rows on their way to files. error: what went wrong in a piece, as it was raised."""

    def __init__(self, plan: Plan, dataset: Dataset, rows: Sequence[int]) -> None:
        self.plan, self.dataset, self.rows = plan, dataset, rows
        self.columns = schema_of(dataset)
        self.sources = sources_of(dataset)
        self.error: BaseException | None = None

    def write(self, temporary: Path, path: Path, *, broken: bool) -> None:
        schema = self._schema(broken=broken)
        scan = register_io_source(lambda *_: self._frames(schema, broken=broken), schema=schema)
        try:
            scan.sink_parquet(temporary)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            if self.error is not None:
                raise self.error from None
            raise CannotWrite.because(path, OSError(str(error).partition("\n")[0])) from error

    def _schema(self, *, broken: bool) -> pl.Schema:
        added = {SOURCE: pl.String()} if self.sources else {}
        names = {NUMBER: pl.UInt64(), **added, BROKEN: pl.List(pl.String())} if broken else {}
        return pl.Schema({**self.columns, **names})

    def _frames(self, schema: pl.Schema, *, broken: bool) -> Iterator[pl.DataFrame]:
        start = 0
        try:
            for number, piece in enumerate(self.dataset.pieces()):
                masked = self.plan.masked(piece.with_row_index(ROW, start))
                wanted = self.plan.is_broken() if broken else ~self.plan.is_broken()
                kept = masked.filter(wanted).with_columns(self._added(number) if broken else []).select(schema.names())
                yield fetch(self.dataset, number, kept).cast(schema)
                start += self.rows[number]
        except BaseException as error:
            self.error = error
            raise

    def _added(self, piece: int) -> list[pl.Expr]:
        """Names of the rules that a row breaks, and where it comes from."""
        criteria = enumerate(self.plan.criteria)
        marks = [pl.when(pl.col(mask(at))).then(pl.lit(each.name)) for at, each in criteria if each.marks]
        none = pl.lit([], dtype=pl.List(pl.String))
        broken = pl.concat_list(marks).list.drop_nulls() if marks else none
        source = self.sources[piece] if self.sources else None
        number = pl.col(ROW).alias(NUMBER)
        return [number, broken.alias(BROKEN), pl.lit(source, dtype=pl.String).alias(SOURCE)]


def sources_of(dataset: Dataset) -> tuple[str, ...]:
    """The file of each piece, from the folder that all files share; none for a table without files."""
    source = dataset.source
    if not isinstance(source, FileSource) or not source.files():
        return ()
    files = [source.file_of(number) for number in range(len(source.pieces()))]
    shared = os.path.commonpath([str(Path(file).parent) for file in files])
    return tuple(Path(file).relative_to(shared).as_posix() for file in files)
