"""Reading a contract: from YAML nodes, which know their lines, to a Schema.

Called by `contract.load_schema`. Each key is read by its own rule, so that a misspelt name, a value of another type or a distance that
does not exist is refused where it stands; what remains is held against itself (see contradictions), and a contract that nothing
could keep is refused with the lines of both sides.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from seakeep.core import plugins
from seakeep.core.kinds import Kind
from seakeep.core.schema import ENVIRONMENTS, ColumnSchema, Schema
from seakeep.data.contract.contradictions import contradictions
from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.nodes import Place, compose
from seakeep.data.contract.plain import compose_plain
from seakeep.data.contract.rules import environments, read_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ruamel.yaml.nodes import Node

TABLE_KEYS = (
    "name", "label", "time", "key", "rows_at_least", "rows_at_most", "growth_at_least", "growth_at_most",
    "environments", "default_in",
)  # fmt: skip
TOP_KEYS = ("seakeep_schema", *TABLE_KEYS, "columns", "rules")
COLUMN_KEYS = tuple("in" if name == "in_" else name for name in ColumnSchema.__slots__)
FIELD_KEYS = tuple(key for key in COLUMN_KEYS if key not in ("available", "in", "not_in", "sensitive"))
ITEM_KEYS = tuple(key for key in FIELD_KEYS if key not in ("required", "deprecated"))
DEEPEST = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = _EPOCH.resolution
_LENGTHS = (Kind.STRING, Kind.BINARY, Kind.LIST)
_COUNTED = (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.STRING, Kind.TIMESTAMP, Kind.DURATION)
_SEMANTICS = {
    "natural_language": (Kind.STRING,),
    "image": (Kind.BINARY, Kind.STRING),
    "url": (Kind.STRING,),
    "categorical": (Kind.INTEGER,),
}


def read_schema(text: str, *, where: str, version: int) -> Schema:
    """The schema written in `text`. `where` names the file in errors, `version` is the newest format known."""
    quick = compose_plain(text)
    if quick is not None:
        try:
            return _document(quick, where, version)
        except BadContract:  # told below, with its line
            pass
    root = compose(text, where)
    if root is None:
        raise BadContract.absent_key("seakeep_schema", where)
    return _document(root, where, version)


def _document(root: Node, where: str, version: int) -> Schema:
    document = Place(root, where, "the contract")
    fields = document.keys(TOP_KEYS)
    for key in ("seakeep_schema", "name"):
        if key not in fields:
            raise BadContract.absent_key(key, document.where)
    found = fields["seakeep_schema"].integer(least=1)
    if found > version:
        raise BadContract.newer(found, version, fields["seakeep_schema"].where)
    schema = _table(fields)
    for each in contradictions(schema):
        lines = tuple(_line(document, side) for side in each.sides)
        raise BadContract.contradiction(each.found, each.fix, where, lines)
    return schema


def _table(fields: Mapping[str, Place]) -> Schema:
    declared = fields["environments"].texts() if "environments" in fields else ()
    known = (*ENVIRONMENTS, *declared)
    columns = _columns(fields["columns"], known) if "columns" in fields else {}
    roles = {role: _role(fields[role], columns) for role in ("label", "time", "key") if role in fields}
    return Schema(
        fields["name"].text(),
        columns,
        rows_at_least=fields["rows_at_least"].integer(least=0) if "rows_at_least" in fields else 1,
        rows_at_most=fields["rows_at_most"].integer(least=0) if "rows_at_most" in fields else None,
        growth_at_least=_growth(fields.get("growth_at_least")),
        growth_at_most=_growth(fields.get("growth_at_most")),
        environments=declared,
        default_in=environments(fields["default_in"], known) if "default_in" in fields else (),
        rules=read_rules(fields["rules"], columns, known) if "rules" in fields else (),
        **roles,
    )


def _columns(place: Place, known: tuple[str, ...]) -> dict[str, ColumnSchema]:
    return {name: _column(column, COLUMN_KEYS, known) for name, column in place.keys(None).items()}


def _column(place: Place, keys: tuple[str, ...], known: tuple[str, ...] = ()) -> ColumnSchema:
    if place.depth > DEEPEST:
        raise place.wrong(f"no more than {DEEPEST} levels of items and fields")
    fields = place.keys(keys)
    if "kind" not in fields:
        raise BadContract.absent_key("kind", f"{place.where}, column {place.name!r}")
    kind = Kind(fields.pop("kind").choice(kind.value for kind in Kind))
    words = {"in": "in_", "not_in": "not_in"}
    found: dict[str, Any] = {words[key]: environments(fields.pop(key), known) for key in words if key in fields}
    found |= {key: _FIELDS[key](value, kind) for key, value in fields.items()}
    return ColumnSchema(kind, **found)


def _flag(place: Place, kind: Kind) -> bool:
    del kind
    return place.flag()


def _share(place: Place, kind: Kind) -> float:
    del kind
    return place.share()


def _text(place: Place, kind: Kind) -> str:
    del kind
    return place.text()


def _count(place: Place, kind: Kind) -> int:
    del kind
    return place.integer(least=0)


def _available(place: Place, kind: Kind) -> str:
    del kind
    return place.choice(("before", "after"))


def _bound(place: Place, kind: Kind) -> int | float:
    if not kind.is_numeric:
        raise place.wrong(f"none: {kind.value} columns have no bounds")
    value = place.scalar()
    if kind is Kind.TIMESTAMP and isinstance(value, str):
        return _moment(place, value)
    return place.number()


def _moment(place: Place, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise place.wrong("a time such as 2013-01-01 or 2013-01-01T05:00:00Z") from None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def _values(place: Place, kind: Kind) -> tuple[bool | int | str, ...]:
    return tuple(_listed(item, kind) for item in place.items())


def _listed(place: Place, kind: Kind) -> bool | int | str:
    value: bool | int | str = place.scalar()
    wanted: type | None = {Kind.STRING: str, Kind.INTEGER: int, Kind.BOOLEAN: bool}.get(kind)
    if wanted is None:
        raise place.wrong(f"none: {kind.value} columns have no list of values")
    if type(value) is not wanted:
        hint = f'"{place.node.value}"' if wanted is str else None
        raise place.wrong(f"{'text' if wanted is str else kind.value} (the column is {kind.value})", hint=hint)
    return value


def _distances(place: Place, kind: Kind) -> dict[str, float]:
    found = {}
    for name, threshold in place.keys(plugins.names("evidence.distances")).items():
        if not threshold.number() >= 0:
            raise threshold.wrong("a number of at least 0")
        if kind not in plugins.load("evidence.distances", name).KINDS:
            raise threshold.wrong(f"no threshold: {name} does not compare {kind.value} columns")
        found[name] = float(threshold.number())
    return found


def _length(place: Place, kind: Kind) -> int:
    if kind not in _LENGTHS:
        raise place.wrong(f"none: values of {kind.value} columns have no length")
    return place.integer(least=0)


def _distinct(place: Place, kind: Kind) -> int:
    if kind not in _COUNTED:
        raise place.wrong(f"none: different values of {kind.value} columns are not counted")
    return place.integer(least=0)


def _nan(place: Place, kind: Kind) -> str:
    if kind is not Kind.NUMBER:
        raise place.wrong(f"none: {kind.value} columns hold no NaN")
    return place.choice(("missing", "allowed", "refused"))


def _pattern(place: Place, kind: Kind) -> str:
    if kind is not Kind.STRING:
        raise place.wrong(f"none: {kind.value} columns hold no text")
    from seakeep.data.rows.patterns import checked_pattern

    pattern = place.text()
    wrong = checked_pattern(pattern)
    if wrong:
        raise BadContract.pattern(pattern, wrong, place.where)
    return pattern


def _semantics(place: Place, kind: Kind) -> str:
    name = place.choice(_SEMANTICS)
    if kind not in _SEMANTICS[name]:
        kinds = " or ".join(each.value for each in _SEMANTICS[name])
        raise place.wrong(f"another: {name} is said of {kinds} columns, and this one is {kind.value}")
    return name


def _sensitive(place: Place, kind: Kind) -> str:
    how = place.choice(("hash", "drop"))
    if how == "hash" and kind not in (Kind.STRING, Kind.INTEGER):
        raise place.wrong(f"drop: {kind.value} columns cannot be hashed, texts and whole numbers can")
    return how


def _items(place: Place, kind: Kind) -> ColumnSchema:
    if kind is not Kind.LIST:
        raise place.wrong(f"none: {kind.value} columns hold no items, lists do")
    return _column(place, ITEM_KEYS)


def _fields(place: Place, kind: Kind) -> dict[str, ColumnSchema]:
    if kind is not Kind.STRUCT:
        raise place.wrong(f"none: {kind.value} columns hold no fields, structs do")
    return {name: _column(field, FIELD_KEYS) for name, field in place.keys(None).items()}


_FIELDS: dict[str, Callable[[Place, Kind], Any]] = {
    "required": _flag,
    "missing_at_most": _share,
    "values": _values,
    "others_at_most": _share,
    "minimum": _bound,
    "maximum": _bound,
    "infinite": _flag,
    "unique": _flag,
    "available": _available,
    "drift": _distances,
    "note": _text,
    "present_at_least": _count,
    "length_at_least": _length,
    "length_at_most": _length,
    "nan": _nan,
    "distinct_at_least": _distinct,
    "distinct_at_most": _distinct,
    "pattern": _pattern,
    "semantics": _semantics,
    "items": _items,
    "fields": _fields,
    "deprecated": _text,
    "skew": _distances,
    "sensitive": _sensitive,
}


def _growth(place: Place | None) -> float | None:
    if place is None:
        return None
    if not place.number() >= 0:
        raise place.wrong("a number of at least 0, such as 0.8: the rows over those of the span before")
    return float(place.number())


def _role(place: Place, columns: Mapping[str, ColumnSchema]) -> str | None:
    if place.scalar() is None:
        return None
    return place.choice(columns)


def _line(document: Place, side: tuple[str, ...]) -> int:
    """The line of what a side of a contradiction says, or of the nearest thing around it, where it is left to what is usual."""
    place = document
    for key in side:
        inside = place.keys(None) if place.is_mapping else {}
        if key not in inside:
            break
        place = inside[key]
    return place.line
