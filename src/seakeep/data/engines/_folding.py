"""The two primitives: map a table's units to values and add them; map its batches to batches and write them.

Whatever is computed on an engine is one of these. What makes answers equal to the bit: units are cut alike everywhere, each
has one answer however often it was tried, and answers are added here, one after the other, in the table's order.
"""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import polars as pl

from seakeep.core.codec import to_json
from seakeep.core.errors import UsageError
from seakeep.core.files import TEMPORARY, CannotWrite, replacing
from seakeep.data.engines._describing import NotDescribable, as_text
from seakeep.data.engines._errors import NotVisible
from seakeep.data.engines._job import Job, Unit, host, name_of, named, versions
from seakeep.data.engines._units import known_counts, packed, units_of, unpacked
from seakeep.data.frames import batches, fetch, known_columns, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Iterator, Mapping, Sequence

    from seakeep.core.dataset import Dataset
    from seakeep.data.engines._job import Call, Engine, Mapped

V = TypeVar("V")
ROWS = 1 << 19
"""Rows of a unit: those of a batch of `profile`."""


class CannotPublish(UsageError):
    """Where the parts are to go, something is."""

    @classmethod
    def exists(cls, folder: Path) -> CannotPublish:
        return cls(
            f"{folder} exists already",
            cause="It may hold an earlier run's rows, which would be mixed with the new ones.",
            fix="Name another folder, or remove it first.",
            path=str(folder),
        )


def fold(
    engine: Engine,
    dataset: Dataset,
    value_of: Mapped,
    add: Callable[[V, bytes], V],
    *,
    zero: V,
    rows: int = ROWS,
    columns: Sequence[str] | None = None,
    given: str = "",
    files: Mapping[str, bytes] | None = None,
) -> V:
    """`add(… add(add(zero, first), second) …, last)` of what `value_of` makes of every `rows` rows, in the table's order.

    Parameters: value_of: a function of a module, called on a worker with the rows and a Call. add: called here.
        rows: of a unit. columns: to be read. given, files: what every call is told besides (call.given, call.files).
    Returns: the same to the bit on every engine. A table without rows is one unit without rows.
    Raises: BadEngine, for a function that has no name; DataError, naming the file; EngineBroke.
    """
    total = zero
    with closing(each(engine, dataset, value_of, rows=rows, columns=columns, given=given, files=files)) as answers:
        for value in answers:
            total = add(total, value)
    return total


def each(
    engine: Engine,
    dataset: Dataset,
    value_of: Mapped,
    *,
    rows: int = ROWS,
    columns: Sequence[str] | None = None,
    given: str = "",
    files: Mapping[str, bytes] | None = None,
    counts: Sequence[int] | None = None,
    skip: Container[int] = (),
) -> Generator[bytes]:
    """What `value_of` makes of every `rows` rows of a table, in its order, as they come.

    Parameters: as of fold. counts: what `counts_of` said, where it was asked before. skip: numbers of units that nothing is to be made of.
    """
    if rows < 1:
        raise UsageError(f"rows must be at least 1, it is {rows}", fix="each(engine, dataset, function, rows=1 << 19)")
    chosen = None if columns is None else known_columns(columns, dataset)
    table = _described(engine, dataset)
    own = versions() if engine.is_remote else {}
    job = Job(name_of(value_of), table, secrets.token_hex(8), chosen, given, dict(files or {}), own)
    if table:
        units = units_of(_counts(engine, dataset, table) if counts is None else counts, rows)
    else:
        units = _carried(engine, dataset, rows, chosen)
    wanted = (unit for unit in units if unit.number not in skip)
    with closing(_answers(engine, job, wanted)) as answers:
        yield from answers


def counts_of(engine: Engine, dataset: Dataset) -> tuple[int, ...]:
    """Rows of every piece of a table. Raises: as fold."""
    return tuple(_counts(engine, dataset, _described(engine, dataset)))


