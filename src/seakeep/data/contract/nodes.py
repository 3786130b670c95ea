"""YAML's nodes as places: a value, the line where it stands, and what it is called.

Used by `reading` and `editing`. ruamel.yaml composes the nodes by YAML 1.2; turning them into values is done here, key by key,
because a constructor would forget the lines, take 2013-01-01 for a date in one place and text in another, and let a repeated
key win.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from seakeep.core.errors import nearest
from seakeep.data.contract.errors import BadContract

if TYPE_CHECKING:
    from collections.abc import Iterable

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Place:
    """A node, where it stands, what it is called, and how many others it lies in."""

    node: Node
    file: str
    name: str
    depth: int = 0

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.line}"

    def keys(self, known: Iterable[str] | None) -> dict[str, Place]:
        """The values of a mapping by key; unknown keys (where `known` is given) and repeated ones are refused."""
        if not isinstance(self.node, MappingNode):
            raise self.wrong("a mapping of keys to values")
        found: dict[str, Place] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in self.node.value:
            key_place = Place(key_node, self.file, f"a key of {self.name}")
            key = key_place.text()
            if known is not None and key not in known:
                raise BadContract.unknown_key(key, known, key_place.where)
            if key in found:
                raise BadContract.repeated_key(key, lines[key], key_place.where)
            found[key], lines[key] = Place(value_node, self.file, key, self.depth + 1), key_place.line
        return found

    def items(self) -> list[Place]:
        if not isinstance(self.node, SequenceNode):
            raise self.wrong("a list, such as [a, b]")
        return [Place(item, self.file, f"an item of {self.name}") for item in self.node.value]

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

    def texts(self) -> tuple[str, ...]:
        """A list of texts, or one text for a list of one."""
        return tuple(item.text() for item in self.items()) if self.is_list else (self.text(),)

    def integer(self, *, least: int) -> int:
        value = self.scalar()
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.wrong(f"a whole number of at least {least}")
        return value

    def number(self) -> int | float:
        value = self.scalar()
        if isinstance(value, int) and abs(value) > sys.float_info.max:
            raise self.wrong("a number of at most 308 digits")
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

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, MappingNode)


def compose(text: str, where: str) -> Node | None:
    """The node that `text` is, None for no text. Raises BadContract, naming the line of what is not YAML."""
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
