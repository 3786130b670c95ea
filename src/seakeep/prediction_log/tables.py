"""Tables: a spool's frames as typed Polars frames, one a release, and one of labels.

Called by the converter, which writes them, and by the log, which reads what is not converted yet; so a row is the same
before and after. What is hard is speed: a worker writes a million one-row records a minute, so columns are joined by
chained iterators and never row by row; only records that do not fit their header are looked at one by one, and left out.
"""

from __future__ import annotations

import contextlib
import gc
from array import array
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind, Task
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.frames import Frame, Header, Label, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

TIME = pl.Datetime("us", "UTC")
_MOST_ROWS = 1 << 26
_CHUNK = 4096
_ORDER = (names.TIME, names.ID, names.ROLE)
_TYPES: dict[str, pl.DataType] = {
    Kind.INTEGER.value: pl.Int64(),
    Kind.NUMBER.value: pl.Float64(),
    Kind.BOOLEAN.value: pl.Boolean(),
    Kind.STRING.value: pl.String(),
    Kind.TIMESTAMP.value: TIME,
}
OWN: dict[str, pl.DataType] = {
    names.ID: pl.String(),
    names.TIME: TIME,
    names.KEY: pl.String(),
    names.DEALT: pl.String(),
    names.RELEASE: pl.String(),
    names.VERSION: pl.Int64(),
    names.ROLE: pl.String(),
    names.REVISION: pl.Int64(),
    names.LATENCY: pl.Float32(),
    names.OUTCOME: pl.String(),
    names.REASON: pl.String(),
    names.SAMPLED: pl.Float64(),
    names.BROKEN: pl.String(),
}
LABELS: dict[str, pl.DataType] = {
    names.ID: pl.String(),
    names.KEY: pl.String(),
    names.LABEL: pl.String(),
    names.LABELLED: TIME,
}


@dataclass(frozen=True, slots=True)
class Tables:
    """What a spool held. headers, rows: by release. labels: with the columns LABELS. strays: records without a header, or that
    do not fit it.
    """

    headers: Mapping[str, Header] = field(default_factory=dict)
    rows: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    labels: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LABELS))
    strays: int = 0

    @property
    def height(self) -> int:
        """Rows of all releases."""
        return sum(frame.height for frame in self.rows.values())


