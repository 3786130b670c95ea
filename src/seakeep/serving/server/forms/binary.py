"""Binary tensors over HTTP: the JSON of the Open Inference Protocol, and after it the values of its inputs as bytes.

Inference-Header-Content-Length says where the JSON ends. The quick way takes requests whose inputs are all bytes, as clients write
them; whatever else may be in one is for the careful reader, which is the meaning here too.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct, calcsize
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from seakeep.serving.server.ask import Ask
from seakeep.serving.server.form import Notation, Reading
from seakeep.serving.server.forms import json
from seakeep.serving.server.keys import row_keys
from seakeep.serving.server.receiving import BINARY
from seakeep.serving.server.refusals import BadBinary, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.serving.server.answering import Answers
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers
    from seakeep.serving.server.packed import Piece

MEDIA = "application/octet-stream"
_MOST_DIGITS = 12
_KNOWN_LAYOUTS, _KNOWN_BYTES = 64, 16 * 1024
"""A client's requests of as many rows mostly have the same JSON to the byte: so many are remembered, each up to so long."""


class _Parameters(msgspec.Struct, gc=False):
    binary_data_size: int


class _Tensor(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    shape: list[int]
    datatype: str
    parameters: _Parameters


class _Output(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    parameters: dict[str, Any] | None = None


class _Request(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    inputs: list[_Tensor]
    id: str | None = None
    outputs: list[_Output] | None = None
    parameters: dict[str, Any] | None = None
    model_name: str | None = None


_decode = msgspec.json.Decoder(_Request).decode


class Part(NamedTuple):
    """Where the values of an input are in a body. place: of the input. begin, end: in bytes."""

    place: int
    begin: int
    end: int
    datatype: str


class Layout(NamedTuple):
    """What the JSON of a request says of its body, as far as the values do not matter.

    end: of the body. parts: of the inputs, in the order of the body. keys: of the key column. request: as it was decoded.
    few: what takes few rows of numbers out of the body at once, and what they are, where they are nothing else.
    """

    end: int
    rows: int
    parts: list[Part]
    keys: Part | None
    request: _Request
    outputs: tuple[str, ...] | None
    binary: tuple[str, ...]
    key: str | None
    few: tuple[Struct, tuple[Piece, ...]] | None


class Reader:
    """Reads requests for one model. Parameters: contract: what they may hold."""

    def __init__(self, contract: Contract) -> None:
        from seakeep.serving.server.arrays import Admission
        from seakeep.serving.server.careful import CarefulReader
        from seakeep.serving.server.packed import admitted

        self._admitted = admitted
        self._row_limit, self._key = contract.row_limit, contract.key
        self._datatypes = [frozenset(column.datatypes) for column in contract.columns]
        self._ignored = frozenset(contract.ignored)
        self._outputs = frozenset(contract.outputs)
        self._known = contract.outputs
        self._places = {column.name: place for place, column in enumerate(contract.columns)}
        self._columns, self._admission = contract.columns, Admission(contract.columns)
        self._careful = CarefulReader(contract)
        self._known_layout = lru_cache(_KNOWN_LAYOUTS)(self._layout)

    def read(self, body: bytes, headers: Headers) -> Ask:
        """What `body` asks for. Raises Refusal."""
        length = _header_length(body, headers)
        head = body[:length]
        complaint = ""
        try:
            layout = self._known_layout(head) if length <= _KNOWN_BYTES else self._layout(head)
            ask = None if layout is None or layout.end != len(body) else self._quick(layout, body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            complaint, ask = str(error), None
        return self._careful.read(head, complaint, binary=body[length:]) if ask is None else ask

    def key(self, body: bytes, headers: Headers) -> str | None:
        """The key in `body`: of its parameters, else the first value of the key column's tensor. Never raises."""
        from seakeep.serving.server.binary import raw_keys
        from seakeep.serving.server.keys import as_key, key_of

        try:
            at = _header_length(body, headers)
            request = _decode(body[:at])
        except (Refusal, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if (named := key_of(request.parameters)) is not None or self._key is None:
            return named
        for tensor in request.inputs:
            end = at + max(0, tensor.parameters.binary_data_size)
            if tensor.name == self._key:
                return as_key(next(iter(raw_keys(tensor.datatype, body[at:end]) or ()), None))
            at = end
        return None

    def _layout(self, head: bytes) -> Layout | None:
        """What the JSON says of the request, None for the careful reader to judge. Raises Refusal for a key that is too long."""
        from seakeep.serving.server.binary import wanted_in_binary
        from seakeep.serving.server.keys import parameter_key

        request = _decode(head)
        rows = request.inputs[0].shape[0] if request.inputs and request.inputs[0].shape else 0
        parts = self._parts(request.inputs, rows, len(head))
        outputs = None if not request.outputs else tuple(dict.fromkeys(output.name for output in request.outputs))
        if not parts or not self._outputs.issuperset(outputs or ()):
            return None
        wanted = [{"name": one.name, "parameters": one.parameters} for one in request.outputs or ()]
        binary = wanted_in_binary(wanted, request.parameters, self._known)
        named = zip(request.inputs, parts, strict=True)
        key = parameter_key(request.parameters)
        return Layout(
            parts[-1].end,
            rows,
            [part for part in parts if part.place >= 0],
            next((part for tensor, part in named if tensor.name == self._key), None),
            request,
            outputs,
            binary,
            key,
            self._few(parts, rows, len(head)),
        )

    def _few(self, parts: Sequence[Part], rows: int, begin: int) -> tuple[Struct, tuple[Piece, ...]] | None:
        """What takes a body's numbers apart at once; None where they are many, or something else than numbers."""
        from seakeep.serving.server.packed import FEW_ROWS, NUMBERS, piece
        from seakeep.serving.server.raw import LETTERS

        form = f"<{begin}x"
        pieces: list[Piece] = []
        for part in parts:
            size = part.end - part.begin
            if part.place < 0:
                form += f"{size}x"
                continue
            letters = f"{rows}{LETTERS.get(part.datatype)}"
            if rows > FEW_ROWS or part.datatype not in NUMBERS or calcsize(f"<{letters}") != size:
                return None
            form += letters
            values = slice(len(pieces) * rows, (len(pieces) + 1) * rows)
            pieces.append(piece(self._columns[part.place], part.place, part.datatype, values))
        return Struct(form), tuple(pieces)

    def _quick(self, layout: Layout, body: bytes) -> Ask | None:
        """The ask, or None for the careful reader to judge. Raises Refusal where a value may not come in."""
        arrays: list[Any] | None = None
        if layout.few is not None:
            packed, pieces = layout.few
            columns = self._admitted(packed.unpack(body), pieces)
        else:
            read = self._admission.read(memoryview(body), layout.parts, layout.rows)
            if read is None:
                return None
            columns, arrays = read
        keys = None if layout.keys is None else row_keys(_keys(columns, layout.keys, body), layout.rows)
        request = layout.request
        ask = Ask(columns, layout.rows, False, request.id, layout.outputs, layout.key, keys, request.parameters)
        ask.binary, ask.arrays = layout.binary, arrays
        return ask

    def _parts(self, tensors: Sequence[_Tensor], rows: int, begin: int) -> list[Part]:
        """Where each tensor's values are, those of columns that the model does not read at the place -1; none for a request
        that the careful reader must judge.
        """
        if not 0 < rows <= self._row_limit:
            return []
        parts: list[Part] = []
        seen: set[int] = set()
        flat, tall = [rows], [rows, 1]
        for tensor in tensors:
            end = begin + tensor.parameters.binary_data_size
            place = self._places.get(tensor.name)
            if place is None:
                if tensor.name not in self._ignored or end < begin:
                    return []
                place = -1
            elif tensor.shape not in (flat, tall) or tensor.datatype not in self._datatypes[place] or end <= begin:
                return []
            else:
                seen.add(place)
            parts.append(Part(place, begin, end, tensor.datatype))
            begin = end
        fit = len(seen) == len(self._places) == sum(part.place >= 0 for part in parts)
        return parts if fit else []


def reader(contract: Contract) -> Reading:
    """What reads bodies for one model."""
    own = Reader(contract)
    return Reading(own.read, own.key)


def write(answers: Answers, answered: Answered) -> tuple[HeaderList, bytes]:
    """An answer some outputs of which go as bytes after the JSON."""
    from seakeep.serving.server.raw import pack

    ask = answered.ask
    outputs: list[Any] = []
    parts = [b""]
    for output in answers.outputs(ask, answered.scores, answered.decisions):
        if output.name not in ask.binary:
            outputs.append(output)
            continue
        parts.append(pack(output.data, output.datatype))
        outputs.append(Sized(output.name, output.datatype, output.shape, {"binary_data_size": len(parts[-1])}))
    parts[0] = answers.told(ask, outputs, answered.prediction_id)
    return [("content-type", MEDIA), (BINARY, str(len(parts[0])))], b"".join(parts)


class Sized(msgspec.Struct, gc=False):
    """A tensor the values of which follow the JSON."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    parameters: dict[str, int]


def _keys(columns: Sequence[Any], part: Part, body: bytes) -> Any:
    """The values of the key's column."""
    from seakeep.serving.server.binary import raw_keys

    return columns[part.place] if part.place >= 0 else raw_keys(part.datatype, body[part.begin : part.end])


def _header_length(body: bytes, headers: Headers) -> int:
    text = headers.get(BINARY) or ""
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and int(text) <= len(body)):
        raise BadBinary.header(text, len(body))
    return int(text)


NOTATION = Notation("binary", (MEDIA,), reader, json.writer)
