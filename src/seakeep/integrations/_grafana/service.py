"""The service of a model: who asks, how fast and how often in vain, who answers, what values come, and what is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.integrations import _queries as q
from seakeep.integrations._grafana.panels import OVER, Board, Panel, Query, Row, number
from seakeep.integrations._rules.columns import MISSING_LIMIT, OUTSIDE_LIMIT
from seakeep.integrations._rules.service import FAILED, SLOW
from seakeep.pipeline.control.metrics import families as control

if TYPE_CHECKING:
    from seakeep.core import Input
    from seakeep.integrations._rules import Contract, Objectives

_ARM = (*q.RELEASE, "role")
_BY_ARM, _BY_COLUMN = "@{{version}} {{role}}", "@{{version}} {{column}}"
_NUMBERS = (Kind.NUMBER, Kind.INTEGER, Kind.DURATION)


def service(contract: Contract, objectives: Objectives, inputs: tuple[Input, ...]) -> Board:
    """The dashboard. inputs: the model's columns."""
    of = q.matchers(model=contract.name)
    chosen = f'{of}, version=~"$version"'
    rows = (
        Row("Now", _now(of, objectives)),
        Row("Requests", _requests(of, chosen, objectives)),
        Row("Releases", _releases(of, chosen)),
        Row("Values that come", _values(of, chosen, contract, inputs)),
        Row("On record", _log(of, objectives)),
    )
    about = (
        f"Requests for {contract.name}, by release: rates, failures, times, refusals, values, and the prediction log."
    )
    return Board("service", contract.name, f"{contract.name}: service", about, rows)


def _now(of: str, objectives: Objectives) -> tuple[Panel, ...]:
    failing, slow = 1 - objectives.available, objectives.slow_seconds
    return (
        number("Requests", "Requests a second.", q.request_rate(of, over=OVER), unit="reqps"),
        number(
            "Failed",
            f"Share of the requests that failed; the objective leaves {failing:.6g}.",
            q.error_ratio(of, over=OVER),
            unit="percentunit",
            warn=failing,
            bad=14.4 * failing,
        ),
        number(
            "99 of 100 within",
            f"The 99th percentile of the time to the answer; above {slow:g} s a request is slow.",
            q.latency(of, 0.99, over=OVER),
            unit="s",
            warn=slow / 2,
            bad=slow,
        ),
        number(
            "Refused",
            "Share of the requests that were refused, as their senders must change something.",
            q.refused_ratio(of, over=OVER),
            unit="percentunit",
            warn=objectives.refused_at_most / 2,
            bad=objectives.refused_at_most,
        ),
        number("Servers", "Servers that serve it, over all releases.", f"sum({q.served(of)})", bad=1, low_is_bad=True),
        number("Log", "Whether every server can write its prediction log.", q.log_writable(of), words="yes"),
    )


def _requests(of: str, chosen: str, objectives: Objectives) -> tuple[Panel, ...]:
    return (*_answered(chosen, objectives), *_held_to(of, chosen, objectives))


def _answered(chosen: str, objectives: Objectives) -> tuple[Panel, ...]:
    """How many requests, how many of them failed, and how long they took."""
    quantiles = tuple(
        Query(q.latency(chosen, quantile, over=OVER), f"{quantile * 100:g} %") for quantile in (0.5, 0.95, 0.99)
    )
    heat = q.latency_buckets(chosen, over=OVER)
    return (
        Panel(
            "Requests",
            "Requests a second, by release and role.",
            (Query(q.request_rate(chosen, over=OVER, by=_ARM), _BY_ARM),),
            unit="reqps",
        ),
        Panel(
            "Failed",
            "Share of the requests that failed, by release and role.",
            (Query(q.error_ratio(chosen, over=OVER, by=_ARM), _BY_ARM),),
            unit="percentunit",
            bad=1 - objectives.available,
        ),
        Panel(
            "Time to the answer",
            "Quantiles, over the chosen releases.",
            quantiles,
            unit="s",
            bad=objectives.slow_seconds,
        ),
        Panel(
            "Times",
            "How many requests a second took how long.",
            (Query(heat, "{{le}}"),),
            "heat",
            unit="s",
        ),
    )


