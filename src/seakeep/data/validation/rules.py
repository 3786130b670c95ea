"""The rules of one column: each looks at its statistics and its contract and yields a check, passed or failed.

Called by `validate`. A column of the wrong kind is judged no further, but for a changed unit that may explain it: its other
numbers would be about something else. What the statistics cannot settle (a domain among more values than they list) is
inconclusive, never a pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Verdict
from seakeep.data.comparison.moves import readable
from seakeep.data.contract.infer import UNIQUE_SLACK, round_up, seen_twice
from seakeep.data.contract.nested import holds_nested, nested
from seakeep.data.validation.guesses import spelled_otherwise
from seakeep.data.validation.kind_rule import check_kind
from seakeep.data.validation.limits import check_limits, check_present, count_missing, uncounted
from seakeep.data.validation.since import check_constant, check_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.codec import Json
    from seakeep.core.schema import ColumnSchema, Schema
    from seakeep.core.statistics import ColumnStatistics

MOST_EXAMPLES = 10


def check_column(
    name: str,
    contract: ColumnSchema,
    found: ColumnStatistics,
    *,
    schema: Schema,
    reference: ColumnStatistics | None = None,
) -> Iterator[Check]:
    """Every check of one column that the table has, and of its items and fields; at least one row."""
    if contract.deprecated:
        yield _deprecated(name, contract)
        return
    if found.kind is not Kind.NULL or not found.rows:
        kind = check_kind(name, contract, found)
        yield kind
        if kind.verdict is Verdict.FAIL:
            yield from check_unit(name, reference, found) if reference else ()
            return
    yield check_missing(name, contract, found)
    if contract.present_at_least:
        yield check_present(name, contract, found)
    if not found.present:
        return
    yield from check_infinite(name, contract, found)
    yield from check_limits(name, contract, found)
    if contract.values is not None:
        yield check_domain(name, contract, found, schema)
    if contract.minimum is not None or contract.maximum is not None:
        yield check_bounds(name, contract, found)
    if contract.unique:
        yield check_unique(name, found)
    if found.invalid_utf8 and contract.kind is not Kind.BINARY:
        yield _invalid_utf8(name, found)
    if reference is not None:
        yield from check_unit(name, reference, found)
        yield from check_constant(name, reference, found)
    if contract.items is not None or contract.fields:
        yield from _check_nested(name, contract, found, schema=schema, reference=reference)


def _deprecated(name: str, contract: ColumnSchema) -> Check:
    message = f"Column {name!r} is deprecated, so it is not judged: {contract.deprecated}"
    return Check("schema.deprecated", name, Verdict.PASS, message)


def _check_nested(
    name: str,
    contract: ColumnSchema,
    found: ColumnStatistics,
    *,
    schema: Schema,
    reference: ColumnStatistics | None,
) -> Iterator[Check]:
    """The items of a list and the fields of a struct, each judged like a column called "tags[]" or "place.city"."""
    for path, inner, inside, before in nested(name, contract, found, reference):
        if inside is not None and inside.rows:
            yield from check_column(path, inner, inside, schema=schema, reference=before)
        elif inside is None and not holds_nested(found):
            yield _no_nested(name, found)
            return
        elif inside is None and inner.required and contract.fields:
            message = f"Column {name!r}: its field {path!r} is missing from the table."
            fix = f"Restore it. If it may be absent, set required: false for {path} in the contract."
            yield Check("schema.missing_column", path, Verdict.FAIL, message, fix=fix)
    for field, inside in found.fields.items() if contract.fields else ():
        if field not in contract.fields:
            message = f"Column {name!r} has a field {field!r} ({inside.kind.value}) that the contract does not know."
            fix = f"Drop it on reading, or accept it: seakeep schema update {schema.name}.schema.yaml DATA."
            yield Check("schema.unexpected_column", f"{name}.{field}", Verdict.FAIL, message, fix=fix)


def _no_nested(name: str, found: ColumnStatistics) -> Check:
    what = "items" if found.kind is Kind.LIST else "fields"
    message = f"Column {name!r}: its statistics tell nothing of its {what}, so they could not be looked at."
    fix = "Profile the table again: the statistics were made by another version of Seakeep, or every list is empty."
    return Check("schema.nested", name, Verdict.INCONCLUSIVE, message, fix=fix)


def check_missing(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Check:
    """The share of null and NaN; a column with nothing else has a code of its own, and so has one that NaN spoils."""
    missing, most = count_missing(contract, found), contract.missing_at_most
    rate = missing / found.rows if found.rows else 0.0
    numbers: dict[str, Json] = {"rows": found.rows, "null": found.missing, "nan": found.nan}
    if rate <= most:
        message = f"Column {name!r}: {rate:.2%} missing, at most {most:.2%} allowed."
        return Check("schema.missing_rate", name, Verdict.PASS, message, rate, most, evidence=numbers)
    allow = f"if so many are right, set missing_at_most: {round_up(rate)} in the contract"
    if rate == 1:
        message = f"Column {name!r} holds no value: all {found.rows:,} rows are missing."
        fix = f"Look for a join that found no partner or a name changed upstream; {allow}."
        return Check("schema.all_missing", name, Verdict.FAIL, message, rate, most, fix, numbers)
    message = (
        f"Column {name!r}: {rate:.2%} missing ({found.missing:,} null, {found.nan:,} NaN), at most {most:.2%} allowed."
    )
    if found.nan > found.missing and contract.nan == "missing":
        fix = f"NaN comes from a calculation (0/0, the log of a negative number): find it, or fill_nan(None); {allow}."
        return Check("schema.nan", name, Verdict.FAIL, message, rate, most, fix, numbers)
    fix = f"Find where they come from (filter by polars.col({name!r}).is_null()); {allow}."
    return Check("schema.missing_rate", name, Verdict.FAIL, message, rate, most, fix, numbers)


def check_infinite(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Iterator[Check]:
    """Infinities; silent where there are none, since few kinds can hold one."""
    count = found.positive_infinity + found.negative_infinity
    if count and not contract.infinite:
        message = f"Column {name!r} holds {count:,} infinite values; the contract allows none."
        fix = "Find the division by zero they come from, or set infinite: true in the contract."
        numbers: dict[str, Json] = {"positive": found.positive_infinity, "negative": found.negative_infinity}
        yield Check("schema.infinite", name, Verdict.FAIL, message, count, 0, fix, numbers)


def check_domain(name: str, contract: ColumnSchema, found: ColumnStatistics, schema: Schema) -> Check:
    """The share of values outside of the listed ones, with the values found."""
    allowed = {(isinstance(value, bool), value) for value in contract.values or ()}
    counts = found.top.as_dict()
    strange = {value: count for value, count in counts.items() if (isinstance(value, bool), value) not in allowed}
    listed = sum(count for value, count in counts.items() if value not in strange)
    certain, possible = sum(strange.values()), found.finite - listed
    share, most = certain / max(1, found.finite), contract.others_at_most
    examples: list[Json] = [{"value": value, "rows": count} for value, count in list(strange.items())[:MOST_EXAMPLES]]
    shown = ", ".join(f"{value!r} ({count:,})" for value, count in list(strange.items())[:5])
    if share > most:
        spelled = spelled_otherwise(strange, contract.values or ())
        cause = "".join(f" {new!r} is {old!r} in other case or with spaces." for new, old in list(spelled.items())[:1])
        message = f"Column {name!r}: {share:.2%} of values are none of the {len(allowed)} listed: {shown}.{cause}"
        fix = f"Correct them on reading, or accept them: seakeep schema update {schema.name}.schema.yaml DATA."
        return Check("schema.domain", name, Verdict.FAIL, message, share, most, fix, {"found": examples})
    if possible / max(1, found.finite) > most:
        message = f"Column {name!r} has more different values than its statistics list; up to {possible:,} are none of the listed."
        fix = "Take values out of the contract for this column: it is no closed list."
        return Check("schema.domain", name, Verdict.INCONCLUSIVE, message, share, most, fix, {"found": examples})
    others = f", {share:.2%} others" if share else ""
    message = f"Column {name!r} holds {len(counts) - len(strange)} of {len(allowed)} listed values{others}."
    return Check(
        "schema.domain", name, Verdict.PASS, message, share, most, evidence={"found": examples} if examples else {}
    )


def check_bounds(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Check:
    """The extremes against the bounds; infinities are looked at by `check_infinite`."""
    low, high = found.minimum, found.maximum
    broken = [
        (value, bound, word)
        for value, bound, word in ((low, contract.minimum, "below"), (high, contract.maximum, "above"))
        if value is not None and bound is not None and (value < bound if word == "below" else value > bound)
    ]
    words = [None if value is None else readable(value, found.kind) for value in (low, high)]
    if not broken:
        message = f"Column {name!r} lies within its bounds ({words[0]} to {words[1]})."
        return Check("schema.bounds", name, Verdict.PASS, message, evidence={"minimum": words[0], "maximum": words[1]})
    told = " and ".join(
        f"{readable(value, found.kind)} is {word} the {'minimum' if word == 'below' else 'maximum'} {readable(bound, found.kind)}"
        for value, bound, word in broken
    )
    outside = sum(_share_outside(found, bound, word) for _, bound, word in broken)
    value, bound, word = broken[0]
    key = "minimum" if word == "below" else "maximum"
    return Check(
        "schema.bounds",
        name,
        Verdict.FAIL,
        f"Column {name!r}: {told}; about {outside:.2%} of values lie outside.",
        readable(value, found.kind),
        readable(bound, found.kind),
        f"Look for a changed unit, a sentinel (-1, 999) or a typing error; if it is right, set {key}: {readable(value, found.kind)}.",
        {"minimum": words[0], "maximum": words[1], "share_outside": outside},
    )


def check_unique(name: str, found: ColumnStatistics) -> Check:
    """No value twice: certain while values are listed, within the sketch's error beyond."""
    unknown = None if any(count > 1 for count in found.top.counts) else uncounted("schema.unique", name, found)
    if unknown:
        return unknown
    numbers: dict[str, Json] = {"distinct": found.distinct, "values": found.finite}
    if not seen_twice(found):
        bound = f" (the sketch would have seen {UNIQUE_SLACK:.1%} of duplicates)" if found.sketch else ""
        message = f"Column {name!r}: no value was seen twice{bound}."
        return Check("schema.unique", name, Verdict.PASS, message, found.distinct, found.finite, evidence=numbers)
    twice = [(value, count) for value, count in found.top.as_dict().items() if count > 1][:MOST_EXAMPLES]
    shown = f", such as {twice[0][0]!r} ({twice[0][1]:,} times)" if twice else ""
    message = f"Column {name!r}: some of its {found.finite:,} values occur more than once{shown}."
    fix = f"Drop the rows that were written twice (unique(subset={name!r})), or set unique: false in the contract."
    examples: list[Json] = [{"value": value, "rows": count} for value, count in twice]
    numbers = {**numbers, "found": examples}
    return Check("schema.unique", name, Verdict.FAIL, message, found.distinct, found.finite, fix, numbers)


