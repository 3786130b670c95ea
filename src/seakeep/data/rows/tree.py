"""The tree of a row rule: columns, values and calls, each knowing where in the text it stood; and its canonical text.

Made by `grammar`, typed by `kinds`, turned into a Polars expression by `lowering`. Operators are calls as well ("+", "and", "in"),
so that whoever walks a tree meets three shapes only. Two texts that mean the same tree have the same canonical text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

Scalar = bool | int | float | str
Place = tuple[int, int]
"""Where a part of a rule stands in its text: from this character up to the other."""

KEYWORDS = frozenset(("and", "or", "not", "in", "between", "if", "then", "true", "false"))
MICROSECONDS = {"w": 604_800_000_000, "d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000}
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_BINDING = {
    "if": 0,
    "or": 1,
    "and": 2,
    "not": 3,
    "in": 4,
    "between": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
    "negative": 7,
}
_BINDING |= dict.fromkeys(COMPARISONS, 4)
_TIGHTEST = 8
_PLAIN = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Value:
    """A number, a text, true or false; a duration or a timestamp in microseconds."""

    value: Scalar
    kind: Kind
    place: Place = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A column, by its name."""

    name: str
    place: Place = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function, and what it is applied to."""

    name: str
    arguments: tuple[Node, ...]
    place: Place = field(default=(0, 0), compare=False)


Node = Value | Column | Call


def columns_of(node: Node) -> Iterator[Column]:
    """Every mention of a column, from left to right."""
    if isinstance(node, Column):
        yield node
    elif isinstance(node, Call):
        for argument in node.arguments:
            yield from columns_of(argument)


def canonical(node: Node) -> str:
    """The text of a tree: the fewest brackets, one space, `=` for equality; it parses to the same tree."""
    if isinstance(node, Column):
        return _name(node.name)
    if isinstance(node, Value):
        return _value(node)
    binding = _BINDING.get(node.name)
    if binding is None:
        return f"{node.name}({', '.join(map(canonical, node.arguments))})"
    return _operation(node, binding)


def _operation(node: Call, binding: int) -> str:
    first, *others = node.arguments
    if node.name == "if":
        return f"if {_within(first, 1)} then {_within(others[0], 0)}"
    if node.name in ("and", "or"):
        return f" {node.name} ".join(_within(argument, binding + 1) for argument in node.arguments)
    if node.name == "not":
        return f"not {_within(first, binding)}"
    if node.name == "negative":
        return f"-{_within(first, _TIGHTEST)}"
    if node.name == "in":
        return f"{_within(first, 5)} in ({', '.join(map(canonical, others))})"
    if node.name == "between":
        return f"{_within(first, 5)} between {_within(others[0], 5)} and {_within(others[1], 5)}"
    left = 5 if node.name in COMPARISONS else binding
    return f"{_within(first, left)} {node.name} {_within(others[0], binding + 1)}"


def _within(node: Node, least: int) -> str:
    """The text of a part, in brackets where it binds less than `least`."""
    binding = _BINDING.get(node.name, _TIGHTEST) if isinstance(node, Call) else _TIGHTEST
    return canonical(node) if binding >= least else f"({canonical(node)})"


def _name(name: str) -> str:
    plain = _PLAIN.fullmatch(name) and name.lower() not in KEYWORDS
    return name if plain else "`" + name.replace("`", "``") + "`"


def _value(node: Value) -> str:
    if isinstance(node.value, bool):
        return str(node.value).lower()
    if isinstance(node.value, str):
        return '"' + "".join(_ESCAPED.get(character, character) for character in node.value) + '"'
    if node.kind is Kind.DURATION:
        return _duration(int(node.value))
    return repr(node.value)


def _duration(microseconds: int) -> str:
    """A whole number of the largest unit that fits, or seconds with a fraction."""
    unit = next((name for name, size in MICROSECONDS.items() if microseconds % size == 0), None)
    if unit is not None:
        return f"{microseconds // MICROSECONDS[unit]}{unit}"
    sign, rest = ("-", -microseconds) if microseconds < 0 else ("", microseconds)
    return f"{sign}{rest // 1_000_000}.{rest % 1_000_000:06}".rstrip("0") + "s"


_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
