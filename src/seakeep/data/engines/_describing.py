"""A dataset as text, so that workers elsewhere can read it: its source's facts and its steps, but none of its rows.

Sources and steps are frozen dataclasses of paths, numbers, types and expressions, so one walk describes them all, and the
next one too. Nothing is inferred again on a worker: what opening has found (types of text, rows of files) goes along. A table
that is held by this process alone (in memory, or a copy in its temporary folder) has no description, and its rows are sent.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import functools
import io
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core.codec import to_plain
from seakeep.core.dataset import Dataset
from seakeep.data.engines._job import named
from seakeep.data.engines._units import packed, unpacked
from seakeep.data.reading import scratch

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.core.codec import Json


_PYTHON = (b"AnonymousFunction", b"PythonUdf", b"PLPYUDF")


class NotDescribable(Exception):
    """Something in a dataset exists in this process only; its rows can be sent, it cannot."""


def as_text(value: object) -> str:
    """A dataset, or another value made of dataclasses, expressions and frames, as text. Raises NotDescribable."""
    return json.dumps(_described(value), separators=(",", ":"), allow_nan=False)


def from_text(text: str) -> Any:
    """The value that `as_text` told of."""
    return _made(json.loads(text))


@functools.lru_cache(maxsize=4)
def table_of(text: str) -> tuple[Dataset, tuple[pl.LazyFrame, ...]]:
    """The dataset that `as_text` told of, and its pieces, which may be thousands."""
    found = from_text(text)
    assert isinstance(found, Dataset)
    return found, found.pieces()


def _described(value: object) -> Json:
    if value is None or (isinstance(value, bool | int | float | str) and not isinstance(value, enum.Enum)):
        return to_plain(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {"type": _name(value), "fields": _described_all(value._asdict())}
    if isinstance(value, tuple | list):
        return [_described(item) for item in value]
    for kind, (name, write, _) in _FORMS.items():
        if isinstance(value, kind):
            return {name: write(value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            "type": _name(value),
            "fields": _described_all({f.name: getattr(value, f.name) for f in dataclasses.fields(value)}),
        }
    raise NotDescribable(type(value).__name__)


def _described_all(fields: Mapping[str, object]) -> Json:
    return {name: _described(item) for name, item in fields.items()}


def _name(value: object) -> str:
    """What a value's type is called, by which workers import it."""
    return f"{type(value).__module__}:{type(value).__qualname__}"


def _made(plain: Json) -> Any:
    if isinstance(plain, list):
        return tuple(_made(item) for item in plain)
    if not isinstance(plain, dict):
        return plain
    if "type" in plain:
        kind: Any = named(str(plain["type"]))
        own = plain["fields"]
        assert isinstance(own, dict)
        return kind(**{name: _made(item) for name, item in own.items()})
    ((name, item),) = plain.items()
    return float(str(item)) if name == "float" else _READERS[name](item)


def _path(path: Path) -> str:
    """A path as text. Raises NotDescribable for a copy that this process will remove."""
    if path.is_relative_to(scratch.folder()):
        raise NotDescribable(f"{path}, a copy of this process")
    return str(path)


def _schema(schema: Mapping[str, Any]) -> str:
    """Names and types as an Arrow file without rows, which knows every type there is."""
    file = io.BytesIO()
    pl.DataFrame(schema=schema).write_ipc(file)
    return base64.b64encode(file.getvalue()).decode("ascii")


@functools.lru_cache(maxsize=1000)
def _schema_of(text: str) -> pl.Schema:
    return pl.read_ipc(io.BytesIO(base64.b64decode(text))).schema


def _expression(expression: pl.Expr) -> str:
    """An expression in Polars' own form, which knows every literal. Raises NotDescribable for one that calls Python."""
    content: bytes = expression.meta.serialize()
    if any(sign in content for sign in _PYTHON):
        raise NotDescribable("an expression that calls a Python function")
    return base64.b64encode(content).decode("ascii")


def _expression_of(text: str) -> pl.Expr:
    return pl.Expr.deserialize(base64.b64decode(text))


_FORMS: dict[Any, tuple[str, Callable[[Any], Json], Callable[[Any], Any]]] = {
    enum.Enum: (
        "enum",
        lambda value: [_name(value), value.name],
        lambda plain: getattr(named(plain[0]), plain[1]),
    ),
    Path: ("path", _path, Path),
    pl.Schema: ("schema", _schema, _schema_of),
    pl.DataType: ("dtype", lambda dtype: _schema({"": dtype}), lambda text: _schema_of(text)[""]),
    pl.DataFrame: (
        "frame",
        lambda frame: base64.b64encode(packed(frame)).decode("ascii"),
        lambda text: unpacked(base64.b64decode(text)),
    ),
    pl.Expr: ("expression", _expression, _expression_of),
    Mapping: (
        "mapping",
        lambda value: [[_described(key), _described(item)] for key, item in value.items()],
        lambda plain: {_made(key): _made(item) for key, item in plain},
    ),
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    timedelta: (
        "microseconds",
        lambda value: value // timedelta(microseconds=1),
        lambda number: timedelta(microseconds=number),
    ),
    bytes: ("bytes", lambda value: base64.b64encode(value).decode("ascii"), base64.b64decode),
}
_READERS = {name: read for name, _, read in _FORMS.values()}
