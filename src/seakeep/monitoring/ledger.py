"""The ledger: what a monitor has on record, and the one transaction that adds a window to it.

Called by `monitor`. Reports and their pages are written first and are named by what they hold, so that a kill before the transaction
leaves nothing but files that the next attempt writes again. The transaction then adds the window's lines and its incidents' to the
journal, and moves the incidents' documents and the state, or does nothing of it; the state's revision lets no two monitors move it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.core.codec import from_plain, to_json
from seakeep.core.files import write_text
from seakeep.core.report import Report, Verdict
from seakeep.core.statistics import Statistics
from seakeep.monitoring import incidents
from seakeep.monitoring.incidents import Incident
from seakeep.monitoring.predictions import BASELINE, CODE
from seakeep.monitoring.record import HISTORY, Kept, State, line_of, past_of
from seakeep.registry.errors import TornObject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seakeep.monitoring.incidents import Event
    from seakeep.monitoring.judging import Judged, Row
    from seakeep.monitoring.settings import MonitorSettings
    from seakeep.monitoring.windows import Window
    from seakeep.registry import Registry

STATE, LINE = "monitor", "window"


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
class Ledger:
    """The record of one name."""

    registry: Registry
    name: str

    def state(self) -> tuple[State, int]:
        """How far the watch has come, and the revision of that; a new state and 0 where it has not begun."""
        found = self.registry.documents.get(STATE, self.name)
        if found is None:
            return State(), 0
        return from_plain(State, found.content, path=f"monitor {self.name}"), found.revision

    def keep(self, state: State, revision: int) -> int:
        """Write a state that has changed without a window; returns its revision."""
        return self.registry.documents.put(STATE, self.name, state, expected=revision)

    def restart(self) -> None:
        """Forget how far the watch has come, to begin anew; results, incidents and baselines stay."""
        state, revision = self.state()
        if revision:
            self.keep(State(baselines=state.baselines, incidents=state.incidents), revision)

    def incidents(self, state: State | None = None) -> tuple[Incident, ...]:
        """Incidents, the oldest first: those that a state names, or all of them."""
        prefix = f"{self.name}/"
        documents = self.registry.documents
        keys = documents.names(incidents.KIND) if state is None else [prefix + each for each in state.incidents]
        found = [documents.get(incidents.KIND, key) for key in keys if key.startswith(prefix)]
        read = [from_plain(Incident, each.content, path="incident") for each in found if each is not None]
        return tuple(sorted(read, key=lambda each: (each.first, each.id)))

    def past(self, release: str, state: State, *, but: str = "") -> tuple[tuple[Row, ...], tuple[Row, ...]]:
        """Rows about earlier windows of a release, of drift and of decay. but: the window to leave out."""
        first = min((each.line for each in state.windows[-HISTORY:]), default=1)
        lines = self.registry.journal.entries(kind=LINE, name=self.name, after=first - 1)
        return past_of(lines, release, but=but)

    def report(self, digest: str) -> Report | None:
        """A report on record; None where its file was lost."""
        try:
            return self.registry.get(Report, digest)
        except TornObject:
            return None

    def baseline(self, release: str, state: State) -> tuple[Statistics, ...]:
        """Statistics of a release's answers in earlier windows; those whose files were lost are left out."""
        found: list[Statistics] = []
        for digest in state.baselines.get(release, ()):
            with contextlib.suppress(TornObject):
                found.append(self.registry.get(Statistics, digest))
        return tuple(found)

    def commit(
        self,
        kept: Kept,
        found: Mapping[str, tuple[str, Judged]],
        *,
        events: tuple[Event, ...],
        settings: MonitorSettings,
        now: float,
    ) -> tuple[WindowResult, ...]:
        """Put a window on record. found: by release, its label and what the window came to. now: Unix seconds."""
        state, revision = self.state()
        digests = {release: self.registry.put(judged.report) for release, (_, judged) in found.items()}
        pages = {release: self._drawn(judged.report, digests[release]) for release, (_, judged) in found.items()}
        baselines = state.baselines if kept.revision else self._grown(state, found)
        labelled = max(kept.counted, sum(judged.labelled for _, judged in found.values()))
        kept = replace(kept, reports={**kept.reports, **digests}, labelled=labelled, counted=labelled)
        with self.registry.transaction():
            for release, (label, judged) in found.items():
                content = line_of(kept, judged, release=release, label=label, report=digests[release])
                line = self.registry.journal.append(LINE, self.name, content, at=now)
                kept = replace(kept, line=kept.line or line)
            touched = self._follow(events, now)
            self.keep(state.with_window(kept, settings, baselines, touched), revision)
        return tuple(
            WindowResult(
                self.name,
                kept.window,
                release,
                label,
                kept.revision,
                judged.report,
                digests[release],
                pages[release],
                tuple(event for event in events if event.release == label),
                judged.rows,
                judged.labelled,
            )
            for release, (label, judged) in found.items()
        )

    def _follow(self, events: tuple[Event, ...], now: float) -> tuple[Incident, ...]:
        """Keep what happened to incidents; returns them as they are now."""
        for event in events:
            if event.kind != "calmed":
                self.registry.journal.append(incidents.KIND, self.name, event.as_plain(), at=now)
        touched = {event.incident.id: event.incident for event in events}
        for incident in touched.values():
            key = f"{self.name}/{incident.id}"
            revision = self.registry.documents.revision(incidents.KIND, key)
            self.registry.documents.put(incidents.KIND, key, incident, expected=revision)
        return tuple(touched.values())

    def _drawn(self, report: Report, digest: str) -> Path:
        """The report's files for people, below reports/; they are named by what they show."""
        from seakeep.views import html

        page = self.registry.home / "reports" / f"monitoring-{digest[:12]}.html"
        if not page.exists():
            write_text(page.with_suffix(".json"), to_json(report))
            write_text(page, html.render(report))
        return page

    def _grown(self, state: State, found: Mapping[str, tuple[str, Judged]]) -> dict[str, tuple[str, ...]]:
        """The baselines of predictions, with the windows that did not alarm added while they are few."""
        grown = dict(state.baselines)
        for release, (_, judged) in found.items():
            own = grown.get(release, ())
            alarmed = any(check.code == CODE and check.verdict is Verdict.FAIL for check in judged.report.checks)
            if judged.predictions.rows and not alarmed and len(own) < BASELINE:
                grown[release] = (*own, self.registry.put(judged.predictions))
        return grown
