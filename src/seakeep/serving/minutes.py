"""Minutes: statistics of what a server answered within a minute, release by release, from the log's rows.

Called by the scribe, which leaves them for /metrics, and loads Polars when it is called and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.statistics import Statistics
from seakeep.prediction_log import columns as names
from seakeep.serving.server.windows import Window

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from seakeep.core.statistics import ColumnStatistics
    from seakeep.prediction_log.layout import Layout

MOST_ROWS = 1 << 19
"""Rows that are in memory at once: those of a batch of `profile`."""
_QUANTILES = {"median": 0.5, "q99": 0.99}


def windows_of(log: Layout, since: dt.datetime, until: dt.datetime) -> tuple[Window, ...]:
    """Statistics of what each release answered from `since` to before `until`, whose rows may be more than memory holds.

    Shadows have answered nobody, and rows of a scored table are no traffic of a minute.
    """
    import polars as pl

    from seakeep.prediction_log.log import PredictionLog
    from seakeep.prediction_log.parts import described

    roles = [role for role in names.ANSWERING if role != "batch"]
    rows = PredictionLog(log).scan(since=since, until=until, roles=roles, labels=False)
    answered = rows.filter(pl.col(names.OUTCOME) == "answered")
    counts, headers = _counted(answered), described(log)
    pieces = max(1, -(-int(counts["rows"].sum()) // MOST_ROWS))
    statistics = {release: Statistics() for release in counts[names.RELEASE]}
    sampled = dict(counts.select(names.RELEASE, "sampled").iter_rows())
    for piece in range(pieces):
        low, high = (since + (until - since) * share / pieces for share in (piece, piece + 1))
        taken = answered.filter(pl.col(names.TIME) >= low, pl.col(names.TIME) < high).select(_kept(answered)).collect()
        for (release,), part in taken.partition_by(names.RELEASE, as_dict=True).items():
            header = headers.get(release)
            shown = part.drop(names.RELEASE, *(() if header is None else header.hidden), strict=False)
            statistics[release] += _profiled(shown, sampled=sampled[release])
    return tuple(
        Window(release, until.timestamp(), round(weight), _columns(statistics[release]))
        for release, weight in counts.select(names.RELEASE, "weight").iter_rows()
    )


def _counted(answered: pl.LazyFrame) -> pl.DataFrame:
    """Each release's rows, how many of the traffic they stand for, and whether they are a sample."""
    import polars as pl

    probability = pl.col(names.SAMPLED)
    told = (
        pl.len().alias("rows"),
        (1.0 / probability.fill_null(1.0)).sum().alias("weight"),
        probability.is_not_null().any().alias("sampled"),
    )
    return answered.group_by(names.RELEASE).agg(told).sort(names.RELEASE).collect()


def _kept(answered: pl.LazyFrame) -> list[str]:
    """The inputs, the prediction, and what a row belongs to and weighs."""
    own = (names.PREDICTION, names.RELEASE, names.SAMPLED)
    return [name for name in answered.collect_schema() if not name.startswith(names.MARK) or name in own]


def _profiled(shown: pl.DataFrame, *, sampled: bool) -> Statistics:
    """Statistics of some rows; of a sample's, each weighs as many as it stands for."""
    from seakeep.data import profile, profile_frame, read
    from seakeep.prediction_log.thinning import weights

    if not sampled:
        return profile_frame(shown.drop(names.SAMPLED))
    return profile(read(shown.with_columns(weights(shown))), weight=names.SAMPLED)


def _columns(statistics: Statistics) -> dict[str, dict[str, float]]:
    """The numbers of each column. One that another release alone has is all null, and left out."""
    columns = ((name, column) for name, column in statistics.columns.items() if name != names.SAMPLED)
    return {name: statistics_of(column) for name, column in columns if column.missing < column.rows}


def statistics_of(column: ColumnStatistics) -> dict[str, float]:
    """The few numbers of a column that are told; always the same for its kind, but for those that no row gives. Shares, moments
    and quantiles are of the traffic where rows weigh what they stand for; extremes and different values are of the rows.
    """
    told = column.weighted or column
    numbers: dict[str, float | None] = {"missing_share": told.missing_rate}
    if column.kind.is_numeric:
        numbers |= {"mean": told.mean, "standard_deviation": told.std}
        numbers |= {"minimum": _float(column.minimum), "maximum": _float(column.maximum)}
        numbers |= {name: told.quantile(share) for name, share in _QUANTILES.items()}
    else:
        most = max(told.top.counts, default=0)
        numbers |= {"distinct": column.distinct, "top_share": most / told.present if told.present else None}
    return {name: float(value) for name, value in numbers.items() if value is not None}


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
