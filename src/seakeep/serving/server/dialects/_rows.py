"""Rows: from the forms in which clouds send them to the server's own body, `{"rows": [{…}]}`, without reading a value.

Values stay the bytes that came: what is an object goes on as it is, what is an array gets the names of its places. Places are the
model's inputs in the champion's order, as `GET /v2/models/NAME` lists them. What is wrong with a value is for the
contract to say; only what has no such form is refused here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from seakeep.serving.server.parsing import check_members, decode_object
from seakeep.serving.server.refusals import BadBody, BadTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seakeep.core.model import Input

Members = dict[str, msgspec.Raw]
_members = msgspec.json.Decoder(Members).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_rows = msgspec.json.Decoder(list[list[msgspec.Raw]]).decode
_encode = msgspec.json.Encoder().encode
_NULL = b"null"


class _Features(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A row as Amazon SageMaker's common data format writes it."""

    features: list[msgspec.Raw]


def members(body: bytes, known: Sequence[str]) -> Members:
    """The members of a body, unread. Raises Refusal, if it is no JSON object, or has others than those known."""
    try:
        found = _members(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        decode_object(body, str(error))
        raise BadBody.malformed(str(error), body, None) from None  # what one decoder took and the other did not
    check_members("the body", found, known)
    return {name: raw for name, raw in found.items() if bytes(raw) != _NULL}


def whole(body: bytes) -> bytes:
    """`body`, if it is JSON. Raises Refusal."""
    try:
        _items(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        decode_object(body, str(error))
        raise BadBody.malformed(str(error), body, None) from None
    return body


def own(rows: bytes, parameters: msgspec.Raw | None = None) -> bytes:
    """A body in the server's own form."""
    more = b"" if parameters is None else b',"parameters":' + bytes(parameters)
    return b'{"rows":' + rows + more + b"}"


def array(raw: msgspec.Raw | bytes, field: str, inputs: Sequence[Input]) -> bytes:
    """An array of rows, each an object of values by name, an array of values by place, or for a model of one input a value.

    field: what it is called in the body. Returns: JSON, an array of objects.
    """
    items = _list(raw, field)
    first = bytes(items[0])[:1] if items else b"{"
    if first == b"{":
        return bytes(raw) if not _has_features(items[0] if items else b"{}", inputs) else _from_features(items, inputs)
    if first == b"[":
        return placed(raw, field, [one.name for one in inputs])
    if len(inputs) != 1:
        raise BadBody.structure(
            f"{field}[0]", decoded(items[0]), "an object of values by column, or an array of values"
        )
    return _objects(([item] for item in items), [inputs[0].name])


def placed(raw: msgspec.Raw | bytes, field: str, names: Sequence[str]) -> bytes:
    """An array of arrays of values, the places of which are called `names`."""
    try:
        rows = _rows(bytes(raw))
    except msgspec.MsgspecError:
        for number, item in enumerate(_list(raw, field)):
            if bytes(item)[:1] != b"[":
                raise BadBody.structure(
                    f"{field}[{number}]", decoded(item), "an array of values, as the first"
                ) from None
        raise
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise BadTable.width(f"{field}[{number}]", len(row), names)
    return _objects(rows, names)


def text(raw: msgspec.Raw | bytes, field: str) -> list[str]:
    """An array of texts. Raises Refusal."""
    found = decoded(raw)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BadBody.structure(field, found, "an array of texts")
    return found


def decoded(raw: msgspec.Raw | bytes) -> Any:
    """A raw value; one that no decoder takes is said back as its text."""
    try:
        return msgspec.json.decode(bytes(raw))
    except (msgspec.MsgspecError, RecursionError):
        return bytes(raw).decode("utf-8", "replace")


def _list(raw: msgspec.Raw | bytes, field: str) -> list[msgspec.Raw]:
    try:
        return _items(bytes(raw))
    except msgspec.ValidationError:
        raise BadBody.structure(field, decoded(raw), "an array of rows") from None


def _objects(rows: Iterable[Sequence[msgspec.Raw]], names: Sequence[str]) -> bytes:
    keys = [_encode(name) + b":" for name in names]
    made = (b",".join(map(b"".join, zip(keys, map(bytes, row), strict=True))) for row in rows)
    return b"[" + b",".join(b"{" + row + b"}" for row in made) + b"]"


def _has_features(item: msgspec.Raw | bytes, inputs: Sequence[Input]) -> bool:
    """Whether a row is `{"features": […]}`, and no column of the model is called so."""
    if any(one.name == "features" for one in inputs):
        return False
    try:
        msgspec.json.decode(bytes(item), type=_Features)
    except msgspec.MsgspecError:
        return False
    return True


def _from_features(items: Sequence[msgspec.Raw], inputs: Sequence[Input]) -> bytes:
    names = [one.name for one in inputs]
    rows = []
    for number, item in enumerate(items):
        try:
            row = msgspec.json.decode(bytes(item), type=_Features).features
        except msgspec.MsgspecError:
            expected = 'an object {"features": […]}, as the first'
            raise BadBody.structure(f"instances[{number}]", decoded(item), expected) from None
        if len(row) != len(names):
            raise BadTable.width(f"features of instances[{number}]", len(row), names)
        rows.append(row)
    return _objects(rows, names)
