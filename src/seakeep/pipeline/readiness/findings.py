"""Finding: what the record says of one test: points, in words, on which pieces of evidence, what is missing, what to type.

A test earns 1 where a machine ran it again and again, 0.5 where a person ran it once and it is written down, else 0. What the
record contradicts earns 0 and cannot be signed off: a test that ran and failed is no test that somebody forgot to write down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from seakeep.core import Verdict
from seakeep.core.moments import microseconds, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.codec import Json

How = Literal["automatic", "by hand", "nothing", "stale", "contradicted", "torn"]
POINTS: dict[How, float] = {
    "automatic": 1.0,
    "by hand": 0.5,
    "nothing": 0.0,
    "stale": 0.0,
    "contradicted": 0.0,
    "torn": 0.0,
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence. what: in words. digest: of an artifact. at: Unix seconds. count: of rows, windows or tests."""

    what: str
    digest: str = ""
    at: float | None = None
    count: int | None = None

    def as_plain(self) -> dict[str, Json]:
        """Its fields that hold something, the time as text."""
        found: dict[str, Json] = {"what": self.what}
        found |= {"digest": self.digest} if self.digest else {}
        found |= {"at": iso(self.at)} if self.at is not None else {}
        return found | ({"count": self.count} if self.count is not None else {})


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one test.

    proven: what the evidence shows, "" for nothing. missing: what a full point lacks. fix: the next line to type.
    """

    how: How
    proven: str = ""
    missing: str = ""
    fix: str = ""
    pieces: tuple[Piece, ...] = ()

    @property
    def points(self) -> float:
        """0, 0.5 or 1."""
        return POINTS[self.how]

    @property
    def verdict(self) -> Verdict:
        """Pass for a full point, fail where the record says the contrary, else inconclusive: not shown."""
        if self.how == "contradicted":
            return Verdict.FAIL
        return Verdict.PASS if self.how == "automatic" else Verdict.INCONCLUSIVE

    @property
    def message(self) -> str:
        """What is proven, then what is missing, as sentences."""
        parts = (self.proven, f"Missing: {self.missing}" if self.missing and self.proven else self.missing)
        return " ".join(_sentence(part) for part in parts if part)

    def with_pieces(self, *pieces: Piece) -> Finding:
        """This finding, with more evidence."""
        return replace(self, pieces=(*self.pieces, *pieces))


class Unproven(Exception):
    """A test has its answer before all of its evidence was looked at; `finding` is that answer."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def iso(at: float) -> str:
    """Unix seconds as text.

    >>> iso(0)
    '1970-01-01T00:00:00+00:00'
    """
    return moment(microseconds(at)).isoformat(timespec="seconds")


def automatic(proven: str, pieces: Sequence[Piece]) -> Finding:
    """A machine runs the test again and again, and it holds."""
    return Finding("automatic", proven, pieces=tuple(pieces))


def by_hand(proven: str, missing: str, fix: str, pieces: Sequence[Piece]) -> Finding:
    """It was run once, by hand, and is on record."""
    return Finding("by hand", proven, missing, fix, tuple(pieces))


def nothing(missing: str, fix: str, pieces: Sequence[Piece] = ()) -> Finding:
    """Nothing on record shows it."""
    return Finding("nothing", "", missing, fix, tuple(pieces))


def stale(missing: str, fix: str, pieces: Sequence[Piece] = ()) -> Finding:
    """What showed it is too old, or of what is not in charge any more."""
    return Finding("stale", "", missing, fix, tuple(pieces))


def contradicted(found: str, fix: str, pieces: Sequence[Piece] = ()) -> Finding:
    """The test was run, and the record says that it does not hold."""
    return Finding("contradicted", "", found, fix, tuple(pieces))


def torn(what: str, fix: str) -> Finding:
    """Evidence on record cannot be read any more."""
    return Finding("torn", "", what, fix)


def _sentence(text: str) -> str:
    """Text as a sentence: a capital where it begins with a plain word, for names keep their own, and a full stop."""
    first = text.partition(" ")[0]
    text = text[:1].upper() + text[1:] if first.isalpha() else text
    return text if text.endswith((".", "!", "?")) else f"{text}."
