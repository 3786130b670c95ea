"""Spans: a table that arrives in parts (a file or folder a month, say), of which the newest ones are trained on.

`Pipeline(spans=Spans("data/flights-*.parquet", newest=6))` trains on five months and is judged on the sixth; when the next file
arrives the window moves on. What `*` matched is the span's name (see spans.patterns for dates and versions), and names are ordered as people order them (week-9 before
week-10), which for ISO dates is the order of time. Nothing here opens a file, so that the cache and the service that
retrains can ask what there is without loading anything.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from seakeep.core.addresses import scheme
from seakeep.pipeline.spans.errors import BadSpans
from seakeep.pipeline.spans.patterns import Pattern

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Span:
    """One part of the table: what `*` matched, the file or folder (absolute), and its version where the pattern has versions."""

    name: str
    path: Path
    version: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """The spans of one training, in order: those trained on, and those held out to judge the model."""

    training: tuple[Span, ...]
    held_out: tuple[Span, ...]

    @property
    def all(self) -> tuple[Span, ...]:
        """Every span, in order."""
        return (*self.training, *self.held_out)


@dataclass(frozen=True, slots=True)
class Spans:
    """Which files are spans, and how many of the newest make a training.

    pattern: a path with one `*`, or with `{span}`, `{date:%Y-%m-%d}`, or `{yyyy}`, `{mm}`, `{dd}`, `{hh}`, and a `{version}` where a span comes
    again, of which the newest counts; a relative one starts at the pipeline's file. newest: spans used, None for all that there
    are; fewer are used where there are not so many. held_out: how many of them, the last ones, judge the model.
    gaps: of dates: whether one that is missing between those used is refused.
    Raises: BadSpans.
    """

    pattern: str
    newest: int | None = None
    held_out: int = 1
    gaps: Literal["refuse", "allow"] = "refuse"

    def __post_init__(self) -> None:
        if not isinstance(self.pattern, str | os.PathLike):
            raise BadSpans.wrong("pattern", self.pattern, "a path with one *")
        object.__setattr__(self, "pattern", os.fspath(self.pattern))
        if scheme(self.pattern):
            raise BadSpans.address(self.pattern)
        Pattern.of(self.pattern)
        if self.gaps not in ("refuse", "allow"):
            raise BadSpans.wrong("gaps", self.gaps, "'refuse' or 'allow'")
        if not _is_count(self.held_out) or self.held_out < 1:
            raise BadSpans.wrong("held_out", self.held_out, "a whole number of at least 1")
        if self.newest is not None and (not _is_count(self.newest) or self.newest <= self.held_out):
            expected = f"a whole number above held_out={self.held_out}, or None for all"
            raise BadSpans.wrong("newest", self.newest, expected)

    def place(self, folder: Path) -> str:
        """The pattern as an absolute path, a star for each of its places. folder: of the pipeline's file."""
        return self._pattern(folder).stars

    def find(self, folder: Path) -> tuple[Span, ...]:
        """Every span there is, in order, the newest version of each. Hidden names are passed over, as half-written files have them.

        Raises: BadSpans, where two paths are the same version of one span.
        """
        found: dict[str, Span] = {}
        for name, version, path in self._pattern(folder).found():
            span, other = Span(name, Path(path), version), found.get(name)
            if other is not None and int(version or 0) == int(other.version or 0):
                raise BadSpans.twice(name, str(other.path), path)
            if other is None or int(version or 0) > int(other.version or 0):
                found[name] = span
        return tuple(sorted(found.values(), key=lambda span: order(span.name)))

    def _pattern(self, folder: Path) -> Pattern:
        return Pattern.of(str(Path(folder).absolute() / Path(self.pattern).expanduser()), told=self.pattern)

    def select(self, folder: Path, *, upto: str | None = None, without: Sequence[str] = ()) -> Selection:
        """The spans of a training.

        Parameters: upto: the newest span to use; by default the newest there is. without: names of spans to leave out.
        Raises: BadSpans, where nothing matches, too few are left, or a name is not one of the spans.
        """
        found = self.find(folder)
        if not found:
            raise BadSpans.none(self.pattern, self.place(folder))
        names = [span.name for span in found]
        for name in (*([] if upto is None else [upto]), *without):
            if name not in names:
                raise BadSpans.unknown(name, names, self.place(folder))
        last = len(found) if upto is None else names.index(upto) + 1
        usable = [span for span in found[:last] if span.name not in without]
        chosen = usable if self.newest is None else usable[-self.newest :]
        self._check_gaps(folder, [span.name for span in chosen], without)
        if len(chosen) <= self.held_out:
            raise BadSpans.too_few([span.name for span in chosen], self.held_out, self.place(folder))
        return Selection(tuple(chosen[: -self.held_out]), tuple(chosen[-self.held_out :]))

    def _check_gaps(self, folder: Path, names: Sequence[str], without: Sequence[str]) -> None:
        """Raise BadSpans for a date that is missing between those chosen, and was not left out by name."""
        pattern = self._pattern(folder)
        lacking = [] if self.gaps == "allow" else [name for name in pattern.missing(names) if name not in without]
        if lacking:
            raise BadSpans.gaps(lacking, names[0], names[-1], pattern.stars)


def order(name: str) -> tuple[tuple[str | int, ...], str]:
    """A key that sorts names as people do: digits by their number, the rest as text.

    >>> sorted(["week-10", "week-9", "2013-02", "2013-01"], key=order)
    ['2013-01', '2013-02', 'week-9', 'week-10']
    """
    parts = re.split(r"([0-9]+)", name)
    return tuple(int(part) if number % 2 else part for number, part in enumerate(parts)), name


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
