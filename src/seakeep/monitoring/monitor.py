"""Monitor: finds every closed window that was not judged yet, judges it once, and puts everything about it on record together.

The state is one document of the registry (kind "monitor"): how far the watch has come, and the last windows. A window's result is a line of the
journal (kind "window"), its report an object of the registry and a page below reports/. Result, incidents and state are
written in one transaction, after the files: a kill at any moment leaves a window judged or not judged, and never twice or half. After
a downtime every window that closed meanwhile is judged, in order.

Labels come later. When they have, the window is judged again for decay alone, as a new revision of its result: once all its rows have labels, or
half as many more as at the last time, or when no more labels came since the last look.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.core import locks
from seakeep.core.codec import from_plain, to_json
from seakeep.core.errors import RegistryError
from seakeep.core.files import write_text
from seakeep.core.report import Report, Verdict
from seakeep.core.statistics import Statistics
from seakeep.monitoring import incidents, judging, reading, windows
from seakeep.monitoring.incidents import Incident
from seakeep.monitoring.judging import Judged, Row, Watched
from seakeep.monitoring.predictions import BASELINE
from seakeep.monitoring.record import HISTORY, Baseline, Kept, State, line_of, past_of
from seakeep.monitoring.settings import ASKED, BadMonitor, MonitorSettings
from seakeep.prediction_log import PredictionLog
from seakeep.prediction_log import columns as names
from seakeep.registry.errors import BadReference, TornRelease

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from seakeep.monitoring.incidents import Event
    from seakeep.monitoring.windows import Seen, Window
    from seakeep.registry import Registry

STATE, LINE = "monitor", "window"
_RELEASES = 4
_GROWN = 1.5


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
class WindowResult:
    """What one window of one release came to. revision: 0 at first, then one more each time that labels came.

    release: the digest, empty where nobody answered. label: "flight-delay@3". digest: the report's. page: where it is drawn.
    """

    name: str
    window: Window
    release: str
    label: str
    revision: int
    report: Report
    digest: str
    page: Path
    events: tuple[Event, ...] = ()
    rows: int = 0
    labelled: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a tick saw of time. watermark: microseconds. ahead: rows that wait for it. late: rows of windows judged already."""

    watermark: int | None = None
    ahead: int = 0
    late: int = 0
    rows: int = 0