def check_label(name: str, found: ColumnStatistics) -> Check:
    """At least two different labels: with one there is nothing to learn. Lists, structs and bytes are no labels."""
    if found.kind in (Kind.LIST, Kind.STRUCT, Kind.BINARY):
        message = (
            f"The label {name!r} is of kind {found.kind.value}; a label is a boolean, an integer, a number or a string."
        )
        fix = f'Derive one on reading: seakeep.read(…, derive={{"{name}": …}}), or name another column as label.'
        return Check("schema.label_classes", name, Verdict.FAIL, message, found.kind.value, None, fix)
    unknown = None if len(found.top.values) >= 2 else uncounted("schema.label_classes", name, found)
    if unknown:
        return unknown
    if found.distinct >= 2:
        message = f"The label {name!r} has {found.distinct:,} different values."
        return Check("schema.label_classes", name, Verdict.PASS, message, found.distinct, 2)
    only = f", {found.top.values[0]!r}" if found.top.values else ""
    message = f"The label {name!r} has {found.distinct} different values{only}; learning needs at least 2."
    fix = "Look for a filter or a split that left one class, or for the expression that derives the label."
    return Check("schema.label_classes", name, Verdict.FAIL, message, found.distinct, 2, fix)


def _invalid_utf8(name: str, found: ColumnStatistics) -> Check:
    message = f"Column {name!r}: {found.invalid_utf8:,} values are not UTF-8."
    fix = "The file was written in another encoding: convert it (iconv -f latin1 -t utf-8 FILE) and read it again."
    return Check("schema.invalid_utf8", name, Verdict.FAIL, message, found.invalid_utf8, 0, fix)


def _share_outside(found: ColumnStatistics, bound: float, word: str) -> float:
    histogram, rows = found.histogram, max(1, found.histogram.total)
    middles = zip(histogram.middles(), histogram.counts, strict=True)
    return sum(count for middle, count in middles if (middle < bound if word == "below" else middle > bound)) / rows
