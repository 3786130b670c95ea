"""The form of a gRPC body: ModelInfer's request and answer as protobuf.

Values come typed (`contents`) or as bytes (`raw_input_contents`), and go back the way they came. Nothing that a message claims is
believed: datatypes and shapes are compared with what is there, and every refusal has the words that JSON's has.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Task
from seakeep.serving.server.answering import label_datatype
from seakeep.serving.server.arrays import BLOCKS, Admitter
from seakeep.serving.server.ask import Ask
from seakeep.serving.server.form import Form, Script
from seakeep.serving.server.grpc.fields import has_more_fields
from seakeep.serving.server.grpc.layouts import Layouts, varint
from seakeep.serving.server.grpc.messages import messages
from seakeep.serving.server.keys import as_key, key_of, parameter_key, row_keys
from seakeep.serving.server.packed import FEW_ROWS
from seakeep.serving.server.raw import FLOATS, count, numbers, pack, text, unpack
from seakeep.serving.server.refusals import BadBinary, BadBody, BadInput, Refusal
from seakeep.serving.server.weighing import Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.serving.served import Served
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.converting import Values
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList, Headers
    from seakeep.serving.server.intervals import Output

_CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""By datatype: the field that has its values. FP16 has none, and comes as bytes only."""
_RANGES = {
    datatype: (0 if datatype[0] == "U" else -(1 << bits - 1), (1 << (bits if datatype[0] == "U" else bits - 1)) - 1)
    for datatype, bits in {"INT8": 8, "INT16": 16, "UINT8": 8, "UINT16": 16}.items()
}
_RAW_OUTPUT = b"\x32"  # field 6 of an answer, bytes
_NOTHING: HeaderList = []