class Monitor:
    """Watches one name. Raises: BadReference, if no release has that name; BadMonitor, if it was watched by other windows."""

    def __init__(self, registry: Registry, name: str, settings: MonitorSettings | None = None) -> None:
        registry.releases(name)  # raises where there is none
        self.registry, self.name = registry, name
        self.log = PredictionLog.of(registry.home, name)
        self.told = Told()
        self._releases: OrderedDict[str, Watched | None] = OrderedDict()
        self.settings = self._resolved(settings or MonitorSettings())

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

    @staticmethod
    def restart(registry: Registry, name: str) -> None:
        """Forget how far the watch of a name has come, to begin anew; results and incidents stay."""
        found = registry.documents.get(STATE, name)
        if found is not None:
            state = from_plain(State, found.content, path=f"monitor {name}")
            anew = State(baselines=state.baselines, incidents=state.incidents)
            registry.documents.put(STATE, name, anew, expected=found.revision)

    def incidents(self) -> tuple[Incident, ...]:
        """Every incident of this name, the oldest first."""
        prefix = f"{self.name}/"
        found = [
            self._incident(key.removeprefix(prefix))
            for key in self.registry.documents.names(incidents.KIND)
            if key.startswith(prefix)
        ]
        return tuple(sorted((each for each in found if each), key=lambda each: (each.first, each.id)))

    def _resolved(self, settings: MonitorSettings) -> MonitorSettings:
        """The settings with the window that is on record, or that the champion's pipeline declares, where none is asked for."""
        state, _ = self._state()
        asked = settings.window
        if not asked:
            settings = replace(settings, window=state.window or self._declared() or "")
        if state.window and (settings.length, settings.by) != (replace(settings, window=state.window).length, state.by):
            told = [
                f"{window or '1h'} by {by}" for window, by in ((state.window, state.by), (settings.window, settings.by))
            ]
            raise BadMonitor.changed(self.name, *told)
        return settings

    def _declared(self) -> str | None:
        champion = self.registry.champion(self.name)
        path = champion.folder / "reports" / "reference.json" if champion else None
        if path is None or not path.exists():
            return None
        hours = [row["window_hours"] for table in Report.load(path).tables for row in table.records()]
        return f"{hours[0]}h" if hours else None

    def _state(self) -> tuple[State, int]:
        found = self.registry.documents.get(STATE, self.name)
        return (
            (State(), 0)
            if found is None
            else (from_plain(State, found.content, path=f"monitor {self.name}"), found.revision)
        )

    def _new(self, now: float) -> Iterator[WindowResult]:
        state, _ = self._state()
        by, length = self.settings.by, self.settings.length
        since = min((each.start for each in state.windows[-HISTORY:]), default=state.cursor)
        seen = reading.seen(self.log, by=by, length=length, since=since) if self._has_log() else {}
        clock = round(now * 1e6) if by == ASKED else None
        due = windows.due(seen, length=length, grace=self.settings.patience, cursor=state.cursor, clock=clock)
        late = sum(max(0, seen[each.start].rows - each.rows) for each in state.windows if each.start in seen)
        self.told = Told(due.watermark, due.ahead, late, sum(each.rows for each in seen.values()))
        for window in due.windows:
            yield from self._judged(window, now, empty=not _any(seen, window))

    def _has_log(self) -> bool:
        return self.log.layout.root.is_dir()

    def _judged(self, window: Window, now: float, *, empty: bool) -> tuple[WindowResult, ...]:
        state, revision = self._state()
        parts = _by_release(reading.rows(self.log, window, by=self.settings.by)) if not empty else {}
        found: dict[str, Judged] = {}
        for digest, frame in parts.items():
            found[digest] = self._judge(digest, window, frame, state)
        if not found:
            found[""] = judging.judge_nothing(self.name, window)
        checks = [(self._label(digest), check) for digest, judged in found.items() for check in judged.report.checks]
        known = tuple(each for key in state.incidents if (each := self._incident(key)))
        events = incidents.follow(known, checks, window, name=self.name, calm=self.settings.calm)
        events += _measured(known, events, found, window, self._label)
        kept = Kept(window.start, window.end, 0, sum(frame.height for frame in parts.values()))
        return self._commit(state, revision, kept, found, events=events, now=now)

    def _judge(self, digest: str, window: Window, frame: pl.DataFrame, state: State) -> Judged:
        release = self._release(digest)
        if release is None:
            return judging.judge_unknown(digest, window, frame)
        history, decayed = self._past(digest, state)
        baseline = state.baselines.get(digest)
        statistics = self.registry.get(Statistics, baseline.digest) if baseline else None
        return judging.judge_window(
            release, window, frame, settings=self.settings, baseline=statistics, history=history, decayed=decayed
        )

    def _past(self, digest: str, state: State, *, but: str = "") -> tuple[tuple[Row, ...], tuple[Row, ...]]:
        first = min((each.line for each in state.windows[-HISTORY:]), default=1)
        lines = self.registry.journal.entries(kind=LINE, name=self.name, after=first - 1)
        return past_of(lines, digest, but=but)

    def _again(self, now: float) -> Iterator[WindowResult]:
        """Windows whose labels came, once more."""
        state, revision = self._state()
        mark = reading.labels_mark(self.log)
        if not mark or not state.windows:
            return
        settled = mark == state.labels
        if not settled:
            since = min(each.start for each in state.windows)
            seen = reading.seen(self.log, by=self.settings.by, length=self.settings.length, since=since, labels=True)
            counted = tuple(replace(each, counted=_labelled(seen, each)) for each in state.windows)
            state = replace(state, labels=mark, windows=counted)
            revision = self.registry.documents.put(STATE, self.name, state, expected=revision)
        for each in state.windows:
            if each.counted > each.labelled and (settled or each.counted >= min(each.rows, _GROWN * each.labelled)):
                yield from self._relabelled(each, now)

    def _relabelled(self, kept: Kept, now: float) -> tuple[WindowResult, ...]:
        state, revision = self._state()
        window = kept.window
        found: dict[str, Judged] = {}
        for digest, frame in _by_release(reading.rows(self.log, window, by=self.settings.by)).items():
            release, before = self._release(digest), kept.reports.get(digest)
            if release is None or before is None or not frame[names.LABEL].count():
                continue
            _, decayed = self._past(digest, state, but=window.name)
            earlier = self.registry.get(Report, before)
            margin = self.settings.margin
            found[digest] = judging.judge_labels(release, window, frame, earlier, margin=margin, decayed=decayed)
        known = tuple(each for key in state.incidents if (each := self._incident(key)))
        decay = [
            (self._label(digest), check)
            for digest, judged in found.items()
            for check in judged.report.checks
            if check.code.startswith("decay.")
        ]
        events = incidents.follow(known, decay, window, name=self.name, calm=self.settings.calm)
        events += _measured(known, events, found, window, self._label)
        return self._commit(state, revision, replace(kept, revision=kept.revision + 1), found, events=events, now=now)

    def _commit(
        self,
        state: State,
        revision: int,
        kept: Kept,
        found: dict[str, Judged],
        *,
        events: tuple[Event, ...],
        now: float,
    ) -> tuple[WindowResult, ...]:
        """Files first, then everything else in one transaction."""
        registry = self.registry
        digests = {digest: registry.put(judged.report) for digest, judged in found.items()}
        pages = {digest: self._drawn(judged.report, digests[digest]) for digest, judged in found.items()}
        baselines = self._baselines(state, found) if not kept.revision else state.baselines
        labelled = max(kept.counted, sum(judged.labelled for judged in found.values()))
        kept = replace(kept, reports={**kept.reports, **digests}, labelled=labelled, counted=labelled)
        with registry.transaction():
            for digest, judged in found.items():
                content = line_of(kept, judged, release=digest, label=self._label(digest), report=digests[digest])
                entry = registry.journal.append(LINE, self.name, content, at=now)
                kept = replace(kept, line=kept.line or entry)
            for event in (each for each in events if each.kind != "calmed"):
                registry.journal.append(incidents.KIND, self.name, event.as_plain(), at=now)
            for incident in {event.incident.id: event.incident for event in events}.values():
                key = f"{self.name}/{incident.id}"
                before = registry.documents.revision(incidents.KIND, key)
                registry.documents.put(incidents.KIND, key, incident, expected=before)
            after = state.with_window(kept, self.settings, baselines, [event.incident for event in events])
            registry.documents.put(STATE, self.name, after, expected=revision)
        return tuple(
            WindowResult(
                self.name,
                kept.window,
                digest,
                self._label(digest),
                kept.revision,
                judged.report,
                digests[digest],
                pages[digest],
                tuple(event for event in events if event.release == self._label(digest)),
                judged.rows,
                judged.labelled,
            )
            for digest, judged in found.items()
        )

    def _drawn(self, report: Report, digest: str) -> Path:
        """The report's files for people, below reports/; they are named by what they show."""
        from seakeep.views import html

        page = self.registry.home / "reports" / f"monitoring-{digest[:12]}.html"
        if not page.exists():
            write_text(page.with_suffix(".json"), to_json(report))
            write_text(page, html.render(report))
        return page

    def _baselines(self, state: State, found: dict[str, Judged]) -> dict[str, Baseline]:
        """The baselines of predictions, grown by windows that did not alarm."""
        grown = dict(state.baselines)
        for digest, judged in found.items():
            own = grown.get(digest)
            calm = all(
                c.verdict is not Verdict.FAIL for c in judged.report.checks if c.code == "monitoring.predictions"
            )
            if judged.predictions.rows and calm and (own is None or own.windows < BASELINE):
                before = self.registry.get(Statistics, own.digest) if own else Statistics()
                total = before + judged.predictions
                grown[digest] = Baseline(self.registry.put(total), (own.windows if own else 0) + 1)
        return grown

    def _release(self, digest: str) -> Watched | None:
        """The release, or None where it is not on record or torn; the last few are kept."""
        if digest not in self._releases:
            try:
                found = self.registry.resolve(digest)
                watched = Watched.load(
                    found.folder,
                    label=found.label,
                    digest=digest,
                    version=found.version,
                    hours=self.settings.hours,
                )
            except (BadReference, TornRelease, FileNotFoundError):
                return None
            self._releases[digest] = watched
            while len(self._releases) > _RELEASES:
                self._releases.popitem(last=False)
        return self._releases[digest]

    def _label(self, digest: str) -> str:
        release = self._release(digest) if digest else None
        return release.label if release else digest[:12] or self.name

    def _incident(self, key: str) -> Incident | None:
        found = self.registry.documents.get(incidents.KIND, f"{self.name}/{key}")
        return None if found is None else from_plain(Incident, found.content, path=f"incident {key}")


