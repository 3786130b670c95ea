"""Slices: rows that share a column's value, range, or several columns' at once. Called by `evaluate`, for metrics and requirements.

A slice's name is its address: "carrier=UA", "distance in (500, 1000]", "carrier missing", and joined by " & " for a cross.
Only the most frequent groups of a column are slices; how many were left out is told, since a silent cut reads as completeness.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.evaluation.collect import Grouped

ALL = "all"
JOINED = " & "
MOST = 50
By = tuple[str, ...]


class BadSlice(UsageError):
    """A slice's name cannot be understood."""

    @classmethod
    def name(cls, text: str) -> BadSlice:
        return cls(
            f"{text!r} is not the name of a slice",
            cause="A slice names a column and its value, range, or 'missing'.",
            fix='For example "carrier=UA", "distance in (500, 1000]", "carrier missing", "carrier=UA & origin=EWR".',
            slice=text,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """rows: int64, positions in the sample, ascending."""

    name: str
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """The slices by one column or cross. left_out: groups beyond the most frequent ones; rows_left_out: their rows."""

    by: By
    slices: tuple[Slice, ...]
    left_out: int = 0
    rows_left_out: int = 0


def columns_of(by: str | Sequence[str]) -> By:
    """A slicing as written, "carrier" or ("carrier", "origin"), as a tuple without repetitions."""
    return (by,) if isinstance(by, str) else tuple(dict.fromkeys(by))


def columns_in(name: str) -> By:
    """The columns that a slice's name speaks of. Raises BadSlice.

    >>> columns_in("carrier=UA & distance in (500, 1000] & dest missing")
    ('carrier', 'distance', 'dest')
    """
    found = [re.match(r"(.+?)(=|≤|>| in \(| missing$| other$| present$)", term) for term in name.split(JOINED)]
    if not all(found):
        raise BadSlice.name(name)
    return tuple(match.group(1) for match in found if match)


def slices_by(groups: Mapping[str, Grouped], by: By, *, most: int = MOST) -> Slices:
    """The most frequent `most` groups of a column or cross, most frequent first, ties by name."""
    codes, names = _crossed([groups[column] for column in by])
    order = np.argsort(codes, kind="stable")
    present, starts, counts = np.unique(codes[order], return_index=True, return_counts=True)
    texts = names(present)
    ranked = sorted(range(len(present)), key=lambda i: (-int(counts[i]), texts[i]))
    found = tuple(Slice(texts[i], order[starts[i] : starts[i] + counts[i]]) for i in ranked[:most])
    return Slices(by, found, max(0, len(ranked) - most), sum(int(counts[i]) for i in ranked[most:]))


def named(groups: Mapping[str, Grouped], name: str) -> Slice:
    """The slice called `name`; of no rows where nothing is in it."""
    every = slices_by(groups, columns_in(name), most=10**9).slices
    wanted = set(name.split(JOINED))
    empty = Slice(name, np.empty(0, np.int64))
    return next((each for each in every if set(each.name.split(JOINED)) == wanted), empty)


class _Names:
    def __init__(self, parts: Sequence[Grouped]) -> None:
        self._parts = parts

    def __call__(self, codes: NDArray[np.int64]) -> list[str]:
        return [JOINED.join(self._terms(int(code))) for code in codes]

    def _terms(self, code: int) -> Iterable[str]:
        terms = []
        for part in reversed(self._parts):
            code, own = divmod(code, len(part.names))
            terms.append(part.names[own])
        return reversed(terms)


def _crossed(parts: Sequence[Grouped]) -> tuple[NDArray[np.int64], _Names]:
    """One number a row for the combination of its groups, and the names of such numbers."""
    codes = np.zeros(len(parts[0].codes), np.int64)
    for part in parts:
        codes = codes * len(part.names) + part.codes
    return codes, _Names(parts)
