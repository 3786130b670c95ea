"""Our Statistics as TFMD's DatasetFeatureStatisticsList, told as TFDV itself would tell them of the same rows.

Called by integrations.tfx. TFDV's conventions differ from ours, and a file that mixed both would be judged wrongly by either: its
moments take infinite values along, its standard deviation divides by the number of rows, it measures text in bytes, and a value of a
list counts as a value of the column. Names of columns are paths; the fields of a struct have paths below it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.weighted import UNIT
from seakeep.integrations._tfx.carried import Lost
from seakeep.integrations._tfx.files import protos
from seakeep.integrations._tfx.histograms import Line, even_into, quantiles_into, standard_into

if TYPE_CHECKING:
    from seakeep.core.counters import TopValues, Value
    from seakeep.core.statistics import ColumnStatistics, Statistics

WHOLE = "All Examples"
TOP, RANKS = 20, 1000
INT, FLOAT, STRING, BYTES, STRUCT = range(5)
TYPES = {
    Kind.INTEGER: INT,
    Kind.NUMBER: FLOAT,
    Kind.BOOLEAN: INT,
    Kind.STRING: STRING,
    Kind.TIMESTAMP: INT,
    Kind.DURATION: INT,
    Kind.BINARY: BYTES,
    Kind.STRUCT: STRUCT,
    Kind.NULL: STRING,
}
Path = tuple[str, ...]


def statistics_out(statistics: Statistics, *, name: str = "") -> tuple[Any, tuple[Lost, ...]]:
    """The DatasetFeatureStatisticsList of these statistics and of their slices, and what it cannot say."""
    found = protos("statistics_pb2").DatasetFeatureStatisticsList()
    lost: list[Lost] = []
    _dataset(found.datasets.add(), statistics, name or (WHOLE if statistics.slices else ""), lost)
    for label, part in statistics.slices.items():
        _dataset(found.datasets.add(), part, slice_name(label), lost)
    if statistics.conditional:
        what = f"means of {statistics.label!r} by value of {len(statistics.conditional)} columns"
        lost.append(Lost("table", what, "TFMD has lifts by value pair, and no means."))
    return found, tuple(dict.fromkeys(lost))


def slice_name(label: str) -> str:
    """TFDV's name of a slice: "carrier=AA & origin=EWR" is carrier_AA_origin_EWR.

    >>> slice_name("carrier=AA & origin=EWR")
    'carrier_AA_origin_EWR'
    """
    return "_".join(part.replace("=", "_", 1) for part in label.split(" & "))


def _dataset(target: Any, statistics: Statistics, name: str, lost: list[Lost]) -> None:
    target.name, target.num_examples = name, statistics.rows
    if not name:
        target.ClearField("name")
    if statistics.weight:
        weighed = [c.weighted for c in statistics.columns.values() if c.weighted]
        target.weighted_num_examples = weighed[0].rows if weighed else 0.0
    for column, found in statistics.columns.items():
        _feature(target, (column,), found, statistics.rows, lost)


def _feature(target: Any, path: Path, column: ColumnStatistics, parents: int, lost: list[Lost]) -> None:
    """One column, and the fields below it. parents: rows that could hold it."""
    leaf = leaf_of(column)
    feature = target.features.add(type=TYPES[leaf.kind])
    feature.path.step.extend(path)
    common = _stats(feature, leaf, lost).common_stats
    _presence(common, column, parents, lost, ".".join(path))
    for name, inner in leaf.fields.items():
        _feature(target, (*path, name), inner, leaf.present, lost)
    if leaf.kind is Kind.NULL and leaf.rows:
        lost.append(
            Lost(".".join(path), "kind null", "TFMD has no type for a column without values; it is written as text.")
        )


def leaf_of(column: ColumnStatistics) -> ColumnStatistics:
    """What a column's values are below all lists."""
    while column.kind is Kind.LIST and column.items is not None:
        column = column.items
    return column if column.kind is not Kind.LIST else type(column)(Kind.NULL)


