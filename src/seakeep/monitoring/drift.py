"""Drift of one window: its Statistics against those that the release was trained on, as checks. Works on Statistics alone.

Called by `judging`. Each column has one distance by its kind, and the missing rate; a column whose contract states distances is judged
by those. A column fails when three things hold together:

    it is no luck        its p-value, calibrated at the window's number of rows (evidence.calibration), is a discovery when at most a
                         share q of the alarms over all columns may be false (evidence.discoveries)
    it is no trifle      the distance exceeds its floor, so that a million rows do not alarm on what nobody would act on; the
                         contract's threshold takes the floor's place
    it is not usual      the distance exceeds the largest that windows of the training rows themselves had, where the release
                         says so (see natural): rows of one day or one storm are not independent, and no formula knows it

The threshold shown is the largest of the three. A column is inconclusive when a window of so few rows could not have shown a change
of the distance's default threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seakeep.core import plugins
from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Table, Verdict
from seakeep.core.statistics import common_kind
from seakeep.data.comparison.moves import evidence, typical
from seakeep.evidence.calibration import null
from seakeep.evidence.discoveries import cutoff
from seakeep.monitoring.effects import effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seakeep.core.codec import Json, Scalar
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import ColumnStatistics, Statistics
    from seakeep.evidence.calibration import Null
    from seakeep.monitoring.effects import Effect
    from seakeep.monitoring.natural import Usual

GROUP = "evidence.distances"
COLUMNS = (
    "column",
    "kind",
    "distance",
    "observed",
    "threshold",
    "noise",
    "verdict",
    "reference",
    "current",
    "p_value",
    "usual",
)
DISTANCES: Mapping[Kind, str] = {
    Kind.INTEGER: "kolmogorov_smirnov",
    Kind.NUMBER: "kolmogorov_smirnov",
    Kind.DURATION: "kolmogorov_smirnov",
    Kind.STRING: "jensen_shannon",
    Kind.BOOLEAN: "l_infinity",
}
"""The distance of a kind's values. Timestamps have none: the clock moves on, and that is no drift."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One distance of one column, with what it shows where nothing has changed. floor: the least that is worth an alarm."""

    column: str
    distance: str
    floor: float
    observed: float
    null: Null
    reference: ColumnStatistics
    current: ColumnStatistics
    usual: Usual | None = None

    @property
    def p_value(self) -> float:
        """Probability that an unchanged window is at least so far."""
        return self.null.p_value(self.observed)


@dataclass(frozen=True, slots=True)
class Drifted:
    """checks: one a column and distance. table: "drift". failed: columns that moved."""

    checks: tuple[Check, ...]
    table: Table

    @property
    def failed(self) -> tuple[str, ...]:
        """Columns with a failing check, in order."""
        return tuple(dict.fromkeys(check.subject for check in self.checks if check.verdict is Verdict.FAIL))


def wanted(kind: Kind, stated: Mapping[str, float], *, by_nature: bool) -> dict[str, float | None]:
    """Distances to ask of a column by name, with the floor that its contract states. by_nature: only its missing rate."""
    names = {"missing_rate": None, **({} if by_nature or kind not in DISTANCES else {DISTANCES[kind]: None})}
    fits = {name: floor for name, floor in stated.items() if kind in _load(name).KINDS}
    values = [name for name in fits if name != "missing_rate"]
    return {**(names if not values else {"missing_rate": None}), **fits}


def measured(distance: str, reference: ColumnStatistics, current: ColumnStatistics) -> float | None:
    """The distance; None where one of the columns has nothing that it compares."""
    whole = distance == "missing_rate"
    if not (reference.rows and current.rows) or not (whole or (reference.finite and current.finite)):
        return None
    return float(_load(distance).distance(reference, current))


def judge_drift(
    reference: Statistics,
    current: Statistics,
    *,
    schema: Schema,
    q: float,
    usual: Mapping[tuple[str, str], Usual] | None = None,
) -> Drifted:
    """Judge every column that both have. `current` has rows; columns that lack are the contract's matter (see quality)."""
    return judge(tuple(_comparisons(reference, current, schema, usual or {})), q=q)


