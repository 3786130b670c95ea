"""Minutes: statistics of what a server answered within a minute, release by release, from the log's rows.

Called by the scribe, which leaves them for /metrics, and loads Polars when it is called and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.prediction_log import columns as names
from seakeep.serving.server.windows import Window

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from seakeep.core.statistics import ColumnStatistics
    from seakeep.prediction_log.frames import Header
    from seakeep.prediction_log.layout import Layout

_QUANTILES = {"median": 0.5, "q99": 0.99}


def windows_of(log: Layout, since: dt.datetime, until: dt.datetime) -> tuple[Window, ...]:
    """Statistics of what each release answered from `since` to before `until`.

    Shadows have answered nobody, and rows of a scored table are no traffic of a minute.
    """
    import polars as pl

    from seakeep.prediction_log.log import PredictionLog
    from seakeep.prediction_log.parts import described
    from seakeep.prediction_log.thinning import weights

    roles = [role for role in names.ANSWERING if role != "batch"]
    rows = PredictionLog(log).scan(since=since, until=until, roles=roles, labels=False)
    answered = rows.filter(pl.col(names.OUTCOME) == "answered").collect()
    parts = answered.partition_by(names.RELEASE, maintain_order=True, as_dict=True)
    headers = described(log)
    return tuple(
        Window(release, until.timestamp(), round(weights(part).sum()), _columns(part, headers.get(release)))
        for (release,), part in parts.items()
    )


def _columns(answered: pl.DataFrame, header: Header | None) -> dict[str, dict[str, float]]:
    """Statistics of the inputs that are not hidden, and of the prediction. A column that another release alone has is all null, and
    left out. Where requests were sampled each row weighs as many as it stands for.
    """
    from seakeep.data import profile, profile_frame, read
    from seakeep.prediction_log.thinning import weights

    hidden = () if header is None else header.hidden
    wanted = [name for name in answered.columns if not name.startswith(names.MARK) or name == names.PREDICTION]
    own = answered.select(
        name for name in wanted if name not in hidden and answered[name].null_count() < answered.height
    )
    if answered[names.SAMPLED].null_count() == answered.height:
        found = profile_frame(own).columns
    else:
        found = profile(read(own.with_columns(weights(answered))), weight=names.SAMPLED).columns
    return {name: statistics_of(column) for name, column in found.items() if name != names.SAMPLED}


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
