"""Statistics: what is known of a table, column by column. They add: statistics of a ++ b are statistics of a + those of b.

A training set, one file of it, a server's last minute and a year of traffic are the same type. Counts, extremes, sums,
histograms and distinct sketches add to the same bits in any order and any chunking; the most frequent values add within the
error that they carry (see counters). Nothing here depends on the number of rows: a column takes at most some 100 KiB, and
so does every column of a slice, every field of a struct and the items of a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from seakeep.core.codec import GAINED, digest, from_plain, parsed, to_json
from seakeep.core.column_statistics import Bound, ColumnMismatch, ColumnStatistics, Lengths, common_kind
from seakeep.core.conditional import Conditional, Group
from seakeep.core.errors import DataError, SchemaMismatch, UsageError
from seakeep.core.files import write_text
from seakeep.core.kinds import Kind
from seakeep.core.weighted import Weighted

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 2  # 1: until nested columns, weights, slices and label means came
_GAINED = ("weight", "sliced", "slices", "label", "conditional")
M = TypeVar("M", str, tuple[tuple[str, ...], ...])

__all__ = [
    "Bound",
    "ColumnMismatch",
    "ColumnStatistics",
    "Lengths",
    "OtherVersion",
    "Statistics",
    "StatisticsMismatch",
    "common_kind",
]


class StatisticsMismatch(SchemaMismatch):
    """Two statistics that were not made in the same way cannot be added."""

    @classmethod
    def made(cls, what: str, first: object, second: object) -> StatisticsMismatch:
        return cls(
            f"statistics with {what} {first or 'none'} cannot be added to statistics with {what} {second or 'none'}",
            cause="One of them would speak for a part of the rows only.",
            fix="Profile both tables in the same way: seakeep.profile(dataset, weight=…, slices=…, label=…).",
            what=what,
            first=first,
            second=second,
        )


class OtherVersion(DataError):
    """Saved statistics have a form that this version of Seakeep does not know."""

    @classmethod
    def of(cls, path: str, found: object) -> OtherVersion:
        return cls(
            f"statistics of format {found!r}; this version of Seakeep reads formats 1 to {FORMAT}",
            where=path,
            cause="A newer version of Seakeep wrote the file.",
            fix="Update Seakeep (pip install --upgrade seakeep), or profile the table again: seakeep profile DATA -o FILE.",
            path=path,
            format=found,
        )


@dataclass(frozen=True, slots=True)
class Statistics:
    """Rows of a table and its columns by name, in the table's order. `Statistics()` is the empty table's: it adds nothing.

    Adding a table that lacks a column counts its rows as missing there.

    weight: the column of weights, "" for none; every column then has `weighted`.
    sliced: what the slices are by, one tuple of columns each; slices: statistics of each slice, by its name ("carrier=UA",
        "carrier missing", "carrier=UA & origin=EWR", as everywhere). Slices have no slices.
    label: the column whose means `conditional` tells, by column.
    """

    rows: int = 0
    columns: Mapping[str, ColumnStatistics] = field(default_factory=dict)
    weight: str = field(default="", metadata=GAINED)
    sliced: tuple[tuple[str, ...], ...] = field(default=(), metadata=GAINED)
    slices: Mapping[str, Statistics] = field(default_factory=dict, metadata=GAINED)
    label: str = field(default="", metadata=GAINED)
    conditional: Mapping[str, Conditional] = field(default_factory=dict, metadata=GAINED)

    def __add__(self, other: Statistics) -> Statistics:
        names = dict.fromkeys((*self.columns, *other.columns))
        return Statistics(
            self.rows + other.rows,
            {name: self._column(name).added(other._column(name), name=name) for name in names},
            self._common(other, "weight", self.weight, other.weight),
            self._common(other, "slices", self.sliced, other.sliced),
            self._added_slices(other),
            self._common(other, "label", self.label, other.label),
            {
                name: self._conditional(name) + other._conditional(name)
                for name in dict.fromkeys((*self.conditional, *other.conditional))
            },
        )

    def _column(self, name: str) -> ColumnStatistics:
        own = self.columns.get(name)
        if own is not None:
            return own
        known = next((c.weighted for c in self.columns.values() if c.weighted), None)
        beside = known and Weighted(present=known.present + known.missing)
        return ColumnStatistics.absent(Kind.NULL, self.rows, beside)

    def _conditional(self, name: str) -> Conditional:
        own = self.conditional.get(name)
        if own is not None:
            return own
        whole = next((known.whole for known in self.conditional.values()), Group())
        return Conditional(whole, missing=whole)

    def _common(self, other: Statistics, what: str, first: M, second: M) -> M:
        """What both were made with. Statistics of no rows that were made with nothing add to any."""
        if first == second or not (other.rows or second):
            return first
        if not (self.rows or first):
            return second
        raise StatisticsMismatch.made(what, first, second)

    def _added_slices(self, other: Statistics) -> Mapping[str, Statistics]:
        if not self.slices or not other.slices:
            return self.slices or other.slices
        none = Statistics()
        return {
            name: self.slices.get(name, none) + other.slices.get(name, none)
            for name in dict.fromkeys((*self.slices, *other.slices))
        }

    def __getitem__(self, name: str) -> ColumnStatistics:
        """The column called `name`. Raises UsageError with the nearest name."""
        if name not in self.columns:
            raise UsageError.unknown_name("column", name, self.columns)
        return self.columns[name]

    def select(self, names: tuple[str, ...]) -> Statistics:
        """These statistics with the named columns only, in that order."""
        return replace(
            self,
            columns={name: self[name] for name in names},
            slices={name: part.select(names) for name, part in self.slices.items()},
            conditional={name: self.conditional[name] for name in names if name in self.conditional},
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return digest(self)

    def save(self, path: Path) -> None:
        """Write these statistics to `path` as JSON, one column a line, in the oldest format that can hold them."""
        lines = (f" {_line(name)}: {_line(column)}" for name, column in self.columns.items())
        gained = {name: item for name in _GAINED if (item := getattr(self, name))}
        parts = [f'"rows": {self.rows}', '"columns": {\n' + ",\n".join(lines) + "\n}"]
        parts += [f"\n{_line(name)}: {_line(item)}" for name, item in gained.items()]
        if gained or any(column.uses_format_2 for column in self.columns.values()):
            parts.insert(0, f'"format": {FORMAT}')
        write_text(path, "{" + ", ".join(parts) + "}\n")

    @classmethod
    def load(cls, path: Path) -> Statistics:
        """Read statistics that `save` wrote. Raises: OtherVersion; BadDocument, naming the place in the file."""
        return cls.read(path.read_bytes(), path=str(path))

    @classmethod
    def read(cls, content: bytes, *, path: str) -> Statistics:
        """What a file of `save` holds. path: where it came from, for errors. Raises as `load` does."""
        plain = parsed(content, path=path)
        if isinstance(plain, dict) and (found := plain.pop("format", 1)) not in range(1, FORMAT + 1):
            raise OtherVersion.of(path, found)
        return from_plain(cls, plain, path=path)


def _line(value: object) -> str:
    return to_json(value, indent=None).strip()
