"""Rules of the table as a whole: how many rows it has, and how many it had the span before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.report import Check, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.schema import Schema
    from seakeep.core.statistics import Statistics


def check_sizes(statistics: Statistics, schema: Schema, previous: Statistics | None) -> Iterator[Check]:
    """The rows against the contract's limits, and against those of the previous span where that is given."""
    yield check_rows(statistics, schema)
    if schema.rows_at_most is not None:
        yield check_rows_at_most(statistics.rows, schema.rows_at_most)
    if previous is not None and (schema.growth_at_least is not None or schema.growth_at_most is not None):
        yield check_growth(statistics.rows, previous.rows, schema)


def check_rows(statistics: Statistics, schema: Schema) -> Check:
    """At least so many rows; no rows at all are inconclusive, never a pass."""
    least, found = schema.rows_at_least, statistics.rows
    if found < least:
        message = f"The table has {found:,} rows, fewer than the {least:,} that the contract asks for."
        fix = "Look for a filter or a join that lost rows; if so few are right, set rows_at_least in the contract."
        return Check("schema.rows", "table", Verdict.FAIL, message, found, least, fix)
    verdict = Verdict.PASS if found else Verdict.INCONCLUSIVE
    fix = "" if found else "Give a table with rows."
    return Check("schema.rows", "table", verdict, f"The table has {found:,} rows.", found, least, fix)


def check_rows_at_most(found: int, most: int) -> Check:
    """At most so many rows."""
    if found <= most:
        message = f"The table has {found:,} rows, at most {most:,} allowed."
        return Check("schema.rows_at_most", "table", Verdict.PASS, message, found, most)
    message = f"The table has {found:,} rows, more than the {most:,} that the contract allows."
    fix = "Look for a join that multiplied rows or a file that was read twice; if so many are right, set rows_at_most."
    return Check("schema.rows_at_most", "table", Verdict.FAIL, message, found, most, fix)


def check_growth(found: int, before: int, schema: Schema) -> Check:
    """The rows over those of the previous span."""
    least, most = schema.growth_at_least, schema.growth_at_most
    if not before:
        message = f"The table has {found:,} rows and the span before it none, so growth cannot be told."
        fix = "Compare with a span that has rows."
        return Check("schema.growth", "table", Verdict.INCONCLUSIVE, message, fix=fix)
    ratio, rows = found / before, f"{found:,} rows after {before:,} in the span before"
    for limit, broken, key, word in (
        (least, least is not None and ratio < least, "growth_at_least", "at least"),
        (most, most is not None and ratio > most, "growth_at_most", "at most"),
    ):
        if broken:
            message = f"The table has {rows}, {ratio:.4g} times as many; {word} {limit:g} times allowed."
            fix = f"Look for a source that stopped or was sent twice; if it is right, set {key} in the contract."
            return Check("schema.growth", "table", Verdict.FAIL, message, ratio, limit, fix, {"rows": [before, found]})
    message = f"The table has {rows}, {ratio:.4g} times as many."
    return Check("schema.growth", "table", Verdict.PASS, message, ratio, None, evidence={"rows": [before, found]})
