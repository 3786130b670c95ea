"""The first stage: where the data is, which spans of it are used, and the state of everything that could change the answer.

Nothing is read but what a dataset's digest needs, and of each span the number of its rows: a month that was delivered empty, or
torn, is named here, before an hour of training. What is looked at (files, listings of folders) is remembered, so that the next
run can tell by a look whether anything is new.
"""

from __future__ import annotations

import glob
import json
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.errors import DataError
from seakeep.pipeline.sights import look_at_file, look_at_glob, look_at_path, look_at_places, look_at_table
from seakeep.pipeline.spans.errors import BadSpan
from seakeep.pipeline.stage import Made
from seakeep.pipeline.work import PARTS, Choice, Work
from seakeep.registry import Artifact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core import Dataset
    from seakeep.core.codec import Json
    from seakeep.pipeline.declaration import Pipeline
    from seakeep.pipeline.spans import Span
    from seakeep.registry import Sight

SPANS = "spans"


def read(work: Work) -> Made:
    """Where the data is: its parts' digests, and the state of every file behind them."""
    spans = _spans_read(work)
    training, held_out = work.parts()
    report = work.cleaning()
    looked_at = _sights(training, held_out)
    sources = tuple(Artifact(sight.path, "file", sight.digest) for sight in looked_at if sight.kind == "file")
    watched = _watched(work.pipeline, work.project.file.parent)
    cacheable = bool(sources or watched)
    note = "the data is in memory, so it is read in every run: name the files behind it in Pipeline(watch=[…])"
    return Made(
        {"training": training, "held_out": held_out} | ({"cleaning": report} if report else {}),
        sources=sources,
        looked_at=(*looked_at, *watched, *_contract(work)),
        variant=variant(work),
        cacheable=cacheable,
        parameters={
            "data": training.description,
            "label": training.label,
            "time": training.time,
            "key": training.key,
            **({"clean": [str(step) for step in work.pipeline.clean]} if report else {}),
            **(spans or {"held_out": _held_out(work.pipeline)}),
        },
        notes=() if cacheable else (note,),
    )


def variant(work: Work) -> str:
    """Relative paths start at the working folder; spans may have been chosen."""
    choice = [work.choice.upto, sorted(work.choice.without)]
    return f"{Path.cwd()}" if work.choice == Choice() else f"{Path.cwd()} {json.dumps(choice)}"


def spans_of(parameters: Mapping[str, Json]) -> dict[str, tuple[str, ...]]:
    """Names of the spans by part ("training", "held_out"), from the parameters of a read stage; empty where it had none."""
    told = parameters.get(SPANS)
    parts = {part: told.get(part) for part in PARTS} if isinstance(told, dict) else {}
    return {part: tuple(map(str, rows)) for part, rows in parts.items() if isinstance(rows, dict)}


def rows_of(work: Work, span: Span) -> int:
    """Rows of one span, as the read function gives them. Raises BadSpan, where there are none."""
    import polars as pl

    from seakeep.data.frames import fetch

    try:
        dataset = work.read(span.path)
        counts = (fetch(dataset, at, piece.select(pl.len())) for at, piece in enumerate(dataset.pieces()))
        rows = sum(count.item() for count in counts)
    except DataError as error:
        raise BadSpan.unreadable(span.name, span.path, error) from error
    if not rows:
        raise BadSpan.empty(span.name, span.path)
    return int(rows)


def _spans_read(work: Work) -> dict[str, Json]:
    """The spans by part with the rows of each, for the record. Raises BadSpan, for one that is empty or cannot be read."""
    chosen = work.selection
    if chosen is None:
        return {}
    parts = zip(PARTS, (chosen.training, chosen.held_out), strict=True)
    return {SPANS: {part: {span.name: rows_of(work, span) for span in spans} for part, spans in parts}}


def _held_out(pipeline: Pipeline) -> str:
    return "a function" if callable(pipeline.held_out) else str(pipeline.held_out)


def _sights(*parts: Dataset) -> tuple[Sight, ...]:
    """The state of every file behind the parts, and of the folders where more of them could appear."""
    from seakeep.data.content import digest_of_file

    sources = [
        part.source for number, part in enumerate(parts) if part.source is not parts[number - 1].source or not number
    ]
    looks = (look_at_table(source.files(), source.description, hashed=digest_of_file) for source in sources)
    return tuple(dict.fromkeys(sight for sights in looks for sight in sights))


def _contract(work: Work) -> tuple[Sight, ...]:
    """The state of the contract, where it decides which rows there are."""
    return (look_at_file(work.schema_path()),) if work.pipeline.drop_at_most is not None else ()


def _watched(pipeline: Pipeline, folder: Path) -> tuple[Sight, ...]:
    """The state of what the pipeline says its read function depends on; relative paths start at the pipeline's file."""
    patterns = [str(folder / Path(item).expanduser()) for item in pipeline.watch]
    looks = [look_at_glob(name) if glob.has_magic(name) else look_at_path(Path(name)) for name in patterns]
    looks += [look_at_places(pipeline.spans.place(folder))] if pipeline.spans else []
    return tuple(dict.fromkeys(sight for sights in looks for sight in sights))
