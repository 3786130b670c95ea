"""Monitor: finds every closed window that was not judged yet, judges it once, and puts everything about it on record together.

The state is one document of the registry (kind "monitor"): how far the watch has come, and the last windows. A window's result
is a line of the journal (kind "window"), its report an object of the registry and a page below reports/. Result, incidents and
state are written in one transaction, after the files: a kill at any moment leaves a window judged or not judged, and never
twice or half. After a downtime every window that closed meanwhile is judged, in order.

Labels come later. When they have, the window is judged again for decay alone, as a new revision of its result: once all its
rows have labels, or half as many more as at the last time, or when no more labels came since the last look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.core import locks
from seakeep.core.errors import RegistryError
from seakeep.core.moments import microseconds
from seakeep.core.report import Report
from seakeep.monitoring import incidents, judging, reading, windows
from seakeep.monitoring.ledger import Ledger, WindowResult
from seakeep.monitoring.record import HISTORY, Kept, State
from seakeep.monitoring.releases import Releases
from seakeep.monitoring.settings import ASKED, DEFAULT_WINDOW, BadMonitor, MonitorSettings
from seakeep.prediction_log import PredictionLog
from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import polars as pl

    from seakeep.core.report import Check
    from seakeep.monitoring.incidents import Event, Incident
    from seakeep.monitoring.judging import Judged
    from seakeep.monitoring.windows import Seen, Window
    from seakeep.registry import Registry

__all__ = ["Monitor", "MonitorBusy", "Told", "WindowResult"]

_GROWN = 1.5
Found = dict[str, tuple[str, "Judged"]]


class MonitorBusy(RegistryError):
    """Another monitor of the same name is at work."""

    @classmethod
    def of(cls, name: str, process: int | None) -> MonitorBusy:
        return cls(
            f"another monitor of {name} is at work",
            where=f"process {process}" if process else "",
            cause="Two would judge every window twice.",
            fix="Wait for it to end, or let it go on: it misses no window.",
            name=name,
            process=process,
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What a tick saw of time. watermark: microseconds. ahead: rows that wait for it. late: rows of windows judged already.

    rows: seen in windows. unplaced: rows without an event time, which are in no window; none by `asked`.
    """

    watermark: int | None = None
    ahead: int = 0
    late: int = 0
    rows: int = 0
    unplaced: int = 0