def _by_release(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    if not frame.height:
        return {}
    if frame[names.RELEASE].n_unique() == 1:  # cutting a million rows costs as much as profiling them
        return {str(frame[names.RELEASE][0]): frame}
    parts = frame.partition_by(names.RELEASE, as_dict=True, maintain_order=True)
    return {str(key[0]): part for key, part in sorted(parts.items(), key=lambda item: str(item[0]))}


def _any(seen: dict[int, Seen], window: Window) -> bool:
    return any(each.rows for start, each in seen.items() if window.start <= start < window.end)


def _labelled(seen: dict[int, Seen], kept: Kept) -> int:
    return seen[kept.start].labelled if kept.start in seen else 0


def _measured(
    known: Sequence[Incident], events: Sequence[Event], found: dict[str, Judged], window: Window, label: object
) -> tuple[Event, ...]:
    """The effects on metrics that labels told, of incidents as these events left them."""
    assert callable(label)
    now = {each.id: each for each in known} | {event.incident.id: event.incident for event in events}
    told: list[Event] = []
    for digest, judged in found.items():
        for check in judged.report.checks:
            if check.code.startswith("decay."):
                told += incidents.measure(tuple(now.values()), check, window, label(digest))
                now |= {event.incident.id: event.incident for event in told}
    return tuple(told)
