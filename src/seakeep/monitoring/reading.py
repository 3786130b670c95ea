"""What a monitor reads of a prediction log: how many rows each window has, and the rows of one window.

Called by `monitor`. Shadows are left out: they are the same requests once more. By a column of event times the whole log may
hold rows of a window, so its times are scanned; one column of Parquet is cheap. A row without an event time (a refused request
has no values) is in no window by such a clock.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import DataError
from seakeep.core.moments import moment
from seakeep.data.frames import FAILURES
from seakeep.monitoring.settings import ASKED, BadMonitor
from seakeep.monitoring.windows import Seen, started
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.parts import described
from seakeep.prediction_log.thinning import evened, kept_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seakeep.monitoring.windows import Window
    from seakeep.prediction_log.log import PredictionLog

_UNREAD = (
    *(names.ID, names.KEY, names.DEALT, names.VERSION, names.ROLE, names.REVISION, names.LATENCY),
    *(names.SAMPLED, names.BROKEN),
)


class TornLog(DataError):
    """A file of the prediction log cannot be read."""

    @classmethod
    def because(cls, log: PredictionLog, error: BaseException) -> TornLog:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        return cls(
            f"the prediction log of {log.name} cannot be read: {reason}",
            where=str(log.layout.parts),
            cause="A file was damaged or removed after it was written; its window waits, and so do those after it.",
            fix=f"Restore the file, or set it aside; its window then lacks those rows: mv FILE {log.layout.torn}",
            name=log.name,
            reason=reason,
        )


def seen(log: PredictionLog, *, by: str, length: int, since: int | None, labels: bool = False) -> dict[int, Seen]:
    """Rows by window start. since: microseconds, of windows by `asked`; ignored by a column. labels: whether to count them too.

    Raises: BadMonitor, where the log has no such column of times.
    """
    start = since if by == ASKED else None
    with explained(log):
        table = log.scan(since=None if start is None else moment(start), roles=names.ANSWERING, labels=labels)
        at = pl.col(_column(table, by)).dt.epoch("us")
        window = started(at, length).alias("window")
        counts = [pl.len().alias("rows"), at.max().alias("latest")]
        counts += [pl.col(names.LABEL).is_not_null().sum().alias("labelled")] if labels else []
        counted = table.filter(at.is_not_null()).group_by(window).agg(counts).collect(engine="streaming")
    return {row["window"]: Seen(row["rows"], row["latest"], row.get("labelled", 0)) for row in counted.to_dicts()}


def unplaced(log: PredictionLog, *, by: str) -> int:
    """Rows without an event time; none where windows are cut by when requests came."""
    if by == ASKED:
        return 0
    with explained(log):
        table = log.scan(roles=names.ANSWERING, labels=False)
        return int(table.select(pl.col(_column(table, by)).null_count()).collect().item())


def rows(log: PredictionLog, window: Window, *, by: str) -> dict[str, pl.DataFrame]:
    """The rows of one window by release, joined with their labels: the columns that judging reads, and every input.

    Each release's have its own types: classes that are booleans in one release and texts in another stay what they are. Where
    requests were sampled, an even part of them: judged as it stands, it tells of the traffic, with as many rows as there are.
    Columns that are hidden in the log, left out or hashed, are left out here: they cannot be compared with anything.
    """
    low, high = moment(window.start), moment(window.end)
    bounds = (low, high) if by == ASKED else (None, None)
    has_labels = bool(labels_mark(log))
    hidden = {release: header.hidden for release, header in described(log.layout).items()}
    with explained(log):
        tables = log.scan_by_release(since=bounds[0], until=bounds[1], roles=names.ANSWERING, labels=has_labels)
        at = pl.col(names.TIME if by == ASKED else by)
        found: dict[str, pl.DataFrame] = {}
        for table in tables:
            schema = table.collect_schema()
            if by != ASKED and by not in schema:  # no row of this release is in any window
                continue
            own = table.filter(at >= low, at < high)
            own = evened(own, kept_with(own)).drop(_UNREAD)
            if not has_labels:  # a join with nothing is not free
                own = own.with_columns(pl.lit(None, schema[names.PREDICTION]).alias(names.LABEL))
            found |= _by_digest(own.collect())
        return {release: _shown(frame, hidden.get(release)) for release, frame in sorted(found.items())}


def _shown(frame: pl.DataFrame, hidden: Sequence[str] | None) -> pl.DataFrame:
    return frame.drop(hidden, strict=False) if hidden else frame


def labels_mark(log: PredictionLog) -> str:
    """Changes when labels come; those in spools count once they are converted."""
    folder = log.layout.labels
    told = []
    for path in sorted(folder.glob("[!.]*.parquet")) if folder.is_dir() else []:
        with contextlib.suppress(FileNotFoundError):  # the converter merges many small files into one
            facts = path.stat()
            told.append(f"{path.name} {facts.st_size} {facts.st_mtime_ns}")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16] if told else ""


@contextlib.contextmanager
def explained(log: PredictionLog) -> Iterator[None]:
    """What Polars says of a damaged file, as TornLog."""
    try:
        yield
    except FAILURES as error:
        raise TornLog.because(log, error) from error


def _by_digest(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Rows whose releases begin with the same digits, by release; nearly always one, and cutting a million rows is dear."""
    if not frame.height:
        return {}
    if frame[names.RELEASE].n_unique() == 1:
        return {str(frame[names.RELEASE][0]): frame}
    return {str(key[0]): part for key, part in frame.partition_by(names.RELEASE, as_dict=True).items()}


def _column(table: pl.LazyFrame, by: str) -> str:
    """The column to cut windows by, if the log has it."""
    if by == ASKED:
        return names.TIME
    schema = table.collect_schema()
    if isinstance(schema.get(by), pl.Datetime):
        return by
    raise BadMonitor.clock(by, _times(schema))


def _times(schema: pl.Schema) -> Sequence[str]:
    return [
        name for name, dtype in schema.items() if isinstance(dtype, pl.Datetime) and not name.startswith(names.MARK)
    ]
