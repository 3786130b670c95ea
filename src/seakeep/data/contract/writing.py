"""The contract as YAML: written to be read, edited and reviewed, and read back equal.

Fields that have their usual value are left out, timestamps are ISO 8601, and every line can be explained by the header. Reading
is strict, since a misspelt key in a contract is a rule that silently does not exist: unknown and repeated keys, values of
another type and names of distances that do not exist are refused with their line and the nearest name. Comments of your own
do not survive a rewrite by `seakeep schema update` or `rename`; a column's `note` does.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.files import write_text
from seakeep.core.kinds import Kind
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.data.comparison.moves import iso
from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.reading import read_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION = 1
WIDTH = 120
_LONGEST_KEY = 1000  # YAML 1.2 takes 1,024 characters
HEADER = """\
# What every table called {name} must be. Written by Seakeep; read it, correct it, keep it under version control.
#   Judge a table:  seakeep validate DATA --schema {file}
# Left out is what is usual: required: true, missing_at_most: 0, any value, no bounds, infinite: false, unique: false,
# available: before (known when the prediction is asked for), not_in: [], drift: {{}} (no threshold).
"""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
_USUAL = ColumnSchema(Kind.NULL)


def save_schema(schema: Schema, path: Path | str) -> None:
    """Write `schema` to `path` as YAML, whole or not at all."""
    write_text(Path(path), dump_schema(schema, file=Path(path).name))


def load_schema(path: Path | str) -> Schema:
    """Read a contract. Raises BadContract, naming the file, the line, and the nearest known name."""
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadContract.unreadable(path, error) from error
    try:
        return read_schema(content.decode("utf-8-sig"), where=str(path), version=VERSION)
    except UnicodeDecodeError as error:
        raise BadContract.encoding(str(path), error.start) from error


def dump_schema(schema: Schema, *, file: str = "FILE") -> str:
    """`schema` as YAML text."""
    return HEADER.format(name=_comment(schema.name), file=_comment(file)) + "\n".join(_lines(schema)) + "\n"


def _lines(schema: Schema) -> Iterator[str]:
    yield f"seakeep_schema: {VERSION}"
    yield f"name: {scalar(schema.name)}"
    for role, meaning in (("label", "what is predicted; not expected in serving"), ("time", ""), ("key", "")):
        value = getattr(schema, role)
        if value is not None:
            yield f"{role}: {scalar(value)}" + (f"  # {meaning}" if meaning else "")
    if schema.rows_at_least != 1:
        yield f"rows_at_least: {schema.rows_at_least}"
    yield "columns:" if schema.columns else "columns: {}"
    for name, column in schema.columns.items():
        yield from _key_lines(scalar(name))
        yield from (f"    {line}" for line in _column_lines(column))


def _key_lines(key: str) -> Iterator[str]:
    """A column's name as YAML's key; a very long one needs the signs ? and :, without which no reader takes it."""
    yield from (f"  {key}:",) if len(key) < _LONGEST_KEY else (f"  ? {key}", "  :")


def _column_lines(column: ColumnSchema) -> Iterator[str]:
    yield f"kind: {column.kind.value}"
    for field in ColumnSchema.__slots__[1:]:
        value = getattr(column, field)
        if value == getattr(_USUAL, field) and not (field in ("minimum", "maximum") and value is not None):
            continue
        yield from _field_lines(field, value, column.kind)


def _field_lines(field: str, value: object, kind: Kind) -> Iterator[str]:
    if field in ("minimum", "maximum") and kind is Kind.TIMESTAMP and isinstance(value, int):
        yield f"{field}: {iso(value) or value}"
    elif isinstance(value, tuple):
        yield from _wrapped(field, [scalar(item) for item in value])
    elif field == "drift":
        yield "drift:"
        yield from (f"  {scalar(name)}: {scalar(threshold)}" for name, threshold in _items(value))
    else:
        yield f"{field}: {scalar(value)}"


def _items(value: object) -> list[tuple[str, float]]:
    mapping: Mapping[str, float] = value  # type: ignore[assignment]  # the field's own type
    return list(mapping.items())


def _wrapped(field: str, items: list[str]) -> Iterator[str]:
    """A list on one line, or on several of at most WIDTH characters."""
    whole = f"{field}: [{', '.join(items)}]"
    if len(whole) + 4 <= WIDTH:
        yield whole
        return
    yield f"{field}: ["
    line = ""
    for item in items:
        if line and len(line) + len(item) > WIDTH - 10:
            yield f"  {line.rstrip()}"
            line = ""
        line += f"{item}, "
    yield f"  {line.rstrip(', ')}"
    yield "]"


def scalar(value: object) -> str:
    """One value as YAML: plain where it cannot be taken for anything else, quoted where it could.

    >>> scalar("EWR"), scalar("no"), scalar(1.0), scalar(True)
    ('EWR', '"no"', '1.0', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _number(value: float) -> str:
    if not math.isfinite(value):
        return {math.inf: ".inf", -math.inf: "-.inf"}.get(value, ".nan")
    text = repr(value)
    mantissa, separator, exponent = text.partition("e")
    return text if "." in mantissa else f"{mantissa}.0{separator}{exponent}"


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _comment(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
