"""Marks: what was wrong with a request that is answered all the same; in its answer, and beside its rows in the log.

A column that lets a broken value in returns its values as `Marked`, so that no form needs to know of marks: whoever has the
request whole gathers them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Mark(NamedTuple):
    """A rule that rows of a request break.

    rule: "fare.bounds", "seats.missing", or the name of a row rule, as in the quarantine. rows: which, from 0. imputed: whether a value
    typical of training was taken instead.
    """

    rule: str
    rows: tuple[int, ...]
    imputed: bool = False

    def as_answer(self) -> dict[str, Any]:
        """The mark as an answer's JSON has it."""
        return {"rule": self.rule, "rows": self.rows, "imputed": self.imputed}


class Marked(list[Any]):
    """Values of a column, and what is wrong with some of them."""

    __slots__ = ("marks",)

    def __init__(self, values: Iterable[Any], marks: tuple[Mark, ...]) -> None:
        super().__init__(values)
        self.marks = marks


def gathered(columns: Sequence[Sequence[Any]]) -> tuple[Mark, ...]:
    """The marks of all columns."""
    if Marked not in map(type, columns):
        return ()
    return tuple(mark for values in columns if type(values) is Marked for mark in values.marks)


def by_row(marks: Sequence[Mark], rows: int) -> list[str | None]:
    """For each row the rules that it breaks, as text; None where it breaks none.

    >>> by_row([Mark("fare.bounds", (0,)), Mark("lands_late", (0, 2))], 3)
    ['fare.bounds, lands_late', None, 'lands_late']
    """
    found: list[list[str]] = [[] for _ in range(rows)]
    for mark in marks:
        for row in mark.rows:
            found[row].append(mark.rule)
    return [", ".join(rules) or None for rules in found]