def _held_to(of: str, chosen: str, objectives: Objectives) -> tuple[Panel, ...]:
    """What the objectives say of it, what was refused, and the rows within."""
    slow = objectives.slow_seconds
    burns = tuple(
        Query(f"{record}{window}{{{of}}} / {1 - objective:.6g}", f"{word} {window}")
        for record, objective, word in ((FAILED, objectives.available, "failed"), (SLOW, objectives.quick, "slow"))
        for window in ("1h", "6h", "3d")
    )
    return (
        Panel(
            "Slow",
            f"Share of the requests that took longer than {slow:g} s.",
            (Query(q.slow_ratio(chosen, slow, over=OVER, by=_ARM), _BY_ARM),),
            unit="percentunit",
            bad=1 - objectives.quick,
        ),
        Panel(
            "Budgets burn",
            "How many times as fast as they may; recorded by the rules of: seakeep export prometheus.",
            burns,
            warn=1,
            bad=6,
        ),
        Panel(
            "Refused, by reason",
            "Requests a second that were refused; the codes are those of the server's reference.",
            (Query(f"{q.refused_rate(chosen, over=OVER)} > 0", "{{reason}}"),),
            unit="reqps",
            span=12,
        ),
        Panel(
            "Rows",
            "Rows a second, and rows that one run of the model answers together.",
            (
                Query(q.row_rate(chosen, over=OVER, by=q.RELEASE), "@{{version}} rows a second"),
                Query(q.rows_per_run(chosen, over=OVER, by=q.RELEASE), "@{{version}} rows a run"),
            ),
            span=12,
        ),
    )


def _releases(of: str, chosen: str) -> tuple[Panel, ...]:
    return (
        Panel(
            "Who answers",
            "Share of the requests that each release answered; dashed: that it is to answer, by the route.",
            (
                Query(q.split(of, over=OVER), _BY_ARM),
                Query(q.route_share(of), "route @{{version}} {{role}}", dashed=True),
            ),
            unit="percentunit",
            most=1,
        ),
        Panel("Served", "Servers by release.", (Query(q.served(of), "@{{version}} {{release}}"),)),
        Panel(
            "Shadows agree",
            "Share of the copies' rows that a shadow answered as the champion did.",
            (Query(q.shadow_agreement(chosen, over=OVER), "@{{version}}"),),
            unit="percentunit",
            most=1,
        ),
        Panel(
            "Copies dropped",
            "Copies a second that no shadow got, as its queue was full.",
            (Query(q.shadow_dropped_rate(of, over=OVER), "dropped"),),
            unit="reqps",
            span=12,
        ),
        Panel(
            "Route not followed",
            "Looks at the route within 15 minutes after which servers kept the old one.",
            (Query(q.route_failures(of), "failures"),),
            bad=1,
            span=12,
        ),
    )


def _values(of: str, chosen: str, contract: Contract, inputs: tuple[Input, ...]) -> tuple[Panel, ...]:
    """What came, column by column; a panel of numbers or of texts only where the model reads some."""
    return (
        _share(
            "Missing", "are missing", q.missing_share(chosen, over=OVER), MISSING_LIMIT if contract.missing else "", of
        ),
        _share(
            "Outside of the contract",
            "lie outside of the contract's values or bounds",
            q.outside_share(chosen, over=OVER),
            OUTSIDE_LIMIT if contract.outside else "",
            of,
        ),
        *_statistics(chosen, inputs),
    )


def _share(title: str, told: str, expr: str, limit: str, of: str) -> Panel:
    limits = (Query(f"{limit}{{{of}}}", "limit of {{column}}", dashed=True),) if limit else ()
    about = f"Share of the rows whose values {told}, by column; dashed: what the contract allows."
    return Panel(title, about, (Query(expr, _BY_COLUMN), *limits), unit="percentunit", span=12)


def _statistics(chosen: str, inputs: tuple[Input, ...]) -> tuple[Panel, ...]:
    kinds = {each.kind for each in inputs}
    panels = []
    if kinds & set(_NUMBERS):
        panels.append(
            Panel(
                "Numbers in the last minute",
                "Median by column.",
                (Query(q.window_value(chosen, "median"), _BY_COLUMN),),
                span=12,
            )
        )
    if kinds - set(_NUMBERS):
        panels.append(
            Panel(
                "Texts in the last minute",
                "Share of the most frequent value by column.",
                (Query(q.window_value(chosen, "top_share"), _BY_COLUMN),),
                unit="percentunit",
                span=12,
            )
        )
    return tuple(panels)


def _log(of: str, objectives: Objectives) -> tuple[Panel, ...]:
    return (
        Panel(
            "Written down",
            "Rows a second that are written to the prediction log, and labels a second that servers accept.",
            (Query(q.log_row_rate(of, over=OVER), "rows"), Query(q.label_rate(of, over=OVER), "labels")),
        ),
        Panel("Lost", "Rows within 15 minutes that could not be written.", (Query(q.log_lost(of), "lost"),), bad=1),
        Panel(
            "On the disk",
            "What the log holds.",
            (Query(q.told(control.LOG_BYTES, of), "bytes"),),
            unit="decbytes",
            bad=objectives.log_gb * 1e9,
        ),
        number(
            "Newest row", "Time since the newest row came.", q.age(control.LOG_NEWEST, of), unit="s", warn=300, bad=900
        ),
        number(
            "Waiting files", "Files of servers that are not in tables yet.", q.told(control.LOG_SPOOLS, of), warn=100
        ),
        number("Damaged files", "Files that were set aside.", q.told(control.LOG_TORN, of), bad=1),
    )
