"""Nouns as plain JSON values and back. Every noun saves and loads through these two functions.

Driven by the fields' types, so that a noun needs no code of its own: dataclasses become objects, tuples become arrays,
enums their value, bytes base64, and floats that JSON cannot write become `{"float": "nan"}`. Reading is as
strict as writing: an unknown or absent field, or a value of another type, is an error that names its path.

A noun grows: see GAINED.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import enum
import functools
import hashlib
import json
import math
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from seakeep.core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    Json = Union[None, bool, int, float, str, list["Json"], dict[str, "Json"]]  # noqa: UP007
else:
    Json = Any  # a recursive type cannot be resolved when the program runs; any JSON value is read as it is
Scalar = bool | int | float | str | None
T = TypeVar("T")
GAINED: Mapping[str, bool] = types.MappingProxyType({"gained": True})
"""Metadata of a dataclass field that came after files were written: `field(default=0, metadata=GAINED)`. It is left out of the
plain form while it has its default, so that what was written before it existed keeps its digest and reads back equal."""
_PLAIN = frozenset((bool, int, str, type(None)))


class BadDocument(DataError):
    """A saved noun does not have the form that this version of Seakeep reads."""

    @classmethod
    def at(cls, path: str, found: object, expected: str) -> BadDocument:
        return cls(
            f"found {found!r}, expected {expected}",
            where=path,
            cause="The file was edited by hand, torn, or written by another version of Seakeep.",
            fix="Restore the file, or make it again with the command that wrote it.",
            path=path,
        )

    @classmethod
    def absent(cls, path: Path) -> BadDocument:
        return cls(
            f"there is no {path.name}",
            where=str(path.parent),
            cause="The folder was copied in part, or is not that of a release or a model.",
            fix="Copy the whole folder again; releases on record are listed by: seakeep releases",
            path=str(path),
        )


def to_plain(value: object) -> Json:
    """`value` as JSON values only. Raises TypeError on a type that has no plain form."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, enum.Enum):
        return to_plain(value.value)
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain_fields(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return list(value) if _PLAIN.issuperset(map(type, value)) else [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[T], plain: Json, *, path: str = "") -> T:
    """The value of type `kind` that `to_plain` turned into `plain`. Raises BadDocument, naming the path."""
    return _read(kind, plain, path or kind.__name__)  # type: ignore[no-any-return]


def to_json(value: object, *, indent: int | None = 1) -> str:
    """`value` as JSON text with keys in field order; ends with a newline, so that it diffs well."""
    return json.dumps(to_plain(value), ensure_ascii=False, indent=indent, allow_nan=False) + "\n"


def from_json(kind: type[T], text: str | bytes, *, path: str = "") -> T:
    """The value of type `kind` written in `text`."""
    return from_plain(kind, parsed(text, path=path or kind.__name__), path=path)


def parsed(text: str | bytes, *, path: str) -> Json:
    """JSON text as plain values. Raises BadDocument, naming the path."""
    try:
        plain: Json = json.loads(text)
    except ValueError as error:
        raise BadDocument.at(path, str(error), "JSON text") from error
    return plain


def digest(value: object) -> str:
    """SHA-256 (64 hexadecimal digits) of a value's canonical JSON: sorted keys, no spaces.

    >>> digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    True
    """
    text = json.dumps(to_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain_fields(value: Any) -> dict[str, Json]:
    kind: Any = type(value)
    gained = _gained(kind)
    return {
        field.name: to_plain(own)
        for field in dataclasses.fields(value)
        if (own := getattr(value, field.name)) != gained.get(field.name, dataclasses.MISSING)
    }


@functools.cache
def _gained(kind: Any) -> dict[str, object]:
    """The defaults of the fields that are left out while they have them."""
    return {
        field.name: field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        for field in dataclasses.fields(kind)
        if field.metadata.get("gained")
    }


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, plain: Json, path: str) -> Any:
    origin = get_origin(kind)
    if kind is Any:
        return plain
    if origin in (Union, types.UnionType):
        return _read_union(get_args(kind), plain, path)
    if origin is Literal:
        return _expect(plain in get_args(kind), plain, plain, path, f"one of {get_args(kind)}")
    if origin is tuple:
        return _read_tuple(get_args(kind), plain, path)
    if origin is not None and issubclass(origin, Mapping):
        return _read_mapping(get_args(kind)[1], plain, path)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, plain, path)
    return _read_scalar(kind, plain, path)


def _read_union(options: tuple[Any, ...], plain: Json, path: str) -> Any:
    if plain is None and type(None) in options:
        return None
    if type(plain) in options:
        return plain
    if float in options and _is_special(plain):
        return _read_scalar(float, plain, path)
    errors: list[BadDocument] = []
    for option in options:
        try:
            return _read(option, plain, path)
        except BadDocument as error:
            errors.append(error)
    raise errors[-1]


def _read_tuple(items: tuple[Any, ...], plain: Json, path: str) -> tuple[Any, ...]:
    if not isinstance(plain, list):
        raise BadDocument.at(path, plain, "an array")
    if len(items) == 2 and items[1] is Ellipsis:
        if items[0] in _PLAIN and {items[0]}.issuperset(map(type, plain)):
            return tuple(plain)
        return tuple(_read(items[0], item, f"{path}[{i}]") for i, item in enumerate(plain))
    if len(items) != len(plain):
        raise BadDocument.at(path, plain, f"an array of {len(items)}")
    return tuple(_read(kind, item, f"{path}[{i}]") for i, (kind, item) in enumerate(zip(items, plain, strict=True)))


def _read_mapping(kind: Any, plain: Json, path: str) -> dict[str, Any]:
    if not isinstance(plain, dict):
        raise BadDocument.at(path, plain, "an object")
    return {key: _read(kind, item, f"{path}.{key}") for key, item in plain.items()}


def _read_dataclass(kind: Any, plain: Json, path: str) -> Any:
    if not isinstance(plain, dict):
        raise BadDocument.at(path, plain, "an object")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name in plain:
        if name not in fields:
            raise BadDocument.at(f"{path}.{name}", plain[name], f"no such field; known are {', '.join(fields)}")
    for name, field in fields.items():
        optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if name not in plain and not optional:
            raise BadDocument.at(f"{path}.{name}", None, "a value")
    hints = _hints(kind)
    return kind(**{name: _read(hints[name], item, f"{path}.{name}") for name, item in plain.items()})


def _read_scalar(kind: Any, plain: Json, path: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        known = [member.value for member in kind]
        return _expect(plain in known, plain, plain, path, f"one of {known}") and kind(plain)
    if kind is float:
        number = plain["float"] if isinstance(plain, dict) and _is_special(plain) else plain
        fits = number is not plain or (isinstance(number, int | float) and not isinstance(number, bool))
        return float(_expect(fits, number, plain, path, "a number"))
    if kind is bytes:
        try:
            return base64.b64decode(_expect(isinstance(plain, str), plain, plain, path, "base64 text"), validate=True)
        except binascii.Error as error:
            raise BadDocument.at(path, plain, "base64 text") from error
    fits = isinstance(plain, kind) and not (kind is int and isinstance(plain, bool))
    return _expect(fits, plain, plain, path, f"a value of type {getattr(kind, '__name__', kind)}")


def _is_special(plain: Json) -> bool:
    return isinstance(plain, dict) and list(plain) == ["float"] and plain["float"] in ("nan", "inf", "-inf")


def _expect(fits: bool, value: Any, found: object, path: str, expected: str) -> Any:
    if not fits:
        raise BadDocument.at(path, found, expected)
    return value
