"""CRC-32C (Castagnoli) of many texts of bytes at once, masked as TFRecord does it.

Called by tfrecord.framing. A loop over bytes in Python does some 5 MB a second; here one step looks at a byte of every text,
so that NumPy does the work. What is hard is one long text among short ones: texts are cut into chunks, front-padded with zeros (which change
nothing of a remainder that starts from zero), and the chunks' remainders are put together by a table that
advances a remainder over a chunk of zeros.

Source: RFC 3720, appendix B.4 (check value E3069283 of the digits 1 to 9); TensorFlow's record writer for the mask.
>>> hex(crc32c(np.frombuffer(b"123456789", np.uint8), np.array([0]), np.array([9]))[0])
'0xe3069283'
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Words = NDArray[np.uint32]
    Places = NDArray[np.int64]

_POLYNOMIAL = 0x82F63B78
_ONES = np.uint32(0xFFFFFFFF)
_MASK = np.uint32(0xA282EAD8)
_LONGEST_CHUNK = 512
_MOST_CELLS = 1 << 24


def masked(values: Words) -> Words:
    """Checksums as they stand in a file: turned by 15 bits, and a constant added, so that a checksum's checksum is none."""
    return ((values >> np.uint32(15)) | (values << np.uint32(17))) + _MASK


def crc32c(content: Bytes, starts: Places, stops: Places) -> Words:
    """The checksum of every `content[start:stop]`. Memory: some 16 MiB beside the content."""
    found = np.empty(len(starts), np.uint32)
    lengths = stops - starts
    order = np.argsort(lengths, kind="stable")
    at = 0
    while at < len(order):
        longest = int(lengths[order[at]])
        chunk = min(max(longest, 1), _LONGEST_CHUNK)
        count = _fitting(lengths[order[at:]], chunk)
        group = order[at : at + count]
        found[group] = _of_group(content, starts[group], lengths[group])
        at += count
    return found


def _fitting(lengths: Places, chunk: int) -> int:
    """How many of the next texts, from short to long, are done at once: at most twice as long as the first, and not too much together."""
    alike = int(np.searchsorted(lengths, max(2 * chunk, 2 * int(lengths[0])), side="right"))
    cells = np.cumsum(lengths[:alike] + chunk)
    return max(1, int(np.searchsorted(cells, _MOST_CELLS)))


def _of_group(content: Bytes, starts: Places, lengths: Places) -> Words:
    """Checksums of texts of like lengths: of all chunks of all texts at once, then pairs of neighbours put together."""
    longest = max(int(lengths.max(initial=0)), 1)
    chunk = min(longest, _LONGEST_CHUNK)
    chunks = 1 << (-(-longest // chunk) - 1).bit_length()
    first = (starts + lengths)[:, None] - np.arange(chunks, 0, -1) * chunk
    states = np.zeros((len(starts), chunks), np.uint32)
    inner = first >= starts[:, None]
    edge = ~inner & (first > starts[:, None] - chunk)
    states[inner] = _remainders(content, first[inner], chunk)
    states[edge] = _remainders_from(content, first[edge], np.broadcast_to(starts[:, None], first.shape)[edge], chunk)
    zeros = chunk
    while states.shape[1] > 1:
        states = _advanced(states[:, 0::2], zeros) ^ states[:, 1::2]
        zeros *= 2
    return states[:, 0] ^ _ends(lengths)


def _remainders(content: Bytes, first: Places, chunk: int) -> Words:
    """The remainder of `chunk` bytes from each of `first` on, from zero."""
    state = np.zeros(len(first), np.uint32)
    for step in range(chunk if len(first) else 0):
        state = _stepped(state, content[first + step])
    return state


def _remainders_from(content: Bytes, first: Places, starts: Places, chunk: int) -> Words:
    """The same, where bytes before `starts` count as zero."""
    state = np.zeros(len(first), np.uint32)
    for step in range(chunk if len(first) else 0):
        at = first + step
        state = _stepped(state, np.where(at >= starts, content[np.maximum(at, 0)], np.uint8(0)))
    return state


def _stepped(state: Words, byte: Bytes) -> Words:
    moved: Words = _table()[(state ^ byte) & np.uint32(0xFF)] ^ (state >> np.uint32(8))
    return moved


def _ends(lengths: Places) -> Words:
    """What beginning with ones and ending by turning all bits changes, by the texts' lengths."""
    known, places = np.unique(lengths, return_inverse=True)
    changes: Words = np.array([_start(int(length)) for length in known], np.uint32)[places] ^ _ONES
    return changes


@functools.lru_cache(maxsize=10_000)
def _start(length: int) -> int:
    """All ones, advanced over `length` zeros, by squaring."""
    state = np.array([_ONES], np.uint32)
    for bit in range(length.bit_length()):
        if length >> bit & 1:
            state = _advanced(state, 1 << bit)
    return int(state[0])


def _advanced(state: Words, zeros: int) -> Words:
    """Remainders after `zeros` more bytes that are zero."""
    tables = _zeros(zeros)
    found = tables[0][state & np.uint32(0xFF)]
    for number in range(1, 4):
        found ^= tables[number][(state >> np.uint32(8 * number)) & np.uint32(0xFF)]
    advanced: Words = found
    return advanced


@functools.lru_cache(maxsize=600)
def _zeros(zeros: int) -> tuple[Words, Words, Words, Words]:
    """For each of a remainder's four bytes, what it becomes after `zeros` bytes of zero."""
    if zeros == 1:
        table = _table()
        values = np.arange(256, dtype=np.uint32)
        return table, values, values << np.uint32(8), values << np.uint32(16)
    half = zeros // 2
    all_values = [np.arange(256, dtype=np.uint32) << np.uint32(8 * number) for number in range(4)]
    first, second, third, last = (_advanced(_advanced(each, half), zeros - half) for each in all_values)
    return first, second, third, last


@functools.cache
def _table() -> Words:
    """The remainder of every byte."""
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(
            values & np.uint32(1), (values >> np.uint32(1)) ^ np.uint32(_POLYNOMIAL), values >> np.uint32(1)
        )
    return values
