"""Layouts: a program that asks again and again sends messages that differ only in their values, which are then read in one step.

A message whose values came as bytes is a head (names, datatypes, shapes) and those bytes, each after its tag and length. Once one
was read field by field, its head and the places of its values are kept by the message's length; a message that is the same to
the byte but for the values needs no more than one call of `struct`. Whatever differs is read field by field, which is the meaning.
That takes some 8 µs instead of 26, and far less memory to touch, which is what costs between two threads.

Layouts are kept in two generations, since a list in order of use would cost every message: what is used moves to the young one, and
when that is full, the old one is forgotten.
"""

from __future__ import annotations

from struct import Struct, calcsize
from typing import TYPE_CHECKING, Any, NamedTuple

from seakeep.serving.server.ask import Ask
from seakeep.serving.server.packed import FEW_ROWS, NUMBERS, Piece, admitted, piece
from seakeep.serving.server.raw import LETTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.serving.server.contract import Contract

_KEPT, _KEPT_BYTES = 64, 64 * 1024
"""So many layouts a generation, of messages up to so long: what a client may write beside its values has no other end."""
_CLASHES = 16
"""So many messages as long as a known one and unlike it are read field by field before one of them is known in its stead."""
_TAG = b"\x3a"  # field 7, bytes


class _Layout(NamedTuple):
    """tags, values: what takes the tags, and what takes the values out of a message behind its head. known: the tags as they are."""

    head: bytes
    tags: Struct
    known: tuple[bytes, ...]
    values: Struct
    rows: int
    pieces: tuple[Piece, ...]


class Layouts:
    """The layouts of requests for one model. Parameters: parse: bytes to a request's message."""

    def __init__(self, contract: Contract, parse: Callable[[bytes], Any]) -> None:
        self._contract, self._parse = contract, parse
        self._places = {column.name: place for place, column in enumerate(contract.columns)}
        self._key = self._places.get(contract.key) if contract.key else None
        self._young: dict[int, _Layout] = {}
        self._old: dict[int, _Layout] = {}
        self._clashes = 0

    def __len__(self) -> int:
        """How many layouts are kept."""
        return len(self._young.keys() | self._old.keys())

    def read(self, body: bytes) -> Ask | None:
        """What `body` asks for, None where its layout is not known. Raises Refusal for a value that may not come in."""
        layout = self._young.get(len(body)) or self._of_old(body)
        if layout is None or not body.startswith(layout.head):
            return None
        begin = len(layout.head)
        if layout.tags.unpack_from(body, begin) != layout.known:
            return None
        columns = admitted(layout.values.unpack_from(body, begin), layout.pieces)
        ask = Ask(columns, layout.rows, False, binary=self._contract.outputs)
        if self._key is not None:
            ask.keys = columns[self._key]
        return ask

    def learn(self, body: bytes, request: Any, ask: Ask) -> None:
        """Keep the layout of a message that was read, if it holds nothing but the model's inputs, a few rows of numbers each."""
        if len(body) > _KEPT_BYTES or not self._is_plain(request, ask) or self._is_taken(len(body)):
            return
        raws = request.raw_input_contents
        tags = tuple(_TAG + varint(len(raw)) for raw in raws)
        tail = b"".join(tag + raw for tag, raw in zip(tags, raws, strict=True))
        head = body[: len(body) - len(tail)]
        if body[len(head) :] == tail and self._is_head(head, request):
            self._keep(len(body), self._layout(head, tags, request, ask.rows))

    def _of_old(self, body: bytes) -> _Layout | None:
        """A layout of the old generation, which is young again."""
        layout = self._old.get(len(body))
        if layout is None or not body.startswith(layout.head):
            return None
        self._keep(len(body), layout)
        return layout

    def _keep(self, length: int, layout: _Layout) -> None:
        if len(self._young) >= _KEPT:
            self._old, self._young = self._young, {}
        self._young[length] = layout

    def _is_taken(self, length: int) -> bool:
        """Whether messages of this length go on to be known by another's layout."""
        if length not in self._young:
            return False
        self._clashes += 1
        return self._clashes % _CLASHES != 0

    def _is_plain(self, request: Any, ask: Ask) -> bool:
        names = [tensor.name for tensor in request.inputs]
        numeric = all(tensor.datatype in NUMBERS for tensor in request.inputs)
        asked = request.id or request.outputs or request.parameters
        return ask.rows <= FEW_ROWS and not asked and numeric and sorted(names) == sorted(self._places)

    def _is_head(self, head: bytes, request: Any) -> bool:
        """Whether a message's head is whole fields, and all but its values."""
        rest = type(request)()
        rest.CopyFrom(request)
        rest.ClearField("raw_input_contents")
        try:
            return bool(self._parse(head) == rest)
        except Exception:  # noqa: BLE001  (protobuf's DecodeError: it is cut within a field)
            return False

    def _layout(self, head: bytes, tags: tuple[bytes, ...], request: Any, rows: int) -> _Layout:
        pieces, tagged, valued = [], "<", "<"
        for number, (tensor, tag) in enumerate(zip(request.inputs, tags, strict=True)):
            place, datatype = self._places[tensor.name], tensor.datatype
            letters = f"{rows}{LETTERS[datatype]}"
            tagged += f"{len(tag)}s{calcsize(f'<{letters}')}x"
            valued += f"{len(tag)}x{letters}"
            values = slice(number * rows, (number + 1) * rows)
            pieces.append(piece(self._contract.columns[place], place, datatype, values))
        return _Layout(head, Struct(tagged), tags, Struct(valued), rows, tuple(pieces))


def varint(number: int) -> bytes:
    r"""A number as protobuf writes it.

    >>> varint(8), varint(300)
    (b'\x08', b'\xac\x02')
    """
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
