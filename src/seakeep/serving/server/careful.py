"""CarefulReader: reads a request value by value, and words what is wrong with it. What the quick decoder must agree with.

It runs only for requests that the quick way did not take, so it is written for the reader of its refusals: it decodes
without types, walks the whole in the order in which a person would, and stops at the first fault. No length or shape that a
client claims is ever believed: claims are compared with what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Kind
from seakeep.serving.server.ask import Ask
from seakeep.serving.server.binary import raw_keys, raw_parts, wanted_in_binary
from seakeep.serving.server.keys import parameter_key, row_keys
from seakeep.serving.server.parsing import check_members, decode_object, json_lines, typed
from seakeep.serving.server.raw import count, unpack
from seakeep.serving.server.refusals import BadBinary, BadBody, BadInput
from seakeep.serving.server.weighing import Scale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from seakeep.serving.server.columns import Column
    from seakeep.serving.server.contract import Contract
    from seakeep.serving.server.converting import Values

_REQUEST = ("inputs", "rows", "columns", "id", "outputs", "parameters", "model_name")
_FORMS = ("inputs", "rows", "columns")
_TENSOR = ("name", "shape", "datatype", "data", "parameters")
_OUTPUT = ("name", "parameters")


class CarefulReader:
    """Reads requests for one model. Parameters: contract: what they may hold."""

    def __init__(self, contract: Contract) -> None:
        self._contract, self._scale = contract, Scale(contract)

    def read(self, body: bytes, complaint: str = "", *, binary: bytes | None = None) -> Ask:
        """What `body` asks for. Raises Refusal, naming the field, what was found and what was expected.

        complaint: what the quick decoder said; it knows the place of a number out of range, which decoding without types
            does not. binary: the tensors' bytes that followed the JSON, None where none could.
        """
        self._scale.json(body)
        request = decode_object(body, complaint)
        check_members("the body", request, _REQUEST)
        identity = typed(request, "id", str, "text")
        typed(request, "model_name", str, "text")
        parameters = typed(request, "parameters", dict, "an object")
        key = parameter_key(parameters)
        wanted = typed(request, "outputs", list, "an array of objects")
        outputs = self._outputs(wanted)
        rows, tensors, table = (
            typed(request, "rows", list, "an array of objects"),
            typed(request, "inputs", list, "an array"),
            typed(request, "columns", dict, "an object of arrays by column"),
        )
        given = [name for name in _FORMS if request.get(name) is not None]
        if len(given) != 1:
            raise BadBody.several_forms(given) if given else BadBody.neither_form()
        if tensors is None and outputs is not None:
            raise BadBody.structure("outputs", request["outputs"], f"nothing beside {given[0]}, answered whole")
        if tensors is None and binary:
            raise BadBinary.size(0, len(binary))
        if tensors is not None:
            raws = raw_parts(tensors, binary)
            columns = self._from_tensors(tensors, raws)
            keys = self._tensor_keys(tensors, raws, len(columns[0]))
            asked = wanted_in_binary(wanted, parameters, self._contract.outputs)
            return Ask(columns, len(columns[0]), False, identity, outputs, key, keys, parameters, binary=asked)
        columns = self._from_rows(rows) if rows is not None else self._from_table(table or {})
        keys = self._keys(rows, table, len(columns[0]))
        return Ask(columns, len(columns[0]), True, identity, None, key, keys, parameters, columnar=rows is None)

    def read_lines(self, body: bytes, complaint: str = "") -> Ask:
        """What rows one after another ask for. Raises Refusal, as `read` does."""
        rows: list[Any] = [decode_object(line, complaint) for line in json_lines(body)]
        columns = self._from_rows(rows)
        return Ask(columns, len(rows), True, keys=self._keys(rows, None, len(rows)))

    def read_table(self, table: Mapping[str, list[Any]]) -> Ask:
        """What columns of values ask for, timestamps as text; values that are not of their column's kind are refused."""
        columns = self._from_table(table)
        return Ask(columns, len(columns[0]), True, keys=self._keys(None, table, len(columns[0])))

    def _keys(self, rows: list[Any] | None, table: Mapping[str, Any] | None, count: int) -> Values | None:
        name = self._contract.key
        if name is None:
            return None
        return [row.get(name) for row in rows] if rows is not None else row_keys((table or {}).get(name), count)

    def _tensor_keys(self, tensors: list[Any], raws: Sequence[bytes | None], count: int) -> Values | None:
        for tensor, raw in zip(tensors, raws, strict=True):
            if tensor["name"] == self._contract.key:
                return row_keys(tensor.get("data") if raw is None else raw_keys(tensor.get("datatype"), raw), count)
        return None

    def _outputs(self, wanted: list[Any] | None) -> tuple[str, ...] | None:
        if not wanted:
            return None
        known = self._contract.outputs
        for output in wanted:
            if not isinstance(output, dict):
                raise BadBody.structure("outputs", output, 'objects such as {"name": "' + known[0] + '"}')
            check_members("an item of outputs", output, _OUTPUT)
            name = typed(output, "name", str, "text", where="an item of outputs")
            if name is None:
                raise BadBody.missing_member("an item of outputs", "name", "one of " + ", ".join(known))
            if name not in known:
                raise BadInput.unknown_output(name, known)
            typed(output, "parameters", dict, "an object")
        return tuple(dict.fromkeys(output["name"] for output in wanted))

    def _from_rows(self, rows: list[Any]) -> list[Values]:
        self._contract.check_rows("rows", len(rows))
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                raise BadBody.structure(f"rows[{number}]", row, "an object of values by column")
            for name in row:
                self._contract.check_name(name)
        return [self._row_column(column, rows) for column in self._contract.columns]

    def _row_column(self, column: Column, rows: list[dict[str, Any]]) -> Values:
        values = []
        for number, row in enumerate(rows):
            if column.name not in row and column.required:
                raise BadInput.missing_input(column.name, column.expected, row=number)
            values.append(_value(column, number, row.get(column.name), column.natural))
        return column.admit(values, column.natural)

    def _from_table(self, table: Mapping[str, Any]) -> list[Values]:
        if not table:
            raise BadInput.missing_input(self._contract.names[0], "an array of values")
        given: dict[str, Values] = {}
        for name, values in table.items():
            self._contract.check_name(name)
            if name not in self._contract.by_name:
                continue
            if not isinstance(values, list):
                raise BadBody.structure(f"columns[{name!r}]", values, "an array of values")
            self._contract.check_rows(name, len(values))
            column = self._contract.by_name[name]
            natural = [_value(column, i, value, column.natural) for i, value in enumerate(values)]
            given[name] = column.admit(natural, column.natural)
        return self.complete(given)

    def _from_tensors(self, tensors: list[Any], raws: Sequence[bytes | None]) -> list[Values]:
        if not tensors:
            raise BadInput.missing_input(self._contract.names[0], self._tensor_words(self._contract.columns[0]))
        given: dict[str, Values] = {}
        names = [_tensor_name(tensor, number) for number, tensor in enumerate(tensors)]
        for name, tensor, raw in zip(names, tensors, raws, strict=True):
            self._contract.check_name(name)
            if name in given:
                raise BadInput.duplicate(name)
            if name in self._contract.by_name:
                given[name] = self._tensor_column(self._contract.by_name[name], tensor, raw)
        return self._complete(given, self._tensor_words)

    def complete(self, given: Mapping[str, Values]) -> list[Values]:
        """All columns in the model's order, from those of a table. Raises Refusal, where one lacks that must be there."""
        return self._complete(given, lambda column: f"a column of values, each {column.expected}")

    def _complete(self, given: Mapping[str, Values], words: Callable[[Column], str]) -> list[Values]:
        rows = len(next(iter(given.values()), ()))
        return [self._given_or_missing(column, given, rows, words) for column in self._contract.columns]

    def _given_or_missing(
        self, column: Column, given: Mapping[str, Values], rows: int, words: Callable[[Column], str]
    ) -> Values:
        if column.name not in given:
            if column.required or not rows:
                raise BadInput.missing_input(column.name, words(column))
            return column.check([None] * rows)
        first = next(iter(given))
        if len(given[column.name]) != rows:
            raise BadInput.rows_differ(column.name, len(given[column.name]), first, rows)
        return given[column.name]

    def _tensor_column(self, column: Column, tensor: dict[str, Any], raw: bytes | None) -> Values:
        where = f"input {column.name!r}"
        check_members(where, tensor, _TENSOR)
        needed = (("datatype", " or ".join(column.datatypes)), ("shape", "[rows]"), ("data", "an array"))
        for member, expected in needed if raw is None else needed[:2]:
            if tensor.get(member) is None:
                raise BadBody.missing_member(where, member, expected)
        datatype = tensor["datatype"]
        if datatype not in column.datatypes:
            raise BadInput.datatype(column.name, datatype, column.datatypes)
        if raw is None:
            data = _flattened(column.name, typed(tensor, "data", list, "an array of values", where=where) or [])
            values: Values = [_value(column, i, value, datatype) for i, value in enumerate(data)]
        else:
            if count(raw, datatype, column.name):
                self._contract.check_rows(column.name, count(raw, datatype, column.name))
            values = unpack(raw, datatype, column.name)
        _check_shape(column.name, tensor["shape"], len(values))
        self._contract.check_rows(column.name, len(values))
        return column.admit(values, datatype)

    def _tensor_words(self, column: Column) -> str:
        return f"a tensor of datatype {' or '.join(column.datatypes)} and shape [rows]"


