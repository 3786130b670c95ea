"""Rules of one column beside its kind, values and bounds: presence, NaN, lengths, different values, patterns, what values stand for.

Called by `rules`. Statistics list the most frequent values only, so a pattern is settled for those; where others remain, the check is
inconclusive, and the rows must be looked at (see data.rows). Counts of different values carry the sketch's error, and a limit
within it is inconclusive too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seakeep.core.distinct import STANDARD_ERROR
from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seakeep.core.codec import Json
    from seakeep.core.schema import ColumnSchema
    from seakeep.core.statistics import ColumnStatistics

MOST_EXAMPLES = 10
DISTINCT_SLACK = 4 * STANDARD_ERROR
LENGTH_UNITS = {Kind.STRING: "characters", Kind.BINARY: "bytes", Kind.LIST: "items"}
_NEVER_COUNTED = (Kind.BINARY, Kind.LIST, Kind.STRUCT)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(//)?[^\s]+")


def check_limits(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Iterator[Check]:
    """Every check of these rules that the contract asks for; the column holds at least one value."""
    if contract.nan == "refused":
        yield check_nan_refused(name, found)
    if contract.length_at_least is not None or contract.length_at_most is not None:
        yield check_length(name, contract, found)
    if contract.distinct_at_least is not None or contract.distinct_at_most is not None:
        yield check_distinct(name, contract, found)
    if contract.pattern:
        yield check_pattern(name, contract, found)
    if contract.semantics == "url":
        yield check_url(name, contract, found)


def count_missing(contract: ColumnSchema, found: ColumnStatistics) -> int:
    """Rows without a value: nulls, and NaN where the contract takes it for missing."""
    return found.missing + (found.nan if contract.nan == "missing" else 0)


def check_present(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Check:
    """How many rows hold a value."""
    present, least = found.rows - count_missing(contract, found), contract.present_at_least
    numbers: dict[str, Json] = {"rows": found.rows, "null": found.missing, "nan": found.nan}
    if present >= least:
        message = f"Column {name!r} holds {present:,} values, at least {least:,} asked for."
        return Check("schema.present", name, Verdict.PASS, message, present, least, evidence=numbers)
    message = f"Column {name!r} holds {present:,} values, fewer than the {least:,} that the contract asks for."
    fix = (
        f"Look for rows or a join that were lost; if so few are right, set present_at_least: {present} in the contract."
    )
    return Check("schema.present", name, Verdict.FAIL, message, present, least, fix, numbers)


def check_nan_refused(name: str, found: ColumnStatistics) -> Check:
    """No NaN at all."""
    if not found.nan:
        return Check("schema.nan_refused", name, Verdict.PASS, f"Column {name!r} holds no NaN.", 0, 0)
    message = f"Column {name!r} holds {found.nan:,} NaN; the contract refuses it."
    fix = "NaN comes from a calculation (0/0, the log of a negative number): find it, or fill_nan(None) where it is unknown."
    return Check("schema.nan_refused", name, Verdict.FAIL, message, found.nan, 0, fix, {"rows": found.rows})


def check_length(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Check:
    """The shortest and longest value against the limits."""
    least, most, unit = contract.length_at_least, contract.length_at_most, LENGTH_UNITS.get(contract.kind, "items")
    lengths = found.lengths
    if lengths is None or lengths.minimum is None or lengths.maximum is None:
        message = f"Column {name!r}: its statistics hold no lengths, so the limits could not be looked at."
        fix = "Profile the table again: they were made by another version of Seakeep."
        return Check("schema.length", name, Verdict.INCONCLUSIVE, message, fix=fix)
    numbers: dict[str, Json] = {"minimum": lengths.minimum, "maximum": lengths.maximum, "mean": lengths.mean}
    if least is not None and lengths.minimum < least:
        told, key, observed, limit = "shortest", "length_at_least", lengths.minimum, least
    elif most is not None and lengths.maximum > most:
        told, key, observed, limit = "longest", "length_at_most", lengths.maximum, most
    else:
        message = f"Column {name!r}: values have {lengths.minimum:,} to {lengths.maximum:,} {unit}."
        return Check("schema.length", name, Verdict.PASS, message, evidence=numbers)
    word = "at least" if key == "length_at_least" else "at most"
    message = f"Column {name!r}: its {told} value has {observed:,} {unit}, {word} {limit:,} allowed."
    fix = f"Look for a value cut off, two joined into one or an empty one; if it is right, set {key}: {observed}."
    return Check("schema.length", name, Verdict.FAIL, message, observed, limit, fix, numbers)


def uncounted(code: str, name: str, found: ColumnStatistics) -> Check | None:
    """An inconclusive check, where statistics do not tell how many different values there are: by their kind, or as they came from elsewhere."""
    if not found.finite:
        return None
    if found.kind in _NEVER_COUNTED:
        message = f"Column {name!r}: statistics do not count how many different values a {found.kind.value} column has."
        fix = "Judge the rows for unique: seakeep validate DATA --schema FILE --rows; take distinct limits out of the contract."
        return Check(code, name, Verdict.INCONCLUSIVE, message, fix=fix, evidence={"values": found.finite})
    if found.sketch is not None or found.top.is_exact:
        return None
    message = f"Column {name!r}: its statistics do not tell how many different values it has."
    fix = "They were written by another system: profile the table itself, seakeep profile DATA."
    return Check(code, name, Verdict.INCONCLUSIVE, message, fix=fix, evidence={"values": found.finite})


def check_distinct(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Check:
    """How many different values there are: counted where few, else within four standard errors of the sketch."""
    unknown = uncounted("schema.distinct", name, found)
    if unknown:
        return unknown
    slack = DISTINCT_SLACK if found.sketch else 0.0
    count, least, most = found.distinct, contract.distinct_at_least, contract.distinct_at_most
    low, high = count * (1 - slack), count * (1 + slack)
    about = "about " if found.sketch else ""
    numbers: dict[str, Json] = {"values": found.finite, "error": slack}
    for key, limit, broken, near, word in (
        ("distinct_at_least", least, least is not None and high < least, least is not None and low < least, "fewer"),
        ("distinct_at_most", most, most is not None and low > most, most is not None and high > most, "more"),
    ):
        message = f"Column {name!r} has {about}{count:,} different values, {word} than {limit}."
        if broken:
            fix = f"Look for values written in two ways, or a source that is stuck; if it is right, set {key}: {count}."
            return Check("schema.distinct", name, Verdict.FAIL, message, count, limit, fix, numbers)
        if near:
            message = f"Column {name!r} has about {count:,} different values, too near to {key}: {limit} to tell."
            fix = f"The estimate is right within {slack:.1%}: count them by the rows, or set a limit further off."
            return Check("schema.distinct", name, Verdict.INCONCLUSIVE, message, count, limit, fix, numbers)
    message = f"Column {name!r} has {about}{count:,} different values."
    return Check("schema.distinct", name, Verdict.PASS, message, count, None, evidence=numbers)


def check_pattern(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Check:
    """The share of values that do not match, as far as they are listed."""
    from seakeep.data.contract.patterns import matches

    counts = {value: count for value, count in found.top.as_dict().items() if isinstance(value, str)}
    fits = matches(contract.pattern, tuple(counts))
    strange = {value: count for (value, count), fit in zip(counts.items(), fits, strict=True) if not fit}
    unseen = found.finite - sum(counts.values())
    share, most = sum(strange.values()) / max(1, found.finite), contract.others_at_most
    evidence = _examples(strange)
    if share > most:
        shown = ", ".join(f"{value!r} ({count:,})" for value, count in list(strange.items())[:5])
        message = f"Column {name!r}: {share:.2%} of values do not match {contract.pattern!r}: {shown}."
        fix = "Correct them on reading, or correct the pattern in the contract; a share of others is allowed by others_at_most."
        return Check("schema.pattern", name, Verdict.FAIL, message, share, most, fix, evidence)
    if share + unseen / max(1, found.finite) > most:
        message = f"Column {name!r}: its {len(counts):,} listed values match, and {unseen:,} rows hold others, which statistics do not list."
        fix = "Judge the rows: seakeep validate DATA --schema FILE --rows."
        return Check("schema.pattern", name, Verdict.INCONCLUSIVE, message, share, most, fix, evidence)
    message = f"Column {name!r}: its values match {contract.pattern!r}."
    return Check("schema.pattern", name, Verdict.PASS, message, share, most, evidence=evidence)


def check_url(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Check:
    """Whether the listed values look like URLs; what is not listed is taken for the like."""
    counts = {value: count for value, count in found.top.as_dict().items() if isinstance(value, str)}
    strange = {value: count for value, count in counts.items() if not is_url(value)}
    share, most = sum(strange.values()) / max(1, found.finite), contract.others_at_most
    if share <= most:
        message = f"Column {name!r}: its {len(counts):,} listed values are URLs."
        return Check("schema.semantics", name, Verdict.PASS, message, share, most)
    shown = ", ".join(f"{value!r} ({count:,})" for value, count in list(strange.items())[:5])
    message = f"Column {name!r}: {share:.2%} of values are no URLs: {shown}."
    fix = "Look for a column that was mixed up or a scheme that was cut off; if they are right, take semantics out of the contract."
    return Check("schema.semantics", name, Verdict.FAIL, message, share, most, fix, _examples(strange))


def is_url(text: str) -> bool:
    """Whether a text looks like a URL: a scheme, a colon, and something without spaces.

    >>> is_url("https://example.org/a b"), is_url("mailto:sea@example.org")
    (False, True)
    """
    return _URL.fullmatch(text) is not None


def _examples(strange: Mapping[str, int]) -> dict[str, Json]:
    examples: list[Json] = [{"value": value, "rows": count} for value, count in list(strange.items())[:MOST_EXAMPLES]]
    return {"found": examples} if examples else {}
