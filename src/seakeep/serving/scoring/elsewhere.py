"""A run on an engine's workers: each answers whole units, and keeps them itself where it reaches the output.

The driver then sees no rows, only each unit's note. Where it must write them itself (one file, say), units come to it in order.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.codec import from_json, to_json
from seakeep.data.engines import NotVisible, each, files_of, model_of, once, packed, unpacked
from seakeep.serving.scoring.answering import Answering
from seakeep.serving.scoring.asked import Asked  # noqa: TC001  (the codec reads annotations when the program runs)
from seakeep.serving.scoring.outputs import reached
from seakeep.serving.scoring.units import Note, Targets, Unit, gathered

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Sequence

    import polars as pl

    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.data.engines import Call, Engine

_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Told:
    """What workers are told. output, quarantine: how they reach these; empty where the driver writes."""

    asked: Asked
    output: str = ""
    quarantine: str = ""


def units(
    engine: Engine,
    model: Model,
    dataset: Dataset,
    told: Told,
    *,
    columns: Sequence[str] | None,
    rows: int,
    skip: Container[int],
) -> Generator[Unit]:
    """The units that are not in `skip`, in order; what workers have kept comes without rows."""
    made = each(
        engine,
        dataset,
        answered,
        rows=rows,
        columns=columns,
        given=to_json(told, indent=None),
        files=files_of(model),
        skip=skip,
    )
    with contextlib.closing(made):
        for answer in made:
            yield _opened(answer)


def answered(frame: pl.DataFrame, call: Call) -> bytes:
    """On a worker: a unit, or its note where the worker could keep it."""
    told = from_json(Told, call.given)
    asked = told.asked
    answering = once(call, "answering", lambda: Answering(model_of(call), asked))
    begins = range(0, max(frame.height, 1), asked.chunk_rows)
    unit = gathered(
        call.number, [answering.answer(frame[begin : begin + asked.chunk_rows], call.begin + begin) for begin in begins]
    )
    log = None if asked.log is None else _visible(Path(asked.log.folder))
    if not told.output:
        Targets(_Nothing(), None, log).beside(unit)
        return _closed(unit)
    quarantine = reached(told.quarantine) if told.quarantine else None
    Targets(reached(told.output), quarantine, log).keep(unit)
    return _closed(Unit(unit.number, unit.note, unit.output.clear()))


class _Nothing:
    """The output of a worker that does not reach it."""

    def write(self, number: int, frame: pl.DataFrame, note: bytes) -> None:
        """The driver does it."""


def _visible(folder: Path) -> Path:
    """Raise NotVisible for a folder that is not on this machine."""
    if not folder.is_dir():
        import socket

        raise NotVisible.absent(str(folder), socket.gethostname())
    return folder


def _closed(unit: Unit) -> bytes:
    """A unit on its way to the driver; its logged rows stay where they were written."""
    parts = [str(unit.number).encode(), unit.note.packed(), packed(unit.output)]
    parts += [] if unit.quarantine is None else [packed(unit.quarantine)]
    return b"".join(len(part).to_bytes(_LENGTH, "little") + part for part in parts)


def _opened(answer: bytes) -> Unit:
    parts, at = [], 0
    while at < len(answer):
        begin = at + _LENGTH
        at = begin + int.from_bytes(answer[at:begin], "little")
        parts.append(answer[begin:at])
    number, note, output, *quarantine = parts
    return Unit(int(number), Note.of(note), unpacked(output), unpacked(quarantine[0]) if quarantine else None)
