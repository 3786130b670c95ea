"""One window of one release becomes a Report of kind "monitoring". Composes quality, drift, skew, predictions and decay.

Called by `monitor` with rows that are read already. The release's own folder is all that a window is compared with: its training
Statistics, its contract, its evaluation, and what was usual in its training rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seakeep.core.codec import BadDocument
from seakeep.core.model import Model
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.core.statistics import Statistics
from seakeep.data.comparison.shapes import shapes
from seakeep.data.reading.read import read
from seakeep.data.statistics.profile import profile
from seakeep.monitoring.decay import COLUMNS as DECAY
from seakeep.monitoring.decay import judge_decay
from seakeep.monitoring.drift import judge_drift, narrowed
from seakeep.monitoring.natural import usual
from seakeep.monitoring.predictions import judge_predictions, watched
from seakeep.monitoring.quality import judge_answers, judge_quality
from seakeep.monitoring.skew import judge_skew
from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from seakeep.core.codec import Scalar
    from seakeep.monitoring.natural import Usual
    from seakeep.monitoring.settings import MonitorSettings
    from seakeep.monitoring.windows import Window

KIND = "monitoring"
HISTORY = ("window", "column", "distance", "observed", "threshold", "verdict")
TRAFFIC = ("outcome", "rows")
Row = tuple["Scalar", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A release as a monitor needs it. evaluation: its report; usual: what is usual in windows of this length."""

    label: str
    digest: str
    version: int
    model: Model
    evaluation: Report | None = None
    usual: Mapping[tuple[str, str], Usual] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, *, label: str, digest: str, version: int, hours: float) -> Watched:
        """From a release's folder."""
        reference = _report(folder / "reports" / "reference.json")
        evaluation = _report(folder / "reports" / "evaluation.json")
        return cls(label, digest, version, Model.load(folder), evaluation, usual(reference, hours))


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What one window of one release came to.

    drift, decay: rows of the tables "windows" and "decay" about this window alone. predictions: Statistics of the answers.
    rows: answered. labelled: of them, with a label that could be judged.
    """

    report: Report
    drift: tuple[Row, ...] = ()
    decay: tuple[Row, ...] = ()
    predictions: Statistics = field(default_factory=Statistics)
    rows: int = 0
    labelled: int = 0


def judge_window(
    release: Watched,
    window: Window,
    frame: pl.DataFrame,
    *,
    settings: MonitorSettings,
    baseline: Sequence[Statistics] = (),
    history: Sequence[Row] = (),
    decayed: Sequence[Row] = (),
) -> Judged:
    """Judge the rows of one release in one window.

    Parameters: frame: the log's columns, joined with labels; any outcome. baseline: of the release's answers in earlier windows, see
        predictions. history, decayed: rows of earlier windows for the tables "windows" and "decay".
    """
    answered = _answered(frame)
    checks = [_rows(answered.height, release.label)]
    tables = [_traffic(frame)]
    if frame.height:
        checks.append(judge_answers(frame, subject=release.label))
    if not answered.height:
        return Judged(_report_of(release, window, checks, (*tables, *past(history, decayed))))
    inputs = tuple(each.name for each in release.model.inputs if each.name in answered.columns)
    scores = tuple(name for name in watched(release.model) if name in answered.columns)
    statistics = profile(read(answered.select(*inputs, *scores)))
    reference, asked = narrowed(release.model.statistics, inputs), narrowed(statistics, inputs)
    quality, listed = judge_quality(release.model, asked, subject=window.name)
    drifted = judge_drift(reference, asked, schema=release.model.schema, q=settings.q, usual=release.usual)
    skewed = judge_skew(reference, asked, release.model.schema)
    predictions = narrowed(statistics, scores)
    told = judge_predictions(baseline, predictions, q=settings.q)
    decay = judge_decay(release.model, answered, release.evaluation, window=window.name, margin=settings.margin)
    own = tuple((window.name, row[0], row[2], row[3], row[4], row[6]) for row in drifted.table.rows)
    checks += [*quality, *drifted.checks, *skewed.checks, *told, *decay.checks]
    moved = [name for name in dict.fromkeys((*drifted.failed, *skewed.failed)) if name in inputs]
    tables += [drifted.table, *skewed.tables, listed, shapes((name, reference[name], asked[name]) for name in moved)]
    tables += [decay.table] if decay.table else []
    tables += past((*history, *own), (*decayed, *decay.rows))
    report = _report_of(release, window, checks, tables)
    return Judged(report, own, decay.rows, predictions, answered.height, decay.labelled)


def judge_labels(
    release: Watched, window: Window, frame: pl.DataFrame, before: Report, *, margin: float, decayed: Sequence[Row] = ()
) -> Judged:
    """The same window once more, now that labels came: what was said of drift and quality stays, decay is judged anew.

    before: the window's report so far. decayed: rows of the table "decay" about other windows.
    """
    answered = _answered(frame)
    decay = judge_decay(release.model, answered, release.evaluation, window=window.name, margin=margin)
    kept = [check for check in before.checks if not check.code.startswith("decay.")]
    tables = [table for table in before.tables if table.name not in ("metrics", "decay", "traffic")]
    tables = [_traffic(frame), *tables, *([decay.table] if decay.table else []), *past((), (*decayed, *decay.rows))]
    report = _report_of(release, window, (*kept, *decay.checks), tables)
    return Judged(report, (), decay.rows, rows=answered.height, labelled=decay.labelled)


def judge_nothing(subject: str, window: Window) -> Judged:
    """A window in which nobody asked."""
    return Judged(Report(KIND, _title(window), subject, (_rows(0, subject),), ()))


def judge_unknown(digest: str, window: Window, frame: pl.DataFrame) -> Judged:
    """Rows of a release that is not on record any more, or whose folder is torn: they cannot be compared with anything."""
    message = f"{frame.height:,} rows were answered by release {digest[:12]}, whose files are not on record here."
    fix = "Restore the release's folder, or run the pipeline again: seakeep run FILE"
    check = Check("monitoring.release", digest[:12], Verdict.INCONCLUSIVE, message, None, None, fix)
    return Judged(Report(KIND, _title(window), digest[:12], (check,), (_traffic(frame),)), rows=frame.height)


def _answered(frame: pl.DataFrame) -> pl.DataFrame:
    wanted = frame[names.OUTCOME] == "answered"
    return frame if wanted.all() else frame.filter(wanted)


def _rows(rows: int, subject: str) -> Check:
    if rows:
        return Check("monitoring.rows", subject, Verdict.PASS, f"{rows:,} rows were answered.", rows, 1)
    message = "Nothing was answered in this window, so nothing can be judged."
    fix = "If requests were expected, see whether the server runs: seakeep serve NAME"
    return Check("monitoring.rows", subject, Verdict.INCONCLUSIVE, message, 0, 1, fix)


def _traffic(frame: pl.DataFrame) -> Table:
    counts = dict(frame.group_by(names.OUTCOME).len().iter_rows())
    rows = [(name, counts[name]) for name in sorted(map(str, counts))]
    labelled = int(frame[names.LABEL].is_not_null().sum()) if names.LABEL in frame.columns else 0
    return Table("traffic", "Rows of the window", TRAFFIC, (*rows, ("labelled", labelled)))


def past(history: Sequence[Row], decayed: Sequence[Row]) -> tuple[Table, ...]:
    """The tables "windows" and "decay", those that have rows."""
    windows = Table("windows", "Windows so far", HISTORY, tuple(history))
    metrics = Table("decay", "Metrics on labelled rows over time", DECAY, tuple(decayed))
    return tuple(table for table in (windows, metrics) if table.rows)


def _report_of(release: Watched, window: Window, checks: Sequence[Check], tables: Sequence[Table]) -> Report:
    return Report(KIND, _title(window), release.label, tuple(checks), tuple(table for table in tables if table.rows))


def _title(window: Window) -> str:
    return f"Window {window.name} to {window.until}"


def _report(path: Path) -> Report | None:
    try:
        return Report.load(path)
    except (FileNotFoundError, BadDocument):
        return None
