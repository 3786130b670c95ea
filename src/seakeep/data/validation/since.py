"""Rules that need no contract, only a reference: what a column of numbers has become since. Called by `rules`.

A unit that changed keeps many contracts, since bounds are wide, and so does a source that is stuck at one value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Verdict
from seakeep.data.validation.guesses import FEWEST_ROWS, unit_changed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.statistics import ColumnStatistics

VARIED = 50


def check_unit(name: str, reference: ColumnStatistics, found: ColumnStatistics) -> Iterator[Check]:
    """A change of unit since the reference; silent where there is none."""
    lines = (Kind.INTEGER, Kind.NUMBER, Kind.DURATION)
    guess = unit_changed(reference, found) if found.kind in lines and reference.kind in lines else None
    if guess:
        factor, words = guess
        message = f"Column {name!r}: its deciles are {factor:.6g} times those of the reference; {words}."
        fix = f'Turn it back on reading: seakeep.read(…, derive={{"{name}": polars.col("{name}") / {factor:.6g}}}).'
        if "degrees" in words:
            message = f"Column {name!r}: {words} since the reference."
            back = "(polars.col({0!r}) - 32) / 1.8" if factor > 1 else "polars.col({0!r}) * 1.8 + 32"
            fix = f'Turn it back on reading: seakeep.read(…, derive={{"{name}": {back.format(name)}}}).'
        yield Check("schema.unit_changed", name, Verdict.FAIL, message, factor, 1.0, fix, {"guess": words})


def check_constant(name: str, reference: ColumnStatistics, found: ColumnStatistics) -> Iterator[Check]:
    """Numbers that varied widely in the reference and are all one value now; silent otherwise.

    Columns of few values (a month, a carrier) are left alone: tables are often cut by them.
    """
    varied = reference.distinct >= VARIED and reference.kind in (Kind.INTEGER, Kind.NUMBER, Kind.DURATION)
    if varied and found.distinct == 1 and found.finite >= FEWEST_ROWS:
        only = found.top.values[0] if found.top.values else None
        message = f"Column {name!r} held {reference.distinct:,} different values in the reference and holds {only!r} alone now."
        fix = "Look for a stuck source or a filter on this column; in a table of one day or one group it may be right."
        yield Check("schema.constant", name, Verdict.INCONCLUSIVE, message, 1, reference.distinct, fix)
