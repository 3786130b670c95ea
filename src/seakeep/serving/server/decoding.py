"""Decoder: from a request's bytes to columns of values, the quick way. `careful` is the slow way, and the meaning.

The decoder is built from the model: each input is a struct of its own, told apart by its `name`, so that one call into
msgspec decodes, checks names and types, and yields typed lists. Whatever it does not take as a matter of course (an error,
nested arrays, a duplicate) goes to the careful reader, which refuses in words or reads what the quick way would not.
"""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Any, Union

import msgspec

from seakeep.core.kinds import Kind
from seakeep.serving.server.ask import Ask
from seakeep.serving.server.binary import ALL as ALL_BINARY
from seakeep.serving.server.binary import SIZE
from seakeep.serving.server.careful import CarefulReader
from seakeep.serving.server.keys import UNFIT, parameter_key, row_keys
from seakeep.serving.server.pieces import cut_lines, cut_rows
from seakeep.serving.server.weighing import Scale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from seakeep.serving.server.columns import Column
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.converting import Values

_ROW_TYPES: dict[Kind, Any] = {
    Kind.INTEGER: int | None,
    Kind.NUMBER: float | None,
    Kind.BOOLEAN: bool | None,
    Kind.STRING: str | None,
    Kind.TIMESTAMP: str | None,
}
_TENSOR_TYPES = {**_ROW_TYPES, Kind.TIMESTAMP: int | str | None}


