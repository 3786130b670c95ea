"""TFDV's output and ours held together field by field: every difference has a class, and the classes are listed with whose reading is right.

A difference without a class here is a failure of the test that found it. docs/guides/coming-from-tfx.md shows this table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

STATISTICS: Mapping[str, str] = {
    "ties": "Values with equal counts: we order them by value, TFDV by value downwards. Both are right.",
    "bytes": "Bytes that no schema calls bytes: TFDV counts them as text and lists '__BYTES_VALUE__'; ours keep the type. Ours is right.",
    "infinite_deviation": "Deviation of a column with infinite values: TFDV writes 0 (the larger of 0 and NaN), ours NaN. Ours is right.",
    "nested_counts": "Values a row below two lists: TFDV counts them over both lists, ours for each list apart. TFDV tells more.",
    "sketched_unique": "More than a thousand different values: both sides estimate their number. Either may be nearer.",
    "sketched_counts": "Counts of frequent values among more than a thousand: TFDV's are too high by its sketch's error, which it does "
    "not tell; ours are too low by an error that they carry. Ours is right.",
    "equal_widths": "Rows of the histogram of equal widths: TFDV lays them out from a thousand quantiles, ours are counted. Ours is right.",
    "sketched_quantile": "Quantiles of more rows than TFDV's sketch keeps: within 1 % of the rows of each other. Ours is right.",
    "untyped_lists": "Lists that are all empty, in a file that does not tell their items' type: TFDV takes them for lists of lists. "
    "Ours is right.",
    "rounded_moments": "The last bits of mean and deviation: ours are exact sums rounded once. Ours is right.",
    "list_length_quantiles": "Quantiles of lengths where lists are nested; see nested_counts.",
}
"""Classes of differences between TFDV's statistics and ours of the same rows."""

RELATIVE = 1e-9
"""Tolerance of sums that TFDV adds in floating point, relative to the larger of the values' size and the mean."""
SKETCH = 0.01
"""TFDV's sketches of quantiles keep ranks to within this share of the rows (StatsOptions.epsilon)."""
WIDTHS = 0.02
"""Rows up to an edge of the histogram of equal widths differ by at most this share of the rows, and one."""
LISTED = 1000
"""More different values than this are counted by a sketch in TFDV."""
UNIQUE = 0.07
"""Both sketches of different values are within four standard errors of ours (1.6 %), and TFDV's is no worse."""


def statistics_differences(theirs: Any, ours: Any) -> Iterator[tuple[str, str]]:
    """Class and detail of each difference of two DatasetFeatureStatistics of the same rows."""
    yield from _equal("num_examples", theirs.num_examples, ours.num_examples)
    left = {tuple(feature.path.step): feature for feature in theirs.features}
    right = {tuple(feature.path.step): feature for feature in ours.features}
    yield from _equal("paths", sorted(left), sorted(right))
    for path in left.keys() & right.keys():
        for kind, detail in _feature(left[path], right[path]):
            yield kind, f"{'.'.join(path)}: {detail}"


def _feature(theirs: Any, ours: Any) -> Iterator[tuple[str, str]]:
    holders = theirs.WhichOneof("stats"), ours.WhichOneof("stats")
    if holders == ("string_stats", "bytes_stats"):
        yield "bytes", f"{theirs.type} {ours.type}"
        lengths = theirs.string_stats.avg_length, ours.bytes_stats.avg_num_bytes
        yield from _near("mean length", *lengths)
        yield from _common(theirs.string_stats.common_stats, ours.bytes_stats.common_stats)
        return
    yield from _equal("type", (theirs.type, holders[0]), (ours.type, holders[1]))
    if holders[0] != holders[1]:
        return
    left, right = getattr(theirs, holders[0]), getattr(ours, holders[1])
    yield from _common(left.common_stats, right.common_stats)
    if holders[0] == "num_stats":
        yield from _numbers(left, right)
    elif holders[0] == "string_stats":
        yield from _texts(left, right)


