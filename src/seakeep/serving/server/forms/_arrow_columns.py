"""Columns of Arrow as values of the null contract, by the kind of the input: what a table may hold here as in batch scoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as of

from seakeep.core.kinds import Kind
from seakeep.serving.server.raw import numbers
from seakeep.serving.server.refusals import BadInput, BadTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.serving.server.arrays import Admitter
    from seakeep.serving.server.converting import Values

_MICROSECONDS = {"s": 1_000_000, "ms": 1000, "us": 1}
_DAY = 86_400_000_000
_LONGEST = 64 * 1024
"""Bytes that texts may always have together, however short the body."""


def values_of(admitter: Admitter, chunks: Any, *, most_bytes: int) -> tuple[Values, Any]:
    """The values of a column, and their tensor where it was at hand. Parameters: chunks: a validated pyarrow.ChunkedArray.

    most_bytes: that its texts may have together. Raises: Refusal.
    """
    column = admitter.column
    if of.is_null(chunks.type):
        return column.check([None] * len(chunks)), None
    if of.is_dictionary(chunks.type) and column.kind is not Kind.STRING:
        chunks = chunks.cast(chunks.type.value_type)
    try:
        return _READERS[column.kind](admitter, chunks, most_bytes)
    except pa.ArrowException as error:
        raise BadTable.arrow(f"{column.name}: {error}") from None


def texts(chunks: Any, name: str, *, most_bytes: int) -> list[Any]:
    """Texts and what else a key may be; few bytes that stand for many are refused."""
    kind = chunks.type.value_type if of.is_dictionary(chunks.type) else chunks.type
    if _is_text(kind):
        _check_bytes(chunks, name, most_bytes)
        return [text for chunk in chunks.chunks for text in _chunk_texts(chunk)]
    return list(chunks.to_pylist()) if of.is_integer(kind) or of.is_floating(kind) else [None] * len(chunks)


def _numbers(admitter: Admitter, chunks: Any, most_bytes: int) -> tuple[Values, Any]:
    del most_bytes
    if not (of.is_floating(chunks.type) or of.is_integer(chunks.type) or of.is_decimal(chunks.type)):
        raise BadTable.arrow_type(admitter.column.name, str(chunks.type), "a floating-point or decimal number")
    return admitter.of_array(chunks.cast(pa.float64(), safe=False).to_numpy(), "FP64")


def _integers(admitter: Admitter, chunks: Any, most_bytes: int) -> tuple[Values, Any]:
    del most_bytes
    column = admitter.column
    if of.is_integer(chunks.type):
        if chunks.null_count:
            return column.admit(chunks.to_pylist(), column.natural), None
        return admitter.of_array(chunks.to_numpy(), "UINT64" if of.is_uint64(chunks.type) else "INT64")
    if not of.is_floating(chunks.type):
        raise BadTable.arrow_type(column.name, str(chunks.type), "an integer")
    found = numbers(chunks.cast(pa.float64()).to_numpy().tolist(), column.name)
    for row, value in enumerate(found):
        if value is not None and value % 1:
            raise BadInput.value(column.name, row, value, column.expected)
    return column.admit([None if value is None else int(value) for value in found], column.natural), None


def _truths(admitter: Admitter, chunks: Any, most_bytes: int) -> tuple[Values, Any]:
    del most_bytes
    if not of.is_boolean(chunks.type):
        raise BadTable.arrow_type(admitter.column.name, str(chunks.type), "bool")
    return admitter.column.admit(chunks.to_pylist(), "BOOL"), None


def _strings(admitter: Admitter, chunks: Any, most_bytes: int) -> tuple[Values, Any]:
    name = admitter.column.name
    if not _is_text(chunks.type.value_type if of.is_dictionary(chunks.type) else chunks.type):
        raise BadTable.arrow_type(name, str(chunks.type), "utf8")
    return admitter.column.admit(texts(chunks, name, most_bytes=most_bytes), "BYTES"), None


def _times(admitter: Admitter, chunks: Any, most_bytes: int) -> tuple[Values, Any]:
    del most_bytes
    column = admitter.column
    if of.is_timestamp(chunks.type):
        counts = chunks.cast(pa.int64()).to_pylist()
        factor = _MICROSECONDS.get(chunks.type.unit)
        made = [None if n is None else n // 1000 if factor is None else n * factor for n in counts]
    elif of.is_date(chunks.type):
        days = chunks.cast(pa.date32()).cast(pa.int32()).to_pylist()
        made = [None if day is None else day * _DAY for day in days]
    else:
        raise BadTable.arrow_type(column.name, str(chunks.type), "a timestamp or a date")
    return column.check(made), None


def _is_text(kind: Any) -> bool:
    return bool(of.is_string(kind) or of.is_large_string(kind) or of.is_string_view(kind))


def _check_bytes(chunks: Any, name: str, most: int) -> None:
    """Raise Refusal, if the texts are longer than the body they came in: then few stand for many."""
    total = sum(map(_text_bytes, chunks.chunks))
    if total > max(most, _LONGEST):
        raise BadTable.long_texts(name, total, max(most, _LONGEST))


def _text_bytes(chunk: Any) -> int:
    """Bytes of all texts together, each as often as it stands there; without making them."""
    if not of.is_dictionary(chunk.type):
        return int(_lengths(chunk).sum())
    known, places = _lengths(chunk.dictionary), chunk.indices.drop_null().to_numpy()
    return int(known[places].sum()) if len(places) else 0


def _lengths(array: Any) -> NDArray[Any]:
    """Bytes of each text. A view begins with its length, and has 16 bytes."""
    if of.is_string_view(array.type) and len(array):
        views = np.frombuffer(array.buffers()[1], "<i4").reshape(-1, 4)[array.offset : array.offset + len(array), 0]
        valid: NDArray[Any] = array.is_valid().to_numpy(zero_copy_only=False)
        return np.where(valid, views, 0).astype(np.int64)
    if not len(array):
        return np.zeros(0, np.int64)
    lengths: NDArray[Any] = pc.fill_null(pc.binary_length(array), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _chunk_texts(chunk: Any) -> list[str | None]:
    if not of.is_dictionary(chunk.type):
        return list(chunk.to_pylist())
    known = chunk.dictionary.to_pylist()
    return [None if place is None else known[place] for place in chunk.indices.to_pylist()]


_READERS = {
    Kind.NUMBER: _numbers,
    Kind.INTEGER: _integers,
    Kind.BOOLEAN: _truths,
    Kind.STRING: _strings,
    Kind.TIMESTAMP: _times,
}
