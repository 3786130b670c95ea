"""Guesses at causes: a renamed column, a changed unit, values that differ by case or spaces only.

Called by `validate`. An anomaly costs people hours when the message stops at "does not match"; most have one of a few causes,
and statistics show which. A guess is offered in a message and never acted on.
"""

from __future__ import annotations

import math
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from seakeep.core import plugins
from seakeep.core.kinds import Kind
from seakeep.core.statistics import common_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seakeep.core.schema import Schema
    from seakeep.core.statistics import ColumnStatistics, Statistics

LEAST_LIKENESS = 0.6
FEWEST_ROWS = 100
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LEAST_FACTOR = 1.5
MOST_SHARES = 0.75
NEARNESS = 0.05
EXACTNESS = 0.02

UNITS: dict[float, str] = {
    60.0: "minutes became seconds, or hours minutes",
    3600.0: "hours became seconds",
    24.0: "days became hours",
    86400.0: "days became seconds",
    1000.0: "the unit lost its kilo- (kilometres became metres, seconds milliseconds)",
    1e6: "seconds became microseconds",
    100.0: "a share became percent, or a currency its hundredths, or metres centimetres",
    1.609344: "miles became kilometres",
    3.28084: "metres became feet",
    2.54: "inches became centimetres",
    0.45359237: "pounds became kilograms",
    1.852: "knots became kilometres an hour, or nautical miles kilometres",
    4.184: "calories became joules",
    3.785411784: "gallons became litres",
}
"""What a column's values are multiplied by, and what that says; the inverse factors are the same changes turned back."""


def renamed(name: str, statistics: Statistics, schema: Schema, reference: Statistics | None) -> str | None:
    """The unclaimed column of the table most like the missing column `name`, by name and by statistics; None if none is."""
    wanted = schema.columns[name]
    before = reference.columns.get(name) if reference else None
    scores = {
        candidate: _likeness(name, candidate, before, column)
        for candidate, column in statistics.columns.items()
        if candidate not in schema.columns and common_kind(wanted.kind, column.kind) is not None
    }
    best = max(scores, key=lambda candidate: (scores[candidate], candidate), default=None)
    return best if best is not None and scores[best] >= LEAST_LIKENESS else None


def unit_changed(reference: ColumnStatistics, current: ColumnStatistics) -> tuple[float, str] | None:
    """The factor that turns the reference's values into the current ones, and its meaning; None where there is no such.

    Seven of nine deciles must be within 5 % of a known unit's factor and the middle one within 2.5 %, since the rows differ too;
    or all within 2 % of any factor of at least 1.5 either way. With at least five different deciles, a moved distribution is
    then the less likely story. Fahrenheit and Celsius are told by their offset.
    """
    if min(reference.finite, current.finite) < FEWEST_ROWS:
        return None
    before, after = ([column.quantile(share) or 0.0 for share in SHARES] for column in (reference, current))
    if len({value for value in before if value}) < 5:
        return None
    pairs = list(zip(before, after, strict=True))
    if all(math.isclose(y, 1.8 * x + 32, rel_tol=EXACTNESS, abs_tol=0.3) for x, y in pairs):
        return 1.8, "degrees Celsius became Fahrenheit"
    if all(math.isclose(x, 1.8 * y + 32, rel_tol=EXACTNESS, abs_tol=0.3) for x, y in pairs):
        return 1 / 1.8, "degrees Fahrenheit became Celsius"
    return _factor(pairs)


def spelled_otherwise(found: Iterable[object], allowed: Iterable[object]) -> dict[str, str]:
    """Found values that an allowed one becomes when case and surrounding spaces are forgotten, with that one."""
    plain = {value.strip().casefold(): value for value in allowed if isinstance(value, str)}
    texts = (value for value in found if isinstance(value, str))
    return {value: plain[value.strip().casefold()] for value in texts if value.strip().casefold() in plain}


def _factor(pairs: list[tuple[float, float]]) -> tuple[float, str] | None:
    if any((x == 0) != (y == 0) for x, y in pairs):
        return None
    ratios = sorted(y / x for x, y in pairs if x)
    middle = ratios[len(ratios) // 2]
    if middle <= 0 or max(middle, 1 / middle) < LEAST_FACTOR:
        return None
    for unit, words in UNITS.items():
        for factor, told in ((unit, words), (1 / unit, f"the reverse of: {words}")):
            near = sum(abs(ratio / factor - 1) <= NEARNESS for ratio in ratios)
            if near >= MOST_SHARES * len(ratios) and abs(middle / factor - 1) <= NEARNESS / 2:
                return factor, told
    if all(abs(ratio / middle - 1) <= EXACTNESS for ratio in ratios):
        return middle, "every value was multiplied by one factor"
    return None


def _likeness(name: str, candidate: str, before: ColumnStatistics | None, after: ColumnStatistics) -> float:
    """0 to 1: the names' likeness, or, where it is known and greater, that of names and distributions together."""
    names = SequenceMatcher(None, name.casefold(), candidate.casefold()).ratio()
    contained = name.casefold() in candidate.casefold() or candidate.casefold() in name.casefold()
    names = max(names, 0.7) if contained and min(len(name), len(candidate)) > 2 else names
    if before is None or not (before.finite and after.finite and common_kind(before.kind, after.kind) in _DISTANCES):
        return names
    distance: float = plugins.load("evidence.distances", _DISTANCES[before.kind]).distance(before, after)
    return 0.4 * names + 0.6 * max(0.0, 1 - 3 * distance)


_DISTANCES = {
    Kind.INTEGER: "kolmogorov_smirnov",
    Kind.NUMBER: "kolmogorov_smirnov",
    Kind.TIMESTAMP: "kolmogorov_smirnov",
    Kind.DURATION: "kolmogorov_smirnov",
    Kind.STRING: "jensen_shannon",
    Kind.BOOLEAN: "jensen_shannon",
}
