"""The scribe: turns finished spools into Parquet files, and tells each minute's statistics, beside a server.

    python -m seakeep.serving.scribe --home HOME --folder FOLDER --parent PID NAME…

It is a child of the server (see server/minding) and the only one of its processes that loads Polars, which it does when the first
spool is finished and not before. Every minute it waits until the workers' rows of the minute before are on the disk, converts,
profiles that minute's answers for each release, and leaves a few numbers a column for /metrics. Statistics add, so
it does not matter which worker answered what. It puts an hour's small parts together once the hour is over, and removes hours that are
older than the log shall be. Killed at any moment, it leaves only work for its successor.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from seakeep.core.errors import SeakeepError
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.layout import Layout
from seakeep.prediction_log.spool import CLOSED, ROTATE_SECONDS
from seakeep.serving.server.lifeline import Lifeline
from seakeep.serving.server.telemetry.lines import formatter
from seakeep.serving.server.telemetry.settings import Lines
from seakeep.serving.server.windows import Window, write_windows

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from seakeep.core.statistics import ColumnStatistics
    from seakeep.prediction_log.frames import Header

_NICE = 12  # on a machine that is busy throughout it gets 6 % of a core, which is 12,000 rows a second
_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 2.0
_DRAIN_SECONDS = 5.0
_TIDY_SECONDS = 60.0
_QUANTILES = {"median": 0.5, "q99": 0.99}
_log = logging.getLogger("seakeep.serving.scribe")


def main(arguments: list[str] | None = None) -> int:
    """Work until told to stop, or until the server is gone. Returns 0."""
    parser = argparse.ArgumentParser("python -m seakeep.serving.scribe", description="Convert a server's spools.")
    parser.add_argument("names", nargs="+", metavar="NAME", help="model whose predictions are logged")
    parser.add_argument("--home", type=Path, required=True, help="registry below which they are")
    parser.add_argument("--folder", type=Path, required=True, help="the server's, for statistics")
    parser.add_argument("--parent", type=int, required=True, help="process id of the server")
    parser.add_argument(
        "--keep", type=float, default=0.0, metavar="SECONDS", help="after which hours are removed; 0 for never"
    )
    parser.add_argument("--sink", action="append", default=[], metavar="ADDRESS", help="that gets what is logged")
    parser.add_argument("--lines", choices=get_args(Lines), default="text", help="of the log on standard error")
    options = parser.parse_args(arguments)
    _write_lines(options.lines)
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    Lifeline(options.parent, options.folder, _DRAIN_SECONDS).tie()
    _give_way()
    logs = [Layout.of(options.home, name) for name in options.names]
    scribe = Scribe(logs, options.folder, keep=options.keep)
    if options.sink:
        from seakeep.serving.shipping import ship

        ship(options.sink, logs, options.folder, over)
    while not over.wait(_LOOK_SECONDS):
        scribe.look(time.time())
    return 0


def _write_lines(lines: Lines) -> None:
    """Have the log's lines written as the server writes its own."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(lines))
    logging.basicConfig(handlers=[handler])


