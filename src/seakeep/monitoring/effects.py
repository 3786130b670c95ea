"""How much a column moved, in its own units: the effect beside every alarm. No alarm without one.

Called by `drift`. A distance ranks changes and a p-value tells them from luck; what a person acts on is that the mean went up by
7 degrees, or that one carrier's share went from 12 % to 31 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from seakeep.core.kinds import Kind
from seakeep.data.comparison.moves import effect as in_deviations
from seakeep.data.comparison.moves import moved_values, readable

if TYPE_CHECKING:
    from seakeep.core.codec import Json
    from seakeep.core.statistics import ColumnStatistics

Direction = Literal["up", "down", "none"]
_STILL = 0.02


@dataclass(frozen=True, slots=True)
class Effect:
    """direction: of `by`. by: the change, in `unit`. standard_deviations: the same in the reference's; None where they mean nothing.

    unit: "units" of the column, "seconds", or "share" of the rows, 0 to 1. words: a clause that follows the column's name.
    """

    direction: Direction
    by: float
    unit: Literal["units", "seconds", "share"]
    words: str
    standard_deviations: float | None = None

    def as_plain(self) -> dict[str, Json]:
        """For evidence and the journal."""
        return {
            "direction": self.direction,
            "by": self.by,
            "unit": self.unit,
            "standard_deviations": self.standard_deviations,
            "words": self.words,
        }


def effect(distance: str, before: ColumnStatistics, after: ColumnStatistics) -> Effect:
    """What moved between a reference and now, as `distance` looks at it. Both columns have rows."""
    if distance == "missing_rate":
        return _share("missing values", before.missing_rate, after.missing_rate)
    if before.kind.is_numeric and after.kind.is_numeric and before.mean is not None and after.mean is not None:
        return _numbers(before, after)
    if before.kind is Kind.BOOLEAN and before.mean is not None and after.mean is not None:
        return _share("true", before.mean, after.mean)
    first = next(iter(moved_values(before, after)), None)
    if not isinstance(first, dict):
        return Effect("none", 0.0, "share", "has no values to compare")
    old, new = (float(first[name]) for name in ("reference", "current"))  # type: ignore[arg-type]
    return _share(repr(first["value"]), old, new)


def _share(what: str, before: float, after: float) -> Effect:
    by = after - before
    words = f"{what} went from {before:.1%} to {after:.1%} of the rows ({by * 100:+.1f} points)"
    return Effect(_direction(by), by, "share", words)


def _numbers(before: ColumnStatistics, after: ColumnStatistics) -> Effect:
    assert before.mean is not None
    assert after.mean is not None
    by, deviations = after.mean - before.mean, in_deviations(before, after)
    if before.kind is Kind.DURATION:
        by /= 1e6
    old, new = (readable(value, before.kind) for value in (before.mean, after.mean))
    shown = " to ".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in (old, new))
    told = "" if deviations is None else f", {abs(deviations):.2g} standard deviations {'up' if by > 0 else 'down'}"
    words = f"the mean went from {shown}{told}"
    if deviations is not None and abs(deviations) < _STILL and before.std and after.std:
        words = f"the mean stayed near {shown.partition(' to ')[0]}, the standard deviation went from {before.std:.4g} to {after.std:.4g}"
    return Effect(_direction(by), by, "seconds" if before.kind is Kind.DURATION else "units", words, deviations)


def _direction(by: float) -> Direction:
    return "up" if by > 0 else "down" if by < 0 else "none"