def _stats(feature: Any, leaf: ColumnStatistics, lost: list[Lost]) -> Any:
    where = ".".join(feature.path.step)
    if feature.type in (INT, FLOAT):
        _numbers(feature.num_stats, leaf, lost, where)
        return feature.num_stats
    if feature.type == STRING:
        _texts(feature.string_stats, leaf, lost, where)
        return feature.string_stats
    if feature.type == BYTES:
        _bytes(feature.bytes_stats, leaf)
        return feature.bytes_stats
    feature.struct_stats.SetInParent()
    return feature.struct_stats


def _presence(common: Any, column: ColumnStatistics, parents: int, lost: list[Lost], where: str) -> None:
    common.num_non_missing, common.num_missing = column.present, parents - column.present
    values = _leaves(column)
    common.tot_num_values = values
    if column.weighted:
        _weigh(common, column, lost, where)
    if not column.present:
        return
    common.avg_num_values = values / column.present
    if column.kind is not Kind.LIST:
        common.min_num_values = common.max_num_values = 1
        even_into(common.num_values_histogram, 1.0, column.present)
        return
    if column.items is not None and column.items.kind is Kind.LIST:
        _levels(common, column, parents)
        lost.append(
            Lost(where, "values a row below two lists", "Our statistics count the items of each list alone.", "notimpl")
        )
    elif column.lengths is not None:
        _valency(common, column)
        if column.lengths.histogram.counts:
            quantiles_into(common.num_values_histogram, Line.of(column.lengths.histogram))


def _leaves(column: ColumnStatistics) -> int:
    while column.kind is Kind.LIST and column.items is not None:
        column = column.items
        if column.kind is not Kind.LIST:
            return column.rows
    if column.kind is Kind.LIST:
        return column.lengths.total if column.lengths else 0
    return column.present


def _valency(target: Any, column: ColumnStatistics) -> None:
    if column.lengths is not None and column.lengths.count:
        target.min_num_values, target.max_num_values = column.lengths.minimum or 0, column.lengths.maximum or 0


def _levels(common: Any, column: ColumnStatistics | None, parents: int) -> None:
    """Presence and number of values at each level of nested lists."""
    while column is not None and column.kind is Kind.LIST:
        level = common.presence_and_valency_stats.add(
            num_non_missing=column.present, num_missing=parents - column.present
        )
        _valency(level, column)
        level.tot_num_values = parents = column.lengths.total if column.lengths else 0
        column = column.items


def _weigh(common: Any, column: ColumnStatistics, lost: list[Lost], where: str) -> None:
    assert column.weighted is not None
    target = common.weighted_common_stats
    target.num_non_missing = column.weighted.present * UNIT
    target.num_missing = column.weighted.missing * UNIT
    if column.kind is Kind.LIST:
        lost.append(
            Lost(where, "weighted number of values", "A row's weight times its length is not counted.", "notimpl")
        )
    elif column.present:
        target.avg_num_values, target.tot_num_values = 1.0, column.weighted.present * UNIT


def _numbers(target: Any, column: ColumnStatistics, lost: list[Lost], where: str) -> None:
    if not column.present - column.nan:
        for kind in range(2) if column.nan else ():
            target.histograms.add(type=kind, num_nan=column.nan)
        return
    line = _line(column)
    target.min, target.max = line.lows[0], line.highs[-1]
    target.mean, target.std_dev = _moments(column)
    target.num_zeros = column.zeros if column.kind is not Kind.BOOLEAN else column.finite - _trues(column)
    target.median = line.quantile(0.5)
    standard_into(target.histograms.add(num_nan=column.nan), line)
    quantiles_into(target.histograms.add(num_nan=column.nan), line)
    if column.weighted and column.weighted.finite:
        _weighted_numbers(target.weighted_numeric_stats, column)
    lost += [
        Lost(where, f"extreme {bound}", "TFMD holds extremes as doubles; it is rounded.")
        for bound in (column.minimum, column.maximum)
        if isinstance(bound, int) and int(float(bound)) != bound
    ]


def _trues(column: ColumnStatistics) -> int:
    return int(column.total.fraction())


def _line(column: ColumnStatistics) -> Line:
    if column.kind is Kind.BOOLEAN:
        trues = _trues(column)
        counts = {value: rows for value, rows in ((0.0, column.finite - trues), (1.0, trues)) if rows}
        return Line.of(Histogram.of(counts))
    least, greatest = (None if bound is None else float(bound) for bound in (column.minimum, column.maximum))
    return Line.of(
        column.histogram, below=column.negative_infinity, above=column.positive_infinity, least=least, greatest=greatest
    )


