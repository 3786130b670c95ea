"""The quality of a model in production: what the monitor judged, what drifted and by how much, what labels told, what is to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations import _queries as q
from seakeep.integrations._grafana.panels import Board, Panel, Query, Row, number
from seakeep.integrations._rules.watch import GATE
from seakeep.pipeline.control.metrics import families as control

if TYPE_CHECKING:
    from seakeep.integrations._rules import Contract, Gate

_BY_COLUMN, _BY_DISTANCE = "@{{version}} {{column}}", "@{{version}} {{column}} {{distance}}"


def quality(contract: Contract, metrics: tuple[str, ...]) -> Board:
    """The dashboard. metrics: that the monitor judges."""
    of = q.matchers(model=contract.name)
    chosen = f'{of}, version=~"$version"'
    rows = (
        Row("Now", _now(of)),
        Row("Drift", _drift(chosen, contract)),
        Row("Decay", tuple(_metric(name, chosen, of, contract.gates) for name in metrics)),
        Row("Incidents and trainings", _incidents(of, chosen)),
    )
    about = f"What the monitor of {contract.name} judged: windows, drift by column, metrics by their labels, incidents."
    return Board("quality", contract.name, f"{contract.name}: quality and drift", about, rows)


def _now(of: str) -> tuple[Panel, ...]:
    return (
        number(
            "Last window", "Its verdict, of any release.", f"max({q.told(control.WINDOW_VERDICT, of)})", words="verdict"
        ),
        number("Columns that failed", "In that window.", f"max({q.told(control.FAILED_COLUMNS, of)})", bad=1),
        number("Open incidents", "Of any kind.", f"sum({q.told(control.INCIDENTS, of)})", bad=1),
        number(
            "Window ended", "Time since the end of the last window judged.", q.age(control.WINDOW_END, of), unit="s"
        ),
        number(
            "Without a label",
            "Share of the rows of the last 24 windows.",
            q.told(control.UNLABELLED, of),
            unit="percentunit",
        ),
        number("Champion's age", "Time since it was registered.", q.age(control.CHAMPION_MADE, of), unit="s"),
    )


def _drift(chosen: str, contract: Contract) -> tuple[Panel, ...]:
    return (*_columns_moved(chosen), *_last_window(chosen, contract))


def _columns_moved(chosen: str) -> tuple[Panel, ...]:
    """How far each column lies from the training rows, over time."""
    return (
        Panel(
            "Drift",
            "Distance of each column from the training rows, as a share of what luck and its usual changes explain; above 1 it drifted.",
            (Query(q.drift_share(chosen), _BY_DISTANCE),),
            bad=1,
            span=12,
        ),
        Panel(
            "How far means moved",
            "In the training rows' standard deviations.",
            (Query(q.told(control.DRIFT_EFFECT, chosen), _BY_COLUMN),),
            span=12,
            least=None,
        ),
        Panel(
            "Columns",
            "Worst verdict of the checks of contract and drift, over time.",
            (Query(q.told(control.COLUMN_VERDICT, chosen), _BY_COLUMN),),
            "states",
            words="verdict",
            span=12,
        ),
    )


def _last_window(chosen: str, contract: Contract) -> tuple[Panel, ...]:
    """How far the answers moved, and what the last window came to."""
    classes = f" Classes: {', '.join(contract.classes)}." if contract.classes else ""
    return (
        Panel(
            "Answers",
            f"Distance of the answers from the release's earlier windows, by class; dashed: what is usual.{classes}",
            (
                Query(q.told(control.PREDICTIONS, chosen), "@{{version}} {{class}}"),
                Query(q.told(control.PREDICTIONS_LIMIT, chosen), "limit @{{version}} {{class}}", dashed=True),
            ),
            span=12,
        ),
        Panel(
            "Last window, by column",
            "Verdict of each comparison.",
            (Query(q.told(control.DRIFT_VERDICT, chosen)),),
            "table",
            words="verdict",
            span=12,
        ),
        Panel(
            "Failed checks",
            "Of the last window, by kind.",
            (Query(q.told(control.FAILED_CHECKS, chosen), "@{{version}} {{kind}}"),),
            bad=1,
            span=12,
        ),
    )


def _metric(name: str, chosen: str, of: str, gates: tuple[Gate, ...]) -> Panel:
    """One metric by its labels: with its interval, its value at release, and what is allowed."""
    gate = next((each for each in gates if each.metric == name), None)
    own = f'{chosen}, metric="{name}"'
    queries = [
        Query(q.told(control.METRIC, own), "@{{version}}"),
        Query(q.told(control.METRIC_LOW, own), "@{{version}} low"),
        Query(q.told(control.METRIC_HIGH, own), "@{{version}} high"),
        Query(q.told(control.METRIC_REFERENCE, own), "@{{version}} at release", dashed=True),
        Query(q.told(control.METRIC_LIMIT, own), "@{{version}} decayed beyond", dashed=True),
    ]
    if gate is not None:
        queries.append(Query(f'{GATE}{{{of}, metric="{name}"}}', "gate at {{bound}}", dashed=True))
    about = f"{name} on the labelled rows of the last window that had any."
    bad = gate.value if gate else None
    low_is_bad = gate is not None and gate.bound == "least"
    return Panel(name, about, tuple(queries), bad=bad, low_is_bad=low_is_bad, span=12, least=None)


def _incidents(of: str, chosen: str) -> tuple[Panel, ...]:
    return (
        Panel("Open incidents", "By kind.", (Query(q.told(control.INCIDENTS, of), "{{kind}}"),), bad=1),
        Panel(
            "Oldest open incident",
            "Time since the beginning of its first window.",
            (Query(q.age(control.INCIDENT_SINCE, of), "{{kind}}"),),
            unit="s",
        ),
        Panel(
            "Metrics",
            "Whether they decayed.",
            (Query(q.told(control.METRIC_VERDICT, chosen), "@{{version}} {{metric}}"),),
            "states",
            words="verdict",
        ),
        Panel(
            "Last training",
            "What came of the last one that a trigger started.",
            (Query(f"{q.told(control.RETRAINING_RESULT, of)} == 1", "{{result}}"),),
            "states",
            words="phase",
        ),
        Panel(
            "Triggers",
            "Their latest decision.",
            (Query(f"{q.told(control.RETRAINING_DECISION, of)} == 1", "{{decision}}"),),
            "states",
            words="phase",
        ),
        number("Training took", "The last one.", q.told(control.RETRAINING_SECONDS, of), unit="s"),
        number("Record", "Whether every part of it can be read.", f"min({q.told(control.READABLE, of)})", words="yes"),
    )