def _common(theirs: Any, ours: Any) -> Iterator[tuple[str, str]]:
    for field in ("num_non_missing", "num_missing", "tot_num_values"):
        yield from _equal(field, getattr(theirs, field), getattr(ours, field))
    yield from _near("avg_num_values", theirs.avg_num_values, ours.avg_num_values)
    levels = [list(each.presence_and_valency_stats) for each in (theirs, ours)]
    untyped = len(levels[0]) == 2 and not levels[1] and not theirs.tot_num_values
    yield from _equal(
        "levels",
        [str(each) for each in levels[0]],
        [str(each) for each in levels[1]],
        "untyped_lists" if untyped else "",
    )
    nested = bool(levels[0])
    for field in ("min_num_values", "max_num_values"):
        kind = "nested_counts" if nested else ""
        yield from _equal(field, getattr(theirs, field), getattr(ours, field), kind)
    left, right = theirs.num_values_histogram, ours.num_values_histogram
    if nested:
        yield from _equal("num_values_histogram", len(left.buckets), len(right.buckets), "list_length_quantiles")
    else:
        yield from _quantiles(left, right, theirs.num_non_missing)


def _numbers(theirs: Any, ours: Any) -> Iterator[tuple[str, str]]:
    for field in ("num_zeros", "min", "max"):
        yield from _equal(field, getattr(theirs, field), getattr(ours, field))
    size = max((abs(x) for x in (theirs.min, theirs.max) if math.isfinite(x)), default=1.0)
    yield from _near("mean", theirs.mean, ours.mean, size=size)
    infinite = math.isinf(theirs.min) or math.isinf(theirs.max)
    if infinite:
        yield from _equal("std_dev", theirs.std_dev, ours.std_dev, "infinite_deviation")
    else:
        yield from _near("std_dev", theirs.std_dev, ours.std_dev, size=size)
    rows = theirs.common_stats.tot_num_values
    left, right = ({h.type: h for h in stats.histograms} for stats in (theirs, ours))
    yield from _equal("histograms", sorted(left), sorted(right))
    for kind in left.keys() & right.keys():
        yield from _equal("num_nan", left[kind].num_nan, right[kind].num_nan)
        yield from (_quantiles if kind == 1 else _widths)(left[kind], right[kind], rows)
    if 1 in left and left[1].buckets and not _between(ours.median, theirs.median, right[1]):
        yield "", f"median {theirs.median} {ours.median}"


def _between(first: float, second: float, histogram: Any) -> bool:
    """Whether two medians are equal, or differ by a sketch's error only: less than a tenth of the rows lies between."""
    low, high = sorted((first, second))
    return first == second or sum(low < bucket.high_value < high for bucket in histogram.buckets) == 0


def _quantiles(theirs: Any, ours: Any, rows: float) -> Iterator[tuple[str, str]]:
    left = [(b.low_value, b.high_value, b.sample_count) for b in theirs.buckets]
    right = [(b.low_value, b.high_value, b.sample_count) for b in ours.buckets]
    yield from _equal("quantile buckets", len(left), len(right))
    if left == right or len(left) != len(right):
        return
    sums = [math.fsum(count for _, _, count in each) for each in (left, right)]
    yield from _near("rows of quantiles", *sums)
    same = all(
        a[:2] == b[:2] and math.isclose(a[2], b[2], abs_tol=1e-6 * max(1, rows))
        for a, b in zip(left, right, strict=True)
    )
    if not same:
        yield from _ranks(left, right, rows)


def _ranks(left: list[Any], right: list[Any], rows: float) -> Iterator[tuple[str, str]]:
    """Two cuts of the same rows: at each edge of the one, the rows to there by the other, but for a sketch's error."""
    through = 0.0
    for _, high, count in left:
        through += count
        inside = [sum(c for _, h, c in right if h < high), sum(c for lo, _, c in right if lo < high or lo == high)]
        slack = 2 * SKETCH * rows + 1
        if not inside[0] - slack <= through <= inside[1] + slack:
            yield "", f"quantile {high}: {through} rows, {inside} of {rows}"
            return
    yield "sketched_quantile", f"{rows} rows"


