"""The hash functions of core.distinct for whole columns: equal to them bit by bit, some hundred times faster.

Called by profile (sketches) and by split (which rows are held out), so a change here would move rows between training and
test sets: the equality with the pure Python functions is held by Hypothesis in the tests. What is hard is text: its words
are gathered into one padded buffer and summed per value, without a loop over rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.distinct import _GOLDEN, hash_bytes, hash_number
from seakeep.core.kinds import Kind
from seakeep.data.errors import UnsupportedColumn
from seakeep.data.kinds import kind_of
from seakeep.data.statistics.numbers import as_doubles, as_integers, microseconds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.data.statistics.numbers import Words

MISSING = hash_bytes(b"\xffmissing\xff")
_ROWS = 65_536
_BLOCK = 1 << 14  # hashes that stay in the processor's cache
_WORD = np.dtype("<u8")
_EXACT = np.uint64(1 << 53)


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`core.distinct.mix` of every item."""
    mixed = values + np.uint64(_GOLDEN)
    for start in range(0, len(mixed), _BLOCK):
        part = mixed[start : start + _BLOCK]
        part ^= part >> np.uint64(30)
        part *= np.uint64(0xBF58_476D_1CE4_E5B9)
        part ^= part >> np.uint64(27)
        part *= np.uint64(0x94D0_49BB_1331_11EB)
        part ^= part >> np.uint64(31)
    return mixed


def hash_doubles(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """`core.distinct.hash_number` of every double."""
    return mix((values + 0.0).view(np.uint64))


def hash_integers(values: Words) -> NDArray[np.uint64]:
    """`core.distinct.hash_number` of every integer: by its double where that is exact, else by itself."""
    magnitudes = np.abs(values).view(np.uint64)
    hashes = hash_doubles(values.astype(np.float64))
    large = np.flatnonzero(magnitudes > _EXACT)
    if len(large):
        own = magnitudes[large]
        lowest_bit = own & (~own + np.uint64(1))
        rounded = large[own // lowest_bit >= _EXACT]
        hashes[rounded] = mix(values[rounded].view(np.uint64))
    return hashes


def hash_texts(texts: pl.Series) -> NDArray[np.uint64]:
    """`core.distinct.hash_bytes` of every value of a String or Binary column without nulls."""
    binary = texts.cast(pl.Binary)
    parts = [_hash_some(binary[start : start + _ROWS]) for start in range(0, len(binary), _ROWS)]
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def hash_column(values: pl.Series) -> NDArray[np.uint64]:
    """64-bit hash of every row; equal values hash equally whatever the width of their type, nulls to one fixed number.

    Raises: UnsupportedColumn, for lists and structs.
    """
    present = values.is_not_null().to_numpy()
    hashes = np.full(len(values), MISSING, np.uint64)
    hashes[present] = _hash_present(values.drop_nulls())
    return hashes


def _hash_present(values: pl.Series) -> NDArray[np.uint64]:
    kind = kind_of(values.dtype, name=values.name)
    if kind in (Kind.STRING, Kind.BINARY):
        return hash_texts(values if kind is Kind.BINARY else values.cast(pl.String))
    if kind is Kind.NUMBER:
        return hash_doubles(as_doubles(values))
    if kind is Kind.NULL:
        return np.empty(0, np.uint64)
    if kind in (Kind.LIST, Kind.STRUCT):
        raise UnsupportedColumn.of(values.name, values.dtype)
    whole = values.cast(pl.UInt8) if kind is Kind.BOOLEAN else values
    integers = as_integers(whole) if kind in (Kind.BOOLEAN, Kind.INTEGER) else microseconds(whole)
    if isinstance(integers, list):
        return np.array([hash_number(value) for value in integers], np.uint64)
    return hash_integers(integers)


def _hash_some(binary: pl.Series) -> NDArray[np.uint64]:
    lengths = binary.bin.size("b").to_numpy().astype(np.int64)
    words = (lengths + 7) // 8
    starts = np.cumsum(words) - words
    hashed = mix(_padded_words(binary, lengths, starts, int(words.sum())))
    positions = np.arange(len(hashed), dtype=np.int64) - np.repeat(starts, words)
    factors = mix(np.arange(1, 2 * int(words.max(initial=0)) + 1, 2, dtype=np.uint64)) | np.uint64(1)
    hashed *= factors[positions]
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(hashed, dtype=np.uint64)))
    totals = sums[starts + words] - sums[starts]
    return mix(totals + lengths.astype(np.uint64) * np.uint64(_GOLDEN))


def _padded_words(
    binary: pl.Series, lengths: NDArray[np.int64], starts: NDArray[np.int64], words: int
) -> NDArray[np.uint64]:
    """All values' bytes, each value padded with zeros to whole words; words of value i begin at starts[i]."""
    content = np.frombuffer(b"".join(binary.to_list()), np.uint8)
    begins = np.cumsum(lengths) - lengths
    padded = np.zeros(words * 8, np.uint8)
    padded[np.arange(len(content)) + np.repeat(starts * 8 - begins, lengths)] = content
    return padded.view(_WORD).astype(np.uint64, copy=False)
