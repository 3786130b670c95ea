"""A first contract from what was seen: the schema a person would write, with room for what sampling hides.

`infer_schema` is the start of a contract's life; from then on it is edited and versioned. What is hard is to promise
neither too little (a contract that never fails) nor what the sample cannot know (one that fails on the next good file). The
policy, column by column:

missing_at_most: 0 where nothing was missing; else the rate's upper 99.9 % limit (Wilson), with its odds doubled, because rates
    wander with the seasons and not by sampling alone. Rounded up to three digits.
values: of text with at most 200 different values that fill at least 20 rows each on average, and of a label with at most 20.
    others_at_most comes from the values seen once: their share of the rows estimates how often a new value comes (Good and
    Turing 1953). Its upper 99.9 % limit, doubled, at least 0.001, and at least 0.01 for lists of more
    than 20, which grow (a new airport is no error); 0 for a label. A share above 0.05 means an open list: no
    domain at all.
minimum, maximum: of 100 numbers or more, the range widened by its own width on both sides, but never across zero; a share
    (0 to 1) stays a share. Fewer numbers, and identifiers (integers that nearly all differ), keep their sign only; a constant
    tells no range and keeps its sign too. Timestamps have no bounds: time moves on.
unique: the key, unless it was seen twice. infinite: only where infinities were seen.
length_at_least, length_at_most: of at least 100 lists, or 1,000 texts without a domain, that all have one length, that length. Of
    other lists the longest, widened by its distance to the shortest; text of many lengths has no limits.
semantics: url, where all listed texts, at least 20, begin with http:// or https:// (1 % of others allowed); natural_language,
    where texts without a domain have five words or more on average.
items, fields: the same policy, inside of lists and structs; a field that no struct holds is optional.
Presence, different values, patterns, growth, environments and rules are left to people: no one table tells them. Weights play no
part, since a contract is about rows.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from seakeep.core.distinct import STANDARD_ERROR
from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.evidence.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.schema import Semantics
    from seakeep.core.statistics import ColumnStatistics, Statistics

LEVEL = 0.998
MOST_VALUES = 200
MOST_CLASSES = 20
ROWS_A_VALUE = 20
MOST_UNSEEN = 0.05
LEAST_TOLERANCE = 0.001
LEAST_TOLERANCE_LONG = 0.01
LONG_LIST = 20
FEWEST_NUMBERS = 100
NEARLY_ALL = 0.9
FEWEST_LISTS = 100
FEWEST_TEXTS = 1000
FEWEST_URLS = 20
WORDS_OF_LANGUAGE = 5
UNIQUE_SLACK = 4 * STANDARD_ERROR
"""Share of duplicates that the sketch of distinct values may miss: four of its standard errors, 6.5 %."""

Bound = int | float | None
_URL = re.compile(r"https?://\S+\Z")


def infer_schema(
    statistics: Statistics,
    *,
    name: str = "table",
    label: str | None = None,
    time: str | None = None,
    key: str | None = None,
    after: Sequence[str] = (),
) -> Schema:
    """The contract that a table with these statistics suggests.

    Parameters: label, time, key: the columns with these roles. after: columns not known before the prediction is asked for;
        they are refused as features and not expected in serving, and so is the label.
    Raises: UsageError with the nearest name, where a role names a column that the table does not have.
    """
    for role in (label, time, key, *after):
        if role is not None and role not in statistics.columns:
            raise UsageError.unknown_name("column", role, statistics.columns, where=f"infer_schema of {name}")
    late = {*after, label}
    columns = {
        column: infer_column(found, is_label=column == label, is_key=column == key, is_late=column in late)
        for column, found in statistics.columns.items()
    }
    return Schema(name, columns, label=label, time=time, key=key)


def infer_column(
    found: ColumnStatistics, *, is_label: bool = False, is_key: bool = False, is_late: bool = False
) -> ColumnSchema:
    """The contract of one column, by the policy of this module."""
    values, others = _domain(found, is_label=is_label)
    minimum, maximum = (None, None) if is_key or values is not None else _bounds(found)
    shortest, longest = (None, None) if values is not None else _lengths(found)
    semantics = "" if values is not None else _semantics(found)
    others = LEAST_TOLERANCE_LONG if semantics == "url" else others
    return ColumnSchema(
        found.kind,
        required=found.present > 0,
        missing_at_most=missing_allowance(found),
        values=values,
        others_at_most=others,
        minimum=minimum,
        maximum=maximum,
        infinite=found.positive_infinity + found.negative_infinity > 0,
        unique=is_key and not seen_twice(found),
        available="after" if is_late else "before",
        length_at_least=shortest,
        length_at_most=longest,
        semantics=semantics,
        items=None if found.items is None else replace(infer_column(found.items), required=True),
        fields={name: infer_column(inner) for name, inner in found.fields.items()},
    )


def missing_allowance(found: ColumnStatistics) -> float:
    """The share of missing values to allow a column that was seen with these, 0 to 1."""
    missing = found.missing + found.nan
    if not found.rows or missing == found.rows:
        return 1.0
    if not missing:
        return 0.0
    rate = wilson(missing, found.rows, level=LEVEL)[1]
    return min(1.0, round_up(2 * rate / (1 + rate)))


def seen_twice(found: ColumnStatistics) -> bool:
    """Whether some value certainly occurs more than once: it was counted, or the sketch says so beyond its error."""
    if any(count > 1 for count in found.top.counts):
        return True
    return found.distinct < found.finite * (1 - UNIQUE_SLACK) if found.sketch else found.distinct < found.finite


def round_up(value: float, digits: int = 3) -> float:
    """`value` with so many significant digits, never smaller than it was.

    >>> round_up(0.012341), round_up(0.0)
    (0.0124, 0.0)
    """
    if not value:
        return 0.0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return rounded if rounded >= value else round(rounded + 10.0**-places, places)


def _domain(found: ColumnStatistics, *, is_label: bool) -> tuple[tuple[bool | int | str, ...] | None, float]:
    kinds = (Kind.STRING, Kind.INTEGER) if is_label else (Kind.STRING,)
    most = MOST_CLASSES if is_label else MOST_VALUES
    few = found.top.is_exact and 0 < len(found.top.values) <= most
    if found.kind not in kinds or not few or len(found.top.values) * ROWS_A_VALUE > found.finite:
        return None, 0.0
    values = tuple(sorted(value for value in found.top.values if not isinstance(value, float)))
    unseen = wilson(found.top.counts.count(1), found.finite, level=LEVEL)[1]
    if is_label:
        return values, 0.0
    least = LEAST_TOLERANCE_LONG if len(values) > LONG_LIST else LEAST_TOLERANCE
    return (values, max(least, round_up(2 * unseen))) if unseen <= MOST_UNSEEN else (None, 0.0)


def _bounds(found: ColumnStatistics) -> tuple[Bound, Bound]:
    low, high = found.minimum, found.maximum
    if found.kind not in (Kind.INTEGER, Kind.NUMBER, Kind.DURATION) or low is None or high is None:
        return None, None
    zero = 0.0 if found.kind is Kind.NUMBER else 0
    identifier = found.kind is Kind.INTEGER and found.distinct > NEARLY_ALL * found.finite
    if found.finite < FEWEST_NUMBERS or identifier or low == high:
        return (zero if low >= 0 and found.finite >= FEWEST_NUMBERS else None), None
    if found.kind is Kind.NUMBER and low >= 0 and high <= 1:
        return 0.0, 1.0
    width = high - low
    return (zero if low >= 0 else _wider(low - width, found.kind)), (
        zero if high <= 0 else _wider(high + width, found.kind)
    )


def _lengths(found: ColumnStatistics) -> tuple[int | None, int | None]:
    lengths = found.lengths
    if lengths is None or lengths.minimum is None or lengths.maximum is None:
        return None, None
    fewest = FEWEST_TEXTS if found.kind is Kind.STRING else FEWEST_LISTS
    if lengths.count < fewest or found.kind is Kind.BINARY:
        return None, None
    if lengths.minimum == lengths.maximum:
        return (lengths.minimum, lengths.maximum) if lengths.maximum else (None, None)
    return None, None if found.kind is Kind.STRING else 2 * lengths.maximum - lengths.minimum


def _semantics(found: ColumnStatistics) -> Semantics:
    texts = [value for value in found.top.values if isinstance(value, str)]
    if found.kind is not Kind.STRING or len(texts) < FEWEST_URLS:
        return ""
    if all(_URL.match(text) for text in texts):
        return "url"
    words = sum(len(text.split()) for text in texts)
    return "natural_language" if words >= WORDS_OF_LANGUAGE * len(texts) else ""


def _wider(value: float, kind: Kind) -> Bound:
    """`value` rounded away from zero to three digits; None beyond the doubles."""
    if kind is not Kind.NUMBER:
        size = abs(int(value))
        step = int(10 ** max(0, len(str(size)) - 3))
        return (-(-size // step) * step) * (1 if value > 0 else -1)
    return math.copysign(round_up(abs(value)), value) if math.isfinite(value) else None
