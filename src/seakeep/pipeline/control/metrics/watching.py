"""What a monitor has on record of a name: the last window, what drifted in it, metrics by their labels, open incidents. Called by `text`.

The last window that had rows is told of, release by release; metrics come from the newest window that had labels, which is older. Only the
monitor's last windows are looked at, so a scrape costs the same after years.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seakeep.core.report import Verdict
from seakeep.monitoring.ledger import LINE, STATE, Ledger
from seakeep.monitoring.predictions import CODE
from seakeep.monitoring.record import HISTORY
from seakeep.monitoring.settings import DEFAULT_WINDOW, microseconds
from seakeep.pipeline.control.metrics import families as told
from seakeep.pipeline.control.metrics.families import INCIDENT_KINDS, VERDICTS
from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from seakeep.core.report import Check, Report
    from seakeep.monitoring.record import Kept, State
    from seakeep.pipeline.control.metrics.families import Labels, Told
    from seakeep.registry import Registry

_ABOUT_COLUMNS = ("drift", "schema")


@dataclass(slots=True)
class _Lines:
    """Lines of the journal about one release. window: its line about the last busy window. decay: the newest line with metrics."""

    window: Mapping[str, Any] = field(default_factory=dict)
    decay: Mapping[str, Any] = field(default_factory=dict)


def tell(registry: Registry, name: str) -> Iterator[Told]:
    """The watch over a name; nothing where it has not begun."""
    document = registry.documents.get(STATE, name)
    if document is None:
        return
    ledger = Ledger(registry, name)
    state, _ = ledger.state()
    yield told.CHANGED, (name,), document.changed
    yield told.LENGTH, (name,), microseconds("window", state.window or DEFAULT_WINDOW) / 1e6
    if state.windows:
        yield told.WINDOW_END, (name,), state.windows[-1].end / 1e6
        yield from _labelled(name, state.windows[-HISTORY:])
    for release, lines in _lines(registry, name, state).items():
        own = (name, _version(lines.window["label"], release))
        report = ledger.report(lines.window["report"])
        yield from _window(own, lines.window, report)
        yield from _drift(own, lines.window, report)
        yield from _predictions(own, report)
        yield from _metrics(own, lines.decay)


def tell_incidents(registry: Registry, name: str) -> Iterator[Told]:
    """Open incidents by kind; none of a kind is told of as well, once there is a watch."""
    ledger = Ledger(registry, name)
    state, revision = ledger.state()
    if not revision:
        return
    still = [each for each in ledger.incidents(state) if each.state == "open"]
    for kind in INCIDENT_KINDS:
        own = [each for each in still if each.code.partition(".")[0] == kind]
        yield told.INCIDENTS, (name, kind), len(own)
        if own:
            yield told.INCIDENT_SINCE, (name, kind), min(each.first for each in own) / 1e6


def _labelled(name: str, windows: tuple[Kept, ...]) -> Iterator[Told]:
    rows = sum(each.rows for each in windows)
    if rows:
        yield told.UNLABELLED, (name,), 1 - min(1.0, sum(each.counted for each in windows) / rows)


def _lines(registry: Registry, name: str, state: State) -> dict[str, _Lines]:
    """What stands in the journal about the releases that answered in the last window with rows, by their digest."""
    recent = state.windows[-HISTORY:]
    busy = next((each for each in reversed(recent) if any(each.reports)), None)
    if busy is None:
        return {}
    found = {release: _Lines() for release in busy.reports if release}
    first = min((each.line for each in recent if each.line), default=1)
    for entry in registry.journal.entries(kind=LINE, name=name, after=first - 1):
        content: Any = entry.content
        lines = found.get(content["release"])
        if lines is None:
            continue
        start = content["window"]["start"]
        if start == busy.window.name and not (content["revision"] and lines.window):
            lines.window = content
        if content["decay"] and start >= lines.decay.get("window", {}).get("start", ""):
            lines.decay = content
    return {release: lines for release, lines in found.items() if lines.window}


def _version(label: str, release: str) -> str:
    """As servers tell it; the first digits of a release that is not on record."""
    return label.partition("@")[2] or release[:12]


def _window(own: Labels, line: Mapping[str, Any], report: Report | None) -> Iterator[Told]:
    """The verdict, and what failed, by kind and by column."""
    yield told.WINDOW_VERDICT, own, VERDICTS[line["verdict"]]
    yield told.WINDOW_ROWS, own, line["rows"]
    kinds = [each["code"].partition(".")[0] for each in line["failed"]]
    for kind in INCIDENT_KINDS:
        yield told.FAILED_CHECKS, (*own, kind), kinds.count(kind)
    columns = _by_column(report.checks) if report else {}
    if report is not None:
        failed = [name for name, verdicts in columns.items() if Verdict.FAIL in verdicts]
        yield told.FAILED_COLUMNS, own, len(failed)
    for column, verdicts in columns.items():
        yield told.COLUMN_VERDICT, (*own, column), VERDICTS[Verdict.worst(tuple(verdicts)).value]


def _by_column(checks: Iterable[Check]) -> dict[str, list[Verdict]]:
    """Verdicts of the columns that drift looked at; of the contract's checks those about them."""
    found: dict[str, list[Verdict]] = {}
    of_columns = [each for each in checks if each.code.partition(".")[0] in _ABOUT_COLUMNS]
    for check in of_columns:
        if check.code.startswith("drift."):
            found.setdefault(check.subject, []).append(check.verdict)
    for check in of_columns:
        if check.code.startswith("schema.") and check.subject in found:
            found[check.subject].append(check.verdict)
    return found


