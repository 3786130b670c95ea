"""Keys: by what a request is dealt to an arm, so that one customer, flight or device is always answered by the same release.

The key is the header `seakeep-key`, else `parameters.key`, else the value of the schema's key column in the first row. It must be
known before the arm is, and so before any contract applies: `Peek` reads only the key and passes over the rest of the body,
and takes what it cannot read for no key; the arm's own contract says what is wrong with it. The log writes a request's key beside
every row of it, so that a key that a request names for itself must be short.
"""

from __future__ import annotations

import re
from types import GenericAlias
from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.serving.server.refusals import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = "seakeep-key"
PARAMETER = "key"
MOST_CHARACTERS = 512
UNFIT = re.compile(r'[\\"\x00-\x1f]')
"""What msgspec does not take in the name of a struct's member."""
_NULL = msgspec.Raw(b"null")


def key_of(parameters: dict[str, Any] | None) -> str | None:
    """The key that a request's parameters name, as text.

    >>> key_of({"key": 17}), key_of({"key": [1]}), key_of(None)
    ('17', None, None)
    """
    return None if parameters is None else as_key(parameters.get(PARAMETER))


def as_key(value: object) -> str | None:
    """A JSON value as a key: text, a number or a boolean; anything else is none.

    >>> as_key("a"), as_key(True), as_key(2.5), as_key({})
    ('a', 'true', '2.5', None)
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def header_key(headers: Any) -> str | None:
    """The key that a request's header names. Raises Refusal for one that is too long."""
    key = headers.get(HEADER)
    return key if key is None else _short(key, HEADER)


def parameter_key(parameters: dict[str, Any] | None) -> str | None:
    """As `key_of`. Raises Refusal for one that is too long."""
    key = key_of(parameters)
    return key if key is None else _short(key, f"parameters.{PARAMETER}")


def _short(key: str, field: str) -> str:
    if len(key) > MOST_CHARACTERS:
        raise BadInput.long_key(field, key, MOST_CHARACTERS)
    return key


def row_keys(values: object, rows: int) -> Sequence[Any] | None:
    """The data of a key's tensor, if it is one value a row."""
    return values if isinstance(values, list | tuple) and len(values) == rows else None


def log_keys(keys: Sequence[Any] | None, key: str | None, rows: int) -> Sequence[str | None] | None:
    """What the log keeps as the rows' keys: each row's own, else the request's; None where there is none at all."""
    if keys is None:
        return None if key is None else [key] * rows
    return [key if (own := as_key(value)) is None else own for value in keys]


class _Tensor(msgspec.Struct, gc=False):
    name: str = ""
    data: msgspec.Raw = _NULL


class Peek:
    """Reads the key of a request's body. Parameters: column: the schema's key column, or None."""

    def __init__(self, column: str | None) -> None:
        self._column = column
        fields: list[Any] = [("parameters", dict[str, Any] | None, None)]
        if column is not None:
            rows = GenericAlias(list, (_row_type(column),))
            fields += [("rows", rows | None, None), ("inputs", list[_Tensor] | None, None)]
        self._decode = msgspec.json.Decoder(msgspec.defstruct("Peeked", fields, gc=False)).decode

    def key(self, body: bytes) -> str | None:
        """The key in `body`, or None where there is none that can be read. Never raises for what a client can send."""
        try:
            found: Any = self._decode(body)
            key = key_of(found.parameters)
            return key if key is not None or self._column is None else as_key(self._first(found))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def _first(self, found: Any) -> object:
        if found.rows:
            first = found.rows[0]
            raw = first.get(self._column, _NULL) if isinstance(first, dict) else first.key
            return msgspec.json.decode(raw)
        data = next((one.data for one in found.inputs or () if one.name == self._column), None)
        values = None if data is None else msgspec.json.decode(data)
        while isinstance(values, list):  # [v, …] or [[v], …]
            values = values[0] if values else None
        return values


def _row_type(column: str) -> Any:
    """A row of which only the key is read. Names that msgspec does not take in a struct are looked up in a dict."""
    if UNFIT.search(column):
        return dict[str, msgspec.Raw]
    return msgspec.defstruct("KeyRow", [("key", msgspec.Raw, _NULL)], rename={"key": column}, gc=False)
