"""Drift: how far each column has moved from a reference, as checks. Works on Statistics alone, so it never rereads rows.

A threshold on a distance is a judgement of size; it says nothing about chance, and two small samples of one distribution can
exceed any threshold. So each distance brings its `noise`: what sampling alone exceeds, for independent rows at these numbers
of rows, with a probability of FALSE_ALARM shared out over all checks of the report (Bonferroni). The verdicts:

    fail           the distance exceeds the threshold and the noise: the column moved, and far
    inconclusive   the noise exceeds the threshold, and the distance does not exceed the noise: too few rows to tell
    pass           the distance is at most the threshold, and rows suffice to have seen more

So an unchanged table fails with a probability of at most FALSE_ALARM, however many columns it has, and few rows never pass. Rows
that are not independent (one customer's, one day's) move more than that: thresholds, not the noise, must allow for it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seakeep.core import plugins
from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.core.statistics import common_kind
from seakeep.data.comparison.moves import evidence, typical
from seakeep.data.comparison.shapes import shapes
from seakeep.data.contract.nested import flattened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from seakeep.core.codec import Scalar
    from seakeep.core.schema import ColumnSchema, Environment, Schema
    from seakeep.core.statistics import ColumnStatistics, Statistics

GROUP = "evidence.distances"
FALSE_ALARM = 1e-3
"""Probability that a report over unchanged, independent rows holds a failing distance."""

DEFAULTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.INTEGER: ("psi", "kolmogorov_smirnov"),
    Kind.NUMBER: ("psi", "kolmogorov_smirnov"),
    Kind.DURATION: ("psi", "kolmogorov_smirnov"),
    Kind.STRING: ("jensen_shannon", "l_infinity"),
    Kind.BOOLEAN: ("l_infinity",),
}
"""Distances asked for by kind where neither the call nor the contract names any, beside `missing_rate`, which all have.
Timestamps have none: the clock moves on, and that is no drift."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One distance of one column that is to be judged; skew where it is serving's distance to training."""

    column: str
    distance: str
    threshold: float
    reference: ColumnStatistics
    current: ColumnStatistics
    skew: bool = False


class BadThreshold(UsageError):
    """A drift threshold means nothing."""

    @classmethod
    def of(cls, distance: str, threshold: float) -> BadThreshold:
        return cls(
            f"the threshold of {distance} is {threshold!r}, expected a number of at least 0",
            fix=f'Leave it to the default, {{"{distance}": {_load(distance).THRESHOLD}}}, or state another.',
            distance=distance,
            threshold=threshold,
        )


def drift(
    reference: Statistics,
    current: Statistics,
    *,
    distances: Mapping[str, float] | None = None,
    schema: Schema | None = None,
) -> Report:
    """How far the columns of `current` have moved from `reference`.

    Parameters: distances: thresholds by distance name; asked of every column of a kind that the distance compares. None for
        the defaults by kind. schema: its columns' own drift thresholds come first, and its key and time columns are judged by
        their missing rate only, since those move by nature.
    Returns: a report of kind "drift", one check a column and distance, a table "drift", and a table "shapes" of the columns
        that moved.
    Raises: UsageError, with the nearest name of a distance that does not exist.
    """
    comparisons = tuple(_comparisons(reference, current, distances, schema))
    return judged(comparisons, *_structural(reference, current))


def stated_drift(
    reference: Statistics, current: Statistics, schema: Schema, *, environment: Environment = "training"
) -> Report:
    """Drift of those columns alone whose contract states a threshold, and of what lies inside of them; used by `validate`."""
    wanted = _stated(schema.expected(environment), "drift")
    return judged(tuple(_of_columns(*_inside(reference, current), lambda name, _: wanted.get(name, {}))))


def stated_skew(training: Statistics, serving: Statistics, schema: Schema) -> Report:
    """The distance of serving to training, of those columns whose contract states a threshold; used by `validate`."""
    wanted = _stated(schema.expected("serving"), "skew")
    if not serving.rows and wanted:
        message = "The serving table has no rows, so its skew to training cannot be told."
        fix = "Profile a window that has rows."
        return judged((), Check("skew.rows", "serving", Verdict.INCONCLUSIVE, message, 0, 1, fix))
    found = _of_columns(*_inside(training, serving), lambda name, _: wanted.get(name, {}))
    return judged(tuple(replace(each, skew=True) for each in found))


