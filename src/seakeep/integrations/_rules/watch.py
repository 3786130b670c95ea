"""Rules about what the monitor found: drift, broken contracts, decay, gates that hold no more; and about a monitor that is silent.

The monitor has judged already, with its own tests and thresholds; these alerts carry its verdicts on, and set none beside them. What they
add is the gate of the release itself: where the whole interval of a metric is worse than what the release had to reach, it would not
be let in today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations import _queries as q
from seakeep.integrations._rules.alert import Alert, Case, Group, Recording
from seakeep.pipeline.control.metrics import families as control
from seakeep.pipeline.control.metrics.families import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.integrations._rules.contract import Contract, Gate
    from seakeep.pipeline.control.metrics.families import Family

GATE = "seakeep_contract_metric"
_FAILED = VERDICTS["fail"]
_VALUE = "{{ $value | humanize }}"


def watch(contract: Contract) -> Group:
    """Alerts on what the monitor found."""
    rules = [*_found(contract.name), *(rule for gate in contract.gates for rule in _gate(contract.name, gate))]
    return Group(f"seakeep {contract.name} watch", "What the monitor found in the last window.", tuple(rules))


def silence(name: str) -> Group:
    """Alerts on a monitor that says nothing, and on a record that cannot be read."""
    of, own = q.matchers(model=name), {"model": name}
    changed, length = control.CHANGED.name, control.LENGTH.name
    rules = (
        Alert(
            "SeakeepMonitorSilent",
            f"{q.age(control.CHANGED, of)} > 3 * {q.told(control.LENGTH, of)} + 900",
            "5m",
            "warning",
            f"{name} is not watched",
            f"The monitor of {name} has put nothing on record for three of its windows.",
            f"seakeep monitor {name} --every 60",
            Case({_series(changed, name): "0x180", _series(length, name): "600x180"}, "55m", own),
        ),
        Alert(
            "SeakeepRecordUnreadable",
            f"{q.told(control.READABLE, of)} == 0",
            "5m",
            "warning",
            f"A part of the record of {name} cannot be read",
            f"The part {{{{ $labels.part }}}} of the record of {name} is torn, or was written by another version.",
            "seakeep show --help",
            Case(
                {f'{control.READABLE.name}{{model="{name}", part="monitor"}}': "0x30"},
                "8m",
                {**own, "part": "monitor"},
            ),
        ),
    )
    return Group(f"seakeep {name} silence", "A watch that says nothing must not be taken for a calm one.", rules)


def _found(name: str) -> Iterator[Alert]:
    of = q.matchers(model=name)
    drifted = {"column": "temp", "distance": "psi"}
    yield _verdict(
        *("SeakeepDrift", name, control.DRIFT_VERDICT, drifted),
        summary=f"{name}: {{{{ $labels.column }}}} drifted",
        description=f"In the last window of {name}@{{{{ $labels.version }}}} the column {{{{ $labels.column }}}} lies farther "
        "from the training rows, by {{ $labels.distance }}, than luck or its usual changes explain.",
    )
    yield _verdict(
        *("SeakeepDecay", name, control.METRIC_VERDICT, {"metric": "roc_auc"}),
        summary=f"{name}: {{{{ $labels.metric }}}} decayed",
        description=f"On labelled rows of {name}@{{{{ $labels.version }}}} the metric {{{{ $labels.metric }}}} is worse than at "
        "release by more than the margin.",
    )
    checks, told = control.FAILED_CHECKS.name, q.told(control.FAILED_CHECKS, f'{of}, kind=~"schema|monitoring"')
    yield Alert(
        "SeakeepWindowFailed",
        f"{told} > 0",
        "0s",
        "warning",
        f"{name}: a window of production failed checks of {{{{ $labels.kind }}}}",
        f"{_VALUE} checks failed in the last window of {name}@{{{{ $labels.version }}}}.",
        f"seakeep monitor {name}",
        Case(
            {f'{checks}{{model="{name}", version="1", kind="schema"}}': "2x10"},
            "5m",
            {"model": name, "version": "1", "kind": "schema"},
            {_VALUE: "2"},
        ),
    )


def _verdict(
    alert: str, name: str, family: Family, example: dict[str, str], *, summary: str, description: str
) -> Alert:
    """An alert on a verdict of the monitor. example: labels of a series, besides the release's."""
    labels = {"model": name, "version": "1", **example}
    return Alert(
        alert,
        f"{q.told(family, q.matchers(model=name))} == {_FAILED}",
        "0s",
        "warning",
        summary,
        description,
        f"seakeep monitor {name}",
        Case({f"{family.name}{{{q.matchers(**labels)}}}": f"{_FAILED}x10"}, "5m", labels),
    )


def _gate(name: str, gate: Gate) -> Iterator[Alert | Recording]:
    """A gate as a series, and the alert on an interval that lies wholly beyond it."""
    labels = {"model": name, "metric": gate.metric}
    yield Recording(GATE, f"vector({gate.value:.6g})", {**labels, "bound": gate.bound})
    family, worse = (control.METRIC_HIGH, "<") if gate.bound == "least" else (control.METRIC_LOW, ">")
    beyond = gate.value - 0.25 if gate.bound == "least" else gate.value + 0.25
    of, own = q.matchers(**labels), {"model": name, "version": "1", "metric": gate.metric}
    words = "at least" if gate.bound == "least" else "at most"
    yield Alert(
        "SeakeepGateBroken",
        f"{q.told(family, of)} {worse} {gate.value:.6g}",
        "0s",
        "critical",
        f"{name}: {gate.metric} is worse than its gate",
        f"A release of {name} must reach {gate.metric} of {words} {gate.value:.6g}; the whole interval on labelled rows of "
        f"{name}@{{{{ $labels.version }}}} lies beyond it.",
        f"seakeep rollout rollback {name} --reason decay",
        Case({f"{family.name}{{{q.matchers(**own)}}}": f"{beyond:.6g}x10"}, "5m", own),
        {"bound": gate.bound},
    )


def _series(metric: str, name: str) -> str:
    return f'{metric}{{model="{name}"}}'
