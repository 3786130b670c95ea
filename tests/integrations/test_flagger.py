"""Flagger: what is written and refused, the answers that its hooks get, and a check of fields against those that are documented.

Flagger's own definitions are in no package that could be had, so the fields are those of its documentation and of its published
definition of the Canary (flagger.app/v1beta1), listed here; nothing else was checked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from seakeep.integrations._kube import BadTarget
from seakeep.integrations.flagger import Options, files, next_lines
from seakeep.pipeline.control.gates import GATES

from .facts import DIGEST, IMAGE, golden, release, subject
from .yaml_reading import read

GIVEN = Options(image=IMAGE, prometheus="http://prometheus.monitoring:9090")
SPEC = {"provider", "targetRef", "autoscalerRef", "progressDeadlineSeconds", "service", "analysis"}
SERVICE = {"port", "portName", "targetPort", "hosts", "gatewayRefs"}
ANALYSIS = {"interval", "threshold", "stepWeights", "webhooks", "metrics"}
HOOK = {"name", "type", "url", "timeout"}
HOOKS = {"confirm-rollout", "pre-rollout", "rollout", "confirm-promotion", "post-rollout", "rollback", "event"}
METRIC = {"name", "templateRef", "thresholdRange", "interval"}


def written(**changes: object) -> dict[str, Any]:
    return {name: read(text) for name, text in files(subject(), replace(GIVEN, **changes)).items()}


def test_a_canary_its_metric_and_the_control_server_are_written() -> None:
    found = files(subject(), GIVEN)
    golden("flagger/files.txt", "\n".join(found) + "\n")
    golden("flagger/canary.yaml", found["canary.yaml"])
    golden("flagger/metric.yaml", found["metric.yaml"])
    assert found == files(subject(), GIVEN)
    assert not any("/nowhere/of" in text for text in found.values())


def test_every_field_is_a_documented_one() -> None:
    canary = written(hostname="flights.example.com")["canary.yaml"]
    spec, analysis = canary["spec"], canary["spec"]["analysis"]
    assert (canary["apiVersion"], canary["kind"], spec["provider"]) == (
        "flagger.app/v1beta1",
        "Canary",
        "gatewayapi:v1",
    )
    assert set(spec) == SPEC
    assert set(spec["service"]) == SERVICE
    assert set(analysis) == ANALYSIS
    assert all(set(each) == HOOK and each["type"] in HOOKS for each in analysis["webhooks"])
    assert [set(each) for each in analysis["metrics"]] == [METRIC]
    metric = written()["metric.yaml"]
    assert set(metric["spec"]) == {"provider", "query"}
    assert metric["spec"]["provider"]["type"] == "prometheus"


def test_every_gate_is_asked_about_this_release() -> None:
    hooks = written()["canary.yaml"]["spec"]["analysis"]["webhooks"]
    base = "http://flight-delay-control.default:8081/rollouts/flight-delay/gates"
    assert {each["type"]: each["url"] for each in hooks} == {
        gate: f"{base}/{gate}?release={DIGEST[:12]}" for gate in GATES
    }


def test_what_is_referred_to_is_there() -> None:
    found = written()
    canary = found["canary.yaml"]["spec"]
    assert canary["targetRef"]["name"] == found["deployment.yaml"]["metadata"]["name"]
    assert canary["autoscalerRef"]["name"] == found["autoscaler.yaml"]["metadata"]["name"]
    assert canary["analysis"]["metrics"][0]["templateRef"]["name"] == found["metric.yaml"]["metadata"]["name"]
    assert found["kustomization.yaml"]["resources"] == [name for name in found if name != "kustomization.yaml"]


def test_flaggers_one_label_finds_servers_and_nothing_else() -> None:
    found = written()
    assert found["deployment.yaml"]["spec"]["selector"]["matchLabels"] == {"app": "flight-delay"}
    assert found["deployment.yaml"]["spec"]["template"]["metadata"]["labels"]["app"] == "flight-delay"
    assert "app" not in found["control.yaml"]["spec"]["template"]["metadata"]["labels"]


def test_the_metric_is_of_this_challenger_and_empty_for_any_other() -> None:
    query = written()["metric.yaml"]["spec"]["query"]
    assert 'seakeep_rollout_verdict{model="flight-delay"} == bool 1' in query
    assert 'seakeep_rollout_info{model="flight-delay", challenger="3"}' in query
    assert written()["canary.yaml"]["spec"]["analysis"]["metrics"][0]["thresholdRange"] == {"max": 0}


def test_without_prometheus_the_hooks_are_enough() -> None:
    found = written(prometheus="")
    assert "metric.yaml" not in found
    assert "metrics" not in found["canary.yaml"]["spec"]["analysis"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": "50,5"}, "percents from 1 to 99 that grow"),
        ({"interval_seconds": 5}, "a whole number of at least 10"),
        ({"threshold": 0}, "a whole number of at least 1"),
        ({"prometheus": "prometheus:9090"}, "http://HOST:PORT, or nothing"),
    ],
)
def test_options_that_make_no_sense_are_refused(changes, message) -> None:
    with pytest.raises(BadTarget, match=message):
        files(subject(), replace(GIVEN, **changes))


def test_a_release_without_a_version_cannot_be_told_apart_by_prometheus() -> None:
    with pytest.raises(BadTarget, match="nothing, as the release has no version"):
        files(subject(release=release(version=0)), GIVEN)


def test_what_to_type_next_starts_the_rollout_first() -> None:
    assert next_lines(subject(), GIVEN)[0].startswith("seakeep rollout start flight-delay")