def _moments(column: ColumnStatistics) -> tuple[float, float]:
    """Mean and standard deviation (divisor n); neither is a number where values are infinite, as TFDV has it."""
    if column.positive_infinity or column.negative_infinity:
        return math.nan, math.nan
    mean = float(column.total.fraction() / column.finite)
    if column.kind is Kind.BOOLEAN:
        return mean, math.sqrt(mean * (1 - mean))
    spread = column.squares.fraction() / column.finite - (column.total.fraction() / column.finite) ** 2
    return mean, math.sqrt(float(spread))


def _weighted_numbers(target: Any, column: ColumnStatistics) -> None:
    weighted = column.weighted
    assert weighted is not None
    if column.kind is Kind.BOOLEAN or not weighted.histogram.counts:
        mean = weighted.mean or 0.0
        target.mean, target.std_dev = mean, math.sqrt(max(0.0, mean * (1 - mean)))
        return
    least, greatest = (None if bound is None else float(bound) for bound in (column.minimum, column.maximum))
    line = Line.of(weighted.histogram, unit=UNIT, least=least, greatest=greatest)
    target.mean, target.std_dev = weighted.mean or 0.0, weighted.std or 0.0
    target.median = line.quantile(0.5)
    standard_into(target.histograms.add(num_nan=column.nan), line)
    quantiles_into(target.histograms.add(num_nan=column.nan), line)


def _texts(target: Any, column: ColumnStatistics, lost: list[Lost], where: str) -> None:
    target.invalid_utf8_count = column.invalid_utf8
    if not column.present:
        return
    target.unique = column.distinct
    target.avg_length = _mean_bytes(column, lost, where)
    frequent = _certain(column.top)
    _ranked(target, *frequent)
    if len(frequent[0]) < len(column.top.values) or len(frequent[0]) > RANKS:
        kept = min(len(frequent[0]), RANKS)
        why = "TFDV compares shares among those that are listed, so only values that are surely frequent are; at most a thousand."
        lost.append(Lost(where, f"{len(column.top.values) - kept:,} less frequent values", why))
    if column.weighted and column.weighted.top.values:
        top = column.weighted.top
        _ranked(target.weighted_string_stats, top.values, [units * UNIT for units in top.counts])


def _certain(top: TopValues) -> tuple[tuple[Value, ...], tuple[int, ...]]:
    """The values and counts that stand above their own error; all of them where the counts are exact."""
    kept = sum(1 for count in top.counts if count > top.error)
    return top.values[:kept], top.counts[:kept]


def _ranked(target: Any, values: Any, counts: Any) -> None:
    """The most frequent values, and their counts by rank."""
    for rank, (value, count) in enumerate(zip(values[:RANKS], counts[:RANKS], strict=True)):
        text = str(value)
        if rank < TOP:
            target.top_values.add(value=text, frequency=count)
        target.rank_histogram.buckets.add(low_rank=rank, high_rank=rank, label=text, sample_count=count)


def _mean_bytes(column: ColumnStatistics, lost: list[Lost], where: str) -> float:
    """Mean length in bytes: from the values where all are listed, else in characters, which are fewer in text beyond ASCII."""
    if column.top.is_exact:
        sizes = (
            len(str(value).encode("utf-8", "surrogatepass")) * rows for value, rows in column.top.as_dict().items()
        )
        return sum(sizes) / column.present
    lost.append(Lost(where, "mean length in bytes", "We count characters, and not every value is listed.", "notimpl"))
    return (column.lengths.mean or 0.0) if column.lengths else 0.0


def _bytes(target: Any, column: ColumnStatistics) -> None:
    if column.lengths is None or not column.lengths.count:
        return
    lengths = column.lengths
    target.avg_num_bytes, target.min_num_bytes = lengths.mean or 0.0, float(lengths.minimum or 0)
    target.max_num_bytes, target.max_num_bytes_int = float(lengths.maximum or 0), lengths.maximum or 0
