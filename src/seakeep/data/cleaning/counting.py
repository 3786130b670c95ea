"""What a cleaning step changed, counted piece by piece, and the checks that say so. Called by `clean`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.report import Check, Table, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.codec import Json
    from seakeep.data.cleaning.step import Cleaning

CODES: dict[str, str] = {
    "cleaning.changed": "A declared cleaning step changed at most the share of rows that it may.",
    "cleaning.unread": "A declared cleaning step could read every text that it was to turn into a number, a date or a boolean.",
}
_EXAMPLES = 5


@dataclass(slots=True)
class Counts:
    """rows: seen by the step. changed: values by column. touched: rows with a changed value. dropped: rows. unread: texts by
    column that became null and were not declared to; examples: some of them.
    """

    step: Cleaning
    rows: int = 0
    touched: int = 0
    dropped: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Share of the rows that were changed or dropped."""
        return (self.touched + self.dropped) / self.rows if self.rows else 0.0

    def add(self, before: pl.DataFrame, after: pl.DataFrame) -> None:
        """Count a piece."""
        self.rows += before.height
        self.dropped += before.height - after.height
        names = [name for name in self.step.changes if name in after.columns]
        if not names or before.height != after.height:
            return
        touched = pl.repeat(False, before.height, dtype=pl.Boolean, eager=True)
        for name in names:
            differs = _differs(before[name], after[name])
            self.changed[name] = self.changed.get(name, 0) + int(differs.sum())
            touched |= differs
            self._add_unread(name, before[name], after[name])
        self.touched += int(touched.sum())

    def _add_unread(self, name: str, before: pl.Series, after: pl.Series) -> None:
        """Texts that were to be read as something else and could not be."""
        if getattr(self.step, "others", "missing") == "missing":
            return
        declared = [text.strip() for text in getattr(self.step, "missing", ())]
        lost = before.cast(pl.String).filter(before.is_not_null() & after.is_null())
        lost = lost.filter(~lost.str.strip_chars().is_in(declared))
        if len(lost):
            self.unread[name] = self.unread.get(name, 0) + len(lost)
            kept = self.examples.setdefault(name, [])
            kept += [text for text in lost.unique(maintain_order=True).head(_EXAMPLES) if text not in kept]
            del kept[_EXAMPLES:]


def checks_of(counts: Counts) -> list[Check]:
    """A check for what a step changed, and one a column for what it could not read."""
    step, most = counts.step, counts.step.at_most
    told = _told(counts)
    evidence: dict[str, Json] = {"rows": counts.rows, "rows_changed": counts.touched, "rows_dropped": counts.dropped}
    evidence |= {"values_changed": dict(counts.changed), "step": step.text}
    if counts.share > most:
        message = f"{told}: {counts.share:.2%} of the rows, at most {most:.2%} allowed."
        fix = f"Find what changed upstream; if so many are right, set at_most in {step.text}"
        checks = [Check("cleaning.changed", step.name, Verdict.FAIL, message, counts.share, most, fix, evidence)]
    else:
        message = f"{told}."
        checks = [Check("cleaning.changed", step.name, Verdict.PASS, message, counts.share, most, evidence=evidence)]
    return checks + [_unread(counts, name) for name in counts.unread]


def table_of(found: Sequence[Counts]) -> Table:
    """What each step changed, a row a step and column."""
    rows: list[tuple[str, str, int, int, int]] = []
    for each in found:
        if not each.changed:
            rows.append((each.step.text, "", each.rows, 0, each.dropped))
        rows += [(each.step.text, name, each.rows, count, 0) for name, count in each.changed.items()]
    return Table(
        "cleaning", "What was cleaned", ("step", "column", "rows", "values_changed", "rows_dropped"), tuple(rows)
    )


def _told(counts: Counts) -> str:
    name, dropped = counts.step.name, ", ".join(counts.step.dropped())
    if dropped:
        return f"{name} left out {dropped}"
    if counts.dropped or not counts.changed:
        return f"{name} dropped {counts.dropped:,} of {counts.rows:,} rows"
    values = ", ".join(f"{count:,} values of {column}" for column, count in counts.changed.items())
    return f"{name} changed {values} in {counts.touched:,} of {counts.rows:,} rows"


def _unread(counts: Counts, name: str) -> Check:
    count, step = counts.unread[name], counts.step
    shown = ", ".join(map(repr, counts.examples[name]))
    message = f"{step.name} could not read {count:,} texts of {name}: {shown}."
    fix = "Add their form to the step, name them in missing, or set others: missing, which makes all of them missing."
    evidence: dict[str, Json] = {"examples": list(counts.examples[name]), "step": step.text}
    return Check("cleaning.unread", name, Verdict.FAIL, message, count, 0, fix, evidence)


def _differs(before: pl.Series, after: pl.Series) -> pl.Series:
    """Where a value is another one; a value read as another type differs only where it became null."""
    if before.dtype == after.dtype:
        return before.ne_missing(after)
    if before.dtype.is_numeric() and after.dtype.is_numeric():
        return before.cast(pl.Float64).ne_missing(after.cast(pl.Float64))
    if after.dtype == pl.String:
        return before.cast(pl.String).ne_missing(after)
    return before.is_not_null()