def _widths(theirs: Any, ours: Any, rows: float) -> Iterator[tuple[str, str]]:
    left, right = list(theirs.buckets), list(ours.buckets)
    yield from _equal("buckets of equal width", len(left), len(right))
    counted = [0.0, 0.0]
    for a, b in zip(left, right, strict=False):
        size = max(abs(x) for x in (a.low_value, a.high_value, 1.0))
        yield from _near("low edge", a.low_value, b.low_value, size=size)
        yield from _near("high edge", a.high_value, b.high_value, size=size)
        counted = [counted[0] + a.sample_count, counted[1] + b.sample_count]
        if not math.isclose(a.sample_count, b.sample_count, abs_tol=1e-6 * max(1.0, rows)):
            yield "equal_widths", f"{a.sample_count} {b.sample_count} in {a.low_value} to {a.high_value}"
        if abs(counted[0] - counted[1]) > WIDTHS * rows + 1:
            yield "", f"rows of equal widths up to {a.high_value}: {counted} of {rows}"


def _texts(theirs: Any, ours: Any) -> Iterator[tuple[str, str]]:
    yield from _equal("invalid_utf8_count", theirs.invalid_utf8_count, ours.invalid_utf8_count)
    yield from _near("avg_length", theirs.avg_length, ours.avg_length)
    if theirs.unique != ours.unique:
        near = theirs.unique > LISTED and math.isclose(theirs.unique, ours.unique, rel_tol=UNIQUE)
        yield "sketched_unique" if near else "", f"unique: {theirs.unique} is TFDV's, {ours.unique} ours"
    tops = [[(each.value, each.frequency) for each in stats.top_values] for stats in (theirs, ours)]
    ranks = [[(each.label, each.sample_count) for each in stats.rank_histogram.buckets] for stats in (theirs, ours)]
    for left, right in (tops, ranks):
        yield from _ranked(left, right, sketched=theirs.unique > LISTED)


def _ranked(left: list[Any], right: list[Any], *, sketched: bool) -> Iterator[tuple[str, str]]:
    """Frequent values: equal counts in order, and equal values where a count does not stand at the end of the list."""
    counts = [[count for _, count in side] for side in (left, right)]
    if counts[0] != counts[1]:
        below = all(count <= most for count, most in zip(counts[1], counts[0], strict=False))
        yield "sketched_counts" if sketched and below else "", f"frequencies {counts[0][:5]} {counts[1][:5]}"
        return
    least = min(counts[0], default=0)
    above = [{pair for pair in side if pair[1] > least} for side in (left, right)]
    yield from _equal("values", *above)
    if left != right:
        yield "ties", f"{left[:2]} {right[:2]}"


def _equal(what: str, theirs: Any, ours: Any, kind: str = "") -> Iterator[tuple[str, str]]:
    if theirs != ours and not (theirs != theirs and ours != ours):
        yield kind, f"{what}: {theirs!r} is TFDV's, {ours!r} ours"


def _near(what: str, theirs: float, ours: float, *, size: float = 1.0) -> Iterator[tuple[str, str]]:
    if theirs == ours or (math.isnan(theirs) and math.isnan(ours)):
        return
    near = math.isclose(theirs, ours, rel_tol=RELATIVE, abs_tol=RELATIVE * size)
    yield "rounded_moments" if near else "", f"{what}: {theirs!r} is TFDV's, {ours!r} ours"


ANOMALIES: Mapping[str, str] = {
    "noise": "TFDV fails a distance above its threshold however few the rows; ours is inconclusive where sampling alone would reach it. "
    "Ours is right.",
    "kind_first": "A column of the wrong type is judged no further by us; TFDV goes on about its values. Ours is right: they are other values.",
    "infinite_bounds": "Infinite values are beyond every bound for TFDV; we name them apart (schema.infinite). Both are right.",
    "fixed_shape": "A fixed shape leaves no row without a value: TFDV calls it the shape, we missing values. Both are right.",
    "nothing_present": "A column without any value: TFDV has one name, we say which rule it broke. Both are right.",
    "one_unit": "A unit that changed: TFDV has no such check. Ours is right.",
    "in_a_struct": "Fields of a struct that is not there: TFDV names each, we the struct. Both are right.",
    "beyond_doubles": "Integers beyond 2^53: TFDV holds extremes as doubles. Ours is right.",
    "lost": "A rule that could not be carried over, as the converter said.",
    "untyped_lists": "See the statistics.",
    "bytes": "See the statistics: TFDV counts different values of bytes, taking them for text.",
    "max_examples": "TFDV 1.16.1 looks at max_examples_count only where min_examples_count is stated too. Ours is right.",
    "one_place": "Jensen–Shannon of a column that held one value before: TFDV compares a point with a wide bucket, and takes one outlier "
    "for a new distribution. Ours is right.",
}
"""Classes of differences between what TFDV finds and what we find."""

