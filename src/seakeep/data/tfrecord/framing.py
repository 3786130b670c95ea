"""The frames of a TFRecord file: where its records are, checked by their checksums, and how records are written.

A record is its length (8 bytes, lowest first), that length's checksum, its bytes, their checksum. Called by sources.tfrecord and
tfrecord.writing. What is hard: a torn or damaged file must be told by the record that it breaks in, and a length that was
damaged must not have gigabytes read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seakeep.data.tfrecord.checksums import crc32c, masked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

_HEAD, _TAIL = 12, 4
_LENGTH = struct.Struct("<Q")
BLOCK = 16 << 20
LONGEST = 1 << 30


class BrokenFrame(ValueError):
    """The bytes are not those of whole records. record: the first that is broken, from 0."""

    def __init__(self, record: int, reason: str) -> None:
        super().__init__(f"record {record:,}: {reason}")
        self.record = record


@dataclass(frozen=True, slots=True)
class Frames:
    """Records of a file, in order. content: bytes. starts, stops: of every record in them. first: the number of the first one."""

    content: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    first: int


def frames_of(file: BinaryIO, *, rows: int = 1 << 17) -> Iterator[Frames]:
    """The records of a file, some 16 MiB and at most `rows` at a time. Raises BrokenFrame, naming the record."""
    rest, first = b"", 0
    while True:
        block = file.read(BLOCK)
        content = rest + block if rest else block
        starts, stops, used = _places(content, first, rows, whole=not block)
        if len(starts):
            frames = Frames(np.frombuffer(content, np.uint8), np.array(starts), np.array(stops), first)
            _check(frames)
            yield frames
            first += len(starts)
        rest = content[used:]
        if not block and not rest:
            return


def framed(records: Sequence[bytes]) -> bytes:
    """Records as they stand in a file."""
    lengths = [_LENGTH.pack(len(record)) for record in records]
    heads, bodies = (_checksums(texts) for texts in (lengths, records))
    parts = zip(lengths, heads, records, bodies, strict=True)
    return b"".join(part for record in parts for part in record)


def looks_like_frames(head: bytes) -> bool:
    """Whether a file that begins so begins with a record."""
    return len(head) >= _HEAD and _checksums([head[:8]])[0] == head[8:12]


def _checksums(texts: Sequence[bytes]) -> list[bytes]:
    stops = np.cumsum([len(text) for text in texts], dtype=np.int64)
    starts = stops - np.array([len(text) for text in texts], np.int64)
    content = np.frombuffer(b"".join(texts) or b"\0", np.uint8)
    packed = masked(crc32c(content, starts, stops)).astype("<u4").tobytes()
    return [packed[at : at + 4] for at in range(0, len(packed), 4)]


def _places(content: bytes, first: int, rows: int, *, whole: bool) -> tuple[list[int], list[int], int]:
    """Starts and stops of the records that `content` holds whole, and where the rest begins."""
    starts: list[int] = []
    stops: list[int] = []
    at, size = 0, len(content)
    while at + _HEAD <= size and len(starts) < rows:
        (length,) = _LENGTH.unpack_from(content, at)
        if length > LONGEST:
            raise BrokenFrame(first + len(starts), f"its length is {length:,} bytes")
        stop = at + _HEAD + length
        if stop + _TAIL > size:
            break
        starts.append(at + _HEAD)
        stops.append(stop)
        at = stop + _TAIL
    if whole and at < size and len(starts) < rows:
        raise BrokenFrame(first + len(starts), f"it ends after {size - at:,} bytes")
    return starts, stops, at


def _check(frames: Frames) -> None:
    """Raise BrokenFrame for the first record whose length or bytes have another checksum than stands beside them."""
    content, starts, stops = frames.content, frames.starts, frames.stops
    heads = masked(crc32c(content, starts - _HEAD, starts - 4)) != _stored(content, starts - 4)
    bodies = masked(crc32c(content, starts, stops)) != _stored(content, stops)
    if (heads | bodies).any():
        at = int(np.argmax(heads | bodies))
        raise BrokenFrame(frames.first + at, f"the checksum of its {'length' if heads[at] else 'bytes'} is another")


def _stored(content: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.uint32]:
    parts = [content[places + number].astype(np.uint32) << np.uint32(8 * number) for number in range(4)]
    stored: NDArray[np.uint32] = parts[0] | parts[1] | parts[2] | parts[3]
    return stored
