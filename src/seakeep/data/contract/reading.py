"""Reading a contract: from YAML nodes, which know their lines, to a Schema.

Called by `contract.load_schema`. ruamel.yaml composes the nodes by YAML 1.2; turning them into values is done here, key by key,
because a constructor would forget the lines, take 2013-01-01 for a date in one place and text in another, and let a repeated
key win.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from seakeep.core import plugins
from seakeep.core.errors import nearest
from seakeep.core.kinds import Kind
from seakeep.core.schema import ENVIRONMENTS, ColumnSchema, Schema
from seakeep.data.contract.errors import BadContract

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOP = ("seakeep_schema", "name", "label", "time", "key", "rows_at_least", "columns")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = _EPOCH.resolution
_TAG = "tag:yaml.org,2002:"


def read_schema(text: str, *, where: str, version: int) -> Schema:
    """The schema written in `text`. `where` names the file in errors, `version` is the newest format known."""
    root = _compose(text, where)
    if root is None:
        raise BadContract.absent_key("seakeep_schema", where)
    document = _Place(root, where, "the contract")
    fields = document.keys(_TOP)
    for key in ("seakeep_schema", "name"):
        if key not in fields:
            raise BadContract.absent_key(key, document.where)
    found = fields["seakeep_schema"].integer(least=1)
    if found > version:
        raise BadContract.newer(found, version, fields["seakeep_schema"].where)
    columns = _columns(fields["columns"]) if "columns" in fields else {}
    roles = {role: _role(fields[role], columns) for role in ("label", "time", "key") if role in fields}
    rows = fields["rows_at_least"].integer(least=0) if "rows_at_least" in fields else 1
    return Schema(fields["name"].text(), columns, rows_at_least=rows, **roles)


@dataclass(frozen=True, slots=True)
class _Place:
    """A node, where it stands, and what it is called."""

    node: Node
    file: str
    name: str

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.line}"

    def keys(self, known: Iterable[str] | None) -> dict[str, _Place]:
        """The values of a mapping by key; unknown keys (where `known` is given) and repeated ones are refused."""
        if not isinstance(self.node, MappingNode):
            raise self.wrong("a mapping of keys to values")
        found: dict[str, _Place] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in self.node.value:
            key_place = _Place(key_node, self.file, f"a key of {self.name}")
            key = key_place.text()
            if known is not None and key not in known:
                raise BadContract.unknown_key(key, known, key_place.where)
            if key in found:
                raise BadContract.repeated_key(key, lines[key], key_place.where)
            found[key], lines[key] = _Place(value_node, self.file, key), key_place.line
        return found

    def items(self) -> list[_Place]:
        if not isinstance(self.node, SequenceNode):
            raise self.wrong("a list, such as [a, b]")
        return [_Place(item, self.file, f"an item of {self.name}") for item in self.node.value]

    def text(self) -> str:
        value = self.scalar()
        if not isinstance(value, str):
            raise self.wrong("text", hint=f'"{self.node.value}"')
        return value

    def flag(self) -> bool:
        value = self.scalar()
        if not isinstance(value, bool):
            raise self.wrong("true or false")
        return value

    def integer(self, *, least: int) -> int:
        value = self.scalar()
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.wrong(f"a whole number of at least {least}")
        return value

    def number(self) -> int | float:
        value = self.scalar()
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise self.wrong("a number")
        return value

    def share(self) -> float:
        value = self.number()
        if not 0 <= value <= 1:
            raise self.wrong("a share from 0 to 1", hint=f"{value / 100:g}" if 1 < value <= 100 else None)
        return float(value)

    def choice(self, known: Iterable[str]) -> str:
        known = tuple(known)
        self.scalar()
        value = str(self.node.value)  # as written: null is a kind's name, and yes may be a column's
        if value not in known:
            raise self.wrong(f"one of {', '.join(known)}", hint=nearest(value, known))
        return value

    def scalar(self) -> Any:
        if not isinstance(self.node, ScalarNode):
            raise self.wrong("one value")
        tag = str(self.node.tag).removeprefix(_TAG)
        readers = {"bool": _read_bool, "int": _read_int, "float": _read_float, "null": _read_null}
        try:
            return readers.get(tag, str)(self.node.value)
        except ValueError:
            raise self.wrong(f"a value of type {tag}") from None

    def wrong(self, expected: str, *, hint: str | None = None) -> BadContract:
        value = self.node.value if isinstance(self.node, ScalarNode) else "a list" if self.is_list else "a mapping"
        return BadContract.value(self.name, value, expected, self.where, near=hint)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, SequenceNode)


def _columns(place: _Place) -> dict[str, ColumnSchema]:
    return {name: _column(column) for name, column in place.keys(None).items()}


def _column(place: _Place) -> ColumnSchema:
    fields = place.keys(ColumnSchema.__slots__)
    if "kind" not in fields:
        raise BadContract.absent_key("kind", f"{place.where}, column {place.name!r}")
    kind = Kind(fields.pop("kind").choice(kind.value for kind in Kind))
    column = ColumnSchema(kind, **{field: _field(field, value, kind) for field, value in fields.items()})
    low, high = column.minimum, column.maximum
    if low is not None and high is not None and low > high:
        raise fields["maximum"].wrong(f"at least the minimum of {place.name!r}, {fields['minimum'].node.value}")
    return column


def _field(field: str, place: _Place, kind: Kind) -> Any:
    if field in ("required", "infinite", "unique"):
        return place.flag()
    if field in ("missing_at_most", "others_at_most"):
        return place.share()
    if field in ("minimum", "maximum"):
        return _bound(place, kind)
    if field == "values":
        return tuple(_listed(item, kind) for item in place.items())
    if field == "available":
        return place.choice(("before", "after"))
    if field == "not_in":
        return tuple(item.choice(ENVIRONMENTS) for item in place.items())
    return _drift(place, kind) if field == "drift" else place.text()


def _bound(place: _Place, kind: Kind) -> int | float:
    if not kind.is_numeric:
        raise place.wrong(f"none: {kind.value} columns have no bounds")
    value = place.scalar()
    if kind is Kind.TIMESTAMP and isinstance(value, str):
        return _moment(place, value)
    return place.number()


def _moment(place: _Place, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise place.wrong("a time such as 2013-01-01 or 2013-01-01T05:00:00Z") from None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def _listed(place: _Place, kind: Kind) -> bool | int | str:
    value: bool | int | str = place.scalar()
    wanted: type | None = {Kind.STRING: str, Kind.INTEGER: int, Kind.BOOLEAN: bool}.get(kind)
    if wanted is None:
        raise place.wrong(f"none: {kind.value} columns have no list of values")
    if type(value) is not wanted:
        hint = f'"{place.node.value}"' if wanted is str else None
        raise place.wrong(f"{'text' if wanted is str else kind.value} (the column is {kind.value})", hint=hint)
    return value


def _drift(place: _Place, kind: Kind) -> dict[str, float]:
    found = {}
    for name, threshold in place.keys(plugins.names("evidence.distances")).items():
        if not threshold.number() >= 0:
            raise threshold.wrong("a number of at least 0")
        if kind not in plugins.load("evidence.distances", name).KINDS:
            raise threshold.wrong(f"no threshold: {name} does not compare {kind.value} columns")
        found[name] = float(threshold.number())
    return found


def _role(place: _Place, columns: dict[str, ColumnSchema]) -> str | None:
    if place.scalar() is None:
        return None
    return place.choice(columns)


def _compose(text: str, where: str) -> Node | None:
    try:
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadContract.syntax(str(error.problem or error), f"{where}{line}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise BadContract.syntax(str(error).strip().split("\n")[0], where) from error
    return node


def _read_bool(text: str) -> bool:
    return text.casefold() in ("true", "yes", "on", "y")  # a %YAML 1.1 line at the top brings the last three


def _read_int(text: str) -> int:
    plain = text.replace("_", "")
    return int(plain, 10 if plain.lstrip("+-").isdigit() else 0)


def _read_float(text: str) -> float:
    return float(text.replace("_", "").casefold().replace(".inf", "inf").replace(".nan", "nan"))


def _read_null(text: str) -> None:
    del text
