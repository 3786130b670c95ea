"""Frames: what a prediction log's spool is made of, each with its length and checksum.

A spool is frames one after another: a mark of 4 bytes, the payload's length and CRC-32 (4 bytes each, little-endian), and the
payload, a MessagePack array. Three kinds: a Header says how a release's records are to be read and stands before the first of
them, a Record is one request, a Label is one that came by REST. What is hard: a file may be cut or damaged at any byte, and
only the frames that were hit may be lost, so a reader that meets a bad frame looks for the next mark. No text can hold the
mark, since its first byte is not UTF-8, and no number is long enough to hold a mark, a length and a checksum.

A server's worker imports this file: it must not import Polars, and a one-row record of 16 columns must be written in
a microsecond.
"""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Sequence  # noqa: TC003  (msgspec reads annotations when the program runs)
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.model import Model

Value = bool | int | float | str | None
MARK = b"\xf5SK1"
_HEAD = struct.Struct("<4sII")
HEAD_BYTES = _HEAD.size
_INT_LEAST, _INT_MOST = -(2**63), 2**64 - 1


class Header(msgspec.Struct, array_like=True, tag="h", frozen=True):
    """How a release's records are to be read.

    name: the model's. release: 64 digits. version: of the release. task: "binary", "multiclass" or "regression".
    inputs: (name, kind) in the order of a record's columns. classes: in the order of a record's scores. hidden: inputs whose values
    are not written as they were (null, or a keyed hash), and "@key" where keys are not (see serving.server.veils).
    """

    name: str
    release: str
    version: int
    task: str
    inputs: tuple[tuple[str, str], ...]
    classes: tuple[bool | int | float | str, ...] = ()
    hidden: tuple[str, ...] = ()

    @classmethod
    def of(cls, model: Model, *, name: str, release: str, version: int) -> Header:
        """The header of a model that is served under `name` as this release; of `model` only its facts are read."""
        inputs = tuple((column.name, column.kind.value) for column in model.inputs)
        return cls(name, release, version, model.task.value, inputs, tuple(model.classes))

    @property
    def width(self) -> int:
        """Scores a row: one probability a class, or one value."""
        return len(self.classes) or 1


class Record(msgspec.Struct, array_like=True, tag="r", gc=False):
    """One request and its answer by one release; a shadow's answer is a record of its own with the same id.

    time: microseconds since 1970 UTC when the request arrived. id: the request's; row n of it is `id.n`. release: 64 digits,
    that of a Header. role: see columns.ROLES. revision: of the route. latency_ms: from arrival to answer. rows: of the
    request; at least 1, so that a refused request leaves a row too. outcome: see columns.OUTCOMES. columns: the values of
    each input, `rows` long, in the header's order, None where missing, timestamps in microseconds since 1970 UTC; empty
    where a request was refused before they were read. scores: (rows, width) flat in row order, as floats or as the bytes of
    little-endian float32. decisions: a class index a row; empty for regression. keys: one a row, or None. reason: why it
    was refused or failed. dealt: the key that the request itself named and was dealt by, None where it named none. sampled: the
    probability with which it was kept, None where every request is. broken: one a row, the rules of the contract that it breaks and was
    answered all the same; None where no row breaks any.
    """

    time: int
    id: str
    release: str
    role: str
    revision: int
    latency_ms: float
    rows: int
    outcome: str = "answered"
    columns: Sequence[Sequence[Any]] = ()
    scores: bytes | Sequence[float] = b""
    decisions: Sequence[int] = ()
    keys: Sequence[Any] | None = None
    reason: str | None = None
    dealt: str | None = None
    sampled: float | None = None
    broken: Sequence[str | None] | None = None


class Label(msgspec.Struct, array_like=True, tag="l", gc=False):
    """A label that came to a server. time: microseconds since 1970 UTC when it did. by: "id" or "key". name: the prediction's
    id, or the key. label: the class or value.
    """

    time: int
    by: str
    name: str
    label: bool | int | float | str


Frame = Header | Record | Label


