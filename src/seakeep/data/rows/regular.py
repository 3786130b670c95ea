r"""A contract's pattern read as a tree, for places that live without Polars. `automaton` matches it; both mean what Rust's crate means.

Read here is what contracts hold: literals, classes, groups, alternatives, repetitions, the flags i and s, general categories such
as \p{Lu}. What is not (word boundaries, classes within classes, scripts) raises Unread, so that nothing is taken for something else:
whoever asks then does without the pattern, and says so. The pattern itself was judged by Polars when the contract was read.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from seakeep.data.rows.characters import CATEGORIES, PERL, POSIX, Test, anything, cases, no, no_line_feed

DEEPEST = 50
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_HEXADECIMAL = {"x": 2, "u": 4, "U": 8}
_META = frozenset(r"\.+*?()|[]{}^$#&-~ /,:;=!@%'\"`_")


class Unread(ValueError):
    """A pattern has a part that is not read here; `str(error)` names it."""


@dataclass(frozen=True, slots=True, eq=False)
class Characters:
    """One character that passes the test."""

    test: Test


@dataclass(frozen=True, slots=True)
class Edge:
    """Nothing, at the beginning or the end of the text."""

    side: Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after another; none is the empty text."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the parts."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A part again and again. most: None for any number."""

    part: Tree
    least: int
    most: int | None


Tree = Characters | Edge | Sequence | Choice | Repeated


def read(pattern: str) -> Tree:
    """The tree of a pattern. Raises Unread."""
    reader = _Reader(pattern)
    found = reader.choice()
    if reader.at < len(pattern):
        raise Unread(pattern[reader.at :])
    return found


class _Reader:
    """How far a pattern is read. folded: whether upper and lower case are one (flag i); dotall: flag s."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0
        self.folded = self.dotall = False
        self.depth = 0

    def sees(self, text: str) -> bool:
        return self.pattern.startswith(text, self.at)

    def take(self) -> str:
        if self.at >= len(self.pattern):
            raise Unread("the end")
        self.at += 1
        return self.pattern[self.at - 1]

    def skip(self, text: str) -> bool:
        found = self.sees(text)
        self.at += len(text) * found
        return found

    def until(self, end: str) -> str:
        stop = self.pattern.find(end, self.at)
        if stop < 0:
            raise Unread(self.pattern[self.at :])
        found, self.at = self.pattern[self.at : stop], stop + len(end)
        return found

    def choice(self) -> Tree:
        parts = [self.sequence()]
        while self.skip("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Tree:
        parts: list[Tree] = []
        while self.at < len(self.pattern) and not self.sees("|") and not self.sees(")"):
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self, part: Tree) -> Tree:
        signs = 0
        while self.at < len(self.pattern) and self.pattern[self.at] in "*+?{":
            sign, signs = self.take(), signs + 1
            if signs > DEEPEST:
                raise Unread(f"more than {DEEPEST} repetitions of one part")
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self.bounds()
            self.skip("?")  # lazy: of no matter where the whole text must match
            part = Repeated(part, least, most)
        return part

    def bounds(self) -> tuple[int, int | None]:
        first, comma, second = self.until("}").partition(",")
        if not (first.isascii() and first.isdecimal()) or not (
            second == "" or (second.isascii() and second.isdecimal())
        ):
            raise Unread("{" + first + comma + second + "}")
        least = int(first)
        return least, (least if not comma else int(second) if second else None)

    def atom(self) -> Tree:
        character = self.take()
        if character == "(":
            return self.group()
        if character == "[":
            return Characters(self.listed())
        if character == ".":
            return Characters(anything if self.dotall else no_line_feed)
        if character in "^$":
            return Edge("start" if character == "^" else "end")
        if character == "\\":
            return self.escaped()
        if character in "*+?{}":
            raise Unread(character)
        return Characters(self.literal(character))

    def group(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unread(f"groups within each other, more than {DEEPEST} deep")
        before = self.folded, self.dotall
        if self.skip("?") and not self.skip(":") and self.flags_or_name():
            self.depth -= 1
            return Sequence(())  # flags that hold to the end of the group around
        found = self.choice()
        if not self.skip(")"):
            raise Unread("a group without an end")
        self.folded, self.dotall = before
        self.depth -= 1
        return found

    def flags_or_name(self) -> bool:
        """Read a group's name or flags; whether the flags are for what follows it."""
        if self.skip("P<") or self.skip("<"):
            self.until(">")
            return False
        on = True
        while (character := self.take()) not in ":)":
            if character == "-":
                on = False
            elif character == "i":
                self.folded = on
            elif character == "s":
                self.dotall = on
            else:
                raise Unread(f"(?{character}")
        return character == ")"

    def escaped(self) -> Tree:
        if self.skip("A"):
            return Edge("start")
        return Edge("end") if self.skip("z") else Characters(self.escape())

    def escape(self) -> Test:
        """What a backslash begins, as a test of one character."""
        character = self.take()
        if character.lower() in PERL:
            test = PERL[character.lower()]
            return no(test) if character.isupper() else test
        if character in "pP":
            return self.category(denied=character == "P")
        return self.literal(self.escaped_literal(character))

    def escaped_literal(self, character: str) -> str:
        if character in _META:
            return character
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character not in _HEXADECIMAL:
            raise Unread("\\" + character)
        digits = self.until("}") if self.skip("{") else "".join(self.take() for _ in range(_HEXADECIMAL[character]))
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            raise Unread("\\" + character + digits) from None

    def category(self, *, denied: bool) -> Test:
        name = self.until("}") if self.skip("{") else self.take()
        if name not in CATEGORIES or self.folded:
            raise Unread(f"\\p{{{name}}}")
        return (
            (lambda one: not unicodedata.category(one).startswith(name))
            if denied
            else (lambda one: unicodedata.category(one).startswith(name))
        )

    def literal(self, character: str) -> Test:
        return self.between(character, character)

    def between(self, first: str, last: str) -> Test:
        if not self.folded:
            return lambda one: first <= one <= last
        if not (first.isascii() and last.isascii()):
            raise Unread(f"(?i) of {first}-{last}")
        return lambda one: any(first <= each <= last for each in cases(one))

    def listed(self) -> Test:
        """The class after its opening bracket."""
        denied = self.skip("^")
        tests: list[Test] = []
        while not self.sees("]") or not tests:
            tests.append(self.item())
        self.take()
        return (
            (lambda one: not any(test(one) for test in tests))
            if denied
            else (lambda one: any(test(one) for test in tests))
        )

    def item(self) -> Test:
        if self.skip("[:"):
            return self.posix()
        if any(map(self.sees, ("[", "&&", "--", "~~"))):
            raise Unread(f"a class with {self.pattern[self.at : self.at + 2]}")
        character = self.take()
        if character == "\\":
            if self.pattern[self.at : self.at + 1].lower() in ("d", "w", "s", "p"):
                return self.escape()
            character = self.escaped_literal(self.take())
        if not self.sees("-") or self.sees("-]"):
            return self.literal(character)
        self.take()
        last = self.take()
        if last in "[-":
            raise Unread(f"a class with {character}-{last}")
        return self.between(character, self.escaped_literal(self.take()) if last == "\\" else last)

    def posix(self) -> Test:
        denied = self.skip("^")
        name = self.until(":]")
        test = POSIX.get(name)
        if test is None or self.folded:
            raise Unread(f"[:{name}:]")
        return lambda one: (one.isascii() and test(one)) is not denied
