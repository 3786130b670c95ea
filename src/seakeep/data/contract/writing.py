"""The contract as YAML: written to be read, edited and reviewed, and read back equal.

Fields that have their usual value are left out, timestamps are ISO 8601, and every line can be explained by the header. Reading
is strict, since a misspelt key in a contract is a rule that silently does not exist: unknown and repeated keys, values of
another type and names of distances that do not exist are refused with their line and the nearest name. What is changed later
is written into the text that is there (see editing), so that comments and order stay.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seakeep.core.files import write_text
from seakeep.core.kinds import Kind
from seakeep.core.schema import ColumnSchema, RowRule, Schema
from seakeep.data.comparison.moves import iso
from seakeep.data.contract.contradictions import contradictions
from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.reading import read_schema
from seakeep.data.contract.rules import refuse_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VERSION = 1
WIDTH = 120
_LONGEST_KEY = 1000  # YAML 1.2 takes 1,024 characters
HEADER = """\
# What every table called {name} must be. Written by Seakeep; read it, correct it, keep it under version control.
#   Judge a table:  seakeep validate DATA --schema {file}
# Left out is what is usual: required: true, missing_at_most: 0, any value, no bounds, infinite: false, unique: false,
# available: before (known when the prediction is asked for), not_in: [], drift: {{}} (no threshold).
"""
COLUMN_ORDER = (
    "required", "missing_at_most", "present_at_least", "nan", "values", "others_at_most", "minimum", "maximum", "infinite",
    "length_at_least", "length_at_most", "pattern", "semantics", "unique", "distinct_at_least", "distinct_at_most",
    "available", "in_", "not_in", "drift", "skew", "sensitive", "deprecated", "note", "items", "fields",
)  # fmt: skip
_SIZES = ("rows_at_least", "rows_at_most", "growth_at_least", "growth_at_most", "environments", "default_in")
TABLE_ORDER = ("name", "label", "time", "key", *_SIZES)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
_USUAL, _USUAL_RULE, _USUAL_TABLE = ColumnSchema(Kind.NULL), RowRule(""), Schema("")


def save_schema(schema: Schema, path: Path | str) -> None:
    """Write `schema` to `path` as YAML, whole or not at all. Raises BadContract, where it contradicts itself."""
    refuse_contradictions(schema, path)
    write_text(Path(path), dump_schema(schema, file=Path(path).name))


def refuse_contradictions(schema: Schema, path: Path | str) -> None:
    """Raise BadContract, if `schema`, to be written to `path`, could not be read back: it contradicts itself or its rules."""
    for each in contradictions(schema):
        raise BadContract.contradiction(each.found, each.fix, str(path), ())
    for rule in schema.rules:
        if rule.holds:
            refuse_rule(rule.name, rule.holds, schema.columns, str(path))


def load_schema(path: Path | str) -> Schema:
    """Read a contract. Raises BadContract, naming the file, the line, and the nearest known name."""
    path = Path(path)
    return read_schema(contract_text(path).removeprefix("\ufeff"), where=str(path), version=VERSION)


def contract_text(path: Path) -> str:
    """The text of a contract's file, a byte order mark included. Raises BadContract."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadContract.unreadable(path, error) from error
    try:
        return content.decode("utf-8")
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
    for field in _SIZES:
        if not is_usual_of_table(field, getattr(schema, field)):
            yield from table_lines(field, getattr(schema, field))
    yield "columns:" if schema.columns else "columns: {}"
    for name, column in schema.columns.items():
        yield from (f"  {line}" for line in entry_lines(name, column_lines(column)))
    if schema.rules:
        yield "rules:"
    for rule in schema.rules:
        yield from (f"  {line}" for line in entry_lines(rule.name, rule_lines(rule)))


def table_lines(field: str, value: object) -> Iterator[str]:
    """A field of the table as lines."""
    yield from (
        _wrapped(field, [scalar(each) for each in value])
        if isinstance(value, tuple)
        else (f"{field}: {scalar(value)}",)
    )


