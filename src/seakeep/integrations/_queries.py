"""Every PromQL expression over Seakeep's metrics, once. Shared by prometheus, grafana, kubernetes, argo_rollouts and flagger.

Names come from the families that the servers tell of, so that a query cannot outlive its metric. Each function takes `of`, label
matchers without braces (see `matchers`; a platform's own placeholders may stand in it), and most take `over`, a range such as "5m" or
Grafana's `$__rate_interval`, and `by`, labels to keep. Counters are summed over instances; what the control server tells as it
stands is the same from each, so the largest is taken. A ratio over no requests is NaN, which no alert compares as true. Answers of
shadows reach nobody and are left out of everything about requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.pipeline.control.metrics import families as control
from seakeep.serving.server import families as server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.pipeline.control.metrics.families import Family as Gauge

BOUNDS = server.SECONDS
"""Seconds at which the histogram of latency can be cut."""
ERRORS = 'status=~"5.."'
ANSWERED = 'role!="shadow"'
RELEASE = ("model", "version")
_MINUTES = "5m"


def matchers(**labels: str) -> str:
    """Label matchers as PromQL takes them; a value that begins with "~" is a regular expression.

    >>> matchers(model="flight-delay", version="~3|4")
    'model="flight-delay", version=~"3|4"'
    """
    return ", ".join(_matcher(name, value) for name, value in labels.items())


def request_rate(of: str, *, over: str = _MINUTES, by: Sequence[str] = ()) -> str:
    """Requests a second, refused and failed ones among them."""
    return _rate(f"{server.REQUESTS.name}_total", _and(of, ANSWERED), over, by)


def error_rate(of: str, *, over: str = _MINUTES, by: Sequence[str] = ()) -> str:
    """Requests a second that the server could not answer, though they were right."""
    return _rate(f"{server.REQUESTS.name}_total", _and(of, ANSWERED, ERRORS), over, by)


def error_ratio(of: str, *, over: str = _MINUTES, by: Sequence[str] = ()) -> str:
    """Share of the requests that failed."""
    return f"{error_rate(of, over=over, by=by)} / {request_rate(of, over=over, by=by)}"


def slow_ratio(of: str, seconds: float, *, over: str = _MINUTES, by: Sequence[str] = ()) -> str:
    """Share of the requests that took longer. seconds: one of BOUNDS."""
    within = _rate(f"{server.LATENCY.name}_bucket", _and(of, ANSWERED, matchers(le=str(float(seconds)))), over, by)
    return f"1 - {within} / {_rate(f'{server.LATENCY.name}_count', _and(of, ANSWERED), over, by)}"


def latency(of: str, quantile: float, *, over: str = _MINUTES, by: Sequence[str] = ()) -> str:
    """A quantile of the time from a request's start to its answer, seconds."""
    buckets = _rate(f"{server.LATENCY.name}_bucket", _and(of, ANSWERED), over, ("le", *by))
    return f"histogram_quantile({quantile:g}, {buckets})"


def latency_buckets(of: str, *, over: str = _MINUTES) -> str:
    """Requests a second by the bound that their time lies below."""
    return _rate(f"{server.LATENCY.name}_bucket", _and(of, ANSWERED), over, ("le",))


def refused_rate(of: str, *, over: str = _MINUTES, by: Sequence[str] = ("reason",)) -> str:
    """Requests a second that were refused, as their senders must change something."""
    return _rate(f"{server.REFUSALS.name}_total", of, over, by)


def refused_ratio(of: str, *, over: str = _MINUTES, by: Sequence[str] = ()) -> str:
    """Share of the requests that were refused."""
    return f"{refused_rate(of, over=over, by=by)} / {request_rate(of, over=over, by=by)}"


def row_rate(of: str, *, over: str = _MINUTES, by: Sequence[str] = ()) -> str:
    """Rows a second that the model answered; a request has one or more."""
    return _rate(f"{server.RUNS.name}_sum", of, over, by)


def rows_per_run(of: str, *, over: str = _MINUTES, by: Sequence[str] = ()) -> str:
    """Rows that one run of the model answers together."""
    return f"{row_rate(of, over=over, by=by)} / {_rate(f'{server.RUNS.name}_count', of, over, by)}"


def missing_share(of: str, *, over: str = _MINUTES) -> str:
    """Share of the rows whose value is missing, by release and column."""
    return _per_row(f"{server.MISSING.name}_total", of, over)


def outside_share(of: str, *, over: str = _MINUTES) -> str:
    """Share of the rows whose value lies outside of the contract's values or bounds, by release and column."""
    return _per_row(f"{server.OUTSIDE.name}_total", of, over)


