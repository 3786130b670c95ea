"""Matching a contract's pattern against a whole text in plain Python, in time linear in the text whatever the pattern.

Python's own `re` tries one way after another, and a hostile text can make it take forever; here all ways are followed at once
(Thompson 1968), and the sets of places they lead to are kept, so that a text like those before costs one lookup a character.
What is hard is memory: a set may have as many places as the pattern, so what is kept is bounded by the places in it, and begun anew where
texts are so varied that it fills.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from seakeep.data.rows.regular import Characters, Choice, Edge, Repeated, Sequence, Unread, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.data.rows.characters import Test
    from seakeep.data.rows.regular import Tree

MOST_PLACES = 1_000
MOST_STEPS, MOST_HELD = 10_000, 200_000
"""Of what is kept: steps by a character, and places in all sets together; some 1 and 15 MB."""
_MOST_TRIED = 50_000
_MATCH = 0
_COMMON = "aA0 1-_.,:/@bBéßжあ"
"""Characters of the classes that patterns name."""


@functools.cache
def matcher(pattern: str) -> Callable[[str], bool]:
    r"""What tells whether a text matches `pattern` as a whole. Raises Unread, where it is not read or too large.

    >>> is_airport = matcher("[A-Z]{3}")
    >>> is_airport("EWR"), is_airport("Newark"), is_airport("EWR\n")
    (True, False, False)
    """
    return Automaton(read(pattern)).matches


class Automaton:
    """The places of a pattern, and where characters lead from them. Parameters: tree: of the pattern."""

    def __init__(self, tree: Tree) -> None:
        self._tests: list[Test | None] = [None]
        self._next: list[int] = [_MATCH]
        self._free: list[tuple[int, ...]] = [()]
        self._edges: list[str] = [""]
        begin = self._made(tree, _MATCH)
        self._begin = self._closed((begin,), sides=("start",))
        self._kept: dict[frozenset[int], dict[str, frozenset[int]]] = {}
        self._sets: dict[frozenset[int], frozenset[int]] = {}
        self._steps = self._held = 0

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        at, kept = self._begin, self._kept
        for character in text:
            try:
                at = kept[at][character]
            except KeyError:
                at = self._stepped(at, character)
            if not at:
                return False
        return self._matches_at(at, text)

    def shortest(self, likely: str, *, least: int = 0) -> str | None:
        """A text that matches, of at least so many characters and not many more; None where none was found in some milliseconds.

        likely: characters to try first, such as those of the pattern itself.
        """
        characters = dict.fromkeys((*likely, *_COMMON))
        layer, tried = {self._begin: ""}, 0
        while layer:
            for at, text in layer.items():
                if len(text) >= least and self._matches_at(at, text):
                    return text
            after: dict[frozenset[int], str] = {}
            for at, text in layer.items():
                for character in characters:
                    tried += len(at)
                    reached = tuple(
                        self._next[place] for place in at if (test := self._tests[place]) and test(character)
                    )
                    if reached:
                        after.setdefault(self._closed(reached), text + character)
                if tried > _MOST_TRIED:
                    return None
            layer = after
        return None

    def _matches_at(self, at: frozenset[int], text: str) -> bool:
        return _MATCH in at or self._ends(at, not text)

    def _ends(self, at: frozenset[int], is_empty: bool) -> bool:
        sides = ("start", "end") if is_empty else ("end",)
        return _MATCH in self._closed(tuple(at), sides=sides)

    def _stepped(self, at: frozenset[int], character: str) -> frozenset[int]:
        """Where a character leads from a set of places; kept for the next time."""
        reached = tuple(self._next[place] for place in at if (test := self._tests[place]) and test(character))
        found = self._closed(reached)
        if self._steps >= MOST_STEPS or self._held >= MOST_HELD:
            self._kept.clear()
            self._sets.clear()
            self._steps = self._held = 0
        if found not in self._sets:  # one of each, however many steps lead to it
            self._sets[found] = found
            self._held += len(found)
        found = self._sets[found]
        self._kept.setdefault(at, {})[character] = found
        self._steps += 1
        return found

    def _closed(self, places: tuple[int, ...], *, sides: tuple[str, ...] = ()) -> frozenset[int]:
        """The places, and all that can be reached from them without a character."""
        found, waiting = set(places), list(places)
        while waiting:
            place = waiting.pop()
            if self._edges[place] and self._edges[place] not in sides:
                continue
            for after in self._free[place]:
                if after not in found:
                    found.add(after)
                    waiting.append(after)
        return frozenset(found)

    def _made(self, tree: Tree, after: int) -> int:
        """The place at which `tree` begins, so that what it matches leads to `after`."""
        if isinstance(tree, Characters):
            return self._place(tree.test, after)
        if isinstance(tree, Edge):
            return self._place(None, _MATCH, (after,), edge=tree.side)
        if isinstance(tree, Sequence):
            return functools.reduce(lambda follow, part: self._made(part, follow), reversed(tree.parts), after)
        if isinstance(tree, Choice):
            return self._place(None, _MATCH, tuple(self._made(part, after) for part in tree.parts))
        return self._repeated(tree, after)

    def _repeated(self, tree: Repeated, after: int) -> int:
        begin = after
        if tree.most is None:
            begin = self._place(None, _MATCH)
            self._free[begin] = (self._made(tree.part, begin), after)
        else:
            for _ in range(tree.most - tree.least):
                begin = self._place(None, _MATCH, (self._made(tree.part, begin), after))
        for _ in range(tree.least):
            begin = self._made(tree.part, begin)
        return begin

    def _place(self, test: Test | None, after: int, free: tuple[int, ...] = (), *, edge: str = "") -> int:
        if len(self._tests) >= MOST_PLACES:
            raise Unread(f"more than {MOST_PLACES} places")
        self._tests.append(test)
        self._next.append(after)
        self._free.append(free)
        self._edges.append(edge)
        return len(self._tests) - 1