_SAME = {"schema.nan": "schema.nan_refused"}


def anomaly_differences(
    theirs: set[tuple[str, str]], report: Any, lost: Any, *, before: Any, after: Any
) -> Iterator[tuple[str, str]]:
    """Class and detail of each difference between TFDV's anomalies, by our codes, and a report of ours on the same table.

    lost: what the converter could not carry over. before, after: TFDV's statistics of the two tables.
    """
    checks = {(check.subject.replace("[]", ""), _SAME.get(check.code, check.code)): check for check in report.checks}
    ours = {key for key, check in checks.items() if check.verdict.value == "fail"}
    whole = {(path, _SAME.get(code, code)) for path, code in theirs}
    stats, earlier = ({".".join(each.path.step): each for each in side.features} for side in (after, before))
    for path, code in sorted(whole ^ ours):
        known = set(_classes(path, code, whole, ours, checks, lost, stats.get(path)))
        known |= set(_odd_classes(path, code, earlier.get(path), stats.get(path)))
        side = "TFDV alone" if (path, code) in whole else "we alone"
        yield (min(known) if known else ""), f"{side}: {path} {code}"


def _classes(
    path: str, code: str, theirs: set[tuple[str, str]], ours: set[tuple[str, str]], checks: Any, lost: Any, stats: Any
) -> Iterator[str]:
    alone = (path, code) in theirs
    here, there = ({code for subject, code in found if subject == path} for found in (ours, theirs))
    check = checks.get((path, code))
    if code.startswith("drift.") and check is not None and check.verdict.value == "inconclusive":
        yield "noise"
    if alone and "schema.kind" in here:
        yield "kind_first"
    if alone and code == "schema.bounds" and "schema.infinite" in here | there:
        yield "infinite_bounds"
    if code == "schema.infinite" and not alone and "schema.bounds" in there:
        yield "infinite_bounds"
    shape, nothing = (
        {"schema.length", "schema.missing_rate"},
        {"schema.all_missing", "schema.present", "schema.missing_rate"},
    )
    if code in shape and shape & (here if alone else there):
        yield "fixed_shape"
    if code in nothing and nothing & (here if alone else there):
        yield "nothing_present"
    if code == "schema.unit_changed":
        yield "one_unit"
    if alone and code == "schema.missing_column" and (path.rpartition(".")[0], code) in ours:
        yield "in_a_struct"
    if (
        code == "schema.bounds"
        and stats is not None
        and max(abs(stats.num_stats.min), abs(stats.num_stats.max)) >= 2**53
    ):
        yield "beyond_doubles"
    if any(each.where.partition(":")[0] == path for each in lost):
        yield "lost"
    if code == "schema.rows_at_most" and not alone:
        yield "max_examples"


def _odd_classes(path: str, code: str, before: Any, after: Any) -> Iterator[str]:
    """Classes that what TFDV's own statistics hold explains."""
    if before is None:
        return
    numbers = before.num_stats
    if code == "drift.jensen_shannon" and before.HasField("num_stats") and numbers.min == numbers.max:
        yield "one_place"
    levels = before.string_stats.common_stats.presence_and_valency_stats
    if code == "schema.kind" and len(levels) == 2 and not before.string_stats.common_stats.tot_num_values:
        yield "untyped_lists"
    if path.startswith("bytes") and after is not None and code in ("schema.distinct", "drift.l_infinity"):
        yield "bytes"


def own_differences(
    theirs: set[tuple[str, str]], ours: set[tuple[str, str]], *, before: Any, after: Any
) -> Iterator[tuple[str, str]]:
    """Class and detail of each difference between what TFDV finds in its statistics and in ours, by one schema of its own."""
    stats, earlier = ({".".join(each.path.step): each for each in side.features} for side in (after, before))
    for path, name in sorted(theirs ^ ours):
        code = "drift.l_infinity" if "L_INFTY" in name else "schema.distinct" if "UNIQUE" in name else "schema.kind"
        known = set(_odd_classes(path, code, earlier.get(path), stats.get(path)))
        yield (min(known) if known else ""), f"{'TFDV alone' if (path, name) in theirs else 'we alone'}: {path} {name}"
