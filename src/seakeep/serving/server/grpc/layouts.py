"""Layouts: a program that asks again and again sends messages that differ only in their values, which are then read in one step.

A message whose values came as bytes is a head (names, datatypes, shapes) and those bytes, each after its tag and length. Once one
was read field by field, its head and the places of its values are kept by the message's length; a message that is the same to
the byte but for the values needs no more than one call of `struct`. Whatever differs is read field by field, which is the meaning.
That takes some 8 µs instead of 26, and far less memory to touch, which is what costs between two threads.

Layouts are kept in two generations, since a list in order of use would cost every message: what is used moves to the young one, and
when that is full, the old one is forgotten.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

from seakeep.serving.server.ask import Ask
from seakeep.serving.server.raw import FLOATS, LETTERS, numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.serving.server.columns import Values
    from seakeep.serving.server.contract import Contract

FEW_ROWS = 16
"""Up to so many rows lists are fed to the model sooner than arrays."""
_KEPT, _KEPT_BYTES = 64, 64 * 1024
"""So many layouts a generation, of messages up to so long: what a client may write beside its values has no other end."""
_CLASHES = 16
"""So many messages as long as a known one and unlike it are read field by field before one of them is known in its stead."""
_TAG = b"\x3a"  # field 7, bytes


class _Part(NamedTuple):
    """One input of a layout. values: its place in what is unpacked. admit: lets values in, as they came."""

    place: int
    name: str
    values: slice
    is_float: bool
    admit: Callable[[Any], Values]


class _Layout(NamedTuple):
    head: bytes
    packed: Struct
    tags: tuple[bytes, ...]
    stride: int
    parts: tuple[_Part, ...]


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
        found = layout.packed.unpack_from(body, len(layout.head))
        stride = layout.stride
        if found[::stride] != layout.tags:
            return None
        columns: list[Any] = [None] * len(layout.parts)
        for place, name, values, is_float, admit in layout.parts:
            own = found[values]
            columns[place] = admit(numbers(own, name) if is_float else own)
        ask = Ask(columns, stride - 1, False, binary=self._contract.outputs)
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
        numeric = all(tensor.datatype in LETTERS and tensor.datatype != "BOOL" for tensor in request.inputs)
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
        parts, form, stride = [], "<", rows + 1
        for number, (tensor, tag) in enumerate(zip(request.inputs, tags, strict=True)):
            place, datatype = self._places[tensor.name], tensor.datatype
            form += f"{len(tag)}s{rows}{LETTERS[datatype]}"
            values = slice(number * stride + 1, (number + 1) * stride)
            column = self._contract.columns[place]
            admit = _admitting(column, datatype)
            parts.append(_Part(place, column.name, values, datatype in FLOATS, admit))
        return _Layout(head, Struct(form), tags, stride, tuple(parts))


def _admitting(column: Any, datatype: str) -> Callable[[Any], Values]:
    if datatype == column.natural:
        admit: Callable[[Any], Values] = column.admit_natural
        return admit
    return lambda values: column.admit(values, datatype)


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
