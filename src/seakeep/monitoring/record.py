"""What a monitor keeps: its state, and the lines of its journal. Plain data, written and read by core.codec.

The state is bounded: KEPT windows (older ones are not judged again when labels come), the open incidents and those that
closed within them, and which windows are a release's baseline. A window's line in the journal (kind "window", the name of the model):
    window {"start", "end"}, release, label, revision, verdict, rows, labelled, report (digest),
    failed: [{"code", "subject"}], drift and decay: the window's own rows of the tables "windows" and "decay"
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (the codec reads annotations when the program runs)
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from seakeep.monitoring.settings import DEFAULT_WINDOW
from seakeep.monitoring.windows import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.codec import Json
    from seakeep.monitoring.incidents import Incident
    from seakeep.monitoring.judging import Judged, Row
    from seakeep.monitoring.settings import MonitorSettings
    from seakeep.registry.documents import Entry

KEPT = 500
HISTORY = 24
_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Kept:
    """A judged window. rows: of any outcome. labelled: with a label when it was judged last; counted: at the last look.

    line: number of its first line in the journal. reports: digests by release.
    """

    start: int
    end: int
    revision: int = 0
    rows: int = 0
    labelled: int = 0
    counted: int = 0
    line: int = 0
    reports: Mapping[str, str] = field(default_factory=dict)

    @property
    def window(self) -> Window:
        """The window."""
        return Window(self.start, self.end)


@dataclass(frozen=True, slots=True)
class State:
    """How far a watch has come. cursor: end of the last window, microseconds. window, by: of its settings.

    labels: mark of the labels at the last look. baselines: by release, digests of the Statistics of its earlier answers.
    incidents: ids of the open ones, and of those that closed lately.
    """

    window: str = ""
    by: str = "asked"
    cursor: int | None = None
    windows: tuple[Kept, ...] = ()
    labels: str = ""
    baselines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    incidents: tuple[str, ...] = ()

    def with_window(
        self,
        kept: Kept,
        settings: MonitorSettings,
        baselines: Mapping[str, tuple[str, ...]],
        touched: Sequence[Incident],
    ) -> State:
        """The state after a window was judged, for the first time or again."""
        windows = {each.start: each for each in self.windows} | {kept.start: kept}
        newest = tuple(windows[start] for start in sorted(windows))[-KEPT:]
        return replace(
            self,
            window=settings.window or self.window or DEFAULT_WINDOW,
            by=settings.by,
            cursor=max(kept.end, self.cursor if self.cursor is not None else kept.end),
            windows=newest,
            baselines=baselines,
            incidents=tuple(dict.fromkeys((*self.incidents, *(each.id for each in touched))))[-KEPT:],
        )

    def back_to(self, present: Window) -> State:
        """The state for a clock that has gone back to the window `present`: what was judged empty ahead of it is forgotten.

        Otherwise a clock that stood in 2099 for a minute would leave a watch that sees nothing until then. The same state where
        the clock is not a whole window behind, and where rows were judged ahead: no row is judged twice.
        """
        ahead = tuple(each for each in self.windows if each.end > present.start)
        if self.cursor is None or self.cursor <= present.end or not ahead or any(each.rows for each in ahead):
            return self
        return replace(self, cursor=ahead[0].start, windows=self.windows[: -len(ahead)])


def line_of(kept: Kept, judged: Judged, *, release: str, label: str, report: str) -> dict[str, Json]:
    """A window's line in the journal."""
    failed: list[Json] = [{"code": check.code, "subject": check.subject} for check in judged.report.failed]
    drift: list[Json] = [list(row) for row in judged.drift]
    decay: list[Json] = [list(row) for row in judged.decay]
    return {
        "window": {"start": kept.window.name, "end": kept.window.until},
        "release": release,
        "label": label,
        "revision": kept.revision,
        "verdict": judged.report.verdict.value,
        "rows": judged.rows,
        "labelled": judged.labelled,
        "report": report,
        "failed": failed,
        "drift": drift,
        "decay": decay,
    }


def past_of(lines: Sequence[Entry], release: str, *, but: str = "") -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Rows about earlier windows of a release for the tables "windows" and "decay", oldest first; of revisions the last.

    Missing rates are left out where they never failed, so that what moved can be seen. but: the window to leave out.
    """
    drift: dict[str, list[Any]] = {}
    decay: dict[str, list[Any]] = {}
    for line in lines:
        content: Any = line.content
        if content["release"] == release and content["window"]["start"] != but:
            start = content["window"]["start"]
            if content["drift"]:
                drift[start] = content["drift"]
            if content["decay"]:
                decay[start] = content["decay"]
    rows = [tuple(row) for start in sorted(drift)[-HISTORY:] for row in drift[start]]
    failed = {row[1:3] for row in rows if row[5] == "fail"}
    shown = [row for row in rows if row[2] != "missing_rate" or row[1:3] in failed]
    return tuple(shown[-_SHOWN:]), tuple(tuple(row) for start in sorted(decay)[-HISTORY:] for row in decay[start])
