"""tf.Example messages as columns: each feature's name, its kind (bytes, floats or whole numbers) and its values, all records at once.

Called by sources.tfrecord. A feature of which every record has at most one value is a column of values; where a record has more
it is a column of lists. Bytes that are UTF-8 everywhere are text. A record that lacks a feature, or has it without a kind, lacks the value.
What is hard: a record's features come in any order (TensorFlow writes them in the order of a hash table), so they are told apart by
their names' bytes, compared as numbers.

Source: tensorflow/core/example/{example,feature}.proto: Example{1: Features}, Features{1: map of name to Feature},
Feature{1: BytesList, 2: FloatList, 3: Int64List}, each of them {1: values}, numbers packed or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.data.tfrecord.wire import EIGHT, FOUR, SIZED, VARINT, BrokenMessage, Fields, all_fields, ragged, varints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.data.tfrecord.framing import Frames

    Places = NDArray[np.int64]

BYTES, FLOATS, INTEGERS = 1, 2, 3
_KINDS = {BYTES: "bytes", FLOATS: "floats", INTEGERS: "whole numbers"}
_WORD = 8


class BrokenExample(ValueError):
    """A record is no tf.Example, or a feature holds two kinds. record: its number in the file, from 0."""

    def __init__(self, record: int, reason: str) -> None:
        super().__init__(f"record {record:,}: {reason}")
        self.record = record


@dataclass(frozen=True, slots=True)
class _Entries:
    """Features of records, one each. record: whose it is. name: its number in the names. kind. starts, stops: of its list of values."""

    record: Places
    name: Places
    kind: Places
    starts: Places
    stops: Places


def frame_of(frames: Frames) -> pl.DataFrame:
    """The columns of some records, in the order of their names; a record without features is a row without values.

    Raises: BrokenExample, naming the record.
    """
    content = frames.content
    names, entries = _entries(content, frames)
    columns: list[pl.Series] = []
    for place in sorted(range(len(names)), key=names.__getitem__):
        of = np.flatnonzero(entries.name == place)
        kind = _only_kind(entries, of, names[place], frames.first)
        if kind:
            columns.append(_column(frames, entries, of, kind).alias(names[place]))
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=len(frames.starts))


def _entries(content: NDArray[np.uint8], frames: Frames) -> tuple[list[str], _Entries]:
    """The features' names, and every feature of every record."""
    record: Places = np.arange(len(frames.starts))
    first = frames.first
    sets = _inner(content, frames.starts, frames.stops, record, first)
    pairs = _inner(content, sets.starts, sets.stops, sets.message, first)
    keys, values = _pairs(content, pairs, first)
    names, name = _names(content, keys, first)
    kinds = _told(content, values.starts, values.stops, values.message, first)
    kept = np.isin(kinds.number, list(_KINDS)) & (kinds.wire == SIZED)
    lists = kinds.only(kept)
    entries = _Entries(values.message[lists.message], name[lists.message], lists.number, lists.starts, lists.stops)
    return names, _last_of_each(entries, len(names))


def _told(
    content: NDArray[np.uint8], starts: Places, stops: Places, record: Places, first: int, *, ordered: bool = False
) -> Fields:  # fmt: skip
    """All fields of some messages, which are of these records."""
    try:
        return all_fields(content, starts, stops, ordered=ordered)
    except BrokenMessage as error:
        raise BrokenExample(first + int(record[error.message]), str(error)) from error


def _inner(content: NDArray[np.uint8], starts: Places, stops: Places, record: Places, first: int) -> Fields:
    """The messages that stand in field 1 of some messages; message: the record that each is of."""
    found = _told(content, starts, stops, record, first)
    kept = found.only((found.number == 1) & (found.wire == SIZED))
    return kept._replace(message=record[kept.message])


def _pairs(content: NDArray[np.uint8], pairs: Fields, first: int) -> tuple[Fields, Fields]:
    """The name and the feature of every pair of the map, each of them once; message: the record."""
    found = _told(content, pairs.starts, pairs.stops, pairs.message, first)
    parts = []
    for number in (1, 2):
        of = found.only((found.number == number) & (found.wire == SIZED))
        starts, stops = np.zeros((2, len(pairs.starts)), np.int64)
        starts[of.message], stops[of.message] = of.starts, of.stops
        parts.append(pairs._replace(starts=starts, stops=stops))
    return parts[0], parts[1]


