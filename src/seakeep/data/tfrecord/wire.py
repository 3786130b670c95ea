"""Protocol-buffer messages, many at once: one field of every message a step, so that NumPy does the work.

Called by tfrecord.examples. A message is a row of fields, each a tag (number and wire type) and a value; a cursor stands in every message, and
each step reads the field under all cursors that are not at their message's end. What is hard: every length comes from the file,
so each is held against its message's end before it is used.

Source: Protocol Buffers, "Encoding".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Places = NDArray[np.int64]

VARINT, EIGHT, SIZED, FOUR = 0, 1, 2, 5
_LONGEST_VARINT = 10


class BrokenMessage(ValueError):
    """A message is not one. message: its number among those that were read."""

    def __init__(self, message: int, reason: str) -> None:
        super().__init__(reason)
        self.message = message


class Fields(NamedTuple):
    """A field of each of some messages. message: the message's number. number, wire: the field's. starts, stops: its value's bytes."""

    message: Places
    number: Places
    wire: Places
    starts: Places
    stops: Places

    def only(self, kept: NDArray[np.bool_]) -> Fields:
        """Those that are kept."""
        return Fields(*(part[kept] for part in self))


def fields_of(content: Bytes, starts: Places, stops: Places) -> Iterator[Fields]:
    """The fields of all messages, the first of each at first. Raises BrokenMessage."""
    message = np.flatnonzero(starts < stops)
    at, ends = starts[message], stops[message]
    while len(message):
        tags, at = varints(content, at, ends, message)
        number, wire = (tags >> np.uint64(3)).astype(np.int64), (tags & np.uint64(7)).astype(np.int64)
        begin, stop = _values(content, at, ends, wire, message)
        yield Fields(message, number, wire, begin, stop)
        left = stop < ends
        message, at, ends = message[left], stop[left], ends[left]


def all_fields(content: Bytes, starts: Places, stops: Places, *, ordered: bool = False) -> Fields:
    """The fields of all messages: the first of each, then the second …, or, `ordered`, message by message. Raises BrokenMessage."""
    steps = list(fields_of(content, starts, stops))
    if not steps:
        empty = np.zeros(0, np.int64)
        return Fields(empty, empty, empty, empty, empty)
    found = Fields(*(np.concatenate(parts) for parts in zip(*steps, strict=True)))
    return (
        found
        if len(steps) == 1 or not ordered
        else Fields(*(part[np.argsort(found.message, kind="stable")] for part in found))
    )


def varints(content: Bytes, at: Places, ends: Places, message: Places) -> tuple[NDArray[np.uint64], Places]:
    """The whole number at each place, seven bits a byte, lowest first; and where each ends. Raises BrokenMessage."""
    _inside(at < ends, message)
    byte = content[at]
    values = (byte & 0x7F).astype(np.uint64)
    stop = at + 1
    going = np.flatnonzero(byte & 0x80)
    for shift in range(7, 7 * _LONGEST_VARINT, 7):
        if not len(going):
            return values, stop
        place = stop[going]
        _inside(place < ends[going], message[going])
        byte = content[place]
        values[going] |= (byte & 0x7F).astype(np.uint64) << np.uint64(shift)
        stop[going] += 1
        going = going[(byte & 0x80) != 0]
    if len(going):
        raise BrokenMessage(int(message[going[0]]), "a number has more than ten bytes")
    return values, stop


def ragged(starts: Places, stops: Places) -> tuple[Places, Places]:
    """Every place of all ranges, range after range; and the range that each is of."""
    lengths = stops - starts
    of = np.repeat(np.arange(len(starts)), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(of)) + (starts - before)[of], of


def _values(content: Bytes, at: Places, ends: Places, wire: Places, message: Places) -> tuple[Places, Places]:
    """Where the value of each field begins and ends."""
    begin, stop = at.copy(), at.copy()
    for kind in np.unique(wire):
        of = np.flatnonzero(wire == kind)
        if kind == SIZED:
            lengths, begin[of] = varints(content, at[of], ends[of], message[of])
            _inside(lengths <= (ends[of] - begin[of]).astype(np.uint64), message[of])
            stop[of] = begin[of] + lengths.astype(np.int64)
        elif kind == VARINT:
            _, stop[of] = varints(content, at[of], ends[of], message[of])
        elif kind in (FOUR, EIGHT):
            stop[of] = at[of] + (4 if kind == FOUR else 8)
            _inside(stop[of] <= ends[of], message[of])
        else:
            raise BrokenMessage(int(message[of[0]]), f"a field has the wire type {kind}")
    return begin, stop


def _inside(held: NDArray[np.bool_], message: Places) -> None:
    """Raise BrokenMessage for the first message of which this does not hold."""
    if not held.all():
        raise BrokenMessage(int(message[np.argmin(held)]), "a field goes beyond the end of what it is in")
