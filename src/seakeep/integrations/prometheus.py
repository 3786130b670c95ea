"""Prometheus and Alertmanager: what is scraped, recorded and alerted on, by a release's own contract, with unit tests of the rules.

One Prometheus watches any number of models: `prometheus.yml` and `alertmanager.yml` are the same for all of them where the options are,
and every model adds its rules and their tests. Alerts go back to Seakeep's control server (POST /alerts), so that what Prometheus saw is on
record beside what the monitor saw. What is hard: a rule that nobody has seen fire is worth nothing, so each brings a state of the world
in which it must, and all of them a calm hour in which none may (see _rules).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from seakeep.integrations import _rules as rules
from seakeep.integrations._options import ADDRESS, NAME, check_forms
from seakeep.integrations._rules.groups import CONTROL, SERVERS
from seakeep.integrations._yaml import comment, document
from seakeep.pipeline.exports import BadExport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._rules import Group
    from seakeep.pipeline.exports import Subject

NEEDS: Literal["release"] = "release"
_ADDRESS = re.compile(r"[A-Za-z0-9_.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")
_SECRETS = "/etc/seakeep"
_PART_OF = "__meta_kubernetes_pod_label_app_kubernetes_io_part_of"
_PORT_NUMBER = "__meta_kubernetes_pod_container_port_number"


@dataclass(frozen=True, slots=True)
class Options:
    """How Prometheus finds Seakeep, and what is promised to callers.

    discovery: "static" addresses, "file" for lists that other programs write, "kubernetes" for the pods of a cluster. servers,
    control, alertmanagers: addresses, commas between. namespace: of the pods. scrape_seconds: between two scrapes.
    available: share of the requests that must not fail. quick: share that must be answered within slow_seconds, which is a bound
    of the servers' histogram; 0 for what rollouts call slow. refused_at_most: share of the requests that may be refused.
    log_gb: size of a prediction log from which on it is told of. champion_days: age of the champion from which on it is; 0 for never.
    webhook: where alerts go. token_file: where Alertmanager finds the token that goes with them; empty for none.
    """

    discovery: Literal["static", "file", "kubernetes"] = "static"
    servers: str = "127.0.0.1:8080"
    control: str = "127.0.0.1:8081"
    alertmanagers: str = "127.0.0.1:9093"
    namespace: str = "default"
    scrape_seconds: int = 15
    available: float = 0.999
    quick: float = 0.99
    slow_seconds: float = 0.0
    refused_at_most: float = 0.05
    log_gb: float = 50.0
    champion_days: int = 0
    webhook: str = "http://127.0.0.1:8081/alerts"
    token_file: str = "/etc/seakeep/alerts-token"


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """The configuration of both, this model's rules, and the rules' tests."""
    assert subject.release is not None
    _check(options)
    contract = rules.Contract.of(subject.release, name=subject.name)
    own = rules.groups(contract, objectives(subject, options), logged=subject.settings.serve.log != "off")
    common, name = rules.common_groups(), subject.name
    paths = {"rules/seakeep.rules.yml": common, f"rules/{name}.rules.yml": own}
    tests = rules.rule_tests(name, (*common, *own), files=[f"../{path}" for path in paths])
    about = f"The rules of {name}, from the contract of {subject.release.label} ({subject.release.digest[:12]})."
    about += f"\nForced: {subject.release.forced}" if subject.release.forced else ""
    return {
        "prometheus.yml": _prometheus(subject, options),
        "alertmanager.yml": _alertmanager(options),
        "rules/seakeep.rules.yml": _rules("Rules about the servers, whatever models they serve.", common),
        f"rules/{name}.rules.yml": _rules(about, own),
        f"tests/{name}.test.yml": document(
            tests, head=f"Every alert of {name}: promtool test rules tests/{name}.test.yml"
        ),
        **(_lists(options) if options.discovery == "file" else {}),
    }


def next_lines(subject: Subject, _options: Options) -> Sequence[str]:
    """How to hold the files against the real programs, and to start them."""
    return (
        "promtool check config prometheus.yml",
        f"promtool test rules tests/{subject.name}.test.yml",
        "amtool check-config alertmanager.yml",
        "prometheus --config.file=prometheus.yml",
    )


def objectives(subject: Subject, options: Options) -> rules.Objectives:
    """What the rules hold the service to."""
    stated = rules.objectives_of(options, subject.settings, target="prometheus")
    return replace(stated, champion_days=options.champion_days)


def _prometheus(subject: Subject, options: Options) -> str:
    every = f"{options.scrape_seconds}s"
    content = {
        "global": {"scrape_interval": every, "evaluation_interval": every},
        "rule_files": ["rules/*.rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": _addresses(options.alertmanagers)}]}]},
        "scrape_configs": [
            {**_job(SERVERS, options.servers, 8080, options), **_brought(subject)},
            {**_job(CONTROL, options.control, 8081, options), **_brought(subject)},
        ],
    }
    head = (
        "What Prometheus scrapes of Seakeep: the servers that answer, and the control server, which tells of monitor and rollouts.\n"
        f"Written by: seakeep export prometheus {subject.name}"
    )
    return document(content, head=head)


def _job(job: str, addresses: str, port: int, options: Options) -> dict[str, object]:
    if options.discovery == "kubernetes":
        return {"job_name": job, **_pods(port, options.namespace)}
    if options.discovery == "file":
        return {"job_name": job, "file_sd_configs": [{"files": [f"targets/{job}.json"]}]}
    return {"job_name": job, "static_configs": [{"targets": _addresses(addresses)}]}


def _brought(subject: Subject) -> dict[str, object]:
    """What Prometheus brings where Seakeep asks for TLS, a certificate or a token, by the project's own settings."""
    tls, found = subject.settings.tls, dict[str, object]()
    if tls.certificate:
        own = {"cert_file": f"{_SECRETS}/metrics.crt", "key_file": f"{_SECRETS}/metrics.key"} if tls.client_ca else {}
        found |= {"scheme": "https", "tls_config": {"ca_file": f"{_SECRETS}/ca.crt", **own}}
    if subject.settings.access.tokens:
        found["authorization"] = {"type": "Bearer", "credentials_file": f"{_SECRETS}/metrics-token"}
    return found


