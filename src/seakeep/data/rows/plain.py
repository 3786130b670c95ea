"""A typed rule as plain Python functions of one row: what `lowering` says in Polars, for a server's worker, which lives without it.

Made once from the tree, called once a row: a rule of three comparisons takes about a microsecond. Nothing of a rule's text is run as
code: every node is one function that is written here. A row is a tuple of values under the null contract: None where missing,
timestamps in microseconds since 1970 UTC. What is hard is to mean the same to the bit: truth has three values, arithmetic is in
doubles where Polars' is, and what has no answer is missing; tests draw rules and rows at random and hold the two to each other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Kind
from seakeep.data.rows.automaton import matcher
from seakeep.data.rows.calls import CALLS, Part, Row, number, present
from seakeep.data.rows.expression import Expression
from seakeep.data.rows.tree import Call, Column, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.data.rows.kinds import Typed
    from seakeep.data.rows.tree import Node

Judge = Callable[[Row], bool | None]


def judge_of(text: str, kinds: Mapping[str, Kind]) -> tuple[Judge, tuple[str, ...]]:
    """What judges a row by a rule, and the columns whose values it takes, in that order.

    Raises: BadRule, where the rule does not fit `kinds`; Unread, where it has a pattern that is not read without Polars.
    >>> judge, columns = judge_of("fare >= 0 and dropped_off > picked_up", {"fare": Kind.NUMBER, "dropped_off": Kind.TIMESTAMP,
    ...     "picked_up": Kind.TIMESTAMP})
    >>> columns, judge((1.0, 5, 3)), judge((-1.0, 5, None)), judge((1.0, 5, None))
    (('fare', 'dropped_off', 'picked_up'), True, False, None)
    """
    expression = Expression.of(text)
    _check_patterns(expression.tree)
    typed = expression.typed(kinds, pattern_fault=_none)
    places = {name: place for place, name in enumerate(expression.columns)}
    return _part(typed, places), expression.columns


def _check_patterns(node: Node) -> None:
    """Raise Unread for a pattern that cannot be matched here."""
    if not isinstance(node, Call):
        return
    for argument in node.arguments:
        _check_patterns(argument)
    if node.name == "matches" and len(node.arguments) == 2 and isinstance(node.arguments[1], Value):
        matcher(str(node.arguments[1].value))


def _none(pattern: str) -> str:
    """No fault: a pattern that `matcher` read is one."""
    del pattern
    return ""


def _part(typed: Typed, places: Mapping[str, int]) -> Part:
    node = typed.node
    if isinstance(node, Column):
        return _column(places[node.name], typed.kind)
    if isinstance(node, Value):
        value = float(node.value) if typed.kind is Kind.NUMBER else node.value
        return lambda _: value
    parts = tuple(_part(argument, places) for argument in typed.arguments)
    kinds = tuple(argument.kind for argument in typed.arguments)
    if node.name == "matches":
        return present(matcher(str(_literal(typed.arguments[1]))), parts[:1])
    if node.name == "in":
        return _listed(parts[0], typed)
    return CALLS[node.name](parts, kinds)


def _column(place: int, kind: Kind) -> Part:
    if kind is Kind.NUMBER:
        return lambda row: number(row[place])
    return operator.itemgetter(place)


def _literal(typed: Typed) -> Any:
    assert isinstance(typed.node, Value)
    return typed.node.value


def _listed(part: Part, typed: Typed) -> Part:
    """Whether a value is one of those listed; numbers as doubles where one of them is no whole number."""
    kinds = {argument.kind for argument in typed.arguments}
    values = [_literal(argument) for argument in typed.arguments[1:]]
    if Kind.NUMBER in kinds:
        doubles = frozenset(map(float, values))
        return present(lambda value: float(value) in doubles, (part,))
    return present(frozenset(values).__contains__, (part,))
