"""What is exported for Prometheus and Alertmanager: the files as they are reviewed, derived from the contract; wrong options in words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from seakeep.core import Check, Report, Task, Verdict
from seakeep.integrations import _queries, _rules, prometheus
from seakeep.pipeline.control.metrics import FAMILIES
from seakeep.pipeline.exports import BadExport, Subject
from seakeep.pipeline.settings import RolloutSettings, ServeSettings, Settings
from seakeep.serving.server.families import FAMILIES as SERVERS
from seakeep.testing.example_models import example_model

from .facts import DIGEST, golden, release, subject

CHECKS = (
    Check("metric.at_least", "roc_auc", Verdict.PASS, "fine", 0.8, 0.7),
    Check("metric.at_most", "log_loss", Verdict.PASS, "fine", 0.5, 0.6),
    Check("metric.at_least", "roc_auc[carrier=UA]", Verdict.PASS, "fine", 0.8, 0.65),
    Check("metric.no_worse_than", "roc_auc", Verdict.PASS, "fine", 0.8, 0.79),
)


@pytest.fixture
def judged(tmp_path: Path) -> Subject:
    """A release with an evaluation."""
    Report("evaluation", "Evaluation", "flight-delay", CHECKS).save(tmp_path / "reports" / "evaluation.json")
    return subject(release=release(folder=tmp_path))


def read(text: str):
    return YAML(typ="safe").load(text)


def rules_of(files) -> list[dict]:
    return [
        rule
        for path, text in files.items()
        if path.startswith("rules/")
        for group in read(text)["groups"]
        for rule in group["rules"]
    ]


def named(files, name: str) -> list[dict]:
    return [rule for rule in rules_of(files) if rule.get("alert", rule.get("record")) == name]


def test_the_files_are_those_that_people_review(judged):
    for path, text in prometheus.files(judged, prometheus.Options()).items():
        golden(f"prometheus/{path}", text)


def test_the_same_subject_gives_the_same_bytes_and_no_path_of_this_machine(judged):
    files = prometheus.files(judged, prometheus.Options())
    assert files == prometheus.files(judged, prometheus.Options())
    assert not any(str(judged.release.folder) in text for text in files.values())


def test_limits_of_columns_are_those_of_the_contract(judged):
    missing = named(prometheus.files(judged, prometheus.Options()), "seakeep_contract_missing_share")
    assert {each["labels"]["column"]: each["expr"] for each in missing} == {
        "distance": "vector(0.1)",
        "seats": "vector(0)",
        "night": "vector(0)",
        "carrier": "vector(0)",
        "scheduled": "vector(0.1)",
    }
    outside = named(prometheus.files(judged, prometheus.Options()), "seakeep_contract_outside_share")
    assert {each["labels"]["column"] for each in outside} == {"distance", "seats", "carrier", "scheduled"}


def test_gates_over_all_rows_become_alerts_and_those_of_slices_do_not(judged):
    alerts = named(prometheus.files(judged, prometheus.Options()), "SeakeepGateBroken")
    assert [each["expr"].rpartition("}) ")[2] for each in alerts] == ["< 0.7", "> 0.6"]
    assert "seakeep_monitor_metric_high" in alerts[0]["expr"]
    assert "seakeep_monitor_metric_low" in alerts[1]["expr"]


def test_a_release_without_an_evaluation_has_no_gates():
    assert not named(prometheus.files(subject(), prometheus.Options()), "SeakeepGateBroken")


def test_a_model_without_bounds_has_no_alert_on_them():
    model = example_model(Task.REGRESSION)
    free = {key: replace(each, minimum=None, maximum=None, values=None) for key, each in model.schema.columns.items()}
    model = replace(model, schema=replace(model.schema, columns=free))
    files = prometheus.files(subject(release=release(model=model)), prometheus.Options())
    assert not named(files, "SeakeepValuesOutside")
    assert named(files, "SeakeepValuesMissing")


def test_a_server_that_does_not_log_has_no_alerts_on_its_log():
    silent = Settings(serve=ServeSettings(log="off"))
    assert not named(prometheus.files(subject(settings=silent), prometheus.Options()), "SeakeepLogSilent")


def test_an_old_champion_is_told_of_only_where_an_age_is_stated(judged):
    assert not named(prometheus.files(judged, prometheus.Options()), "SeakeepChampionOld")
    (alert,) = named(prometheus.files(judged, prometheus.Options(champion_days=90)), "SeakeepChampionOld")
    assert alert["expr"].endswith("> 7776000")


@pytest.mark.parametrize(("slow_ms", "bound"), [(0, "0.1"), (200, "0.25"), (250, "0.25"), (99_000, "2.5")])
def test_slow_is_what_rollouts_call_slow_at_the_next_bound_of_the_histogram(slow_ms, bound):
    settings = Settings(rollout=RolloutSettings(slow_ms=slow_ms))
    (rule,) = named(
        prometheus.files(subject(settings=settings), prometheus.Options()), "model:seakeep_requests_slow:ratio_rate5m"
    )
    assert f'le="{bound}"' in rule["expr"]


def test_every_alert_has_words_a_severity_and_the_next_command(judged):
    alerts = [rule for rule in rules_of(prometheus.files(judged, prometheus.Options())) if "alert" in rule]
    assert len(alerts) > 25
    for alert in alerts:
        assert alert["labels"]["severity"] in ("critical", "warning", "info")
        assert set(alert["annotations"]) == {"summary", "description", "runbook"}
        assert re.match(r"(seakeep [a-z]+|df -h)", alert["annotations"]["runbook"])


def test_every_runbook_is_a_command_that_there_is(judged):
    import click

    from seakeep.cli._main import seakeep

    known = seakeep.list_commands(click.Context(seakeep))
    for rule in rules_of(prometheus.files(judged, prometheus.Options(champion_days=1))):
        words = rule.get("annotations", {}).get("runbook", "df").split()
        assert words[0] == "df" or words[1] in known


def test_every_alert_is_tested_to_fire_and_to_be_silent(judged):
    files = prometheus.files(judged, prometheus.Options())
    tests = read(files["tests/flight-delay.test.yml"])["tests"]
    fired = {each["alertname"] for test in tests for each in test["alert_rule_test"] if each["exp_alerts"]}
    silent = {each["alertname"] for test in tests for each in test["alert_rule_test"] if not each["exp_alerts"]}
    alerts = {rule["alert"] for rule in rules_of(files) if "alert" in rule}
    assert fired == silent == alerts


def test_every_metric_in_a_rule_or_query_is_one_that_a_server_tells_of(judged):
    known = {each.name for each in FAMILIES}
    for family in SERVERS:
        known |= {f"{family.name}_{ending}" for ending in ("total", "bucket", "sum", "count")} | {family.name}
    rules = rules_of(prometheus.files(judged, prometheus.Options(champion_days=1)))
    known |= {rule["record"] for rule in rules if "record" in rule}
    for rule in rules:
        used = set(re.findall(r"(?<![\w:\"])(?:[a-z_]+:)?seakeep_\w+(?::\w+)?", rule["expr"]))
        assert used <= known, used - known


def test_a_forced_release_is_marked():
    forced = subject(release=release(verdict=Verdict.FAIL, forced="only for the test cluster"))
    assert (
        "# Forced: only for the test cluster"
        in prometheus.files(forced, prometheus.Options())["rules/flight-delay.rules.yml"]
    )


def test_addresses_come_from_files_where_that_is_asked_for(judged):
    files = prometheus.files(judged, prometheus.Options(discovery="file", servers="a:8080, b:8080"))
    assert json.loads(files["targets/seakeep.json"]) == [{"targets": ["a:8080", "b:8080"]}]
    jobs = read(files["prometheus.yml"])["scrape_configs"]
    assert jobs[0]["file_sd_configs"] == [{"files": ["targets/seakeep.json"]}]


def test_pods_are_found_by_their_label_and_port(judged):
    jobs = read(prometheus.files(judged, prometheus.Options(discovery="kubernetes", namespace="ml"))["prometheus.yml"])
    for job, port in zip(jobs["scrape_configs"], ("8080", "8081"), strict=True):
        assert job["kubernetes_sd_configs"] == [{"role": "pod", "namespaces": {"names": ["ml"]}}]
        assert job["relabel_configs"][0]["regex"] == f"seakeep;{port}"


def test_a_webhook_without_a_token_sends_none(judged):
    alertmanager = prometheus.files(judged, prometheus.Options(token_file=""))["alertmanager.yml"]
    assert "authorization" not in alertmanager


@pytest.mark.parametrize(
    ("options", "name", "words"),
    [
        ({"servers": "here"}, "servers", "addresses as host:port"),
        ({"alertmanagers": "a:9093,"}, "alertmanagers", "addresses as host:port"),
        ({"available": 1.0}, "available", "a share above 0 and below 1"),
        ({"quick": 0.0}, "quick", "a share above 0 and below 1"),
        ({"slow_seconds": 0.3}, "slow_seconds", "0.25, 0.5"),
        ({"scrape_seconds": 0}, "scrape_seconds", "at least 1"),
        ({"log_gb": 0.0}, "log_gb", "a number above 0"),
        ({"champion_days": -1}, "champion_days", "at least 0"),
        ({"webhook": "ftp://x/alerts"}, "webhook", "an address as http://host:port/alerts"),
    ],
)
def test_an_option_that_no_prometheus_could_use_is_refused(judged, options, name, words):
    with pytest.raises(BadExport, match=re.escape(words)) as caught:
        prometheus.files(judged, prometheus.Options(**options))
    assert caught.value.name == name
    assert f"--set {name}=" in caught.value.fix


def test_what_to_type_next_checks_the_files(judged):
    assert "promtool test rules tests/flight-delay.test.yml" in prometheus.next_lines(judged, prometheus.Options())


def test_values_of_matchers_cannot_end_them():
    assert _queries.matchers(model='a"} or vector(1)\\') == 'model="a\\"} or vector(1)\\\\"'
    assert _queries.request_rate("") == 'sum (rate(seakeep_requests_total{role!="shadow"}[5m]))'


def test_groups_are_plain_for_other_platforms(judged):
    contract = _rules.Contract.of(judged.release)
    assert contract.classes == ("false", "true")
    plain = [group.as_plain() for group in _rules.groups(contract, _rules.Objectives())]
    assert json.loads(json.dumps(plain)) == plain
    assert DIGEST not in json.dumps(plain)
