"""The words of a judgement by rows: one check for each rule, with counts, shares and the first rows that break it.

Called by `judge`. A share above what the contract allows fails; a rule that had nothing to judge, since a value was missing in every
row, is inconclusive, never a pass.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.data.comparison.moves import iso, readable
from seakeep.data.kinds import kind_of
from seakeep.data.rows.counting import ROW

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from seakeep.core.codec import Json
    from seakeep.core.schema import Schema
    from seakeep.data.rows.counting import Found
    from seakeep.data.rows.criteria import Criterion
    from seakeep.data.rows.plan import Plan

LONGEST = 80
KIND = "rows"
_COLUMNS = ("rule", "check", "broken", "of", "share", "allowed", "verdict")
FIXES = {
    "rows.missing": "Find where they come from; if so many are right, raise missing_at_most in the contract.",
    "rows.nan": "Find the calculation they come from (0/0, the log of a negative number), or set nan: missing.",
    "rows.kind": "Write these values as the contract says, or read them as missing (null_values=[…]).",
    "rows.infinite": "Find the division by zero they come from, or set infinite: true in the contract.",
    "rows.domain": "Correct them on reading, or accept them: seakeep schema update FILE DATA.",
    "rows.bounds": "Look for a changed unit, a sentinel (-1, 999) or a typing error; if they are right, widen the bounds.",
    "rows.length": "Look for truncated or joined values; if they are right, change length_at_least or length_at_most.",
    "rows.pattern": "Correct them on reading, or widen the pattern in the contract.",
    "rows.unique": "Drop the rows that were written twice, or set unique: false in the contract.",
    "rows.holds": "Find where these rows come from; if some are normal, set broken_at_most for the rule.",
    "rows.refers": "Add the missing keys to the other table; if some are normal, set broken_at_most for the rule.",
}


def report_of(plan: Plan, found: Found, schema: Schema, *, subject: str, notes: dict[str, str]) -> Report:
    """The report. notes: of row rules by name, told with a broken one."""
    told = [_Told(criterion, at, found, notes.get(criterion.name, "")) for at, criterion in enumerate(plan.criteria)]
    judged = [each for each in told if not each.is_idle]
    checks = (_table(found), *plan.checks, *(each.check() for each in judged))
    rows = tuple(each.row() for each in judged)
    table = Table("rules", "Rules by rows", _COLUMNS, rows, "of: rows, or those that have a value to judge.")
    return Report(KIND, f"Rows against schema {schema.name}", subject, checks, (table,) if rows else ())


def _table(found: Found) -> Check:
    rows, broken = found.counts.rows, found.broken_rows
    if not rows:
        return Check(
            "rows.table", "table", Verdict.INCONCLUSIVE, "The table has no rows.", 0, 1, "Give a table with rows."
        )
    message = f"The table has {rows:,} rows, {broken:,} of which break a rule."
    return Check("rows.table", "table", Verdict.PASS, message, evidence={"rows": rows, "broken": broken})


class _Told:
    """One criterion and what was found of it."""

    def __init__(self, criterion: Criterion, at: int, found: Found, note: str) -> None:
        self.criterion, self.note = criterion, note
        self.broken, self.rows = found.counts.broken[at], found.counts.rows
        self.asked = found.counts.asked[at]
        self.is_rule = criterion.code in ("rows.holds", "rows.refers")
        self.of = self.rows if self.is_rule else self.asked
        self.frame = found.examples.get(at) if found.counts.shows(at, criterion) else None

    @property
    def share(self) -> float:
        return self.broken / self.of if self.of else 0.0

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to say: a table without rows, or a rule over optional columns that the table lacks."""
        return not self.rows or (self.criterion.optional and not self.asked)

    @property
    def verdict(self) -> Verdict:
        if self.is_rule and not self.asked:
            return Verdict.INCONCLUSIVE
        if self.criterion.code == "rows.kind":
            return Verdict.FAIL
        return Verdict.FAIL if self.share > self.criterion.tolerance else Verdict.PASS

    def check(self) -> Check:
        criterion, verdict = self.criterion, self.verdict
        fix = "" if verdict is Verdict.PASS else FIXES[criterion.code]
        if verdict is Verdict.INCONCLUSIVE:
            fix = "Look for the column that is missing in every row."
        share, most = self.share, criterion.tolerance
        return Check(criterion.code, criterion.subject, verdict, self._message(), share, most, fix, self._evidence())

    def row(self) -> tuple[str | int | float, ...]:
        criterion = self.criterion
        return (
            criterion.name,
            criterion.code,
            self.broken,
            self.of,
            self.share,
            criterion.tolerance,
            self.verdict.value,
        )

    def _message(self) -> str:
        criterion = self.criterion
        what = f"Rule {criterion.name!r}" if self.is_rule else f"Column {criterion.subject!r}"
        if self.is_rule and not self.asked:
            return f"{what} could not be told of any row: a value it needs is missing in all {self.rows:,} of them."
        if criterion.code == "rows.kind" and not self.broken:
            return f"{what} is of another kind than {criterion.expected}, though no single row is to blame."
        allowed = f"at most {criterion.tolerance:.4g} may" if criterion.tolerance else "none may"
        unit = "rows" if self.is_rule or criterion.asked is None else "values"
        message = f"{what}: {self.broken:,} of {self.of:,} {unit} {criterion.told}, {allowed}."
        note = f" ({self.note})" if self.note and self.broken else ""
        return message + self._shown() + note

    def _shown(self) -> str:
        """The first example, as text."""
        if self.frame is None:
            return ""
        first = self.frame.row(0, named=True)
        types = self.frame.schema
        texts = {name: value_text(first[name], types[name]) for name in first if name != ROW}
        values = (f"{name} {'missing' if text is None else text}" for name, text in texts.items())
        return f" The first is row {first[ROW]:,}: {', '.join(values)}."

    def _evidence(self) -> dict[str, Json]:
        found: dict[str, Json] = {"broken": self.broken, "of": self.of, "expected": self.criterion.expected}
        if self.is_rule:
            found["unknown"] = self.rows - self.asked
        if self.frame is not None:
            found["examples"] = list(_examples(self.frame))
        return found


def _examples(frame: pl.DataFrame) -> Iterator[Json]:
    """Rows by number, with the values that the rule looked at."""
    types = frame.schema
    for row in frame.iter_rows(named=True):
        yield {"row": row[ROW]} | {name: value_text(value, types[name]) for name, value in row.items() if name != ROW}


def value_text(value: object, dtype: pl.DataType) -> bool | int | float | str | None:
    """A value as JSON has it: times as ISO 8601, what is nested or long as a shortened text.

    >>> import polars as pl
    >>> value_text("x" * 100, pl.String())
    'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = _time_text(value, dtype) or str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _time_text(value: object, dtype: pl.DataType) -> str | None:
    import polars as pl

    kind = kind_of(dtype)
    if kind is Kind.TIMESTAMP:
        return iso(int(pl.Series([value], dtype=dtype).cast(pl.Datetime("us")).to_physical()[0]))
    if kind is Kind.DURATION and isinstance(dtype, pl.Duration):
        return str(readable(int(pl.Series([value], dtype=dtype).cast(pl.Duration("us")).to_physical()[0]), kind))
    return None