class Reader:
    """Reads requests for one model. Parameters: contract: what they may hold."""

    def __init__(self, contract: Contract) -> None:
        self._contract, self._scale = contract, Scale(contract)
        self._parse = messages().InferRequest.FromString
        self._columns = contract.columns
        self._admitters = [Admitter(column) for column in contract.columns]
        self._layouts = Layouts(contract, self._parse)
        self._places = {column.name: place for place, column in enumerate(contract.columns)}
        self._outputs = frozenset(contract.outputs)

    def read(self, body: bytes, headers: Headers) -> Ask:
        """What `body` asks for. Raises Refusal."""
        del headers
        return self._layouts.read(body) or self._read(body)

    def _read(self, body: bytes) -> Ask:
        """The meaning: a message read field by field."""
        self._check_fields(body)
        request = parsed(self._parse, body)
        raws = request.raw_input_contents
        if raws and len(raws) != len(request.inputs):
            raise BadBinary.count(len(raws), len(request.inputs))
        columns, arrays = self._values(request.inputs, raws)
        rows = len(columns[0])
        outputs = self._wanted(request.outputs) if request.outputs else None
        parameters = _parameters(request.parameters) if request.parameters else None
        ask = Ask(columns, rows, natural=False, id=request.id or None, outputs=outputs, parameters=parameters)
        ask.key, ask.keys = parameter_key(parameters), self._keys(request, columns, rows)
        if raws:
            ask.binary, ask.arrays = self._contract.outputs, arrays
            self._layouts.learn(body, request, ask)
        return ask

    def key(self, body: bytes, headers: Headers) -> str | None:
        """The key in `body`, None where there is none that can be read."""
        del headers
        with contextlib.suppress(Refusal):
            self._check_fields(body)
            request = parsed(self._parse, body)
            key = key_of(_parameters(request.parameters))
            return key if key is not None else as_key(next(iter(self._key_values(request) or ()), None))
        return None

    def _check_fields(self, body: bytes) -> None:
        if len(body) > self._scale.light and has_more_fields(body, self._scale.values):
            raise BadInput.too_many_values(self._scale.values + 1, self._scale.values, self._contract.row_limit)

    def _values(self, inputs: Any, raws: Any) -> tuple[list[Values], list[Any] | None]:
        """Columns in the model's order, and as tensors, where they came as bytes."""
        columns: list[Any] = [None] * len(self._columns)
        arrays: list[Any] = [None] * len(self._columns)
        rows, first = 0, ""
        for number, tensor in enumerate(inputs):
            name = tensor.name
            place = self._places.get(name)
            if place is None:
                self._contract.check_name(name)
                continue
            if columns[place] is not None:
                raise BadInput.duplicate(name)
            values, arrays[place] = self._admitted(place, tensor, raws[number] if raws else None)
            if len(values) != rows or not first:
                if first:
                    raise BadInput.rows_differ(name, len(values), first, rows)
                rows, first = len(values), name
            columns[place] = values
        if None in columns:
            self._fill(columns, rows)
        return columns, self._tensors(columns, arrays) if rows > FEW_ROWS else None

    def _admitted(self, place: int, tensor: Any, raw: bytes | None) -> tuple[Values, NDArray[Any] | None]:
        """A tensor's values, if its datatype, its shape and they themselves may come in; and an array of them, if at hand."""
        column, datatype = self._columns[place], tensor.datatype
        if datatype not in column.datatypes:
            raise BadInput.datatype(column.name, datatype, column.datatypes)
        if raw is None:
            rows = len(_field(tensor))
        else:
            if tensor.HasField("contents"):
                raise BadBinary.beside_contents(column.name)
            rows = count(raw, datatype, column.name)
        shape = tensor.shape
        if not shape or shape[0] != rows or (len(shape) > 1 and list(shape) != [rows, 1]):
            raise BadInput.shape(column.name, list(shape), rows)
        self._contract.check_rows(column.name, rows)
        if raw is None:
            return column.admit(_contents(tensor), datatype), None
        if rows > FEW_ROWS and datatype in BLOCKS:
            return self._admitters[place].of_array(np.frombuffer(raw, BLOCKS[datatype]), datatype)
        return self._admitters[place].of_bytes(memoryview(raw), datatype), None

    def _tensors(self, columns: Sequence[Values], arrays: Sequence[Any]) -> list[Any]:
        return [
            column.array(values) if array is None else array
            for column, values, array in zip(self._columns, columns, arrays, strict=True)
        ]

    def _fill(self, columns: list[Any], rows: int) -> None:
        """Nothing but missing values, where an input that need not be there is not."""
        for place, column in enumerate(self._columns):
            if columns[place] is None:
                if column.required or not rows:
                    expected = f"a tensor of datatype {' or '.join(column.datatypes)} and shape [rows]"
                    raise BadInput.missing_input(column.name, expected)
                columns[place] = column.check([None] * rows)

    def _wanted(self, outputs: Any) -> tuple[str, ...]:
        for output in outputs:
            if output.name not in self._outputs:
                raise BadInput.unknown_output(output.name, self._contract.outputs)
        return tuple(dict.fromkeys(output.name for output in outputs))

    def _keys(self, request: Any, columns: Sequence[Values], rows: int) -> Values | None:
        name = self._contract.key
        if name is None:
            return None
        if name in self._places:
            return columns[self._places[name]]
        return row_keys(self._key_values(request), rows)

    def _key_values(self, request: Any) -> Values | None:
        """The key column's values as they were sent, None where they were not or cannot be read."""
        raws = request.raw_input_contents
        for number, tensor in enumerate(request.inputs):
            if tensor.name == self._contract.key and (not raws or number < len(raws)):
                with contextlib.suppress(Refusal, KeyError):
                    return unpack(raws[number], tensor.datatype, tensor.name) if raws else _contents(tensor)
        return None