def _names(content: NDArray[np.uint8], keys: Fields, first: int) -> tuple[list[str], Places]:
    """Different names, and the number of each pair's; pairs of the same bytes have the same number."""
    lengths = keys.stops - keys.starts
    words = -(-int(lengths.max(initial=1)) // _WORD)
    padded = np.zeros((len(lengths), words * _WORD + _WORD), np.uint8)
    places, of = ragged(keys.starts, keys.stops)
    padded[of, places - keys.starts[of]] = content[places]
    rows = padded.view(np.uint64)
    rows[:, -1] = lengths.astype(np.uint64)
    if not len(rows):
        return [], np.zeros(0, np.int64)
    hashed = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        hashed = (hashed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        hashed ^= hashed >> np.uint64(29)
    _, example, name = np.unique(hashed, return_index=True, return_inverse=True)
    if not (rows[example[name]] == rows).all():
        _, example, name = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return [_text(content, keys, int(at), first) for at in example], name.reshape(-1).astype(np.int64)


def _text(content: NDArray[np.uint8], keys: Fields, at: int, first: int) -> str:
    try:
        return content[keys.starts[at] : keys.stops[at]].tobytes().decode()
    except UnicodeDecodeError as error:
        raise BrokenExample(first + int(keys.message[at]), "a feature's name is not UTF-8") from error


def _last_of_each(entries: _Entries, names: int) -> _Entries:
    """Of a name that a record has twice, the last counts, as in any map of protocol buffers."""
    both = entries.record * max(names, 1) + entries.name
    order = np.argsort(both, kind="stable")
    last = np.append(np.diff(both[order]) != 0, True)[: len(order)]
    kept = order[last]
    return _Entries(
        entries.record[kept], entries.name[kept], entries.kind[kept], entries.starts[kept], entries.stops[kept]
    )


def _only_kind(entries: _Entries, of: Places, name: str, first: int) -> int:
    """The kind of a feature that every record gives it; 0 where none gives any."""
    kinds = entries.kind[of]
    if not len(kinds):
        return 0
    other = np.flatnonzero(kinds != kinds[0])
    if len(other):
        known, found = _KINDS[int(kinds[0])], _KINDS[int(kinds[other[0]])]
        raise BrokenExample(
            first + int(entries.record[of[other[0]]]),
            f"feature {name!r} holds {found}, and {known} in record {first + int(entries.record[of[0]]):,}",
        )
    return int(kinds[0])


def _column(frames: Frames, entries: _Entries, of: Places, kind: int) -> pl.Series:
    """A feature's column: values, or lists where a record has several."""
    record, rows = entries.record[of], len(frames.starts)
    values, owner = _values(frames, entries, of, kind)
    counts = np.bincount(owner, minlength=len(of))
    if counts.max(initial=0) > 1:
        return _lists(values, counts, record, rows)
    places = np.full(rows, -1)
    places[record[owner]] = np.arange(len(owner))
    taken = pl.Series(places)
    return values.gather(taken.set(taken < 0, None)) if len(values) else pl.Series([None] * rows, dtype=values.dtype)


def _lists(values: pl.Series, counts: Places, record: Places, rows: int) -> pl.Series:
    """Values of records as lists; a record without the feature has none."""
    owner = pl.Series("record", np.repeat(record, counts))
    grouped = pl.DataFrame([owner, values.alias("values")]).group_by("record", maintain_order=True).agg("values")
    present = pl.DataFrame({"record": record}).join(grouped, on="record", how="left", maintain_order="left")
    filled = present.with_columns(pl.col("values").fill_null(pl.lit([], dtype=pl.List(values.dtype))))
    whole = pl.DataFrame({"record": np.arange(rows)}).join(filled, on="record", how="left", maintain_order="left")
    return whole["values"]


def _values(frames: Frames, entries: _Entries, of: Places, kind: int) -> tuple[pl.Series, Places]:
    """The values of lists, list after list; and the list that each is of."""
    content, record, first = frames.content, entries.record[of], frames.first
    found = _told(content, entries.starts[of], entries.stops[of], record, first, ordered=True)
    found = found.only(found.number == 1)
    wires = {BYTES: (SIZED,), FLOATS: (FOUR, SIZED), INTEGERS: (VARINT, SIZED)}[kind]
    wrong = ~np.isin(found.wire, wires) | (found.wire == EIGHT)
    if wrong.any():
        at = int(found.message[np.argmax(wrong)])
        raise BrokenExample(first + int(record[at]), f"a list of {_KINDS[kind]} holds something else")
    if kind == BYTES:
        raw = content.tobytes()
        texts = [raw[start:stop] for start, stop in zip(found.starts.tolist(), found.stops.tolist(), strict=True)]
        return pl.Series(texts, dtype=pl.Binary), found.message
    numbers = _floats if kind == FLOATS else _integers
    return numbers(content, found, record, first)


def _floats(content: NDArray[np.uint8], found: Fields, record: Places, first: int) -> tuple[pl.Series, Places]:
    lengths = found.stops - found.starts
    odd = np.flatnonzero(lengths % 4)
    if len(odd):
        raise BrokenExample(first + int(record[found.message[odd[0]]]), "a list of floats ends within one")
    places, of = ragged(found.starts, found.stops)
    return pl.Series(np.ascontiguousarray(content[places]).view("<f4").astype(np.float32)), found.message[of[::4]]


def _integers(content: NDArray[np.uint8], found: Fields, record: Places, first: int) -> tuple[pl.Series, Places]:
    """Each number ends with the first byte that is below 128."""
    places, of = ragged(found.starts, found.stops)
    last = content[places] < 0x80
    ends = np.flatnonzero(last)
    within = np.flatnonzero(lengths_of(found) > 0)
    closing = np.cumsum(lengths_of(found))[within] - 1
    if len(closing) and not last[closing].all():
        at = int(found.message[within[np.argmin(last[closing])]])
        raise BrokenExample(first + int(record[at]), "a list of whole numbers ends within one")
    begins = np.append(0, ends[:-1] + 1)[: len(ends)]
    owner = found.message[of[ends]]
    try:
        values, _ = varints(content, places[begins], places[ends] + 1, owner)
    except BrokenMessage as error:
        raise BrokenExample(first + int(record[error.message]), str(error)) from error
    return pl.Series(values.view(np.int64)), owner


def lengths_of(found: Fields) -> Places:
    """How many bytes each field's value has."""
    lengths: Places = found.stops - found.starts
    return lengths
