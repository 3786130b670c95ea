"""Rules about a model's service: its requests, their failures and times, what was refused, and the log of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations import _queries as q
from seakeep.integrations._rules.alert import Alert, Case, Group, Recording
from seakeep.integrations._rules.objectives import BURNS, WINDOWS
from seakeep.pipeline.control.metrics import families as control

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.integrations._rules.objectives import Burn, Objectives

FAILED, SLOW = "model:seakeep_requests_failed:ratio_rate", "model:seakeep_requests_slow:ratio_rate"
_MODEL = ("model",)
_PERCENT = "{{ $value | humanizePercentage }}"
_STEADY = "0+60x70"


def requests(name: str, objectives: Objectives) -> Group:
    """What is recorded about requests: rates, quantiles, and the shares that objectives are about."""
    of = q.matchers(model=name)
    rules = [
        Recording("model:seakeep_requests:rate5m", q.request_rate(of, by=_MODEL)),
        Recording("model_version_role:seakeep_requests:rate5m", q.request_rate(of, by=(*q.RELEASE, "role"))),
        Recording("model_version_role:seakeep_requests:share5m", q.split(of)),
        Recording("model_reason:seakeep_refusals:rate5m", q.refused_rate(of, by=("model", "reason"))),
        Recording("model:seakeep_requests_refused:ratio_rate30m", q.refused_ratio(of, over="30m", by=_MODEL)),
    ]
    rules += [
        Recording(f"model:seakeep_request_seconds:p{quantile * 100:g}_rate5m", q.latency(of, quantile, by=_MODEL))
        for quantile in (0.5, 0.95, 0.99)
    ]
    for window in WINDOWS:
        slow = q.slow_ratio(of, objectives.slow_seconds, over=window, by=_MODEL)
        rules.append(Recording(f"{FAILED}{window}", q.error_ratio(of, over=window, by=_MODEL)))
        rules.append(Recording(f"{SLOW}{window}", slow))
    return Group(
        f"seakeep {name} requests", "Rates, quantiles, and the shares that objectives are about.", tuple(rules)
    )


def budgets(name: str, objectives: Objectives) -> Group:
    """Alerts on budgets that burn too fast. A budget so large that not even failing always burns it so fast has no such alert."""
    arm = f'model="{name}", version="1", role="champion"'
    failed = {f'seakeep_requests_total{{{arm}, status="500"}}': _STEADY}
    slow = {
        f'seakeep_request_seconds_bucket{{{arm}, le="{objectives.slow_seconds}"}}': "0x70",
        f"seakeep_request_seconds_count{{{arm}}}": _STEADY,
    }
    rules: list[Alert] = []
    for burn in BURNS:
        if burn.factor * (1 - objectives.available) < 1:
            what = f"{_PERCENT} of the requests for {name} failed within {burn.long}"
            rules.append(
                _burning("SeakeepErrorBudgetBurns", name, burn, FAILED, objectives.available, what=what, series=failed)
            )
        if burn.factor * (1 - objectives.quick) < 1:
            what = f"{_PERCENT} of the requests for {name} took longer than {objectives.slow_seconds:g} s within {burn.long}"
            rules.append(
                _burning("SeakeepLatencyBudgetBurns", name, burn, SLOW, objectives.quick, what=what, series=slow)
            )
    about = (
        f"Objectives: {objectives.available:.6g} answered, {objectives.quick:.6g} within {objectives.slow_seconds:g} s."
    )
    return Group(f"seakeep {name} budgets", about, tuple(rules))


def answers(name: str, objectives: Objectives) -> Group:
    """Alerts on who answers, and on what is refused."""
    of = q.matchers(model=name)
    own = {"model": name}
    refused = f'seakeep_refusals_total{{model="{name}", version="1", reason="missing_input"}}'
    asked = f'seakeep_requests_total{{model="{name}", version="1", role="champion", status="200"}}'
    failures = f'seakeep_route_failures_total{{model="{name}"}}'
    rules = (
        Alert(
            "SeakeepNotServed",
            q.unserved(of),
            "2m",
            "critical",
            f"Nobody serves {name}",
            f"No server that Prometheus knows has {name} loaded; requests for it are answered 404, or not at all.",
            f"seakeep serve {name}",
            Case({}, "5m", own),
        ),
        Alert(
            "SeakeepRequestsRefused",
            f"model:seakeep_requests_refused:ratio_rate30m > {objectives.refused_at_most:g}",
            "10m",
            "warning",
            f"Requests for {name} are refused",
            f"{_PERCENT} of the requests for {name} were refused within 30 minutes, more than "
            f"{objectives.refused_at_most:.6g}: whoever sends them has changed something.",
            f"seakeep predictions {name}",
            Case({refused: _STEADY, asked: _STEADY}, "20m", own, {_PERCENT: "100%"}),
        ),
        Alert(
            "SeakeepRouteStuck",
            f"{q.route_failures(of)} > 0",
            "5m",
            "warning",
            f"Servers of {name} do not follow its route",
            f"A release on the route of {name} cannot be loaded, or the registry cannot be read; the old route stays.",
            f"seakeep show {name}",
            Case({failures: "0+1x60"}, "10m", own),
        ),
    )
    return Group(f"seakeep {name} answers", "Who answers, and what is refused.", rules)


def log(name: str, objectives: Objectives) -> Group:
    """Alerts on the prediction log."""
    return Group(f"seakeep {name} log", "What was asked and answered must be on record.", tuple(_log(name, objectives)))


def _log(name: str, objectives: Objectives) -> Iterator[Alert]:
    yield from _log_lost(name)
    yield from _log_kept(name, objectives)


def _log_lost(name: str) -> Iterator[Alert]:
    """Rows that do not come to the prediction log."""
    of, own = q.matchers(model=name), {"model": name}
    yield Alert(
        "SeakeepLogNotWritable",
        f"{q.log_writable(of)} == 0",
        "1m",
        "critical",
        f"Answers of {name} are not written down",
        f"A server of {name} cannot write its prediction log: it goes on answering, and rows are lost to monitor and rollouts.",
        "df -h",
        Case({f'seakeep_log_writable{{model="{name}", instance="a"}}': "0x10"}, "5m", own),
    )
    yield Alert(
        "SeakeepLogRowsLost",
        f"{q.log_lost(of)} > 0",
        "0s",
        "warning",
        f"Answers of {name} were not written down",
        f"Rows of {name} were lost within 15 minutes, since they could not be written: a full disk, or a folder that went.",
        f"seakeep predictions {name}",
        Case({f'seakeep_log_lost_rows_total{{model="{name}"}}': "0+5x30"}, "20m", own),
    )
    yield Alert(
        "SeakeepLogSilent",
        f"{q.request_rate(of, by=_MODEL)} > 0 and on (model) {q.age(control.LOG_NEWEST, of)} > 900",
        "5m",
        "warning",
        f"The prediction log of {name} has stopped",
        f"Requests for {name} are answered, and no row came to its log for 15 minutes; server and monitor may not share a home.",
        f"seakeep predictions {name}",
        Case(
            {
                f'seakeep_requests_total{{model="{name}", version="1", role="champion", status="200"}}': "0+60x60",
                f'seakeep_log_newest_at_seconds{{model="{name}"}}': "0x60",
            },
            "25m",
            own,
        ),
    )


def _log_kept(name: str, objectives: Objectives) -> Iterator[Alert]:
    """What is in the prediction log: too much, or damaged."""
    of, own = q.matchers(model=name), {"model": name}
    size = objectives.log_gb
    yield Alert(
        "SeakeepLogLarge",
        f"{q.told(control.LOG_BYTES, of)} > {size * 1e9:.0f}",
        "1h",
        "info",
        f"The prediction log of {name} is large",
        f"It holds {{{{ $value | humanize }}}}B, more than {size:g} GB; nothing of it goes by itself.",
        "seakeep gc --help",
        Case(
            {f'seakeep_log_disk_bytes{{model="{name}"}}': f"{4 * size * 1e9:.0f}x120"},
            "65m",
            own,
            {"{{ $value | humanize }}": _humanized(4 * size * 1e9)},
        ),
    )
    yield Alert(
        "SeakeepLogTorn",
        f"delta({control.LOG_TORN.name}{{{of}}}[1h]) > 0",
        "0s",
        "warning",
        f"A part of the prediction log of {name} is damaged",
        "Its whole rows were kept, and the file was set aside with the reason beside it.",
        f"seakeep predictions {name}",
        Case({f'seakeep_log_torn_spools{{model="{name}"}}': "0x5 1x30"}, "20m", own),
    )


def _burning(
    alert: str, name: str, burn: Burn, record: str, objective: float, *, what: str, series: dict[str, str]
) -> Alert:
    limit = f"{burn.factor:g} * {1 - objective:.6g}"
    expr = f'{record}{burn.long}{{model="{name}"}} > {limit} and {record}{burn.short}{{model="{name}"}} > {limit}'
    return Alert(
        alert,
        expr,
        burn.lasting,
        burn.severity,
        f"{name} misses its objective of {objective:.6g}",
        f"{what}: its budget burns {burn.factor:g} times as fast as it may.",
        f"seakeep predictions {name}",
        Case(series, "65m", {"model": name}, {_PERCENT: "100%"}),
        {"window": burn.long},
    )


def _humanized(value: float) -> str:
    """As Prometheus' `humanize` writes a large number: four digits and a prefix."""
    for power, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= power:
            return f"{value / power:.4g}{prefix}"
    return f"{value:.4g}"
