"""Objects of what a cluster may or may not have: Gateway API's route, Prometheus operator's monitor and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations import _kube as kube
from seakeep.integrations import _queries as queries
from seakeep.integrations._kubernetes import secured
from seakeep.integrations._kubernetes.serving import RATE
from seakeep.integrations._rules import Contract, Objectives, common_groups, groups
from seakeep.integrations._rules.groups import SERVERS
from seakeep.integrations._rules.objectives import slow_seconds

if TYPE_CHECKING:
    from seakeep.integrations._kube import Plain
    from seakeep.integrations._kubernetes.options import Facts

_SCRAPE_SECONDS = 15


def route(facts: Facts) -> Plain:
    """Requests for this model, dealt out between champion and canary by weight."""
    namespace, _, name = facts.options.gateway.rpartition("/")
    parent = {"name": name} | ({"namespace": namespace} if namespace else {})
    percent, host = facts.options.canary_percent, facts.options.hostname
    arms = ((facts.slug, 100 - percent), (facts.canary, percent))
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": facts.slug, "labels": kube.labels(facts.subject, "route")},
        "spec": {
            "parentRefs": [parent],
            **({"hostnames": [host]} if host else {}),
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": f"/v2/models/{facts.release.name}"}}],
                    "backendRefs": [{"name": name, "port": kube.PORT, "weight": weight} for name, weight in arms],
                }
            ],
        },
    }


def service_monitor(facts: Facts) -> Plain:
    """Prometheus asks every server of both arms for its metrics, under the job's name that the rules and dashboards use."""
    endpoint = {
        "port": "http",
        "path": "/metrics",
        "interval": f"{_SCRAPE_SECONDS}s",
        **secured.scraped(facts),
        "relabelings": [{"targetLabel": "job", "replacement": SERVERS}],
    }
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": facts.slug, "labels": kube.labels(facts.subject, "monitoring")},
        "spec": {
            "selector": {"matchLabels": kube.selector(facts.subject, "server")},
            "endpoints": [endpoint],
        },
    }


def rules(facts: Facts) -> Plain:
    """What is recorded and what alerts, from the release's contract: the rules of the target prometheus."""
    settings = facts.subject.settings
    objectives = Objectives(slow_seconds=slow_seconds(settings))
    own = groups(Contract.of(facts.release), objectives, logged=settings.serve.log != "off")
    found = (*common_groups(), *own)
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": facts.slug, "labels": kube.labels(facts.subject, "monitoring")},
        "spec": {"groups": [group.as_plain() for group in found]},
    }


def adapter(facts: Facts) -> Plain:
    """Values of prometheus-adapter, which serves the autoscaler's metric from Prometheus."""
    query = queries.request_rate("<<.LabelMatchers>>", over="2m", by=["<<.GroupBy>>"])
    return {
        "rules": {
            "custom": [
                {
                    "seriesQuery": f'seakeep_requests_total{{namespace!="",pod!="",model="{facts.release.name}"}}',
                    "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
                    "name": {"as": RATE},
                    "metricsQuery": query,
                }
            ]
        }
    }