def tabulate(frames: Iterable[Frame], known: Mapping[str, Header]) -> Tables:
    """The rows of these frames, sorted by time. known: headers from elsewhere, should the spool's own be damaged."""
    headers: dict[str, Header] = dict(known)
    tables: dict[str, list[pl.DataFrame]] = {}
    labels: list[Label] = []
    strays = 0
    with _uncollected():
        for chunk in _chunks(frames):
            headers |= {frame.release: frame for frame in chunk if isinstance(frame, Header)}
            labels += [frame for frame in chunk if isinstance(frame, Label)]
            for release, records in _by_release(chunk).items():
                header = headers.get(release)
                fitting = [record for record in records if _fits(record, header)] if header else []
                strays += len(records) - len(fitting)
                if header and fitting:
                    tables.setdefault(release, []).append(_table(fitting, header))
    rows = {release: pl.concat(found).sort(_ORDER) for release, found in tables.items()}
    return Tables(headers, rows, _labels(labels), strays)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection, which takes most of the time here: a record is twenty small lists, and none is in a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _chunks(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """Few enough frames at once that they stay in the processor's cache."""
    frames = iter(frames)
    return iter(lambda: list(islice(frames, _CHUNK)), [])


def _by_release(frames: Iterable[Frame]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for frame in frames:
        if isinstance(frame, Record):
            found.setdefault(frame.release, []).append(frame)
    return found


def schema_of(header: Header) -> dict[str, pl.DataType]:
    """Columns of a release's rows, in order, with their types."""
    scores = {} if header.task == Task.REGRESSION.value else dict.fromkeys(_probabilities(header), pl.Float32())
    inputs = {name: _TYPES.get(kind, pl.String()) for name, kind in header.inputs}
    return {**OWN, names.PREDICTION: prediction_type(header), **scores, **inputs}


def prediction_type(header: Header) -> pl.DataType:
    """The type of a release's predictions and labels' classes: Float32 for regression."""
    if header.task == Task.REGRESSION.value:
        return pl.Float32()
    kinds = {type(value) for value in header.classes}
    types: dict[type, pl.DataType] = {bool: pl.Boolean(), int: pl.Int64(), float: pl.Float64()}
    return types.get(kinds.pop(), pl.String()) if len(kinds) == 1 else pl.String()


def _fits(record: Record, header: Header) -> bool:
    rows, values = record.rows, record.columns
    if not 1 <= rows <= _MOST_ROWS or not (values == [] or len(values) == len(header.inputs)):
        return False
    if any(each is not None and len(each) != rows for each in (record.keys, record.broken)):
        return False
    if record.decisions and not (min(record.decisions) >= 0 and max(record.decisions) < header.width):
        return False
    return set(map(len, values)) <= {rows}


def _table(records: Sequence[Record], header: Header) -> pl.DataFrame:
    counts = np.array([record.rows for record in records], np.int64)
    owner = np.repeat(np.arange(len(records)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    series = [
        *_own(records, header, owner, within),
        *_answers(records, header, len(owner)),
        *_inputs(records, header),
    ]
    return pl.DataFrame(series).select(list(schema_of(header)))


def _own(
    records: Sequence[Record], header: Header, owner: NDArray[np.int64], within: NDArray[np.int64]
) -> list[pl.Series]:
    """The log's own columns."""
    of_request = pl.DataFrame(
        {
            names.ID: [record.id for record in records],
            names.TIME: [record.time for record in records],
            names.ROLE: [record.role for record in records],
            names.REVISION: [record.revision for record in records],
            names.LATENCY: [record.latency_ms for record in records],
            names.OUTCOME: [record.outcome for record in records],
            names.REASON: [record.reason for record in records],
            names.DEALT: [record.dealt for record in records],
            names.SAMPLED: [record.sampled for record in records],
        },
        schema={name: pl.Int64() if name == names.TIME else OWN[name] for name in _OF_REQUEST},
        strict=False,
    )
    of_row = of_request[owner] if len(owner) > len(records) else of_request
    keys = [_NOTHING * record.rows if record.keys is None else record.keys for record in records]
    own = of_row.with_columns(
        pl.concat_str(names.ID, pl.lit("."), pl.Series(within).cast(pl.String)).alias(names.ID),
        pl.col(names.TIME).cast(TIME),
        pl.Series(names.KEY, list(map(_text, chain.from_iterable(keys))), pl.String),
        _broken(records, len(owner)),
        pl.lit(header.release).alias(names.RELEASE),
        pl.lit(header.version, pl.Int64).alias(names.VERSION),
    )
    return own.get_columns()


def _broken(records: Sequence[Record], height: int) -> pl.Series:
    """The rules that each row breaks; no row does where nearly nobody looks, so that this is not asked row by row."""
    if all(record.broken is None for record in records):
        return pl.Series(names.BROKEN, [None], pl.String).new_from_index(0, height)
    each = [_NOTHING * record.rows if record.broken is None else record.broken for record in records]
    return pl.Series(names.BROKEN, list(chain.from_iterable(each)), pl.String)


_NOTHING = (None,)
_OF_REQUEST = (
    *(names.ID, names.TIME, names.ROLE, names.REVISION, names.LATENCY, names.OUTCOME, names.REASON),
    *(names.DEALT, names.SAMPLED),
)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else names.text(value)


def _answers(records: Sequence[Record], header: Header, height: int) -> list[pl.Series]:
    """The prediction and, of a classifier, each class's probability; null where no answer was given."""
    width = header.width
    blank = np.full(width, np.nan, "<f4").tobytes()
    found = [record.scores if isinstance(record.scores, bytes) else _bytes(record.scores) for record in records]
    whole = [len(scores) == 4 * width * record.rows for scores, record in zip(found, records, strict=True)]
    content = [
        scores if full else blank * record.rows for scores, full, record in zip(found, whole, records, strict=True)
    ]
    scores = np.frombuffer(b"".join(content), "<f4").reshape(height, width)
    present = None if all(whole) else pl.Series(np.repeat(whole, [record.rows for record in records]))
    if header.task == Task.REGRESSION.value:
        return [_present(pl.Series(names.PREDICTION, scores[:, 0]), present)]
    probabilities = [
        _present(pl.Series(name, scores[:, number]), present) for number, name in enumerate(_probabilities(header))
    ]
    return [_decided(records, header), *probabilities]


def _bytes(scores: Sequence[float]) -> bytes:
    return array("f", scores).tobytes()


def _present(scores: pl.Series, present: pl.Series | None) -> pl.Series:
    return scores if present is None else scores.zip_with(present, pl.Series([None], dtype=scores.dtype))


def _decided(records: Sequence[Record], header: Header) -> pl.Series:
    decided = [
        record.decisions if len(record.decisions) == record.rows else _NOTHING * record.rows for record in records
    ]
    dtype = prediction_type(header)
    values = [names.text(value) for value in header.classes] if dtype == pl.String else list(header.classes)
    classes = pl.Series(names.PREDICTION, values, dtype)
    return classes.gather(pl.Series(list(chain.from_iterable(decided)), dtype=pl.Int64))


def _probabilities(header: Header) -> list[str]:
    return [names.probability(value) for value in header.classes]


def _inputs(records: Sequence[Record], header: Header) -> list[pl.Series]:
    """The values that were asked about; null where a request was refused before it was read."""
    width = len(header.inputs)
    if all(record.rows == 1 and record.columns for record in records):
        flat = list(chain.from_iterable(chain.from_iterable(record.columns for record in records)))
        values = [flat[number::width] for number in range(width)]
    else:
        each = [record.columns or [_NOTHING * record.rows] * width for record in records]
        values = [list(chain.from_iterable(columns[number] for columns in each)) for number in range(width)]
    return [_series(name, kind, found) for (name, kind), found in zip(header.inputs, values, strict=True)]


def _series(name: str, kind: str, values: Sequence[Any]) -> pl.Series:
    """An input's values by the null contract. A value of another kind, which no door lets in, becomes null or the nearest."""
    dtype = _TYPES.get(kind, pl.String())
    if dtype == TIME:
        return pl.Series(name, values, pl.Int64, strict=False).cast(TIME)
    series = pl.Series(name, values, dtype, strict=False)
    return series.fill_nan(None) if dtype == pl.Float64 else series


def _labels(labels: Sequence[Label]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            names.ID: [label.name if label.by == "id" else None for label in labels],
            names.KEY: [label.name if label.by == "key" else None for label in labels],
            names.LABEL: [names.text(label.label) for label in labels],
            names.LABELLED: [label.time for label in labels],
        },
        schema={**LABELS, names.LABELLED: pl.Int64()},
    ).cast(LABELS)  # type: ignore[arg-type]