def split(of: str, *, over: str = _MINUTES) -> str:
    """Share of the requests that each release answered, by version and role."""
    by = (*RELEASE, "role")
    whole = request_rate(of, over=over, by=("model",))
    return f"{request_rate(of, over=over, by=by)} / on (model) group_left () {whole}"


def route_share(of: str) -> str:
    """Share of the requests that each release is to answer, by the route."""
    return _most(server.SHARE.name, of, (*RELEASE, "role"))


def shadow_agreement(of: str, *, over: str = _MINUTES) -> str:
    """Share of the copies' rows that a shadow answered as the champion did."""
    return (
        f"{_rate(f'{server.SHADOW_AGREED.name}_total', of, over, RELEASE)}"
        f" / {_rate(f'{server.SHADOW_ROWS.name}_total', of, over, RELEASE)}"
    )


def shadow_dropped_rate(of: str, *, over: str = _MINUTES) -> str:
    """Copies a second that no shadow got."""
    return _rate(f"{server.SHADOW_DROPPED.name}_total", of, over, ("model",))


def window_value(of: str, statistic: str, *, by: Sequence[str] = (*RELEASE, "column")) -> str:
    """A statistic of a column in the last whole minute, averaged over the servers."""
    return f"avg {_by(by)}({server.WINDOW_VALUES.name}{_braced(_and(of, matchers(statistic=statistic)))})"


def log_row_rate(of: str, *, over: str = _MINUTES) -> str:
    """Rows a second that are written to the prediction log."""
    return _rate(f"{server.LOG_ROWS.name}_total", of, over, ("model",))


def log_lost(of: str, *, over: str = "15m") -> str:
    """Rows that could not be written to the prediction log within `over`."""
    return f"sum by (model) (increase({server.LOG_LOST.name}_total{_braced(of)}[{over}]))"


def log_writable(of: str) -> str:
    """1 while every server can write its log, else 0."""
    return f"min by (model) ({server.LOG_WRITABLE.name}{_braced(of)})"


def label_rate(of: str, *, over: str = _MINUTES) -> str:
    """Labels a second that the servers accepted."""
    return _rate(f"{server.LABELS.name}_total", of, over, ("model",))


def route_failures(of: str, *, over: str = "15m") -> str:
    """Looks at the route within `over` after which servers kept the old one."""
    return f"sum by (model) (increase({server.ROUTE_FAILURES.name}_total{_braced(of)}[{over}]))"


def served(of: str) -> str:
    """How many servers serve each release."""
    return f"count by (model, version, release) ({server.MODEL.name}{_braced(of)})"


def unserved(of: str) -> str:
    """1 where no server serves it, with the labels of `of`; no series where one does."""
    return f"absent({server.MODEL.name}{_braced(of)})"


def told(family: Gauge, of: str, *, by: Sequence[str] | None = None) -> str:
    """What the control server tells as it stands. by: labels to keep; all of the family's by default."""
    return _most(family.name, of, family.labels if by is None else by)


def age(family: Gauge, of: str) -> str:
    """Seconds since a moment that the control server tells."""
    return f"time() - {told(family, of)}"


def e_value_share(of: str) -> str:
    """How far the evidence against a challenger has come to what rolls it back, by test; 1 does."""
    limit = told(control.LOG_E_LIMIT, of)
    return f"clamp_min({told(control.LOG_E, of)}, 0) / {limit}"


def fine_share(of: str) -> str:
    """How far the evidence that a measure is within the tolerance has come to what ends a step; 1 does."""
    return f"clamp_min({told(control.LOG_E_FINE, of)}, 0) / {told(control.LOG_E_FINE_LIMIT, of)}"


def drift_share(of: str) -> str:
    """Distance of each column as a share of its threshold; above 1 it drifted."""
    return f"{told(control.DRIFT, of)} / {told(control.DRIFT_LIMIT, of)}"


def _per_row(metric: str, of: str, over: str) -> str:
    """A count by column as a share of the rows that were answered."""
    counted = _rate(metric, of, over, (*RELEASE, "column"))
    return f"{counted} / on (model, version) group_left () ({row_rate(of, over=over, by=RELEASE)} > 0)"


def _rate(metric: str, of: str, over: str, by: Sequence[str]) -> str:
    return f"sum {_by(by)}(rate({metric}{_braced(of)}[{over}]))"


def _most(metric: str, of: str, by: Sequence[str]) -> str:
    return f"max {_by(by)}({metric}{_braced(of)})"


def _by(labels: Sequence[str]) -> str:
    return f"by ({', '.join(labels)}) " if labels else ""


def _and(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _braced(of: str) -> str:
    return f"{{{of}}}" if of else ""


def _matcher(name: str, value: str) -> str:
    operator, value = ("=~", value[1:]) if value.startswith("~") else ("=", value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{name}{operator}"{escaped}"'