def _pods(port: int, namespace: str) -> dict[str, object]:
    """Pods that are a part of Seakeep, at the port that tells what they are."""
    return {
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": [namespace]}}],
        "relabel_configs": [
            {"source_labels": [_PART_OF, _PORT_NUMBER], "regex": f"seakeep;{port}", "action": "keep"},
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
        ],
    }


def _lists(options: Options) -> dict[str, str]:
    """The lists of addresses that Prometheus reads again when they change."""
    both = {SERVERS: options.servers, CONTROL: options.control}
    return {
        f"targets/{job}.json": json.dumps([{"targets": _addresses(addresses)}], indent=1) + "\n"
        for job, addresses in both.items()
    }


def _alertmanager(options: Options) -> str:
    authorization = {"authorization": {"type": "Bearer", "credentials_file": options.token_file}}
    webhook = {
        "url": options.webhook,
        "send_resolved": True,
        "max_alerts": 100,
        **({"http_config": authorization} if options.token_file else {}),
    }
    content = {
        "route": {
            "receiver": "seakeep",
            "group_by": ["alertname", "model"],
            "group_wait": "10s",
            "group_interval": "1m",
            "repeat_interval": "4h",
            "routes": [{"matchers": ['severity="critical"'], "group_wait": "1s", "repeat_interval": "1h"}],
        },
        "inhibit_rules": _inhibited(),
        "receivers": [{"name": "seakeep", "webhook_configs": [webhook]}],
    }
    head = (
        "Alerts of one kind about one model arrive together, at Seakeep's control server, which keeps them on record.\n"
    )
    return document(content, head=head + "Add receivers for people beside it: pagers, mail, chat.")


def _inhibited() -> list[dict[str, object]]:
    """What is silent while something worse explains it."""
    blind = '"SeakeepMonitorSilent|SeakeepRolloutStandsStill|SeakeepLogSilent"'
    return [
        {
            "source_matchers": ['severity="critical"'],
            "target_matchers": ['severity="warning"'],
            "equal": ["alertname", "model"],
        },
        {
            "source_matchers": ['alertname="SeakeepNotServed"'],
            "target_matchers": ['alertname=~"SeakeepErrorBudgetBurns|SeakeepLatencyBudgetBurns|SeakeepLogSilent"'],
            "equal": ["model"],
        },
        {
            "source_matchers": ['alertname="SeakeepGateBroken"'],
            "target_matchers": ['alertname="SeakeepDecay"'],
            "equal": ["model", "version", "metric"],
        },
        {"source_matchers": ['alertname="SeakeepControlDown"'], "target_matchers": [f"alertname=~{blind}"]},
    ]


def _rules(head: str, groups: Sequence[Group]) -> str:
    """A file of rules, with a comment above each group."""
    parts = [comment(head), "groups:\n"]
    for group in groups:
        body = document([group.as_plain()])
        parts += [f"  # {group.about}\n", body]
    return "".join(parts)


def _addresses(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _check(options: Options) -> None:
    """Raises BadExport, for an option that no Prometheus could use."""
    for name in ("servers", "control", "alertmanagers"):
        for address in _addresses(getattr(options, name)):
            if not _ADDRESS.fullmatch(address):
                raise BadExport.wrong_option("prometheus", name, address, "addresses as host:port, commas between")
    if options.scrape_seconds < 1:
        raise BadExport.wrong_option("prometheus", "scrape_seconds", str(options.scrape_seconds), "at least 1")
    if options.champion_days < 0:
        raise BadExport.wrong_option("prometheus", "champion_days", str(options.champion_days), "at least 0")
    webhook = (ADDRESS, "an address as http://host:port/alerts")
    names = (NAME, "lower-case letters, digits and '-', at most 63")
    check_forms("prometheus", options, {"webhook": webhook, "namespace": names})