def _drift(own: Labels, line: Mapping[str, Any], report: Report | None) -> Iterator[Told]:
    """Distances with their thresholds, from the journal; how far each column moved, from the report."""
    for _, column, distance, observed, threshold, verdict in line["drift"]:
        labels = (*own, column, distance)
        yield told.DRIFT, labels, _number(observed)
        yield told.DRIFT_LIMIT, labels, _number(threshold)
        yield told.DRIFT_VERDICT, labels, VERDICTS[verdict]
    for check in report.checks if report else ():
        effect: Any = check.evidence.get("effect") if check.code.startswith("drift.") else None
        if isinstance(effect, dict):
            yield told.DRIFT_CHANGE, (*own, check.subject, check.code.partition(".")[2]), _number(effect["by"])
            if effect["standard_deviations"] is not None:
                yield told.DRIFT_EFFECT, (*own, check.subject), _number(effect["standard_deviations"])


def _predictions(own: Labels, report: Report | None) -> Iterator[Told]:
    """How far the answers lie from those of earlier windows; nothing while there are too few of them."""
    for check in report.checks if report else ():
        if check.code == CODE:
            labels = (*own, _class(check.subject))
            yield told.PREDICTIONS_VERDICT, labels, VERDICTS[check.verdict.value]
            yield told.PREDICTIONS, labels, _number(check.observed)
            yield told.PREDICTIONS_LIMIT, labels, _number(check.threshold)


def _metrics(own: Labels, line: Mapping[str, Any]) -> Iterator[Told]:
    """The newest metrics that labels told; what could not be measured is left out, its verdict is not."""
    for _, metric, value, low, high, reference, threshold, rows, verdict in line.get("decay", ()):
        labels = (*own, metric)
        measured = (
            (told.METRIC, value),
            (told.METRIC_LOW, low),
            (told.METRIC_HIGH, high),
            (told.METRIC_REFERENCE, reference),
            (told.METRIC_LIMIT, threshold),
        )
        for family, number in measured:
            if number is not None:
                yield family, labels, _number(number)
        yield told.METRIC_ROWS, labels, rows
        yield told.METRIC_VERDICT, labels, VERDICTS[verdict]


def _class(subject: str) -> str:
    """The class that a logged column stands for, or "value"."""
    return "value" if subject == names.PREDICTION else subject.removeprefix(names.PROBABILITY)


def _number(value: Any) -> float:
    """A number as the codec wrote it: what JSON has no word for is an object."""
    return float(value["float"] if isinstance(value, dict) else value)
