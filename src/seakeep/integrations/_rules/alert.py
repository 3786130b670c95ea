"""Rules as values: what Prometheus records, when it alerts, and a state of the world in which an alert must fire.

Every alert brings its own case, from which the unit tests of promtool are written, so that no alert is exported that was never seen to
fire. `as_plain` of a group is what a rules file holds, and what a PrometheusRule of Kubernetes holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Case:
    """A state in which an alert fires. series: values in promtool's notation by series. at: when it is looked at.

    labels: of the firing alert, besides its name and severity. shown: by its template, what a text shows in the template's place.
    """

    series: Mapping[str, str]
    at: str
    labels: Mapping[str, str]
    shown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. lasting: how long its expression must hold. runbook: the next command to type.

    labels: that it carries besides those of its series and its severity.
    """

    name: str
    expr: str
    lasting: str
    severity: Severity
    summary: str
    description: str
    runbook: str
    case: Case
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_plain(self) -> dict[str, object]:
        """As a rules file has it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            **({"for": self.lasting} if self.lasting != "0s" else {}),
            "labels": {"severity": self.severity, **self.labels},
            "annotations": {"summary": self.summary, "description": self.description, "runbook": self.runbook},
        }

    def expected(self) -> dict[str, object]:
        """What promtool must find firing in the alert's case."""
        labels = {"severity": self.severity, **self.labels, **self.case.labels}
        texts = {"summary": self.summary, "description": self.description, "runbook": self.runbook}
        return {"exp_labels": labels, "exp_annotations": {key: self._shown(text) for key, text in texts.items()}}

    def _shown(self, text: str) -> str:
        for name, value in self.case.labels.items():
            text = text.replace(f"{{{{ $labels.{name} }}}}", value)
        for template, value in self.case.shown.items():
            text = text.replace(template, value)
        return text


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that Prometheus keeps, under a name of the form level:metric:operation."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_plain(self) -> dict[str, object]:
        """As a rules file has it."""
        return {
            "record": self.record,
            "expr": self.expr,
            **({"labels": dict(self.labels)} if self.labels else {}),
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together, in order. about: a comment for whoever reviews them."""

    name: str
    about: str
    rules: tuple[Alert | Recording, ...]

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Its alerts."""
        return tuple(rule for rule in self.rules if isinstance(rule, Alert))

    def as_plain(self) -> dict[str, object]:
        """As a rules file has it."""
        return {"name": self.name, "rules": [rule.as_plain() for rule in self.rules]}
