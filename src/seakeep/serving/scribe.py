"""The scribe: turns finished spools into Parquet files, and tells each minute's statistics, beside a server.

    python -m seakeep.serving.scribe --home HOME --folder FOLDER --parent PID NAME…

It is a child of the server (see server/minding) and the only one of its processes that loads Polars, which it does when the first
spool is finished and not before. Every minute it waits until the workers' rows of the minute before are on the disk, converts,
profiles that minute's answers for each release, and leaves a few numbers a column for /metrics. Statistics add, so
it does not matter which worker answered what. It puts an hour's small parts together once the hour is over, and removes hours that are
older than the log shall be. Killed at any moment, it leaves only work for its successor.

What is hard is the clock, which says what is old. One that goes back must stop nothing; one that jumps ahead, as a broken one does,
makes all of the log too old at once: then nothing is removed for a day, in which somebody may see it.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import logging
import math
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from seakeep.core.errors import SeakeepError
from seakeep.prediction_log.layout import Layout
from seakeep.prediction_log.spool import CLOSED, OPEN, ROTATE_SECONDS, is_left
from seakeep.serving.minutes import windows_of
from seakeep.serving.server.processes.lifeline import Lifeline
from seakeep.serving.server.telemetry.lines import formatter
from seakeep.serving.server.telemetry.settings import Lines
from seakeep.serving.server.windows import write_windows

if TYPE_CHECKING:
    from collections.abc import Callable

_NICE = 12  # on a machine that is busy throughout it gets 6 % of a core, which is 12,000 rows a second
_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 2.0
_BACK_MINUTES = 2  # by which a clock may be set back before minutes are told anew
_DRAIN_SECONDS = 5.0
_TIDY_SECONDS = 60.0
_WHOLE_SECONDS = 3600.0  # after which all hours are looked at, and not the last ones alone
_JUMP_SECONDS = 3600.0
_HELD_SECONDS = 86_400.0
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
        passed: seconds by a clock that nobody sets; None for the machine's since it was booted, in which sleep counts.
    """

    def __init__(
        self,
        logs: list[Layout],
        folder: Path,
        *,
        keep: float = 0.0,
        passed: Callable[[], float] | None = None,
    ) -> None:
        self._logs, self._folder, self._keep, self._passed = logs, folder, keep, passed or _since_boot
        self._tidied, self._whole = 0.0, 0.0
        self._seen: tuple[float, float] | None = None
        self._held = -math.inf
        self._idle: dict[Path, int] = {}
        self._told = {log.name: int(time.time() // ROTATE_SECONDS) - 1 for log in logs}
        self._problems: dict[tuple[str, str], str] = {}

    def look(self, now: float) -> None:
        """Convert what is finished, and tell of the last whole minute if that was not done. now: Unix seconds.

        Never raises for what is wrong with a log or a disk: that is told once, and tried again at the next look. What cannot be
        done with one log, or one damaged file, keeps nothing else from being done.
        """
        self._watch_clock(now)
        tidy, self._tidied = _due(now, self._tidied, _TIDY_SECONDS)
        whole = False
        if tidy:
            whole, self._whole = _due(now, self._whole, _WHOLE_SECONDS)
        for log in self._logs:
            self._try("converted", log, self._convert)
            self._try("told of", log, lambda log: self._tell(log, now))
            if tidy:
                self._try("removed", log, lambda log: self._remove(log, now))
                self._try("put together", log, lambda log: self._compact(log, now, whole=whole))

    def _try(self, what: str, log: Layout, step: Callable[[Layout], str | None]) -> None:
        """Take a step, which returns what went wrong, or None where there was nothing to do."""
        try:
            problem = step(log)
        except BaseException as error:  # a damaged file raises whatever its reader does, and the scribe must go on
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # Polars', which is none
                raise
            known = isinstance(error, SeakeepError | OSError)
            problem = str(error) if known else f"{type(error).__name__}: {error}"
        if problem is None:
            return
        if problem and problem != self._problems.get((log.name, what)):
            _log.error("%s: predictions cannot be %s now: %s", log.name, what, problem)
        self._problems[log.name, what] = problem

    def _convert(self, log: Layout) -> str:
        """Convert finished spools, and those of workers that died; returns what went wrong."""
        found = list(log.spool.iterdir()) if log.spool.is_dir() else []
        if not any(path.suffix == CLOSED or (path.suffix == OPEN and is_left(path)) for path in found):
            return ""
        from seakeep.prediction_log.parts import convert

        return convert(log, wait=False).problem

    def _watch_clock(self, now: float) -> None:
        """See whether the clock jumped since the last look, and tell it."""
        passed, before = self._passed(), self._seen
        self._seen = (now, passed)
        if before is None:
            return
        ahead = (now - before[0]) - (passed - before[1])
        if ahead > _JUMP_SECONDS and self._keep:
            self._held = passed + _HELD_SECONDS
            _log.error(
                "the clock went %.1f hours ahead: no predictions are removed for their age for a day", ahead / 3600
            )
        elif ahead < -_JUMP_SECONDS:
            self._held = -math.inf

    def _remove(self, log: Layout, now: float) -> str:
        """Remove hours that are too old."""
        if self._passed() < self._held:
            return ""
        before = dt.datetime.fromtimestamp(now - self._keep, dt.UTC) if self._keep else None
        if before is not None and _has_hour_before(log, before):
            from seakeep.prediction_log.retention import remove

            gone = remove(log, before=before)
            _log.info("%s: removed %d hours of predictions and %d labels", log.name, gone.hours, gone.labels)
            if gone.unsent:
                _log.warning("%s: removed %d files for their age that a sink had not taken", log.name, gone.unsent)
        return ""

    def _compact(self, log: Layout, now: float, *, whole: bool) -> str:
        """Put the parts of past hours together; a server that nobody asks never loads Polars."""
        if "polars" in sys.modules:
            from seakeep.prediction_log.compaction import LOOK_BACK, compact

            moment = dt.datetime.fromtimestamp(now, dt.UTC)
            compact(log, now=moment, back=None if whole else LOOK_BACK, idle=self._idle)
        return ""

    def _tell(self, log: Layout, now: float) -> str | None:
        minute = int((now - _GRACE_SECONDS) // ROTATE_SECONDS) - 1
        begin = dt.datetime.fromtimestamp(minute * ROTATE_SECONDS, dt.UTC)
        told = self._told[log.name]
        if told - _BACK_MINUTES < minute <= told or not _has_rows(log, begin):
            return None
        self._told[log.name] = minute
        windows = windows_of(log, begin, begin + dt.timedelta(seconds=ROTATE_SECONDS))
        write_windows(self._folder, log.name, windows)
        return ""


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _due(now: float, last: float, seconds: float) -> tuple[bool, float]:
    """Whether something is to be done again that was done `last`, and when it was from now on. A clock that went back makes it due."""
    due = abs(now - last) >= seconds
    return due, now if due else last


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


if __name__ == "__main__":
    sys.exit(main())