def _stated(columns: Mapping[str, ColumnSchema], field: str) -> dict[str, Mapping[str, float]]:
    """The thresholds that columns, and what lies inside of them, state, by path."""
    stated = {name: getattr(column, field) for name, column in flattened(columns).items() if not column.deprecated}
    return {name: thresholds for name, thresholds in stated.items() if thresholds}


def _inside(reference: Statistics, current: Statistics) -> tuple[Statistics, Statistics]:
    return tuple(replace(each, columns=flattened(each.columns)) for each in (reference, current))  # type: ignore[return-value]


def judged(comparisons: tuple[Comparison, ...], *others: Check) -> Report:
    """The report of these comparisons; FALSE_ALARM is shared out over them."""
    results = [_judge(comparison, FALSE_ALARM / max(1, len(comparisons))) for comparison in comparisons]
    checks = (*others, *(check for check, _ in results))
    skew = any(each.skew for each in comparisons)
    note = f"noise: what sampling alone exceeds with a probability of {FALSE_ALARM:g} over all checks; see comparison.drift."
    name, title = ("skew", "Distance of serving to training") if skew else ("drift", "Distance from the reference")
    table = Table(name, title, COLUMNS, tuple(row for _, row in results), note)
    failed = {check.subject for check in checks if check.verdict is Verdict.FAIL}
    moved = {each.column: (each.reference, each.current) for each in comparisons if each.column in failed}
    drawn = shapes((name, *pair) for name, pair in moved.items())
    tables = ((table,) if results else ()) + ((drawn,) if drawn.rows else ())
    return Report("drift", "Drift", "current against reference", checks, tables)


COLUMNS = ("column", "kind", "distance", "observed", "threshold", "noise", "verdict", "reference", "current")


def _structural(reference: Statistics, current: Statistics) -> Iterator[Check]:
    for which, statistics in (("reference", reference), ("current", current)):
        if not statistics.rows:
            message = f"The {which} table has no rows, so nothing can be compared."
            fix = "Profile a table with rows; an empty window is not a calm one."
            yield Check("drift.rows", which, Verdict.INCONCLUSIVE, message, 0, 1, fix)
    for name, column in reference.columns.items():
        if name not in current.columns:
            message = f"Column {name!r} of the reference is not in the current table."
            fix = "Restore the column, or profile a new reference without it."
            yield Check("drift.missing_column", name, Verdict.FAIL, message, None, None, fix)
        elif common_kind(column.kind, current[name].kind) is None:
            found = current[name].kind.value
            message = f"Column {name!r} was {column.kind.value} in the reference and is {found} now."
            fix = f'Convert it on reading: seakeep.read(…, derive={{"{name}": polars.col("{name}").cast(…)}}).'
            yield Check("drift.kind", name, Verdict.FAIL, message, found, column.kind.value, fix)


def _comparisons(
    reference: Statistics, current: Statistics, distances: Mapping[str, float] | None, schema: Schema | None
) -> Iterator[Comparison]:
    for distance in distances or ():
        _load(distance)

    def wanted(name: str, kind: Kind) -> Mapping[str, float]:
        contract = schema.columns.get(name) if schema else None
        by_nature = schema is not None and name in (schema.key, schema.time)
        if contract is not None and contract.semantics == "categorical" and distances is None:
            kind = Kind.BOOLEAN  # integers that are names: their sizes mean nothing, only how frequent each is
        return {**_wanted(kind, distances, by_nature), **(contract.drift if contract else {})}

    yield from _of_columns(reference, current, wanted)


def _of_columns(
    reference: Statistics, current: Statistics, wanted: Callable[[str, Kind], Mapping[str, float]]
) -> Iterator[Comparison]:
    """Comparisons of the columns that both tables have, of one kind; two columns without values differ by nothing."""
    for name, before in reference.columns.items() if current.rows else ():
        after = current.columns.get(name)
        kind = common_kind(before.kind, after.kind) if after and before.rows else None
        if after is None or kind is None:
            continue
        for distance, threshold in wanted(name, kind).items():
            if distance == "missing_rate" or before.finite or after.finite:
                yield Comparison(name, distance, threshold, before, after)