def entry_lines(name: str, body: Iterable[str]) -> Iterator[str]:
    """A named block; a very long name needs YAML's signs ? and :, without which no reader takes it."""
    key = scalar(name)
    yield from (f"{key}:",) if len(key) < _LONGEST_KEY else (f"? {key}", ":")
    yield from (f"  {line}" for line in body)


def column_lines(column: ColumnSchema) -> Iterator[str]:
    """A column's contract as lines: its kind, and what is not usual."""
    yield f"kind: {column.kind.value}"
    for field in COLUMN_ORDER:
        value = getattr(column, field)
        if not is_usual(field, value):
            yield from field_lines(field, value, column.kind)


def is_usual(field: str, value: object) -> bool:
    """Whether a field says what it says where it is left out; a bound of 0 is not None."""
    usual = getattr(_USUAL, field)
    return value is None if usual is None else bool(value == usual)


def is_usual_of_table(field: str, value: object) -> bool:
    """Whether a field of the table says what it says where it is left out; the name is always said."""
    return field != "name" and bool(value == getattr(_USUAL_TABLE, field))


def key_of(field: str) -> str:
    """The YAML key of a field: `in` is a word of Python's own."""
    return "in" if field == "in_" else field


def field_lines(field: str, value: Any, kind: Kind) -> Iterator[str]:
    """One field of a column as lines."""
    key = key_of(field)
    if field in ("minimum", "maximum") and kind is Kind.TIMESTAMP and isinstance(value, int):
        yield f"{key}: {iso(value) or value}"
    elif isinstance(value, tuple):
        yield from _wrapped(key, [scalar(item) for item in value])
    elif field in ("drift", "skew"):
        yield f"{key}:"
        yield from (f"  {scalar(name)}: {scalar(threshold)}" for name, threshold in value.items())
    elif field == "items":
        yield f"{key}:"
        yield from (f"  {line}" for line in column_lines(value))
    elif field == "fields":
        yield f"{key}:"
        for name, inner in value.items():
            yield from (f"  {line}" for line in entry_lines(name, column_lines(inner)))
    else:
        yield f"{key}: {_verbatim(value) if field == 'pattern' else scalar(value)}"


def flow_column(column: ColumnSchema) -> str:
    """A column's contract on one line, as it stands in braces."""
    said = [flow_field(field, getattr(column, field), column.kind) for field in COLUMN_ORDER
            if not is_usual(field, getattr(column, field))]  # fmt: skip
    return "{" + ", ".join([f"kind: {column.kind.value}", *said]) + "}"


def flow_field(field: str, value: Any, kind: Kind) -> str:
    """One field of a column on one line."""
    if isinstance(value, tuple):
        return f"{key_of(field)}: [{', '.join(scalar(item) for item in value)}]"
    if isinstance(value, ColumnSchema):
        return f"{field}: {flow_column(value)}"
    if isinstance(value, Mapping):
        inner = {name: flow_column(each) if field == "fields" else scalar(each) for name, each in value.items()}
        return f"{field}: {{{', '.join(f'{scalar(name)}: {text}' for name, text in inner.items())}}}"
    return " ".join(field_lines(field, value, kind))


def rule_lines(rule: RowRule) -> Iterator[str]:
    """A row rule as lines."""
    for field in RowRule.__slots__[1:]:
        value = getattr(rule, field)
        if value != getattr(_USUAL_RULE, field):
            yield from rule_field_lines(field, value)


def rule_field_lines(field: str, value: object) -> Iterator[str]:
    """One field of a row rule as lines; a list of one column is that column."""
    if isinstance(value, tuple) and (field == "not_in" or len(value) > 1):
        yield from _wrapped(field, [scalar(item) for item in value])
    else:
        yield f"{field}: {scalar(value[0] if isinstance(value, tuple) else value)}"


def _verbatim(text: str) -> str:
    """In single quotes, in which a backslash is a backslash, where the text can be written so."""
    return "'" + text.replace("'", "''") + "'" if text.isprintable() else scalar(text)


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
