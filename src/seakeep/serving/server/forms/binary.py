"""Binary tensors over HTTP: the JSON of the Open Inference Protocol, and after it the values of its inputs as bytes.

Inference-Header-Content-Length says where the JSON ends. The quick way takes requests whose inputs are all bytes, as clients write
them; whatever else may be in one is for the careful reader, which is the meaning here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.serving.server.form import Notation, Reading
from seakeep.serving.server.forms import json
from seakeep.serving.server.receiving import BINARY
from seakeep.serving.server.refusals import BadInput, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.serving.server.answering import Answers
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.columns import Values
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers

MEDIA = "application/octet-stream"
_MOST_DIGITS = 12


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


class Reader:
    """Reads requests for one model. Parameters: contract: what they may hold."""

    def __init__(self, contract: Contract) -> None:
        from seakeep.features.nulls import DTYPES
        from seakeep.serving.server.arrays import Admitter
        from seakeep.serving.server.careful import CarefulReader
        from seakeep.serving.server.keys import Peek

        self._columns, self._row_limit, self._key = contract.columns, contract.row_limit, contract.key
        self._ignored = frozenset(contract.ignored)
        self._outputs = frozenset(contract.outputs)
        self._known = contract.outputs
        self._places = {column.name: place for place, column in enumerate(contract.columns)}
        self._admit = [Admitter(column, DTYPES[column.kind]).of_bytes for column in contract.columns]
        self._careful, self._peek = CarefulReader(contract), Peek(None)

    def read(self, body: bytes, headers: Headers) -> Ask:
        """What `body` asks for. Raises Refusal."""
        length = _header_length(body, headers)
        try:
            ask = self._quick(_decode(body[:length]), memoryview(body), length)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return self._careful.read(body[:length], str(error), binary=body[length:])
        return self._careful.read(body[:length], binary=body[length:]) if ask is None else ask

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

    def _quick(self, request: _Request, body: memoryview, at: int) -> Ask | None:
        """The ask, or None for the careful reader to judge. Raises Refusal where a value may not come in."""
        from seakeep.serving.server.ask import Ask
        from seakeep.serving.server.binary import raw_keys, wanted_in_binary
        from seakeep.serving.server.keys import parameter_key, row_keys

        rows = request.inputs[0].shape[0] if request.inputs and request.inputs[0].shape else 0
        if not 0 < rows <= self._row_limit:
            return None
        columns: list[Any] = [None] * len(self._columns)
        arrays: list[Any] = columns.copy()
        keys: Sequence[Any] | None = None
        flat, tall, left = [rows], [rows, 1], len(columns)
        for tensor in request.inputs:
            begin, at = at, at + tensor.parameters.binary_data_size
            place = self._places.get(tensor.name)
            if begin >= at or at > len(body) or (place is None and tensor.name not in self._ignored):
                return None
            if place is None:
                keys = raw_keys(tensor.datatype, bytes(body[begin:at])) if tensor.name == self._key else keys
                continue
            fits = columns[place] is None and tensor.shape in (flat, tall)
            if not fits or tensor.datatype not in self._columns[place].datatypes:
                return None
            columns[place], arrays[place] = self._admit[place](body[begin:at], tensor.datatype)
            if len(columns[place]) != rows:
                return None
            left -= 1
        if left or at != len(body):
            return None
        outputs = None
        if request.outputs:
            outputs = tuple(dict.fromkeys(one.name for one in request.outputs))
            if not self._outputs.issuperset(outputs):
                return None
        wanted = [{"name": one.name, "parameters": one.parameters} for one in request.outputs or ()]
        binary = wanted_in_binary(wanted, request.parameters, self._known)
        if self._key in self._places:
            keys = columns[self._places[self._key]]
        parameters = request.parameters
        key = parameter_key(parameters)
        ask = Ask(columns, rows, False, request.id, outputs, key, row_keys(keys, rows), parameters, binary=binary)
        ask.arrays = self._tensors(columns, arrays)
        return ask

    def _tensors(self, columns: Sequence[Values], arrays: Sequence[Any]) -> list[Any]:
        return [
            column.array(values) if array is None else array
            for column, values, array in zip(self._columns, columns, arrays, strict=True)
        ]


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


def _header_length(body: bytes, headers: Headers) -> int:
    text = headers.get(BINARY) or ""
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and int(text) <= len(body)):
        raise BadInput.binary_header(text, len(body))
    return int(text)


NOTATION = Notation("binary", (MEDIA,), reader, json.writer)