def _wanted(kind: Kind, distances: Mapping[str, float] | None, by_nature: bool) -> dict[str, float]:
    if distances is None:
        names = ("missing_rate", *(() if by_nature else DEFAULTS.get(kind, ())))
        return {name: _load(name).THRESHOLD for name in names}
    fits = {name: threshold for name, threshold in distances.items() if kind in _load(name).KINDS}
    return {name: threshold for name, threshold in fits.items() if name == "missing_rate" or not by_nature}


def _judge(comparison: Comparison, probability: float) -> tuple[Check, tuple[Scalar, ...]]:
    module = _load(comparison.distance)
    if not comparison.threshold >= 0:
        raise BadThreshold.of(comparison.distance, comparison.threshold)
    before, after = comparison.reference, comparison.current
    if comparison.distance != "missing_rate" and not (before.finite and after.finite):
        return _nothing_to_compare(comparison)
    observed = module.distance(before, after)
    noise = module.noise(before, after, probability=probability)
    verdict = _verdict(observed, comparison.threshold, noise)
    return _check(comparison, observed, noise, verdict), _row(comparison, observed, noise, verdict)


def _verdict(observed: float, threshold: float, noise: float) -> Verdict:
    if observed > threshold and observed > noise:
        return Verdict.FAIL
    return Verdict.PASS if observed <= threshold and noise <= threshold else Verdict.INCONCLUSIVE


def _check(comparison: Comparison, observed: float, noise: float, verdict: Verdict) -> Check:
    name, distance, threshold = comparison.column, comparison.distance, comparison.threshold
    words = {
        Verdict.PASS: f"at most {threshold:g}",
        Verdict.FAIL: f"above {threshold:g}",
        Verdict.INCONCLUSIVE: f"against {threshold:g}, but at so few rows sampling alone reaches {noise:.3g}",
    }[verdict]
    which = "of serving to training" if comparison.skew else "to the reference"
    return Check(
        _code(comparison),
        name,
        verdict,
        f"Column {name!r}: {distance} {which} is {observed:.4g}, {words}.",
        observed,
        threshold,
        _fix(comparison, observed, verdict),
        {"noise": noise, **evidence(comparison.reference, comparison.current)},
    )


def _fix(comparison: Comparison, observed: float, verdict: Verdict) -> str:
    if verdict is Verdict.PASS:
        return ""
    if verdict is Verdict.INCONCLUSIVE:
        return "Judge more rows: a longer window, or several windows' statistics added."
    allowed = f"{comparison.distance}: {observed * 1.25:.2g}"
    if comparison.skew:
        made = "Look for code that makes this column in two ways, one for training and one for serving"
        return f"{made}; if this much is usual, allow it: skew: {{{allowed}}}."
    return f"If rows now differ for good, train again on recent ones; if this much is usual, allow it: drift: {{{allowed}}}."


def _code(comparison: Comparison) -> str:
    return f"{'skew' if comparison.skew else 'drift'}.{comparison.distance}"


def _row(comparison: Comparison, observed: float | None, noise: float | None, verdict: Verdict) -> tuple[Scalar, ...]:
    before, after = comparison.reference, comparison.current
    return (
        comparison.column,
        before.kind.value,
        comparison.distance,
        observed,
        comparison.threshold,
        noise,
        verdict.value,
        typical(before),
        typical(after),
    )


def _nothing_to_compare(comparison: Comparison) -> tuple[Check, tuple[Scalar, ...]]:
    name = comparison.column
    sides = ("serving", "training") if comparison.skew else ("current", "reference")
    which = sides[0] if comparison.reference.finite else sides[1]
    message = f"Column {name!r} has no values in the {which} table, so {comparison.distance} has nothing to compare."
    fix = "Look at its missing rate; restore its values where it was full before."
    found = evidence(comparison.reference, comparison.current)
    check = Check(_code(comparison), name, Verdict.INCONCLUSIVE, message, None, comparison.threshold, fix, found)
    return check, _row(comparison, None, None, Verdict.INCONCLUSIVE)


@functools.cache
def _load(distance: str) -> Any:
    """The distance's module; loading by name lists folders, which 100 columns should pay for once."""
    return plugins.load(GROUP, distance)
