"""Unit tests of rules, for `promtool test rules`: every alert fires in its own case with its own words, and none in a calm hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations import _queries as q
from seakeep.pipeline.control.metrics import families as control

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seakeep.integrations._rules.alert import Alert, Group

_CALM = "60"
"""Minutes of the calm hour."""


def rule_tests(name: str, groups: Sequence[Group], *, files: Sequence[str]) -> dict[str, object]:
    """The content of a test file. name: of the model. files: of the rules, relative to the test file."""
    alerts = [alert for group in groups for alert in group.alerts]
    return {
        "rule_files": list(files),
        "evaluation_interval": "1m",
        "tests": [*(_fires(together) for together in _together(alerts)), _calm(name, alerts)],
    }


def _together(alerts: Sequence[Alert]) -> Iterator[list[Alert]]:
    """Alerts of one name that one state of the world makes fire."""
    found: dict[tuple[str, str, str], list[Alert]] = {}
    for alert in alerts:
        found.setdefault((alert.name, str(sorted(alert.case.series.items())), alert.case.at), []).append(alert)
    yield from found.values()


def _fires(alerts: list[Alert]) -> dict[str, object]:
    case = alerts[0].case
    wanted = {"eval_time": case.at, "alertname": alerts[0].name, "exp_alerts": [each.expected() for each in alerts]}
    return {"interval": "1m", "input_series": _inputs(case.series), "alert_rule_test": [wanted]}


def _calm(name: str, alerts: Sequence[Alert]) -> dict[str, object]:
    """An hour in which all is well: no alert fires, and the recorded series have the values that they must have."""
    names = dict.fromkeys(alert.name for alert in alerts)
    quiet = [{"eval_time": f"{_CALM}m", "alertname": each, "exp_alerts": []} for each in names]
    series = f'{{__name__="model:seakeep_requests:rate5m", model="{name}"}}'
    rate = {
        "expr": series,
        "eval_time": f"{_CALM}m",
        "exp_samples": [{"labels": f'model:seakeep_requests:rate5m{{model="{name}"}}', "value": 10}],
    }
    return {
        "interval": "1m",
        "input_series": _inputs(_well(name)),
        "alert_rule_test": quiet,
        "promql_expr_test": [rate],
    }


def _well(name: str) -> dict[str, str]:
    """Series of a model that is well: ten requests a second, quick and right, watched and on record."""
    own, minutes = {"model": name}, int(_CALM)
    release = {**own, "version": "1"}
    arm = {**release, "role": "champion"}
    steady, now = f"0+600x{minutes}", f"0+60x{minutes}"
    return {
        _of("seakeep_requests_total", {**arm, "status": "200"}): steady,
        _of("seakeep_requests_total", {**arm, "status": "500"}): f"0x{minutes}",
        _of("seakeep_request_seconds_count", arm): steady,
        **{_of("seakeep_request_seconds_bucket", {**arm, "le": str(bound)}): steady for bound in (*q.BOUNDS, "+Inf")},
        _of("seakeep_refusals_total", {**release, "reason": "missing_input"}): f"0x{minutes}",
        _of("seakeep_run_rows_sum", release): steady,
        _of("seakeep_model", {**release, "release": "3f2a"}): f"1x{minutes}",
        _of("seakeep_route_failures_total", own): f"0x{minutes}",
        _of("seakeep_log_writable", own): f"1x{minutes}",
        _of("seakeep_log_lost_rows_total", own): f"0x{minutes}",
        _of(control.LOG_NEWEST.name, own): now,
        _of(control.LOG_TORN.name, own): f"0x{minutes}",
        _of(control.CHANGED.name, own): now,
        _of(control.LENGTH.name, own): f"600x{minutes}",
        _of(control.READABLE.name, {**own, "part": "monitor"}): f"1x{minutes}",
        _of(control.DRIFT_VERDICT.name, {**release, "column": "temp", "distance": "psi"}): f"0x{minutes}",
        _of(control.METRIC_VERDICT.name, {**release, "metric": "roc_auc"}): f"2x{minutes}",
        _of(control.FAILED_CHECKS.name, {**release, "kind": "schema"}): f"0x{minutes}",
        _of(control.PHASE.name, {**own, "phase": "canary"}): f"1x{minutes}",
        _of(control.PHASE.name, {**own, "phase": "rolled_back"}): f"0x{minutes}",
        _of(control.LOOKED.name, own): now,
        _of(control.RETRAINING_RESULT.name, {**own, "result": "refused"}): f"0x{minutes}",
        'up{job="seakeep", instance="a:8080"}': f"1x{minutes}",
        'up{job="seakeep-control", instance="a:8081"}': f"1x{minutes}",
    }


def _of(metric: str, labels: Mapping[str, str]) -> str:
    return f"{metric}{{{q.matchers(**labels)}}}"


def _inputs(series: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"series": each, "values": values} for each, values in series.items()]
