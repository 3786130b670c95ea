"""The manifests: what is written, by what figures, and what is refused. test_kubernetes_checked.py holds them to the schemas."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from seakeep.core import Check, Report, Verdict
from seakeep.integrations import kubernetes
from seakeep.integrations._kube import BadTarget
from seakeep.integrations.kubernetes import Options, files, next_lines
from seakeep.pipeline.exports.errors import BadExport
from seakeep.pipeline.settings import AccessSettings, ServeSettings, Settings, TlsSettings, load_settings

from .facts import DIGEST, IMAGE, golden, release, subject

GIVEN = Options(image=IMAGE)


@pytest.fixture
def both(tmp_path):
    """A release with its evaluation, and its project."""
    check = Check("metric.at_least", "roc_auc", Verdict.PASS, "roc_auc is 0.7", 0.7, 0.6, fix="Find better features.")
    Report("evaluation", "Evaluation", "flight-delay", (check,)).save(tmp_path / "reports" / "evaluation.json")
    return subject(release=release(folder=tmp_path))


def read(text: str) -> dict:
    return YAML(typ="safe").load(text)


def test_everything_a_release_and_a_project_need_is_written(both) -> None:
    written = files(both, GIVEN)
    golden("kubernetes/files.txt", "\n".join(written) + "\n")
    golden("kubernetes/deployment.yaml", written["base/deployment.yaml"])
    golden("kubernetes/autoscaler.yaml", written["base/autoscaler.yaml"])
    golden("kubernetes/route.yaml", written["components/gateway/route.yaml"])
    golden("kubernetes/cronjob-retrain.yaml", written["base/cronjob-retrain.yaml"])
    golden("kubernetes/production.yaml", written["overlays/production/kustomization.yaml"])
    golden("kubernetes/staging.yaml", written["overlays/staging/kustomization.yaml"])


def test_equal_facts_give_equal_bytes_without_a_path_of_this_machine(both, tmp_path) -> None:
    written = files(both, GIVEN)
    assert written == files(both, GIVEN)
    assert not any(str(tmp_path) in text or "/nowhere/of" in text for text in written.values())


def test_a_pod_may_take_as_long_to_end_as_requests_under_way_and_the_scribe_need(both) -> None:
    slow = replace(both, settings=Settings(serve=ServeSettings(drain_seconds=120)))
    pod = read(files(slow, GIVEN)["base/deployment.yaml"])["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == 5 + 120 + 10
    assert "time.sleep(5)" in pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][2]


def test_memory_is_what_was_measured_and_a_quarter_more_and_says_so(both) -> None:
    text = files(both, GIVEN)["base/deployment.yaml"]
    assert (
        "# Memory: 256 MiB: peak measured over 6000 requests (server 120 MiB, scribe while it converts 80 MiB)" in text
    )
    limits = read(text)["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert limits == {"requests": {"cpu": "500m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}}


def test_more_workers_need_more_memory(both) -> None:
    three = replace(both, settings=Settings(serve=ServeSettings(workers=3)))
    assert "# Memory: 560 MiB" in files(three, GIVEN)["base/deployment.yaml"]


def test_options_come_before_what_was_measured(both) -> None:
    written = files(both, replace(GIVEN, memory_mib=999, requests_per_replica=55))
    assert "# Memory: 999 MiB: set by --set memory_mib" in written["base/deployment.yaml"]
    assert read(written["base/autoscaler.yaml"])["spec"]["metrics"][0]["pods"]["target"]["averageValue"] == "55"


def test_what_was_not_measured_is_called_so(both) -> None:
    unknown = replace(both, release=replace(both.release, measured=None, version=0))
    written = files(unknown, GIVEN)
    assert "768 MiB: not measured, as the release came without its registry" in written["base/deployment.yaml"]
    assert "not measured" in written["base/autoscaler.yaml"]
    assert read(written["base/deployment.yaml"])["metadata"]["labels"]["app.kubernetes.io/version"] == DIGEST[:12]


def test_settings_of_the_project_reach_the_servers_and_replace_them_when_they_change(both) -> None:
    def notes(found) -> str:
        return read(files(found, GIVEN)["base/deployment.yaml"])["spec"]["template"]["metadata"]["annotations"]

    changed = replace(both, settings=Settings(serve=ServeSettings(log="acknowledged")))
    assert read(files(changed, GIVEN)["base/settings.yaml"])["data"]["SEAKEEP_SERVE_LOG"] == "acknowledged"
    assert notes(both)["seakeep.dev/settings"] != notes(changed)["seakeep.dev/settings"]


def test_what_is_hidden_in_the_log_is_hidden_in_the_clusters_too(both) -> None:
    hidden = ServeSettings(
        redact=("birthday", "name"), hash=("customer",), hash_key_file="/run/hash.key", rules="reject"
    )
    told = read(files(replace(both, settings=Settings(serve=hidden)), GIVEN)["base/settings.yaml"])["data"]
    assert told["SEAKEEP_SERVE_REDACT"] == "birthday,name"
    assert told["SEAKEEP_SERVE_HASH"] == "customer"
    assert told["SEAKEEP_SERVE_HASH_KEY_FILE"] == "/run/hash.key"
    assert told["SEAKEEP_SERVE_RULES"] == "reject"
    assert "SEAKEEP_SERVE_REDACT" not in files(both, GIVEN)["base/settings.yaml"]


def test_every_variable_of_the_settings_is_one_that_the_server_reads(both, monkeypatch) -> None:
    from seakeep.pipeline.settings import load_settings

    data = read(files(both, GIVEN)["base/settings.yaml"])["data"]
    for name, value in data.items():
        monkeypatch.setenv(name, value)
    loaded = load_settings(Path("/"))
    assert loaded.serve == replace(both.settings.serve, http="0.0.0.0:8080")
    assert loaded.home == "/var/lib/seakeep"


TLS = TlsSettings("server.crt", "server.key")
SECURED = {
    "tls": Settings(tls=TLS),
    "mutual": Settings(tls=replace(TLS, client_ca="ca.crt", least="1.2")),
    "tokens": Settings(access=AccessSettings("tokens.json", rate=50)),
    "both": Settings(tls=TLS, access=AccessSettings("tokens.json")),
}


@pytest.mark.parametrize("name", SECURED)
def test_what_is_shut_in_the_project_is_shut_in_the_cluster_and_probes_reach_it(both, name, monkeypatch) -> None:
    settings = SECURED[name]
    written = files(replace(both, settings=settings), GIVEN)
    pod = read(written["base/deployment.yaml"])["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    secrets = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    assert secrets == {
        **({"tls": "flight-delay-tls"} if settings.tls.certificate else {}),
        **({"access": "flight-delay-tokens"} if settings.access.tokens else {}),
    }
    paths = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] in secrets}
    told = read(written["base/settings.yaml"])["data"]
    named = {variable: value for variable, value in told.items() if value.startswith("/etc/")}
    assert all(value.startswith(tuple(paths.values())) for value in named.values())
    assert ("SEAKEEP_TLS_CLIENT_CA" in named) == (name == "mutual")
    probes = [container[f"{which}Probe"] for which in ("startup", "readiness", "liveness")]
    if name == "mutual":
        assert [next(iter(probe)) for probe in probes] == ["exec", "exec", "tcpSocket"]
    else:
        scheme = "HTTPS" if settings.tls.certificate else None
        assert [probe["httpGet"].get("scheme") for probe in probes] == [scheme] * 3
    (endpoint,) = read(written["components/prometheus/service-monitor.yaml"])["spec"]["endpoints"]
    assert endpoint.get("scheme") == ("https" if settings.tls.certificate else None)
    assert ("bearerTokenSecret" in endpoint) == bool(settings.access.tokens)
    assert ("cert" in endpoint.get("tlsConfig", {})) == (name == "mutual")
    for variable, value in told.items():
        monkeypatch.setenv(variable, value)
    found = load_settings(Path("/"))
    assert (found.access.rate, found.tls.least) == (settings.access.rate, settings.tls.least)


def test_weights_of_the_route_are_those_of_the_canary(both) -> None:
    route = read(
        files(both, replace(GIVEN, canary_percent=5, hostname="ml.example.com", gateway="edge/main"))[
            "components/gateway/route.yaml"
        ]
    )
    assert route["spec"]["parentRefs"] == [{"name": "main", "namespace": "edge"}]
    assert route["spec"]["hostnames"] == ["ml.example.com"]
    arms = {arm["name"]: arm["weight"] for arm in route["spec"]["rules"][0]["backendRefs"]}
    assert arms == {"flight-delay": 95, "flight-delay-canary": 5}


def test_a_challenger_brings_its_servers_and_nothing_that_the_champion_has(both) -> None:
    challenger = replace(both, release=replace(both.release, version=4, label="flight-delay@4"))
    written = files(challenger, replace(GIVEN, role="challenger"))
    assert [name for name in written if name.startswith("base/")] == [
        "base/settings.yaml",
        "base/deployment.yaml",
        "base/autoscaler.yaml",
        "base/disruption-budget.yaml",
        "base/kustomization.yaml",
    ]
    pod = read(written["base/deployment.yaml"])
    assert pod["metadata"]["name"] == "flight-delay-canary"
    assert {"name": "SEAKEEP_SERVE_ROLE", "value": "challenger"} in pod["spec"]["template"]["spec"]["containers"][0][
        "env"
    ]
    champion = files(both, GIVEN)
    selected = read(champion["base/service-canary.yaml"])["spec"]["selector"]
    assert selected.items() <= pod["spec"]["template"]["metadata"]["labels"].items()
    assert (
        not read(champion["base/service.yaml"])["spec"]["selector"].items()
        <= pod["spec"]["template"]["metadata"]["labels"].items()
    )


def test_no_pod_may_write_to_its_image_gain_rights_or_ask_the_cluster(both) -> None:
    for name, text in files(both, GIVEN).items():
        for value in YAML(typ="safe").load_all(text):
            for pod in pods(value):
                assert pod["automountServiceAccountToken"] is False, name
                assert pod["securityContext"]["runAsNonRoot"] is True, name
                for container in pod["containers"]:
                    own = container["securityContext"]
                    assert own["readOnlyRootFilesystem"] is True
                    assert own["allowPrivilegeEscalation"] is False
                    assert own["capabilities"] == {"drop": ["ALL"]}
                    mounted = {mount["name"] for mount in container["volumeMounts"]}
                    assert mounted == {volume["name"] for volume in pod["volumes"]}
                    assert {"memory"} <= container["resources"]["limits"].keys()


def test_jobs_are_tried_again_where_they_broke_and_not_where_they_came_to_a_verdict(both) -> None:
    job = read(files(both, GIVEN)["jobs/4-train.yaml"])["spec"]
    assert job["podFailurePolicy"]["rules"] == [
        {"action": "FailJob", "onExitCodes": {"containerName": "train", "operator": "In", "values": [1, 2]}}
    ]
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["template"]["spec"]["containers"][0]["args"] == [
        "run",
        "/project/pipeline.py",
        "--stage",
        "train",
        "--json",
    ]


def test_a_password_is_nowhere_and_a_secret_is_named(both) -> None:
    env = read(files(both, GIVEN)["jobs/1-read.yaml"])["spec"]["template"]["spec"]["containers"][0]["env"]
    assert env[1] == {
        "name": "SEAKEEP_DATABASE",
        "valueFrom": {"secretKeyRef": {"name": "flight-delay-database", "key": "url", "optional": True}},
    }


def test_the_rules_are_those_of_the_releases_contract(both) -> None:
    rule = read(files(both, GIVEN)["components/prometheus/rules.yaml"])
    alerts = [rule["alert"] for group in rule["spec"]["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(alerts) > 10
    assert rule["kind"] == "PrometheusRule"


def test_the_autoscalers_metric_is_made_of_the_servers_own_counter(both) -> None:
    rules = read(files(both, GIVEN)["prometheus-adapter.yaml"])["rules"]["custom"]
    assert (
        rules[0]["name"]["as"]
        == read(files(both, GIVEN)["base/autoscaler.yaml"])["spec"]["metrics"][0]["pods"]["metric"]["name"]
    )
    assert rules[0]["metricsQuery"].startswith("sum by (<<.GroupBy>>) (rate(seakeep_requests_total{<<.LabelMatchers>>")


def test_a_project_without_a_champion_has_its_jobs(both) -> None:
    written = files(replace(both, release=None), GIVEN)
    assert "base/deployment.yaml" not in written
    assert {"base/cronjob-monitor.yaml", "base/service-account.yaml", "base/home.yaml", "jobs/1-read.yaml"} <= set(
        written
    )
    assert "patches" not in read(written["overlays/staging/kustomization.yaml"])


def test_a_volume_that_there_is_already_is_not_made(both) -> None:
    written = files(both, replace(GIVEN, claim="shared"))
    assert "base/home.yaml" not in written
    volumes = read(written["base/deployment.yaml"])["spec"]["template"]["spec"]["volumes"]
    assert volumes[1]["persistentVolumeClaim"] == {"claimName": "shared"}


def test_pushed_images_may_be_named_by_digest_and_pulled_with_a_secret(both) -> None:
    written = files(both, replace(GIVEN, server_digest=f"sha256:{'12' * 32}", pull_secret="registry"))
    pod = read(written["base/deployment.yaml"])["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == f"{IMAGE}-server@sha256:{'12' * 32}"
    assert pod["imagePullSecrets"] == [{"name": "registry"}]


def test_a_release_that_did_not_pass_is_marked_in_every_file_and_object(both) -> None:
    failed = replace(both, release=replace(both.release, verdict=Verdict.FAIL, forced="a test cluster"))
    written = files(failed, GIVEN)
    said = "# WARNING: flight-delay@3 did not pass its checks (fail). Exported because: a test cluster"
    assert all(said in text for name, text in written.items() if name.startswith(("base", "overlays")))
    notes = read(written["base/deployment.yaml"])["spec"]["template"]["metadata"]["annotations"]
    assert (notes["seakeep.dev/verdict"], notes["seakeep.dev/forced"]) == ("fail", "a test cluster")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"canary_percent": 101}, "canary_percent is 101; expected a whole number from 0 to 100"),
        ({"least_replicas": 0}, "least_replicas is 0"),
        ({"most_replicas": 1}, "at least least_replicas, which is 2"),
        ({"memory_mib": -1}, "memory_mib is -1"),
        ({"namespace": "Team A"}, "namespace is 'Team A'"),
        ({"namespace": ""}, "namespace is ''"),
        ({"gateway": "a/b/c"}, "NAME or NAMESPACE/NAME"),
        ({"hostname": "-x"}, "a host's name"),
        ({"monitor_schedule": "hourly"}, "cron's five fields"),
        ({"server_digest": "sha256:12"}, "server_digest is 'sha256:12'; expected sha256: and 64"),
        ({"image": "a b"}, "without tag"),
        ({"pull_secret": "_x"}, "pull_secret"),
    ],
)
def test_impossible_options_are_refused(both, wrong, told) -> None:
    with pytest.raises(BadTarget, match=told) as found:
        files(both, replace(GIVEN, **wrong))
    assert "--set" in str(found.value)


def test_no_image_and_an_illegal_name_are_refused(both) -> None:
    with pytest.raises(BadExport, match="kubernetes needs the name of an image"):
        files(both, Options())
    with pytest.raises(BadExport, match=r"'Flight Delay!' cannot be the name(.|\n)*--set name=flight-delay"):
        files(replace(both, name="Flight Delay!"), GIVEN)


def test_names_stay_short_enough_for_what_kubernetes_adds(both) -> None:
    longest = replace(both, name="a" * 52)
    for text in files(longest, GIVEN).values():
        value = read(text)
        if value and "metadata" in value:
            limit = 52 + 11 if value["kind"] != "CronJob" else 52 + 8
            assert len(value["metadata"]["name"]) <= limit <= 63


def test_the_next_lines_try_before_they_change(both) -> None:
    assert any("--dry-run=server" in line for line in next_lines(both, GIVEN))
    assert kubernetes.MEASURES


def pods(value) -> list[dict]:
    """The pod specs within an object."""
    if isinstance(value, dict):
        own = [value] if "containers" in value and "volumes" in value else []
        return own + [pod for item in value.values() for pod in pods(item)]
    return [pod for item in value for pod in pods(item)] if isinstance(value, list) else []
