"""CSV at the door: lines of values to rows, and answers to lines.

A value without quotation marks that is empty is null. Text becomes a number, a boolean or a text by the kind of its column;
what does not fit stays text, so that the contract says what is wrong with it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.core.kinds import Kind
from seakeep.serving.server.refusals import BadBody, BadTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seakeep.core.model import Input

_INTEGER = re.compile(r"[+-]?\d{1,30}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def rows(body: bytes, inputs: Sequence[Input], *, header: bool | None) -> bytes:
    """The rows as JSON objects, an array.

    header: whether the first line has the columns' names; None for what it looks like: it is one if every value in it is the name
        of an input. Without one, places are the model's inputs in their order. Raises Refusal.
    """
    table = _read(body)
    names = [one.name for one in inputs]
    known = frozenset(names)
    if table and (header or (header is None and all(cell.strip() in known for cell in table[0]))):
        names, table = [cell.strip() for cell in table[0]], table[1:]
        if repeated := next((name for name in names if names.count(name) > 1), None):
            raise BadTable.twice(repeated)
    kinds = {one.name: one.kind for one in inputs}
    read = [_READERS[kinds.get(name, Kind.STRING)] for name in names]
    for number, row in enumerate(table):
        if len(row) != len(names):
            raise BadTable.width(f"row {number}", len(row), names)
    made = [{name: one(cell) for name, one, cell in zip(names, read, row, strict=True)} for row in table]
    return msgspec.json.encode(made)


def lines(content: bytes) -> bytes:
    """An answer of rows as CSV: `value`; or the label, then each class's probability in the order of the classes."""
    written = io.StringIO()
    write = csv.writer(written, lineterminator="\n").writerow
    for one in msgspec.json.decode(content)["predictions"]:
        cells = [one["value"]] if "value" in one else [one["label"], *one["probabilities"].values()]
        write([_cell(value) for value in cells])
    return written.getvalue().encode()


def _read(body: bytes) -> list[list[str]]:
    """Every line that is not blank. Raises Refusal."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadBody.not_utf8(body, error.start, error.reason) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        found = [row for row in reader if row]
    except csv.Error as error:
        raise BadTable.csv(str(error), reader.line_num) from None
    if not found:
        raise BadBody.empty()
    return found


def _integer(text: str) -> object:
    plain = text.strip()
    if not plain:
        return None
    if not _INTEGER.fullmatch(plain):
        return text
    found = int(plain)
    return found if -(2**63) <= found < 2**64 else text


def _number(text: str) -> object:
    plain = text.strip()
    if not plain:
        return None
    return float(plain) if _NUMBER.fullmatch(plain) and abs(float(plain)) < float("inf") else text


def _truth(text: str) -> object:
    plain = text.strip()
    return _TRUTH.get(plain.lower(), text) if plain else None


def _text(text: str) -> object:
    return text or None


_READERS: dict[Kind, Callable[[str], object]] = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _truth,
    Kind.STRING: _text,
    Kind.TIMESTAMP: _text,
}


def _cell(value: Any) -> str:
    """A value as text: numbers with all digits, booleans as in JSON, null as nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
