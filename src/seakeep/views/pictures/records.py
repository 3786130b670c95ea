"""A table's rows as every picture reads them: groups, numbers, moments, and the words for what is left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from seakeep.views import figures

if TYPE_CHECKING:
    from seakeep.core.codec import Scalar

Record = Mapping[str, "Scalar"]
ROWS_DRAWN = 24
_WHOLE = frozenset({"", "all", "overall", "all rows"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Picture:
    """svg: the drawing. title: what it shows. says: one line on how to read it."""

    svg: str
    title: str
    says: str = ""


Draw = Callable[[Sequence[Record]], Iterator[Picture]]


def is_whole(name: Scalar) -> bool:
    """Whether a slice's name means all rows."""
    return name is None or (isinstance(name, str) and name.strip().lower() in _WHOLE)


def slice_name(name: Scalar) -> str:
    """A slice's name as it is shown."""
    return "all rows" if is_whole(name) else figures.scalar(name)


def words(name: Scalar) -> str:
    """A name of the program's in words."""
    return figures.scalar(name).replace("_", " ")


def cut(records: Sequence[Record]) -> str:
    """A sentence on how many rows are drawn, where not all of them are."""
    return f" The first {ROWS_DRAWN} of {figures.number(len(records))}." if len(records) > ROWS_DRAWN else ""


def grouped(records: Sequence[Record], column: str) -> dict[Scalar, list[Record]]:
    """Rows by the value of `column`, in the order in which the values come."""
    groups: dict[Scalar, list[Record]] = {}
    for record in records:
        groups.setdefault(record.get(column), []).append(record)
    return groups


def number(value: Scalar) -> float:
    """A cell as a float: NaN where it is none, infinite where it is too large for one."""
    if value is None or isinstance(value, str):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def bound(record: Record, name: str) -> float | None:
    """A cell as a float; None where it is absent or no number."""
    value = number(record.get(name))
    return None if math.isnan(value) else value


def is_finite(value: Scalar) -> bool:
    """Whether a cell is a finite number."""
    return math.isfinite(number(value))


def moment(value: Scalar) -> float:
    """A cell as microseconds since 1970 UTC: a number is that already, text is ISO 8601; NaN for what is neither.

    >>> moment("2013-01-01T00:00:00Z"), moment("soon")
    (1356998400000000.0, nan)
    """
    if not isinstance(value, str):
        return number(value)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return math.nan
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return float((found - _EPOCH) // timedelta(microseconds=1))