class Monitor:
    """Watches one name. Raises: BadReference, if no release has that name; BadMonitor, if it was watched by other windows."""

    def __init__(self, registry: Registry, name: str, settings: MonitorSettings | None = None) -> None:
        registry.releases(name)  # raises where there is none
        self.registry, self.name = registry, name
        self.log = PredictionLog.of(registry.home, name)
        self.told = Told()
        self._ledger = Ledger(registry, name)
        self.settings = self._resolved(settings or MonitorSettings())
        self._releases = Releases(registry, name, self.settings.hours)

    def tick(self, now: float, *, wait: bool = True) -> tuple[WindowResult, ...]:
        """Judge what is due at `now` (Unix seconds); returns the results in order of windows, none where nothing is due.

        Parameters: wait: for another monitor of this name to end its tick. Raises: MonitorBusy, if not `wait`; RegistryError.
        """
        return tuple(self.ticking(now, wait=wait))

    def ticking(self, now: float, *, wait: bool = True) -> Iterator[WindowResult]:
        """As `tick`, one result at a time; each is on record when it is returned."""
        with locks.alone(self.lock, wait=wait) as held:
            if not held:
                raise MonitorBusy.of(self.name, locks.holder(self.lock))
            self.log.convert(wait=False)
            yield from self._new(now)
            yield from self._again(now)

    @property
    def lock(self) -> Path:
        """Held by whoever works on this name."""
        return self.registry.home / "locks" / f"monitor-{self.name}"

    def incidents(self) -> tuple[Incident, ...]:
        """Every incident of this name, the oldest first."""
        return self._ledger.incidents()

    @staticmethod
    def restart(registry: Registry, name: str) -> None:
        """Forget how far the watch of a name has come, to begin anew; results and incidents stay."""
        Ledger(registry, name).restart()

    def _resolved(self, settings: MonitorSettings) -> MonitorSettings:
        """The settings with the window that is on record, or that the champion's pipeline declares, where none is asked for."""
        state, _ = self._ledger.state()
        if not settings.window:
            settings = replace(settings, window=state.window or self._declared())
        before = replace(settings, window=state.window, by=state.by)
        if state.window and (settings.length, settings.by) != (before.length, before.by):
            told = [f"{each.window or DEFAULT_WINDOW} by {each.by}" for each in (before, settings)]
            raise BadMonitor.changed(self.name, *told)
        return settings

    def _declared(self) -> str:
        """The window of the champion's pipeline, or empty."""
        champion = self.registry.champion(self.name)
        path = champion.folder / "reports" / "reference.json" if champion else None
        tables = Report.load(path).tables if path is not None and path.exists() else ()
        hours = [row["window_hours"] for table in tables for row in table.records()]
        return f"{hours[0]}h" if hours else ""

    def _new(self, now: float) -> Iterator[WindowResult]:
        """Windows that closed since the last one on record."""
        by, length = self.settings.by, self.settings.length
        clock = microseconds(now) if by == ASKED else None
        state = self._state(clock)
        since = min((each.start for each in state.windows[-HISTORY:]), default=state.cursor)
        has_log = self.log.layout.root.is_dir()
        seen = reading.seen(self.log, by=by, length=length, since=since) if has_log else {}
        due = windows.due(seen, length=length, grace=self.settings.patience, cursor=state.cursor, clock=clock)
        late = sum(max(0, seen[each.start].rows - each.rows) for each in state.windows if each.start in seen)
        unplaced = reading.unplaced(self.log, by=by) if has_log else 0
        self.told = Told(due.watermark, due.ahead, late, sum(each.rows for each in seen.values()), unplaced)
        for window in due.windows:
            yield from self._judged(window, now, empty=not _any(seen, window))

    def _state(self, clock: int | None) -> State:
        """How far the watch has come; where the clock went back, as of then. clock: microseconds, None by a column."""
        state, revision = self._ledger.state()
        known = state if clock is None else state.back_to(windows.aligned(clock, self.settings.length))
        if known is not state:
            self._ledger.keep(known, revision)
        return known

    def _judged(self, window: Window, now: float, *, empty: bool) -> tuple[WindowResult, ...]:
        state, _ = self._ledger.state()
        parts = {} if empty else reading.rows(self.log, window, by=self.settings.by)
        found: Found = {
            digest: (self._releases.label(digest), self._judge(digest, window, frame, state))
            for digest, frame in parts.items()
        }
        if not found:
            found[""] = self.name, judging.judge_nothing(self.name, window)
        checks = [(label, check) for label, judged in found.values() for check in judged.report.checks]
        kept = Kept(window.start, window.end, rows=sum(frame.height for frame in parts.values()))
        return self._recorded(kept, found, checks, state=state, now=now)

    def _judge(self, digest: str, window: Window, frame: pl.DataFrame, state: State) -> Judged:
        release = self._releases.of(digest)
        if release is None:
            return judging.judge_unknown(digest, window, frame)
        history, decayed = self._ledger.past(digest, state)
        baseline = self._ledger.baseline(digest, state)
        return judging.judge_window(
            release, window, frame, settings=self.settings, baseline=baseline, history=history, decayed=decayed
        )

    def _again(self, now: float) -> Iterator[WindowResult]:
        """Windows whose labels came, once more."""
        state, revision = self._ledger.state()
        mark = reading.labels_mark(self.log)
        if not mark or not state.windows:
            return
        settled = mark == state.labels
        if not settled:
            since = min(each.start for each in state.windows)
            seen = reading.seen(self.log, by=self.settings.by, length=self.settings.length, since=since, labels=True)
            counted = tuple(replace(each, counted=_labelled(seen, each)) for each in state.windows)
            state = replace(state, labels=mark, windows=counted)
            self._ledger.keep(state, revision)
        for each in state.windows:
            if each.counted > each.labelled and (settled or each.counted >= min(each.rows, _GROWN * each.labelled)):
                yield from self._relabelled(each, now)

    def _relabelled(self, kept: Kept, now: float) -> tuple[WindowResult, ...]:
        state, _ = self._ledger.state()
        window, found = kept.window, Found()
        for digest, frame in reading.rows(self.log, window, by=self.settings.by).items():
            release, before = self._releases.of(digest), self._ledger.report(kept.reports.get(digest, ""))
            if release is None or before is None or not frame[names.LABEL].count():
                continue
            _, decayed = self._ledger.past(digest, state, but=window.name)
            margin = self.settings.margin
            judged = judging.judge_labels(release, window, frame, before, margin=margin, decayed=decayed)
            found[digest] = release.label, judged
        decay = [(label, check) for label, judged in found.values() for check in _decay(judged)]
        return self._recorded(replace(kept, revision=kept.revision + 1), found, decay, state=state, now=now)

    def _recorded(
        self, kept: Kept, found: Found, checks: list[tuple[str, Check]], *, state: State, now: float
    ) -> tuple[WindowResult, ...]:
        known = self._ledger.incidents(state)
        events = incidents.follow(known, checks, kept.window, name=self.name, calm=self.settings.calm)
        events += _measured(known, events, found, kept.window)
        return self._ledger.commit(kept, found, events=events, settings=self.settings, now=now)


def _any(seen: dict[int, Seen], window: Window) -> bool:
    return any(each.rows for start, each in seen.items() if window.start <= start < window.end)


def _labelled(seen: dict[int, Seen], kept: Kept) -> int:
    return seen[kept.start].labelled if kept.start in seen else 0


def _decay(judged: Judged) -> list[Check]:
    return [check for check in judged.report.checks if check.code.startswith("decay.")]


def _measured(
    known: tuple[Incident, ...], events: tuple[Event, ...], found: Mapping[str, tuple[str, Judged]], window: Window
) -> tuple[Event, ...]:
    """The effects on metrics that labels told, of incidents as these events left them."""
    now = {each.id: each for each in known} | {event.incident.id: event.incident for event in events}
    told: tuple[Event, ...] = ()
    for label, judged in found.values():
        for check in _decay(judged):
            told += incidents.measure(tuple(now.values()), check, window, label)
            now |= {event.incident.id: event.incident for event in told}
    return told
