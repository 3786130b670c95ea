"""Group fairness of binary decisions: rates by group, and the largest gap between two groups with its interval.

Three gaps (Hardt, Price and Srebro 2016): demographic parity (decided positive), equal opportunity (found among the positive
rows), equalized odds (that, or alarms among the negative rows, whichever gap is larger). What is hard is that the largest of many
differences is large by chance: the interval holds for every pair of groups at once (Newcombe's limits, Bonferroni over the pairs), so its
low end is a gap that exists and its high end bounds all of them. Groups too small to say anything are left out by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.report import Check, Table, Verdict
from seakeep.evaluation.gates import decide, interval_text
from seakeep.evaluation.slices import slices_by
from seakeep.evidence.intervals import difference_of_rates, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.core.codec import Json, Scalar
    from seakeep.evaluation.collect import Collected
    from seakeep.evaluation.gates import Rules
    from seakeep.evaluation.requirements import Fairness, Gap
    from seakeep.evaluation.sample import Sample

COLUMNS = ("by", "group", "measure", "rate", "low", "high", "rows")
MOST_GROUPS = 50
TRIALS_AT_LEAST = 20
MEASURES: Mapping[Fairness, tuple[str, ...]] = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("true_positive_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """successes of trials rows of one group; group: its slice's name."""

    group: str
    successes: int
    trials: int

    @property
    def value(self) -> float:
        """0 to 1; trials must be above 0."""
        return self.successes / self.trials


@dataclass(frozen=True, slots=True)
class Disparity:
    """The largest gap of a measure, between the groups `least` and `most`, and limits that hold for all pairs at once.

    deciding: rows that the smaller of the two rates rests on.
    """

    measure: str
    gap: float
    low: float
    high: float
    least: str
    most: str
    deciding: int


def rates(seen: Sample, groups: Mapping[str, NDArray[np.int64]], measure: str) -> tuple[Rate, ...]:
    """One measure of each group: its decided-positive rows among all, the positive, or the negative ones."""
    among = {"selection_rate": np.ones(seen.rows, bool), "true_positive_rate": seen.truth}.get(measure, ~seen.truth)
    hits = (seen.chosen == 1) & among
    return tuple(Rate(name, int(hits[rows].sum()), int(among[rows].sum())) for name, rows in groups.items())


def disparity(found: Sequence[Rate], measure: str, *, level: float = 0.95) -> Disparity | None:
    """The largest gap between two of the groups; None for fewer than two. Every group must have trials."""
    if len(found) < 2:
        return None
    ordered = sorted(found, key=lambda rate: (rate.value, rate.group))
    pairs = list(combinations(reversed(ordered), 2))
    each = 1 - (1 - level) / len(pairs)
    limits = [difference_of_rates(a.successes, a.trials, b.successes, b.trials, level=each) for a, b in pairs]
    least, most = ordered[0], ordered[-1]
    low, high = max(0.0, *(low for low, _ in limits)), min(1.0, max(high for _, high in limits))
    deciding = min(least.trials, most.trials)
    return Disparity(measure, most.value - least.value, low, high, least.group, most.group, deciding)


def gap(requirement: Gap, seen: Collected, *, rules: Rules) -> Check:
    """The check of one fairness requirement."""
    groups, small = _groups(requirement.by, seen, rules)
    found: list[Disparity] = []
    for measure in MEASURES[requirement.fairness]:
        every = rates(seen.sample, groups, measure)
        small += [rate.group for rate in every if rate.trials < TRIALS_AT_LEAST and rate.group not in small]
        largest = disparity([rate for rate in every if rate.trials >= TRIALS_AT_LEAST], measure, level=rules.level)
        found += [] if largest is None else [largest]
    if len(found) < len(MEASURES[requirement.fairness]) or not seen.sample.is_finite:
        return _unknown(requirement, small, seen)
    return _judged(requirement, found, small, rules)


def table(bys: Sequence[tuple[str, ...]], seen: Collected, *, rules: Rules) -> Table:
    """Every measure of every group large enough, with Wilson's interval."""
    rows: list[tuple[Scalar, ...]] = []
    left_out: list[str] = []
    for by in bys:
        groups, small = _groups(by, seen, rules)
        left_out += small
        for measure in ("selection_rate", "true_positive_rate", "false_positive_rate"):
            rows += [
                (", ".join(by), r.group, measure, r.value, *wilson(r.successes, r.trials, level=rules.level), r.trials)
                for r in rates(seen.sample, groups, measure)
                if r.trials
            ]
    note = f"Left out, fewer than {rules.min_rows} rows: {', '.join(left_out)}." if left_out else ""
    return Table("fairness", "Rates by group", COLUMNS, tuple(rows), note)


def _groups(by: Sequence[str], seen: Collected, rules: Rules) -> tuple[dict[str, NDArray[np.int64]], list[str]]:
    """The rows of every group large enough, and the names of the others."""
    found = slices_by(seen.groups, tuple(by), most=MOST_GROUPS)
    groups = {each.name: each.rows for each in found.slices if len(each.rows) >= rules.min_rows}
    small = [each.name for each in found.slices if len(each.rows) < rules.min_rows]
    return groups, [*small, f"{found.left_out} rarer groups"] if found.left_out else small


def _judged(requirement: Gap, found: Sequence[Disparity], small: Sequence[str], rules: Rules) -> Check:
    verdicts = [
        decide(
            -each.gap, (-each.high, -each.low), -requirement.most, rows=each.deciding, confident=requirement.confident
        )
        for each in found
    ]
    worst = max(found, key=lambda each: each.gap)
    verdict = Verdict.worst(tuple(verdicts))
    left_out = f" Left out as too small: {', '.join(small)}." if small else ""
    message = (
        f"{requirement.fairness} by {' and '.join(requirement.by)}: the {worst.measure.replace('_', ' ')} is {worst.gap:.4g} higher "
        f"where {worst.most} than where {worst.least}, {interval_text(worst.low, worst.high)}; "
        f"at most {requirement.most:g} is allowed.{left_out}"
    )
    fix = {
        Verdict.PASS: "",
        Verdict.FAIL: 'Compare the groups: report.table("fairness"); then give the model what sets them apart.',
        Verdict.INCONCLUSIVE: f"Evaluate on more labelled rows where {worst.most} and where {worst.least}.",
    }[verdict]
    evidence: dict[str, Json] = {
        "level": rules.level,
        "low": worst.low,
        "high": worst.high,
        "measures": {each.measure: [each.gap, each.low, each.high, each.least, each.most] for each in found},
        "rows": worst.deciding,
        "left_out": list(small),
    }
    return Check(
        _code(requirement), _subject(requirement), verdict, message, worst.gap, requirement.most, fix, evidence
    )


def _unknown(requirement: Gap, small: Sequence[str], seen: Collected) -> Check:
    why = "two groups are needed that are large enough" if seen.sample.is_finite else "scores are not finite numbers"
    message = f"{requirement.fairness} by {' and '.join(requirement.by)} is not known: {why}."
    fix = "Evaluate on more labelled rows, or lower min_rows=."
    evidence: dict[str, Json] = {"left_out": list(small)}
    return Check(
        _code(requirement), _subject(requirement), Verdict.INCONCLUSIVE, message, None, requirement.most, fix, evidence
    )


def _code(requirement: Gap) -> str:
    return f"fairness.{requirement.fairness}"


def _subject(requirement: Gap) -> str:
    return f"{requirement.fairness}[by {' and '.join(requirement.by)}]"
