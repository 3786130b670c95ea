"""The rollout of a model's next release: its phase, and the evidence on which it goes on or back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations import _queries as q
from seakeep.integrations._grafana.panels import OVER, Board, Panel, Query, Row, number
from seakeep.pipeline.control.metrics import families as control
from seakeep.rollout.evidence import MEASURES
from seakeep.rollout.judging import NAMES

if TYPE_CHECKING:
    from seakeep.integrations._rules import Contract
    from seakeep.rollout.plan import Measure

_UNITS: dict[Measure, str] = {"errors": "percentunit", "latency": "percentunit", "goal": "short"}


def rollout(contract: Contract) -> Board:
    """The dashboard."""
    of = q.matchers(model=contract.name)
    rows = (
        Row("Now", _now(of)),
        Row("Evidence", _evidence(of)),
        Row("Both arms", tuple(_arms(measure, of) for measure in MEASURES)),
        Row("Traffic", _traffic(of)),
    )
    about = f"The latest rollout of {contract.name}: its phase, its evidence against the limits, both arms."
    return Board("rollout", contract.name, f"{contract.name}: rollout", about, rows, versions=False)


def _now(of: str) -> tuple[Panel, ...]:
    return (
        Panel(
            "Rollout",
            "Which release is let in beside which, by which plan.",
            (Query(q.told(control.ROLLOUT, of)),),
            "table",
            span=8,
        ),
        number(
            "Verdict",
            "Pass where it was let in, fail where it was sent back.",
            q.told(control.ROLLOUT_VERDICT, of),
            words="verdict",
        ),
        number("Step", "The present one.", q.told(control.STEP, of)),
        number("Share", "Of the requests, that the challenger answers.", q.told(control.SHARE, of), unit="percentunit"),
        number(
            "Looked", "Time since the end of the last look.", q.age(control.LOOKED, of), unit="s", warn=120, bad=600
        ),
        Panel(
            "Phase",
            "Over time.",
            (Query(f"{q.told(control.PHASE, of)} == 1", "{{phase}}"),),
            "states",
            words="phase",
            span=24,
        ),
    )


def _evidence(of: str) -> tuple[Panel, ...]:
    return (
        Panel(
            "Against the challenger",
            "Evidence that it is worse, as a share of what rolls it back (logarithms of e-values); 1 does, at any look.",
            (Query(q.e_value_share(of), "{{test}}"),),
            warn=0.5,
            bad=1,
        ),
        Panel(
            "For the challenger",
            "Evidence that it is within the tolerance, as a share of what ends a step; 1 does.",
            (Query(q.fine_share(of), "{{measure}}"),),
        ),
        Panel(
            "Evidence and limits",
            "Logarithms of e-values; dashed: what rolls back.",
            (
                Query(q.told(control.LOG_E, of), "{{test}}"),
                Query(q.told(control.LOG_E_LIMIT, of), "limit of {{test}}", dashed=True),
            ),
            least=None,
        ),
    )


def _arms(measure: Measure, of: str) -> Panel:
    told = q.told(control.RATE, f'{of}, measure="{measure}"')
    words = NAMES[measure]
    return Panel(words[0].upper() + words[1:], "Of both arms, so far.", (Query(told, "{{arm}}"),), unit=_UNITS[measure])


def _traffic(of: str) -> tuple[Panel, ...]:
    return (
        Panel(
            "Requests looked at",
            "Of both arms, so far, by what was measured on them.",
            (Query(q.told(control.RATE_ROWS, of), "{{measure}} {{arm}}"),),
        ),
        Panel(
            "Present step",
            "The challenger's requests, or a shadow's copies; dashed: the fewest that it must have had.",
            (
                Query(q.told(control.STEP_REQUESTS, of), "requests"),
                Query(q.told(control.STEP_NEEDED, of), "fewest", dashed=True),
            ),
        ),
        Panel(
            "Who answers",
            "Share of the requests that each release answered, and that it is to answer by the route.",
            (
                Query(q.split(of, over=OVER), "@{{version}} {{role}}"),
                Query(q.route_share(of), "route @{{version}} {{role}}", dashed=True),
            ),
            unit="percentunit",
            most=1,
        ),
    )