def map_batches(
    engine: Engine,
    dataset: Dataset,
    function: Mapped,
    folder: Path,
    *,
    rows: int = ROWS,
    columns: Sequence[str] | None = None,
    given: str = "",
    files: Mapping[str, bytes] | None = None,
) -> tuple[Path, ...]:
    """Write what `function` makes of every `rows` rows as `folder/part-<number>.parquet`; the folder appears whole or not at all.

    Parameters: function: as value_of of fold; gives a frame in Arrow's IPC format (`engines.packed`). folder: must not
        exist, and be seen by all workers under this path. Others: as of fold.
    Returns: the files in the table's order. Each is written by the worker that made it, under another name first, so that a
    worker that is lost, or two that do the same, leave neither half a file nor a row twice.
    Raises: CannotPublish; CannotWrite; as fold.
    """
    folder = Path(folder).absolute()
    if folder.exists():
        raise CannotPublish.exists(folder)
    making = folder.with_name(f"{TEMPORARY}{secrets.token_hex(6)}-{folder.name}")
    try:
        making.mkdir(parents=True)
    except OSError as error:
        raise CannotWrite.because(folder, error) from error
    told = {"function": name_of(function), "folder": str(making), "given": given}
    try:
        names = fold(
            engine,
            dataset,
            write_part,
            lambda names, name: [*names, name.decode()],
            zero=list[str](),
            rows=rows,
            columns=columns,
            given=to_json(told),
            files=files,
        )
        _sweep(making, names)
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return tuple(folder / name for name in names)


def _sweep(making: Path, names: Sequence[str]) -> None:
    """Remove what lost workers left beside the parts."""
    for path in making.iterdir():
        if path.name not in names:
            path.unlink()


def write_part(frame: pl.DataFrame, call: Call) -> bytes:
    """On a worker: write what a function makes of these rows, and answer with the file's name."""
    told = json.loads(call.given)
    function = cast("Mapped", named(told["function"]))
    made = unpacked(function(frame, replace(call, given=told["given"])))
    name = f"part-{call.number:06d}.parquet"
    folder = Path(told["folder"])
    if not folder.is_dir():
        raise NotVisible.absent(str(folder), host())
    with replacing(folder / name) as temporary:
        made.write_parquet(temporary)
    return name.encode()


def counted(frame: pl.DataFrame, _call: Call) -> bytes:
    """On a worker: the number of rows that was read."""
    return str(frame.item()).encode()


def _answers(engine: Engine, job: Job, units: Iterator[Unit]) -> Generator[bytes]:
    with closing(engine.each(job, units)) as answers:
        for answer in answers:
            yield answer.opened()


def _described(engine: Engine, dataset: Dataset) -> str:
    """The dataset's description; empty where rows must be carried to the workers, or they are threads of this process."""
    if not engine.is_remote:
        return ""
    try:
        return as_text(dataset)
    except NotDescribable:
        return ""


def _counts(engine: Engine, dataset: Dataset, table: str) -> Sequence[int]:
    """Rows of every piece."""
    counts = known_counts(dataset)
    if counts is not None:
        return counts
    if not table:
        lengths = (piece.select(pl.len()) for piece in dataset.pieces())
        return [int(fetch(dataset, piece, length).item()) for piece, length in enumerate(lengths)]
    job = Job(name_of(counted), table, secrets.token_hex(8), versions=versions())
    units = (Unit(piece, 0, -1, ((piece, 0, -1),)) for piece in range(len(dataset.pieces())))
    return [int(count) for count in _answers(engine, job, units)]


def _carried(engine: Engine, dataset: Dataset, rows: int, columns: Sequence[str] | None) -> Iterator[Unit]:
    """Units that carry their rows."""
    begin, number = 0, 0
    for frame in batches(dataset, rows=rows, columns=columns):
        yield Unit(number, begin, frame.height, content=packed(frame) if engine.is_remote else frame)
        begin, number = begin + frame.height, number + 1
    if not number:
        empty = schema_of(dataset).to_frame(eager=True)
        none = empty if columns is None else empty.select(columns)
        yield Unit(0, 0, 0, content=packed(none) if engine.is_remote else none)