def _give_way() -> None:
    """Workers come first, also where the server was started in another scheduling class."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        os.nice(_NICE)


class Scribe:
    """Converts and profiles some models' logs.

    Parameters: logs: of the models. folder: where windows are left. keep: seconds after which hours are removed; 0 for never.
    """

    def __init__(self, logs: list[Layout], folder: Path, *, keep: float = 0.0) -> None:
        self._logs, self._folder, self._keep = logs, folder, keep
        self._tidied = 0.0
        self._told = {log.name: int(time.time() // ROTATE_SECONDS) - 1 for log in logs}
        self._problems: dict[tuple[str, str], str] = {}

    def look(self, now: float) -> None:
        """Convert what is finished, and tell of the last whole minute if that was not done. now: Unix seconds.

        Never raises for what is wrong with a log or a disk: that is told once, and tried again at the next look. What cannot be
        done with one log, or one damaged file, keeps nothing else from being done.
        """
        tidy, self._tidied = self._due(now)
        for log in self._logs:
            self._try("converted", log, self._convert)
            self._try("told of", log, lambda log: self._tell(log, now))
            if tidy:
                self._try("removed", log, lambda log: self._remove(log, now))
                self._try("put together", log, lambda log: _compact(log, now))

    def _try(self, what: str, log: Layout, step: Callable[[Layout], str | None]) -> None:
        """Take a step, which returns what went wrong, or None where there was nothing to do."""
        try:
            problem = step(log)
        except Exception as error:  # noqa: BLE001  (a damaged file raises whatever its reader does, and the scribe must go on)
            known = isinstance(error, SeakeepError | OSError)
            problem = str(error) if known else f"{type(error).__name__}: {error}"
        if problem is None:
            return
        if problem and problem != self._problems.get((log.name, what)):
            _log.error("%s: predictions cannot be %s now: %s", log.name, what, problem)
        self._problems[log.name, what] = problem

    def _convert(self, log: Layout) -> str:
        """Convert finished spools, and those of workers that died; returns what went wrong."""
        first = (
            log.name,
            "converted",
        ) not in self._problems  # an earlier server's may be open still, with nobody to close it
        found = [path.suffix for path in log.spool.iterdir()] if log.spool.is_dir() else []
        if not found or (CLOSED not in found and not first):
            return ""
        from seakeep.prediction_log.parts import convert

        return convert(log, wait=False).problem

    def _due(self, now: float) -> tuple[bool, float]:
        """Whether to tidy up now, and when that was done last."""
        due = now - self._tidied >= _TIDY_SECONDS
        return due, now if due else self._tidied

    def _remove(self, log: Layout, now: float) -> str:
        """Remove hours that are too old."""
        before = dt.datetime.fromtimestamp(now - self._keep, dt.UTC) if self._keep else None
        if before is not None and _has_hour_before(log, before):
            from seakeep.prediction_log.retention import remove

            gone = remove(log, before=before)
            _log.info("%s: removed %d hours of predictions and %d labels", log.name, gone.hours, gone.labels)
            if gone.unsent:
                _log.warning("%s: removed %d files for their age that a sink had not taken", log.name, gone.unsent)
        return ""

    def _tell(self, log: Layout, now: float) -> str | None:
        minute = int((now - _GRACE_SECONDS) // ROTATE_SECONDS) - 1
        begin = dt.datetime.fromtimestamp(minute * ROTATE_SECONDS, dt.UTC)
        if minute <= self._told[log.name] or not _has_rows(log, begin):
            return None
        self._told[log.name] = minute
        windows = windows_of(log, begin, begin + dt.timedelta(seconds=ROTATE_SECONDS))
        write_windows(self._folder, log.name, windows)
        return ""


def _compact(log: Layout, now: float) -> str:
    """Put the parts of past hours together; a server that nobody asks never loads Polars."""
    if "polars" in sys.modules:
        from seakeep.prediction_log.compaction import compact

        compact(log, now=dt.datetime.fromtimestamp(now, dt.UTC))
    return ""


def _has_rows(log: Layout, time: dt.datetime) -> bool:
    """Whether there may be something to tell of; a server that nobody asks never loads Polars.

    A monitor may have converted every spool before this process saw one: then the hour's parts are all there is to see.
    """
    return "polars" in sys.modules or log.hour(time).is_dir()


def _has_hour_before(log: Layout, before: dt.datetime) -> bool:
    """Whether an hour of the log ended by then, by its folder's name."""
    begun = before - dt.timedelta(hours=1)
    last = f"date={begun:%Y-%m-%d}/hour={begun:%H}"
    return any(path.relative_to(log.parts).as_posix() <= last for path in log.parts.glob("date=*/hour=*"))


def windows_of(log: Layout, since: dt.datetime, until: dt.datetime) -> tuple[Window, ...]:
    """Statistics of what each release answered from `since` to before `until`; shadows have answered nobody."""
    import polars as pl

    from seakeep.prediction_log.log import PredictionLog
    from seakeep.prediction_log.parts import described
    from seakeep.prediction_log.thinning import weights

    roles = [role for role in names.ROLES if role != "shadow"]
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


if __name__ == "__main__":
    sys.exit(main())
