"""TFMD's DatasetFeatureStatisticsList as our Statistics, as far as ten quantiles and a thousand frequent values tell.

Called by integrations.tfx. What TFDV did not count cannot be made up: the different values of numbers are unknown, so `top` carries the
column's rows as its error and there is no sketch; a distribution lies within its buckets; sums come back from means to a double's
precision. Each of these is on the list of what was lost. Paths become columns again: lists where a row may hold
several values or none, structs where there are paths below.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from seakeep.core.counters import TopValues, Value
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnStatistics, Lengths, Statistics
from seakeep.core.weighted import Weighted
from seakeep.integrations._tfx.carried import Lost
from seakeep.integrations._tfx.errors import BadProto
from seakeep.integrations._tfx.histograms import QUANTILES, from_buckets
from seakeep.integrations._tfx.moments_in import (
    buckets_of,
    counted,
    exact_sum,
    extremes,
    infinities,
    lengths_of,
    moments,
    sum_of,
    units,
)
from seakeep.integrations._tfx.statistics_out import BYTES, FLOAT, INT, STRING, STRUCT, WHOLE, Path

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = {INT: Kind.INTEGER, FLOAT: Kind.NUMBER, STRING: Kind.STRING, BYTES: Kind.BINARY, STRUCT: Kind.STRUCT}
PLACEHOLDERS = ("__BYTES_VALUE__", "__LARGE_BYTES__")
_PHYSICAL = {
    Kind.INTEGER: (Kind.BOOLEAN, Kind.TIMESTAMP, Kind.DURATION),
    Kind.NUMBER: (),
    Kind.STRING: (Kind.BINARY, Kind.NULL),
}


def statistics_in(
    message: Any, *, where: str, dataset: str = "", kinds: Mapping[str, Kind] | None = None
) -> tuple[Statistics, tuple[Lost, ...]]:
    """Statistics of one dataset of the list, with those datasets as slices whose names say so, and what they do not hold.

    dataset: which one; "" for the only one, or for 'All Examples'. kinds: of columns that the proto holds as integers or text and that
    are booleans, timestamps, durations or bytes.
    Raises: BadProto, for no or several such datasets, and for counts that cannot be.
    """
    chosen = _chosen(message, dataset, where)
    reader = _Reader(chosen, where, dict(kinds or {}))
    whole = reader.statistics()
    slices, lost = {}, reader.lost
    for other in message.datasets if chosen.name == WHOLE else ():
        label = _slice_label(other.name, tuple(whole.columns)) if other is not chosen else ""
        if label:
            part = _Reader(other, where, dict(kinds or {}))
            slices[label] = part.statistics()
            lost += [replace(each, where=f"{label}: {each.where}") for each in part.lost]
        elif other is not chosen:
            lost.append(
                Lost("table", f"dataset {other.name!r}", "It is no slice by a column; read it by its name.", "notimpl")
            )
    sliced = tuple(dict.fromkeys(_columns_of(label) for label in slices))
    return replace(whole, slices=slices, sliced=sliced), tuple(dict.fromkeys(lost))


def _chosen(message: Any, dataset: str, where: str) -> Any:
    names = [each.name for each in message.datasets]
    if not names:
        raise BadProto.no_dataset(where, dataset, names)
    wanted = dataset or (WHOLE if len(names) > 1 else names[0])
    if wanted not in names:
        raise BadProto.no_dataset(where, dataset, names) if dataset else BadProto.several_datasets(where, names)
    return message.datasets[names.index(wanted)]


def _slice_label(name: str, columns: tuple[str, ...]) -> str:
    """Our label of a slice's name, "carrier=AA" of carrier_AA; "" where it begins with no column's name."""
    fitting = [column for column in columns if name.startswith(f"{column}_")]
    if not fitting:
        return ""
    column = max(fitting, key=len)
    return f"{column}={name[len(column) + 1 :]}"


def _columns_of(label: str) -> tuple[str, ...]:
    return (label.partition("=")[0],)


class _Reader:
    """Reads one dataset: features by path into a tree of columns, collecting what is lost."""

    def __init__(self, dataset: Any, where: str, kinds: dict[str, Kind]) -> None:
        self.dataset, self.where, self.kinds = dataset, where, kinds
        self.lost: list[Lost] = []
        self.features: dict[Path, Any] = {}

    def statistics(self) -> Statistics:
        for feature in self.dataset.features:
            path = tuple(feature.path.step) if feature.HasField("path") else (feature.name,)
            if path in self.features:
                raise BadProto.contradiction(self.where, f"the feature {'.'.join(path)!r} occurs twice")
            self.features[path] = feature
        if self.dataset.cross_features:
            what = f"{len(self.dataset.cross_features)} cross features"
            self.lost.append(
                Lost("table", what, "Pairs of columns are no part of Statistics; see seakeep.associate.", "notimpl")
            )
        if self.dataset.weighted_num_examples:
            self.lost.append(
                Lost(
                    "table",
                    "the column of weights",
                    "TFMD does not name it; the weighted statistics of columns are kept.",
                )
            )
        rows = self.dataset.num_examples
        return Statistics(rows, {path[0]: self._column(path, rows) for path in self.features if len(path) == 1})

    def _column(self, path: Path, parents: int) -> ColumnStatistics:
        feature, name = self.features[path], ".".join(path)
        holder = feature.WhichOneof("stats")
        if holder is None:
            self.lost.append(Lost(name, "statistics", "The feature has none."))
            return ColumnStatistics.absent(Kind.NULL, parents)
        stats = getattr(feature, holder)
        for custom in feature.custom_stats:
            self.lost.append(
                Lost(name, f"custom statistic {custom.name!r}", "Its meaning is known to its maker alone.")
            )
        if feature.HasField("validation_derived_source"):
            self.lost.append(Lost(name, "validation_derived_source", "Statistics are of columns that tables have."))
        common = stats.common_stats
        present, missing = common.num_non_missing, common.num_missing
        if present + missing != parents and present > parents:
            raise BadProto.contradiction(
                f"{self.where}, feature {name!r}", f"{present:,} rows hold a value and there are {parents:,} rows"
            )
        values = common.tot_num_values
        is_list = (
            self.kinds.get(name) is Kind.LIST
            or bool(common.presence_and_valency_stats)
            or (present > 0 and (common.min_num_values, common.max_num_values) != (1, 1))
        )
        leaf = self._leaf(path, stats, rows=values if is_list else parents, present=values if is_list else present)
        weighted = self._weighted(feature, stats, common, leaf)
        if common.HasField("feature_list_length_histogram"):
            self.lost.append(
                Lost(name, "feature_list_length_histogram", "It is of tf.SequenceExample, which we do not read.")
            )
        if not is_list:
            return replace(leaf, missing=parents - present, weighted=weighted)
        return replace(self._lists(name, common, parents, leaf), weighted=weighted)

    def _lists(self, name: str, common: Any, parents: int, leaf: ColumnStatistics) -> ColumnStatistics:
        """The column of lists, one level a level of the proto; a feature without levels is one list."""
        levels = list(common.presence_and_valency_stats) or [common]
        items = leaf
        rows = [parents, *(level.tot_num_values for level in levels[:-1])]
        for level, above in zip(reversed(levels), reversed(rows), strict=True):
            lengths = Lengths(
                level.num_non_missing, level.tot_num_values, level.min_num_values, level.max_num_values, Histogram()
            )
            if level is common and common.num_values_histogram.buckets:
                histogram, widest = from_buckets(common.num_values_histogram.buckets, level.num_non_missing, whole=True)
                lengths = replace(lengths, histogram=histogram)
                self._told(name, "distribution of lengths", widest)
            items = ColumnStatistics(
                Kind.LIST, rows=above, missing=above - level.num_non_missing, lengths=lengths, items=items
            )
        return items

    def _told(self, name: str, what: str, widest: float) -> None:
        if widest:
            why = f"Ten buckets tell it: a share of rows is known to within {widest:.1%}."
            self.lost.append(Lost(name, what, why, "notyet"))

    def _leaf(self, path: Path, stats: Any, *, rows: int, present: int) -> ColumnStatistics:
        feature, name = self.features[path], ".".join(path)
        kind = self._kind(name, feature.type)
        base = ColumnStatistics(kind, rows=rows, missing=rows - present)
        if feature.type == STRUCT:
            below = [other for other in self.features if other[:-1] == path]
            return replace(base, fields={other[-1]: self._column(other, present) for other in below})
        if not present:
            return base
        if feature.HasField("string_stats"):
            return self._texts(name, base, stats, feature.type)
        if feature.HasField("bytes_stats"):
            total = round(stats.avg_num_bytes * present)
            longest = stats.max_num_bytes_int or int(stats.max_num_bytes)
            return replace(base, lengths=Lengths(present, total, int(stats.min_num_bytes), longest))
        return self._numbers(name, base, stats)

    def _kind(self, name: str, type_: int) -> Kind:
        physical = KINDS[type_]
        wanted = self.kinds.get(f"{name}[]", self.kinds.get(name))
        return wanted if wanted is not None and wanted in _PHYSICAL.get(physical, ()) else physical

    def _numbers(self, name: str, base: ColumnStatistics, stats: Any) -> ColumnStatistics:
        nan = max((histogram.num_nan for histogram in stats.histograms), default=0)
        below, above, told = infinities(stats)
        if not told:
            why = "The finite values span more than a double holds, so TFDV's deciles alone tell, to within a tenth of the rows."
            self.lost.append(Lost(name, "number of infinite values", why, "notyet"))
        finite = base.present - nan - below - above
        found = replace(base, nan=nan, positive_infinity=above, negative_infinity=below)
        if finite < 0:
            raise BadProto.contradiction(f"{self.where}, feature {name!r}", "more NaN and infinite values than values")
        if not finite:
            return found
        whole = base.kind is not Kind.NUMBER
        if base.kind is Kind.BOOLEAN:
            trues = max(0, finite - stats.num_zeros)
            counts: dict[Value, int] = {
                value: rows for value, rows in ((True, trues), (False, stats.num_zeros)) if rows
            }
            return replace(found, total=ExactSum.scaled(trues, 0), top=TopValues.of(counts))
        low, high = extremes(stats, whole=whole)
        histogram, widest = from_buckets(buckets_of(stats), finite, whole=whole, zeros=stats.num_zeros)
        self._told(name, "distribution", widest)
        mean, spread = stats.mean, stats.std_dev
        if not (math.isfinite(mean) and math.isfinite(spread)) or below or above:
            self.lost.append(
                Lost(name, "mean and deviation", "TFDV's take infinite values along; ours come from the buckets.")
            )
            mean, spread = moments(histogram)
        self.lost.append(Lost(name, "different and frequent values", "TFDV does not count those of numbers."))
        return replace(
            found,
            zeros=stats.num_zeros,
            minimum=low,
            maximum=high,
            total=sum_of(Fraction(mean) * finite, whole=whole),
            squares=sum_of((Fraction(spread) ** 2 + Fraction(mean) ** 2) * finite, whole=whole),
            histogram=histogram,
            top=TopValues((), (), finite),
        )

    def _texts(self, name: str, base: ColumnStatistics, stats: Any, type_: int) -> ColumnStatistics:
        """Text, or integers that the schema called categorical: TFDV counts those as text."""
        listed: dict[Any, int] = {}
        ranks = stats.rank_histogram.buckets
        for bucket in ranks:
            listed[bucket.label] = listed.get(bucket.label, 0) + round(bucket.sample_count)
        for top in stats.top_values:
            listed.setdefault(top.value, round(top.frequency))
        for hidden in PLACEHOLDERS:
            if listed.pop(hidden, 0):
                self.lost.append(Lost(name, f"values behind {hidden}", "TFDV lists neither text of 1 KiB nor bytes."))
        known, least = sum(listed.values()), min(listed.values(), default=base.present)
        if type_ != STRING:
            listed = {(int(value) if type_ == INT else float(value)): rows for value, rows in listed.items()}
        exact = known == base.present and (not stats.unique or stats.unique == len(listed))
        error = 0 if exact else max(1, min(least, base.present - known)) if listed else base.present
        if not exact:
            what = f"{max(0, stats.unique - len(listed)):,} of {stats.unique:,} different values"
            self.lost.append(Lost(name, what, "TFDV lists the thousand most frequent ones.", "notyet"))
        found = replace(base, top=TopValues.of(listed, error=error), invalid_utf8=stats.invalid_utf8_count)
        if type_ != STRING:
            return counted(found, listed)
        self.lost.append(
            Lost(
                name, "extremes and distribution of lengths", "TFDV knows the mean length of text, in bytes.", "notyet"
            )
        )
        lengths = {value: len(value) for value in listed} if exact else {}
        if lengths:
            return replace(found, lengths=lengths_of(listed, lengths))
        return replace(found, lengths=Lengths(base.present, round(stats.avg_length * base.present)))

    def _weighted(self, feature: Any, stats: Any, common: Any, leaf: ColumnStatistics) -> Weighted | None:
        if not common.HasField("weighted_common_stats"):
            return None
        told = common.weighted_common_stats
        present, missing = units(told.num_non_missing), units(told.num_missing)
        found = Weighted(present=present, missing=missing, finite=present if leaf.kind.is_numeric else 0)
        if feature.HasField("num_stats") and stats.HasField("weighted_numeric_stats"):
            weighted = stats.weighted_numeric_stats
            mean, spread, weight = Fraction(weighted.mean), Fraction(weighted.std_dev), Fraction(told.num_non_missing)
            buckets = [h.buckets for h in weighted.histograms if h.type == QUANTILES] or [[]]
            histogram, _ = from_buckets(buckets[0], present, whole=leaf.kind is not Kind.NUMBER)
            return replace(
                found,
                total=exact_sum(mean * weight),
                squares=exact_sum((spread**2 + mean**2) * weight),
                histogram=histogram,
            )
        if feature.HasField("string_stats") and stats.weighted_string_stats.top_values:
            top = {each.value: units(each.frequency) for each in stats.weighted_string_stats.top_values}
            rest = max(0, present - sum(top.values()))
            return replace(found, top=TopValues.of(dict(top), error=rest))
        return found