def judge(compared: tuple[Compared, ...], *, q: float) -> Drifted:
    """The verdicts of these comparisons, which are one family of hypotheses."""
    limit = cutoff([each.p_value for each in compared], q=q)
    judged = [_judged(each, limit) for each in compared]
    note = (
        f"noise: what chance alone reaches at the window's rows, when at most {q:.0%} of the alarms may be false. "
        "usual: the farthest that a window of the training rows was. threshold: the largest of noise, usual and the floor."
    )
    table = Table("drift", "Distance from the training rows", COLUMNS, tuple(row for _, row in judged), note)
    return Drifted(tuple(check for check, _ in judged), table)


def compared(
    column: str,
    distance: str,
    reference: ColumnStatistics,
    current: ColumnStatistics,
    *,
    floor: float | None = None,
    usual: Usual | None = None,
) -> Compared | None:
    """One comparison; None where there is nothing to compare."""
    observed = measured(distance, reference, current)
    if observed is None:
        return None
    rows = current.rows if distance == "missing_rate" else current.finite
    least = _load(distance).FLOOR if floor is None else floor
    return Compared(
        column, distance, least, observed, null(distance, reference, rows=rows), reference, current, usual=usual
    )


def _comparisons(
    reference: Statistics, current: Statistics, schema: Schema, usual: Mapping[tuple[str, str], Usual]
) -> Iterator[Compared]:
    for name, before in reference.columns.items():
        after = current.columns.get(name)
        kind = common_kind(before.kind, after.kind) if after else None
        if after is None or kind is None:
            continue
        stated = schema.columns[name].drift if name in schema.columns else {}
        for distance, floor in wanted(kind, stated, by_nature=name in (schema.key, schema.time)).items():
            found = compared(name, distance, before, after, floor=floor, usual=usual.get((name, distance)))
            if found is not None:
                yield found


def _judged(each: Compared, limit: float) -> tuple[Check, tuple[Scalar, ...]]:
    noise = each.null.threshold(limit)
    largest = each.usual.largest if each.usual else 0.0
    threshold = max(noise, largest, each.floor)
    moved = each.observed > threshold or (each.p_value <= limit and each.observed > max(largest, each.floor))
    verdict = Verdict.FAIL if moved else Verdict.PASS
    if not moved and noise > _load(each.distance).THRESHOLD:
        verdict = Verdict.INCONCLUSIVE
    what = effect(each.distance, each.reference, each.current)
    check = Check(
        f"drift.{each.distance}",
        each.column,
        verdict,
        _message(each, verdict, threshold, what),
        each.observed,
        threshold,
        _fix(verdict),
        {
            **evidence(each.reference, each.current),
            "noise": noise,
            "floor": each.floor,
            "p_value": each.p_value,
            "effect": what.as_plain(),
            "usual": _usual(each.usual),
        },
    )
    row = (
        each.column,
        each.reference.kind.value,
        each.distance,
        each.observed,
        threshold,
        noise,
        verdict.value,
        typical(each.reference),
        typical(each.current),
        each.p_value,
        largest if each.usual else None,
    )
    return check, row


def _message(each: Compared, verdict: Verdict, threshold: float, what: Effect) -> str:
    head = f"Column {each.column!r}"
    if verdict is Verdict.FAIL:
        return f"{head} moved: {what.words}; {each.distance} is {each.observed:.3g}, above {threshold:.3g}."
    if verdict is Verdict.INCONCLUSIVE:
        rows = each.current.rows if each.distance == "missing_rate" else each.current.finite
        return f"{head}: {rows:,} rows are too few to tell; chance alone reaches {each.distance} {each.null.draws[-1]:.2g}."
    return f"{head}: {each.distance} is {each.observed:.3g}, at most {threshold:.3g}."


def _fix(verdict: Verdict) -> str:
    if verdict is Verdict.PASS:
        return ""
    if verdict is Verdict.INCONCLUSIVE:
        return "Judge more rows: a longer window."
    return "If rows differ for good, train again on recent ones; if so much is usual, allow it in the contract: drift: {…}."


def _usual(found: Usual | None) -> Json:
    return None if found is None else {"windows": found.windows, "median": found.median, "largest": found.largest}


def narrowed(statistics: Statistics, names: tuple[str, ...]) -> Statistics:
    """These columns only, those that there are."""
    return replace(statistics, columns={name: statistics.columns[name] for name in names if name in statistics.columns})


def _load(distance: str) -> Any:
    return plugins.load(GROUP, distance)