class Writer:
    """Writes answers of one model."""

    def __init__(self, served: Served) -> None:
        kinds = messages()
        self._response, self._classes = kinds.InferResponse, served.model.classes
        self._label_type = label_datatype(self._classes)
        self._is_regression = served.model.task is Task.REGRESSION
        same = kinds.InferResponse(model_name=served.name, model_version=served.version)
        same.parameters["release"].string_param = served.release
        self._same: bytes = same.SerializeToString()  # messages side by side are one message
        self._heads = {rows: self._head(rows) for rows in range(1, FEW_ROWS + 1)}

    def write(self, answered: Answered, headers: Headers) -> tuple[HeaderList, bytes]:
        """The answer's bytes: scores as FP32, which they are."""
        del headers
        ask = answered.ask
        if ask.binary and ask.rows in self._heads and not (ask.outputs or ask.marks or ask.interval or ask.id):
            return _NOTHING, self._plain(answered)
        response = self._response()
        if ask.id is not None:
            response.id = ask.id
        if answered.prediction_id is not None:
            response.parameters["prediction_id"].string_param = answered.prediction_id
        if ask.marks:
            response.parameters["broken"].string_param = json.dumps([mark.as_answer() for mark in ask.marks])
        if ask.interval is not None:
            response.parameters["interval"].double_param = ask.interval.level
        for name, datatype, shape, values in self._said(answered):
            output = response.outputs.add(name=name, datatype=datatype, shape=shape)
            if ask.binary:
                response.raw_output_contents.append(pack(values, datatype))
            else:
                own = [value.encode() for value in values] if datatype == "BYTES" else values
                getattr(output.contents, _CONTENTS[datatype]).extend(own)
        return _NOTHING, self._same + response.SerializeToString()

    def _plain(self, answered: Answered) -> bytes:
        """The same for what is asked most: all outputs of a few rows as bytes, whose names and shapes are written already."""
        parts = [self._heads[answered.ask.rows]]
        for _, datatype, _, values in self._outputs(answered.ask.rows, answered.scores, answered.decisions):
            raw = pack(values, datatype)
            parts += (_RAW_OUTPUT, varint(len(raw)), raw)
        if answered.prediction_id is not None:
            own = self._response()
            own.parameters["prediction_id"].string_param = answered.prediction_id
            parts.append(own.SerializeToString())
        return b"".join(parts)

    def _head(self, rows: int) -> bytes:
        """An answer for so many rows, but for its values."""
        response = self._response()
        for name, datatype, shape, _ in self._outputs(rows, (), ()):
            response.outputs.add(name=name, datatype=datatype, shape=shape)
        return self._same + bytes(response.SerializeToString())

    def _said(self, answered: Answered) -> list[Output]:
        """Name, datatype, shape and values of every output that is asked for."""
        ask, scores, decisions = answered.ask, answered.scores, answered.decisions
        said = self._outputs(ask.rows, scores, decisions)
        if ask.outputs is not None:
            said = [output for output in said if output[0] in ask.outputs]
        return said if ask.interval is None else [*said, *ask.interval.outputs(scores, decisions)]

    def _outputs(self, rows: int, scores: Sequence[float], decisions: Sequence[int]) -> list[Output]:
        if self._is_regression:
            return [("value", "FP32", (rows,), scores)]
        labels = [self._classes[decision] for decision in decisions]
        return [
            ("probabilities", "FP32", (rows, len(self._classes)), scores),
            ("label", self._label_type, (rows,), labels),
        ]


def parsed(parse: Any, body: bytes) -> Any:
    """A message of its bytes. Raises BadBody."""
    from google.protobuf.message import DecodeError

    try:
        return parse(body)
    except DecodeError:
        raise BadBody.not_a_message(body) from None


def _contents(tensor: Any) -> Sequence[Any]:
    """The typed values of a tensor, texts as text, None for NaN."""
    name, datatype = tensor.name, tensor.datatype
    values: Sequence[Any] = _field(tensor)[:]
    if datatype in FLOATS:
        return numbers(values, name)
    if datatype == "BYTES":
        return [text(value, row, name) for row, value in enumerate(values)]
    if datatype in _RANGES:
        _check_range(values, datatype, name)
    return values


def _field(tensor: Any) -> Any:
    """The field that has the typed values of a tensor. Raises BadInput."""
    field = _CONTENTS.get(tensor.datatype)
    if field is None:
        raise BadBinary.without_field(tensor.name, tensor.datatype)
    return getattr(tensor.contents, field)


def _check_range(values: Sequence[int], datatype: str, name: str) -> None:
    least, most = _RANGES[datatype]
    for row, value in enumerate(values):
        if not least <= value <= most:
            raise BadInput.value(name, row, value, f"an integer from {least} to {most}, as {datatype} holds")


def _parameters(given: Any) -> dict[str, Any]:
    """Parameters as they would be in JSON."""
    chosen = {name: (one, one.WhichOneof("parameter_choice")) for name, one in given.items()}
    return {name: None if field is None else getattr(one, field) for name, (one, field) in chosen.items()}


def _script(contract: Contract, served: Served) -> Script:
    reader = Reader(contract)
    return Script(reader.read, Writer(served).write, reader.key)


FORM = Form("protobuf", _script)