class Gap(NamedTuple):
    """Bytes of a spool that hold no frame. start: the first byte. length: in bytes. reason: for a person."""

    start: int
    length: int
    reason: str


class Reading(NamedTuple):
    """Frames in order, and what was lost between them. tail: whether the last gap reaches the end: a write cut short."""

    frames: list[Frame]
    gaps: list[Gap]
    tail: bool


def _listed(value: Any) -> list[Any]:
    """A NumPy array, as values that came as bytes are, as a list. Raises TypeError for anything else."""
    if not hasattr(value, "tolist"):
        raise TypeError(f"a {type(value).__name__} cannot be written down")
    listed: list[Any] = value.tolist()
    return listed


_decoder = msgspec.msgpack.Decoder(Frame)
_encode = msgspec.msgpack.Encoder(enc_hook=_listed).encode
_pack = _HEAD.pack


def append(buffer: bytearray, frame: Frame) -> None:
    """Add a frame to the end of `buffer`, which is left as it was if the frame cannot be written.

    Text that is not valid Unicode (a lone surrogate) gets U+FFFD in its place; integers beyond 64 bits become the nearest
    float. Raises: TypeError, for a value that no JSON request can hold.
    """
    try:
        payload = _encode(frame)
    except (OverflowError, UnicodeEncodeError):
        payload = _encode(type(frame)(*map(_writable, msgspec.structs.astuple(frame))))
    buffer += _pack(MARK, len(payload), crc32(payload)) + payload


def encode(frame: Frame) -> bytes:
    """A frame as bytes."""
    buffer = bytearray()
    append(buffer, frame)
    return bytes(buffer)


def size(frame: Frame) -> int:
    """Bytes that a frame takes."""
    buffer = bytearray()
    append(buffer, frame)
    return len(buffer)


def read(content: bytes | memoryview) -> Reading:
    """Every whole frame of a spool's bytes; what is damaged is passed over and told. Never raises, whatever the bytes."""
    gaps: list[Gap] = []
    frames = list(each(content, gaps))
    return Reading(frames, gaps, bool(gaps) and gaps[-1].start + gaps[-1].length == len(content))


def each(content: bytes | memoryview, gaps: list[Gap]) -> Iterator[Frame]:
    """As `read`, one frame at a time; `gaps` is filled on the way."""
    content = memoryview(content)
    start, end = 0, len(content)
    while start < end:
        frame, stop, reason = _next(content, start)
        if frame is None:
            stop = _next_mark(content, start)
            gaps.append(Gap(start, stop - start, reason))
        else:
            yield frame
        start = stop


def _next(content: memoryview, start: int) -> tuple[Frame | None, int, str]:
    """The frame at `start` and the byte after it; or None, and why there is none."""
    begin = start + HEAD_BYTES
    if begin > len(content):
        return None, start, "cut within a frame's head"
    mark, length, checksum = _HEAD.unpack_from(content, start)
    if mark != MARK:
        return None, start, "no frame begins here"
    payload = content[begin : begin + length]
    if len(payload) < length:
        return None, start, "cut within a frame"
    if crc32(payload) != checksum:
        return None, start, "the checksum differs"
    try:
        return _decoder.decode(payload), begin + length, ""
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return None, start, f"written by another version: {error}"


def _next_mark(content: memoryview, start: int) -> int:
    """Where the next frame that can be read begins after `start`; the end, if there is none."""
    whole = content.obj if isinstance(content.obj, bytes) and len(content.obj) == len(content) else bytes(content)
    at = start
    while (at := whole.find(MARK, at + 1)) >= 0:
        if _next(content, at)[0] is not None:
            return at
    return len(content)


def _writable(value: Any) -> Any:
    """`value` with what MessagePack cannot hold replaced by the nearest that it can."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, int) and not _INT_LEAST <= value <= _INT_MOST:
        with contextlib.suppress(OverflowError):
            return float(value)
        return math.inf if value > 0 else -math.inf
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_writable(item) for item in value]
    return value