class Decoder:
    """Reads requests for one model. Parameters: contract: what the model's requests may hold."""

    def __init__(self, contract: Contract) -> None:
        self._columns = contract.columns
        self._admit = tuple(column.admit_natural for column in contract.columns)
        self._count = len(contract.columns)
        names = (*contract.names, *contract.ignored)
        self._key_place = names.index(contract.key) if contract.key else None
        self._row_limit = contract.row_limit
        self._outputs = frozenset(contract.outputs)
        self._careful = CarefulReader(contract)
        tensors = [_tensor_type(column, i) for i, column in enumerate(contract.columns)]
        self._known = {
            tensor: (place, column.natural, column.admit_natural)
            for place, (tensor, column) in enumerate(zip(tensors, contract.columns, strict=True))
        }
        ignored = [_ignored_type(name, i, is_key=name == contract.key) for i, name in enumerate(contract.ignored)]
        self._key_type = next(
            (kind for kind, name in zip(ignored, contract.ignored, strict=True) if name == contract.key), None
        )
        self._names_fit = not any(UNFIT.search(name) for name in names)
        shapes = (_row_type(contract), _table_type(contract)) if self._names_fit else (dict, dict)
        request = _request_type([*tensors, *ignored], *shapes)
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(request).decode
        self._decode_lines: Callable[[bytes], list[Any]] = msgspec.json.Decoder(shapes[0]).decode_lines
        self._decode_rows: Callable[[bytes], list[Any]] = msgspec.json.Decoder(_list_of(shapes[0])).decode
        self._scale = Scale(contract)
        self._light = self._scale.light

    def read(self, body: bytes) -> Ask:
        """What `body` asks for. Raises Refusal."""
        if len(body) > self._light:
            self._scale.json(body)
            if (ask := self._from_pieces(body)) is not None:
                return ask
        try:
            request = self._decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return self._careful.read(body, str(error))
        ask = self._quick(request)
        return self._careful.read(body) if ask is None else ask

    def read_lines(self, body: bytes) -> Ask:
        """What rows one after another ask for. Raises Refusal."""
        self._scale.json(body)
        try:
            given = self._put_together(map(self._decode_lines, cut_lines(body)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return self._careful.read_lines(body, str(error))
        return self._careful.read_lines(body) if given is None else self._of_given(given)

    def _from_pieces(self, body: bytes) -> Ask | None:
        """The ask of a large body of rows, None where it is to be decoded in one go. Raises Refusal."""
        cut = cut_rows(body)
        if cut is None:
            return None
        frame, pieces = cut
        try:
            request = self._decode(frame)
            given = self._put_together(map(self._decode_rows, pieces))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if given is None or not request.inputs is request.columns is request.outputs is None:
            return None
        return self._of_given(given, request)

    def _put_together(self, pieces: Iterable[list[Any]]) -> list[list[Any]] | None:
        """The columns of rows that come in pieces, None for the careful reader to judge."""
        columns: list[list[Any]] = []
        for rows in pieces:
            found = zip(*map(msgspec.structs.astuple, rows), strict=True) if self._names_fit else ()
            if not columns:
                columns = list(map(list, found))
                continue
            for own, more in zip(columns, found, strict=False):
                own.extend(more)
            if len(columns[0]) > self._row_limit:
                return None
        return columns if columns and len(columns[0]) <= self._row_limit else None

    def _quick(self, request: Any) -> Ask | None:
        """The ask, or None for the careful reader to judge. Raises Refusal where a value may not come in."""
        if request.rows is None:
            if request.inputs:
                return self._from_tensors(request) if request.columns is None else None
            return self._from_table(request) if request.columns is not None else None
        plain = request.inputs is request.columns is request.outputs is None
        return self._from_rows(request) if plain else None

    def _from_rows(self, request: Any) -> Ask | None:
        rows = len(request.rows)
        if not 0 < rows <= self._row_limit or not self._names_fit:
            return None
        return self._of_given(list(zip(*map(msgspec.structs.astuple, request.rows), strict=True)), request)

    def _of_given(self, given: Sequence[Values], request: Any = None) -> Ask:
        """The ask of rows whose columns these are. request: what is asked beside them."""
        identity, parameters = (None, None) if request is None else (request.id, request.parameters)
        key = parameter_key(parameters)
        columns = [admit(values) for admit, values in zip(self._admit, given, strict=False)]
        keys = None if self._key_place is None else given[self._key_place]
        return Ask(columns, len(given[0]), True, identity, None, key, keys, parameters)

    def _from_table(self, request: Any) -> Ask | None:
        if request.inputs is not None or request.outputs is not None or not self._names_fit:
            return None
        given = msgspec.structs.astuple(request.columns)
        rows = len(given[0] or ())
        own = given[: self._count]
        if not 0 < rows <= self._row_limit or any(values is None or len(values) != rows for values in own):
            return None
        columns = [admit(values) for admit, values in zip(self._admit, own, strict=True)]
        keys = None if self._key_place is None else row_keys(given[self._key_place], rows)
        key = parameter_key(request.parameters)
        return Ask(columns, rows, True, request.id, None, key, keys, request.parameters, columnar=True)

    def _from_tensors(self, request: Any) -> Ask | None:
        columns: list[Any] = [None] * self._count
        rows = len(getattr(request.inputs[0], "data", ()))
        if not 0 < rows <= self._row_limit or (request.parameters is not None and ALL_BINARY in request.parameters):
            return None
        keys = None
        flat, tall = [rows], [rows, 1]
        for tensor in request.inputs:
            known = self._known.get(type(tensor))
            if known is None:
                keys = getattr(tensor, "data", None) if type(tensor) is self._key_type else keys
                continue
            place, natural, admit = known
            data, datatype, shape = tensor.data, tensor.datatype, tensor.shape
            if columns[place] is not None or len(data) != rows or (shape != flat and shape != tall):  # noqa: PLR1714  (sooner)
                return None
            if datatype == natural and tensor.parameters is None:
                columns[place] = admit(data)
                continue
            column = self._columns[place]
            if datatype not in column.datatypes or _is_binary(tensor):
                return None
            columns[place] = column.admit(data, datatype)
        outputs = None if request.outputs is None else self._wanted(request.outputs)
        if None in columns or outputs == ():
            return None
        if self._key_type is None and self._key_place is not None:
            keys = columns[self._key_place]
        key = parameter_key(request.parameters)
        return Ask(columns, rows, False, request.id, outputs, key, row_keys(keys, rows), request.parameters)

    def _wanted(self, outputs: list[Any]) -> tuple[str, ...]:
        """Names of the outputs asked for; empty for the careful reader to judge."""
        known = all(output.name in self._outputs and output.parameters is None for output in outputs)
        return tuple(dict.fromkeys(output.name for output in outputs)) if known else ()


class Output(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A tensor asked for by name."""

    name: str
    parameters: dict[str, Any] | None = None


def _is_binary(tensor: Any) -> bool:
    return tensor.parameters is not None and SIZE in tensor.parameters


def _request_type(tensors: list[type], row: type, table: type) -> type:
    return msgspec.defstruct(
        "Request",
        [
            ("inputs", _list_of(Union[tuple(tensors)]) | None, None),  # noqa: UP007  (made when the program runs)
            ("rows", _list_of(row) | None, None),
            ("columns", table | None, None),
            ("id", str | None, None),
            ("outputs", list[Output] | None, None),
            ("parameters", dict[str, Any] | None, None),
            ("model_name", str | None, None),  # KServe's client repeats it; the path has said it
        ],
        forbid_unknown_fields=True,
        gc=False,
    )


def _list_of(item: Any) -> Any:
    """`list[item]` for a type that is only known when the program runs."""
    return GenericAlias(list, (item,))


def _tensor_type(column: Column, place: int) -> type:
    fields: list[Any] = [
        ("shape", list[int]),
        ("datatype", str),
        ("data", _list_of(_TENSOR_TYPES[column.kind])),
        ("parameters", dict[str, Any] | None, None),
    ]
    return msgspec.defstruct(
        f"Tensor{place}", fields, tag_field="name", tag=column.name, forbid_unknown_fields=True, gc=False
    )


def _ignored_type(name: str, place: int, *, is_key: bool) -> type:
    """A tensor of a column that the schema knows and the model does not read; of the key's the data is kept."""
    fields: list[Any] = [("data", Any, None)] if is_key else []
    return msgspec.defstruct(f"Ignored{place}", fields, tag_field="name", tag=name, gc=False)


def _row_type(contract: Contract) -> type:
    return _named_type("Row", contract, _ROW_TYPES)


def _table_type(contract: Contract) -> type:
    return _named_type("Table", contract, {kind: _list_of(own) | None for kind, own in _ROW_TYPES.items()})


def _named_type(name: str, contract: Contract, kinds: Mapping[Kind, Any]) -> type:
    """A struct with a member a column, the model's first. Parameters: kinds: type of a member by its kind."""
    fields: list[Any] = []
    renamed = {}
    for place, column in enumerate(contract.columns):
        renamed[f"column{place}"] = column.name
        kind = kinds[column.kind]
        fields.append((f"column{place}", kind) if column.required else (f"column{place}", kind, None))
    for place, ignored in enumerate(contract.ignored):
        renamed[f"ignored{place}"] = ignored
        fields.append((f"ignored{place}", Any, None))
    return msgspec.defstruct(name, fields, rename=renamed, kw_only=True, forbid_unknown_fields=True, gc=False)