def _tensor_name(tensor: object, number: int) -> str:
    if not isinstance(tensor, dict):
        raise BadBody.structure(f"inputs[{number}]", tensor, "an object with name, shape, datatype and data")
    name: str | None = typed(tensor, "name", str, "the name of a column, as text", where=f"inputs[{number}]")
    if name is None:
        raise BadBody.missing_member(f"inputs[{number}]", "name", "the name of a column, as text")
    return name


def _flattened(name: str, data: list[Any]) -> list[Any]:
    """The values of [v, …] or [[v], …]; a column has one value a row."""
    if not any(isinstance(item, list) for item in data):
        return data
    for number, item in enumerate(data):
        if not isinstance(item, list) or len(item) != 1 or isinstance(item[0], list):
            raise BadInput.value(name, number, item, "one value a row, as [v, …] or [[v], …]")
    return [item[0] for item in data]


def _check_shape(name: str, shape: object, count: int) -> None:
    if (
        not isinstance(shape, list)
        or any(type(size) is not int for size in shape)
        or shape not in ([count], [count, 1])
    ):
        raise BadInput.shape(name, shape, count)


def _value(column: Column, row: int, value: Any, datatype: str) -> Any:
    """`value`, if its JSON type is that of the datatype; whole numbers are numbers."""
    is_number = column.kind is Kind.NUMBER
    fits = _is_double if is_number else _FITS.get(datatype, _is_whole)
    if value is None or fits(value):
        return float(value) if is_number and value is not None else value
    expected = "an integer" if datatype == "INT64" and column.kind is Kind.TIMESTAMP else column.expected
    raise BadInput.value(column.name, row, value, expected)


def _is_double(value: object) -> bool:
    """Whether `value` is a number that a double holds; integers may be too long."""
    if isinstance(value, float):
        return True
    return type(value) is int and abs(value) < 2**1024 - 2**970


def _is_whole(value: object) -> bool:
    return type(value) is int


_FITS: dict[str, Callable[[Any], bool]] = {
    "BOOL": lambda value: isinstance(value, bool),
    "BYTES": lambda value: isinstance(value, str),
}
