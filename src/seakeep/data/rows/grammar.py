"""A rule's text as a tree. Nothing of the text is ever run: what the grammar does not know is an error that points at it.

    rule        = "if" any "then" rule | any
    any         = all {"or" all}
    all         = denied {"and" denied}
    denied      = "not" denied | compared
    compared    = sum [("=" | "!=" | "<" | "<=" | ">" | ">=") sum
                      | ["not"] "in" "(" value {"," value} ")" | ["not"] "between" sum "and" sum]
    sum         = product {("+" | "-") product}
    product     = signed {("*" | "/" | "%") signed}
    signed      = "-" signed | atom
    atom        = number | duration | text | "true" | "false" | column | function "(" [rule {"," rule}] ")" | "(" rule ")"

`==` and `<>` are read as `=` and `!=`; keywords may be in any case; a name in backticks is always a column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.rows.errors import BadRule
from seakeep.data.rows.tokens import tokens
from seakeep.data.rows.tree import COMPARISONS, Call, Column, Node, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.data.rows.tokens import Token

DEEPEST = 40
LONGEST_CHAIN = 200
"""Brackets and signs within each other, and links such as + in all; more would exhaust the stack of whoever walks the tree."""


def parse(text: str) -> Node:
    """The tree of a rule. Raises BadRule, pointing at what is wrong."""
    reader = _Reader(text)
    found = reader.rule()
    if reader.now.sort != "end":
        if reader.sees("sign", *COMPARISONS) or reader.sees("word", "in", "between"):
            raise BadRule.chained(text, reader.now.place)
        raise BadRule.expected("an operator or the end", reader.shown(), text, reader.now.place)
    return found


class _Reader:
    """The tokens of a text, and how far they are read. depth: of what is being read; links: so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tuple(tokens(text))
        self.at = 0
        self.depth = self.links = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def sees(self, sort: str, *values: str) -> bool:
        return self.now.sort == sort and (not values or self.now.value in values)

    def shown(self) -> str:
        start, end = self.now.place
        return repr(self.text[start:end]) if self.now.sort != "end" else ""

    def take(self) -> Token:
        token = self.now
        self.at += token.sort != "end"
        return token

    def need(self, sort: str, value: str, *, cause: str = "") -> Token:
        if not self.sees(sort, value):
            raise BadRule.expected(repr(value), self.shown(), self.text, self.now.place, cause=cause)
        return self.take()

    def rule(self) -> Node:
        self._deeper()
        if not self.sees("word", "if"):
            found = self._several("or", lambda: self._several("and", self._denied))
        else:
            start = self.take().place[0]
            condition = self._several("or", lambda: self._several("and", self._denied))
            self.need("word", "then", cause="A condition reads: if cancelled then is_missing(dep_time).")
            consequence = self.rule()
            found = Call("if", (condition, consequence), (start, consequence.place[1]))
        self.depth -= 1
        return found

    def _several(self, word: str, part: Callable[[], Node]) -> Node:
        """One part, or several joined by `word`; one call holds them all."""
        parts = [part()]
        while self.sees("word", word):
            self.take()
            parts.append(part())
        return parts[0] if len(parts) == 1 else Call(word, tuple(parts), (parts[0].place[0], parts[-1].place[1]))

    def _denied(self) -> Node:
        if not self.sees("word", "not"):
            return self._compared()
        self._deeper()
        start = self.take().place[0]
        denied = self._denied()
        self.depth -= 1
        return Call("not", (denied,), (start, denied.place[1]))

    def _compared(self) -> Node:
        left = self._sum()
        if self.sees("sign", *COMPARISONS):
            sign = str(self.take().value)
            right = self._sum()
            return Call(sign, (left, right), (left.place[0], right.place[1]))
        turned = self.sees("word", "not") and self.tokens[self.at + 1].value in ("in", "between")
        if turned:
            self.take()
        if self.sees("word", "in"):
            found = self._listed(left)
        elif self.sees("word", "between"):
            found = self._between(left)
        else:
            return left
        return Call("not", (found,), found.place) if turned else found

    def _listed(self, left: Node) -> Call:
        self.take()
        self.need("sign", "(", cause='A list reads: carrier in ("AA", "UA").')
        values = [self._value()]
        while self.sees("sign", ","):
            self.take()
            values.append(self._value())
        end = self.need("sign", ")").place[1]
        return Call("in", (left, *values), (left.place[0], end))

    def _value(self) -> Node:
        start = self.now.place
        found = self._signed()
        if not isinstance(found, Value):
            cause = "A list holds numbers, texts, true, false or lengths of time."
            raise BadRule.expected("a value", repr(self.text[slice(*found.place)]), self.text, start, cause=cause)
        return found

    def _between(self, left: Node) -> Call:
        self.take()
        low = self._sum()
        self.need("word", "and", cause="A range reads: distance between 0 and 5000.")
        high = self._sum()
        return Call("between", (left, low, high), (left.place[0], high.place[1]))

    def _sum(self) -> Node:
        return self._chain(("+", "-"), lambda: self._chain(("*", "/", "%"), self._signed))

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        """Parts joined from left to right."""
        found = part()
        while self.sees("sign", *signs):
            self.links += 1
            if self.links > LONGEST_CHAIN:
                raise BadRule.too_deep(self.text, self.now.place, LONGEST_CHAIN)
            sign = str(self.take().value)
            right = part()
            found = Call(sign, (found, right), (found.place[0], right.place[1]))
        return found

    def _signed(self) -> Node:
        if not self.sees("sign", "-"):
            return self._atom()
        self._deeper()
        start = self.take().place[0]
        found = self._signed()
        self.depth -= 1
        place = (start, found.place[1])
        if isinstance(found, Value) and isinstance(found.value, int | float) and not isinstance(found.value, bool):
            return Value(-found.value, found.kind, place)
        return Call("negative", (found,), place)

    def _atom(self) -> Node:
        token = self.take()
        if token.sort in _KINDS:
            kind = Kind.NUMBER if isinstance(token.value, float) else _KINDS[token.sort]
            return Value(token.value, kind, token.place)
        if token.sort == "word" and token.value in ("true", "false"):
            return Value(token.value == "true", Kind.BOOLEAN, token.place)
        if token.sort == "column":
            return Column(str(token.value), token.place)
        if token.sort == "name":
            return self._called(token) if self.sees("sign", "(") else Column(str(token.value), token.place)
        if token.sort == "sign" and token.value == "(":
            found = self.rule()
            self.need("sign", ")")
            return found
        self.at -= token.sort != "end"
        raise BadRule.expected("a column or a value", self.shown(), self.text, token.place)

    def _called(self, name: Token) -> Call:
        self.take()
        arguments: list[Node] = []
        while not self.sees("sign", ")"):
            if arguments:
                self.need("sign", ",")
            arguments.append(self.rule())
        return Call(str(name.value), tuple(arguments), (name.place[0], self.take().place[1]))

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadRule.too_deep(self.text, self.now.place, DEEPEST)


_KINDS = {"number": Kind.INTEGER, "duration": Kind.DURATION, "text": Kind.STRING}
