"""A rule's text as tokens, each with its place. The first half of reading a rule; `grammar` is the other.

What is hard: nothing may be dropped silently, so every character is part of a token, a space, or an error that points at it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from seakeep.data.rows.errors import BadRule
from seakeep.data.rows.tree import KEYWORDS, MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.rows.tree import Place, Scalar

Sort = Literal["number", "duration", "text", "name", "column", "word", "sign", "end"]
LONGEST = 20_000
_LARGEST = 1 << 63
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NAME = re.compile(r"[^\W\d]\w*")
_SIGN = re.compile(r"==|!=|<>|<=|>=|[=<>+\-*/%(),]")
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Token:
    """sort: what it is; a "column" stood in backticks, a "word" is a keyword. value: what it says. place: where."""

    sort: Sort
    value: Scalar
    place: Place


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a rule, an "end" last. Raises BadRule at the first character without a meaning."""
    if len(text) > LONGEST:
        raise BadRule.too_long(text, LONGEST)
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _token(text, at)
        yield token
        at = token.place[1]
    yield Token("end", "", (at, at + 1))


def _token(text: str, at: int) -> Token:
    if number := _NUMBER.match(text, at):
        return _number(text, at, number.end())
    if name := _NAME.match(text, at):
        word = name[0].lower()
        return Token(*(("word", word) if word in KEYWORDS else ("name", name[0])), (at, name.end()))
    if sign := _SIGN.match(text, at):
        same = {"==": "=", "<>": "!="}
        return Token("sign", same.get(sign[0], sign[0]), (at, sign.end()))
    if text[at] == "`":
        return _column(text, at)
    if text[at] in "\"'":
        return _quoted(text, at)
    raise BadRule.sign(text, at)


def _number(text: str, at: int, end: int) -> Token:
    """A number; or a length of time, where a unit follows at once."""
    unit = _NAME.match(text, end)
    if unit is not None:
        if unit[0] not in MICROSECONDS:
            raise BadRule.unit(text, (end, unit.end()), unit[0])
        return Token("duration", _microseconds(text, (at, unit.end()), text[at:end], unit[0]), (at, unit.end()))
    written = text[at:end]
    if written.isdecimal() and len(written) < 20 and int(written) < _LARGEST:
        return Token("number", int(written), (at, end))
    value = float(written)
    if math.isinf(value):
        raise BadRule.number(text, (at, end))
    return Token("number", value, (at, end))


def _microseconds(text: str, place: Place, written: str, unit: str) -> int:
    if len(written) > 30 or abs(int(written.lower().partition("e")[2] or 0)) > 30:
        raise BadRule.number(text, place)
    value = round(Fraction(written) * MICROSECONDS[unit])
    if value >= _LARGEST:
        raise BadRule.number(text, place)
    return value


def _column(text: str, at: int) -> Token:
    """A name in backticks; a backtick within is doubled."""
    end, name = at + 1, ""
    while True:
        close = text.find("`", end)
        if close < 0:
            raise BadRule.open_quote(text, at)
        name += text[end:close]
        if text[close + 1 : close + 2] != "`":
            return Token("column", name, (at, close + 1))
        name, end = name + "`", close + 2


def _quoted(text: str, at: int) -> Token:
    quote, end, found = text[at], at + 1, ""
    while end < len(text) and text[end] != quote:
        if text[end] == "\\":
            character, end = _escaped(text, end)
        else:
            character, end = text[end], end + 1
        found += character
    if end >= len(text):
        raise BadRule.open_quote(text, at)
    return Token("text", found, (at, end + 1))


def _escaped(text: str, at: int) -> tuple[str, int]:
    code = text[at + 1 : at + 2]
    if code in _ESCAPES:
        return _ESCAPES[code], at + 2
    digits = re.compile(r"u([0-9a-fA-F]{4})").match(text, at + 1)
    if digits is None or 0xD800 <= int(digits[1], 16) < 0xE000:
        raise BadRule.escape(text, at)
    return chr(int(digits[1], 16)), digits.end()
