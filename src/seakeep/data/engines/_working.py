"""What a worker does with a unit: read its rows, call the job's function, and answer. Runs in the workers' processes.

Nothing may leave here but an Answer: an exception that an engine carries loses its parts on the way, or does not survive
being carried. Only the death of a worker is the engine's matter; it tries the unit again elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import polars as pl

from seakeep.data.engines._describing import table_of
from seakeep.data.engines._errors import NotVisible, WorkersDiffer
from seakeep.data.engines._job import Answer, Call, host, named, versions
from seakeep.data.engines._units import unpacked
from seakeep.data.errors import BadStep
from seakeep.data.frames import fetch
from seakeep.data.sources import FileSource

if TYPE_CHECKING:
    from seakeep.core.dataset import Dataset
    from seakeep.data.engines._job import Job, Mapped, Unit


def perform(job: Job, unit: Unit) -> Answer:
    """The answer of a unit; errors are answers."""
    try:
        _check_versions(job)
        return answer(job, unit, frame_of(job, unit))
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001  (whatever it is, the driver must be told)
        return Answer.refused(error, place=f"{host()}, unit {unit.number}")


def answer(job: Job, unit: Unit, frame: pl.DataFrame) -> Answer:
    """What the job's function says of a unit's rows."""
    function = cast("Mapped", named(job.function))
    return Answer(function(frame, Call(unit.number, unit.begin, job.given, job.files, job.identity)))


def frame_of(job: Job, unit: Unit) -> pl.DataFrame:
    """The unit's rows. Raises DataError, naming the file; NotVisible."""
    if unit.content is not None:
        return unpacked(unit.content) if isinstance(unit.content, bytes) else unit.content
    dataset, pieces = table_of(job.table)
    frames = []
    for number, start, rows in unit.ranges:
        _check_visible(dataset, number)
        piece = pieces[number] if job.columns is None else pieces[number].select(job.columns)
        frames.append(_fetched(dataset, number, piece.select(pl.len()) if rows < 0 else piece.slice(start, rows)))
    frame = pl.concat(frames)
    if unit.rows not in (-1, frame.height):
        raise NotVisible.changed(dataset.description, frame.height, unit.rows)
    return frame


def _fetched(dataset: Dataset, number: int, piece: pl.LazyFrame) -> pl.DataFrame:
    """The rows of a piece. A file that can be read anew, and not as it was found, has been written to."""
    try:
        return fetch(dataset, number, piece)
    except BadStep as error:
        if dataset.steps or not isinstance(dataset.source, FileSource):
            raise
        raise NotVisible.rewritten(dataset.source.file_of(number)) from error


def _check_visible(dataset: Dataset, piece: int) -> None:
    """Raise NotVisible for a file that is not on this machine."""
    source = dataset.source
    if isinstance(source, FileSource) and "://" not in (path := source.file_of(piece)) and not Path(path).exists():
        raise NotVisible.absent(path, host())


def _check_versions(job: Job) -> None:
    if job.versions:
        own = versions()
        differing = {name: (theirs, own[name]) for name, theirs in job.versions.items() if own[name] != theirs}
        if differing:
            raise WorkersDiffer.versions(host(), differing)
