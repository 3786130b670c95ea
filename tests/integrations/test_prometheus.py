"""Real promtool and amtool on what is exported, and real Prometheus and Alertmanager on a live server under load.

One stack is shared by the live tests: two releases, a canary under way, windows judged every ten seconds. Tests of a state come in the order in
which it is reached; each says what it provokes.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from seakeep.core import Check, Report, Task, Verdict
from seakeep.integrations import prometheus
from seakeep.pipeline.control.alerts import known_alerts
from seakeep.pipeline.settings import AccessSettings, Settings, TlsSettings
from seakeep.registry import Registry
from seakeep.testing.example_models import example_model

from .facts import release, subject

pytestmark = pytest.mark.platform
ROOT = Path(__file__).parents[2]


def _loaded():
    spec = importlib.util.spec_from_file_location("observability", ROOT / "scripts" / "observability.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look for it
    spec.loader.exec_module(module)
    return module


ob = _loaded()


def told(*command: object, folder: Path, content: bytes | None = None) -> str:
    """What a program says; it must end well."""
    path = shutil.which(str(command[0]))
    assert path is not None, f"{command[0]} is missing: sh scripts/platforms.d/prometheus.sh"
    done = subprocess.run(
        [path, *map(str, command[1:])], cwd=folder, input=content, capture_output=True, timeout=120, check=False
    )
    text = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, text
    return text


def judged(folder: Path, **changes):
    """A release with two gates."""
    checks = (
        Check("metric.at_least", "roc_auc", Verdict.PASS, "fine", 0.8, 0.7),
        Check("metric.at_most", "log_loss", Verdict.PASS, "fine", 0.5, 0.6),
    )
    Report("evaluation", "Evaluation", "flight-delay", checks).save(folder / "release" / "reports" / "evaluation.json")
    return subject(release=release(folder=folder / "release", **changes))


def write(folder: Path, found, **options) -> Path:
    for path, text in prometheus.files(found, prometheus.Options(**options)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.mark.parametrize("discovery", ["static", "file", "kubernetes"])
def test_promtool_and_amtool_take_the_configuration(tmp_path, discovery):
    folder = write(tmp_path, judged(tmp_path), discovery=discovery, champion_days=90)
    _without_kubernetes(folder / "prometheus.yml")
    text = told("promtool", "check", "config", "prometheus.yml", folder=folder)
    rules = sum(map(int, re.findall(r"SUCCESS: (\d+) rules found", text)))
    assert rules > 60
    assert "SUCCESS" in told("amtool", "check-config", "alertmanager.yml", folder=folder)


def test_promtool_takes_a_scrape_that_speaks_tls_and_brings_a_token(tmp_path):
    settings = Settings(tls=TlsSettings("a.crt", "a.key", "ca.crt"), access=AccessSettings("tokens.json"))
    folder = write(tmp_path, replace(judged(tmp_path), settings=settings))
    assert "SUCCESS" in told("promtool", "check", "config", "--syntax-only", "prometheus.yml", folder=folder)
    written = YAML(typ="safe").load((folder / "prometheus.yml").read_text())
    for job in written["scrape_configs"]:
        assert (job["scheme"], job["authorization"]["type"]) == ("https", "Bearer")
        assert set(job["tls_config"]) == {"ca_file", "cert_file", "key_file"}


def _without_kubernetes(path: Path) -> None:
    """Debian builds Prometheus without the discovery of Kubernetes: its place is taken by an address, all else stays."""
    plain = re.sub(
        r"kubernetes_sd_configs:\n( +- role: pod\n +namespaces:\n +names:\n +- default\n)",
        "static_configs: [{targets: ['127.0.0.1:1']}]\n",
        path.read_text(),
    )
    path.write_text(plain)


@pytest.mark.parametrize("objectives", [{}, {"available": 0.9, "quick": 0.5, "slow_seconds": 1.0, "champion_days": 30}])
def test_every_rule_passes_its_unit_tests(tmp_path, objectives):
    folder = write(tmp_path, judged(tmp_path), **objectives)
    assert "SUCCESS" in told("promtool", "test", "rules", "tests/flight-delay.test.yml", folder=folder)


def test_rules_of_a_regression_without_bounds_pass_theirs(tmp_path):
    model = example_model(Task.REGRESSION)
    columns = {
        key: replace(each, minimum=None, values=None, maximum=None) for key, each in model.schema.columns.items()
    }
    model = replace(model, schema=replace(model.schema, columns=columns))
    folder = write(tmp_path, subject(release=release(model=model)))
    assert "SUCCESS" in told("promtool", "test", "rules", "tests/flight-delay.test.yml", folder=folder)


def test_a_rule_that_says_something_else_fails_its_unit_test(tmp_path):
    folder = write(tmp_path, judged(tmp_path))
    path = folder / "rules" / "flight-delay.rules.yml"
    path.write_text(path.read_text().replace("< 0.7", "< 0.1"))
    done = subprocess.run(
        ["promtool", "test", "rules", "tests/flight-delay.test.yml"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"SeakeepGateBroken" in done.stdout + done.stderr


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A stack that has run for half a minute under load."""
    with ob.stack(tmp_path_factory.mktemp("observability")) as running:
        running.make()
        running.serve()
        load = ob.Load(running.server, running.rows, outside=0.02)
        load.start()
        running.load = load
        running.export()
        running.watch()
        try:
            yield running
        finally:
            load.stop()


def until(true, live, *, seconds: float, what: str):
    return ob.until(true, seconds=seconds, what=what, processes=live.processes)


def test_both_servers_are_scraped(live):
    until(lambda: len(live.query("up == 1")) == 2, live, seconds=30, what="both targets")
    assert {each["metric"]["job"] for each in live.query("up")} == {"seakeep", "seakeep-control"}


def test_promtool_takes_the_metrics_of_both(live):
    for address in (live.server, live.control):
        assert told("promtool", "check", "metrics", folder=live.folder, content=ob.get(address, "/metrics")) == ""


def test_an_alert_reaches_seakeep_and_ends_there(live):
    """A column drifts, is told to Prometheus, Alertmanager and back to Seakeep's record; then it is calm again."""
    until(lambda: live.query("seakeep_monitor_predictions"), live, seconds=90, what="four windows of answers")
    live.load.far, began = 3.0, time.monotonic()
    until(lambda: _drift(live, "firing"), live, seconds=90, what="the alert in Seakeep's record")
    fired = time.monotonic() - began
    alert = _drift(live, "firing")[0].alert
    assert alert.labels["model"] == ob.NAME
    assert alert.labels["severity"] == "warning"
    assert alert.annotations["runbook"] == f"seakeep monitor {ob.NAME}"
    print(f"fired after {fired:.1f} s, of which a window takes up to 10 and Alertmanager waits 10")


def _drift(live, state: str):
    with Registry(live.home) as registry:
        found = tuple(known_alerts(registry, ob.NAME))
    about = [each for each in found if each.alert.title == "SeakeepDrift"]
    return about if about and all(each.alert.state == state for each in about) else []


def test_every_query_of_every_panel_has_series(live):
    """While the drift is there, a canary is under way, requests were refused and a training was started by a trigger."""
    live.seakeep("retrain", "pipeline.py", "--now", codes=(0, 1, 2))
    boards = [json.loads(path.read_text()) for path in sorted((live.exported / "dashboards").glob("*.json"))]
    asked = [(board["title"], panel["title"], expr) for board in boards for panel, expr in _queries(board)]
    assert len(boards) == 3
    count = len(asked)
    assert count > 80
    deadline = time.monotonic() + 60
    while (empty := _empty(live, asked)) and time.monotonic() < deadline:
        asked = empty
        time.sleep(1)
    assert empty == []
    print(f"{count} queries of {sum(len(board['panels']) for board in boards)} panels and rows")


def test_a_query_that_is_none_is_told_in_prometheus_own_words(live):
    with pytest.raises(ValueError, match="parse error"):
        live.query("sum(rate(seakeep_requests_total[1m])")


def test_an_alert_without_the_token_is_refused(live):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"http://{live.control}/alerts", data=b"{}", timeout=10)
    with caught.value as answer:
        assert answer.code == 401


def _queries(board):
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel, target["expr"].replace("$__rate_interval", "30s").replace("$version", ".*")


def _empty(live, asked):
    return [(board, panel, expr) for board, panel, expr in asked if not live.query(expr)]


def test_recorded_series_are_there_under_their_names(live):
    rules = (live.exported / "rules" / f"{ob.NAME}.rules.yml").read_text()
    names = set(re.findall(r"record: (\S+)", rules))
    assert len(names) > 25
    assert [name for name in names if not live.query(f'{{__name__="{name}"}}')] == []


def test_the_alert_ends_when_the_column_is_back(live):
    live.load.far, began = 1.0, time.monotonic()
    until(lambda: _drift(live, "resolved"), live, seconds=120, what="the end of the alert in Seakeep's record")
    print(f"resolved after {time.monotonic() - began:.1f} s, of which Alertmanager waits up to 60")


def test_a_server_that_is_gone_is_told_of(live):
    name, server = live.processes.started[0]
    assert name == "serve"
    live.processes.started.pop(0)
    live.load.stop()
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0
    until(lambda: live.query('up{job="seakeep"} == 0'), live, seconds=20, what="the server's absence")
    until(lambda: "SeakeepServerDown" in _pending(live), live, seconds=20, what="the alert to be pending")


def _pending(live) -> set[str]:
    alerts = json.loads(ob.get(live.prometheus, "/api/v1/alerts"))["data"]["alerts"]
    return {each["labels"]["alertname"] for each in alerts}


def test_everything_that_the_script_started_is_stopped_with_it():
    """make observability, ended by Ctrl-C."""
    command = [sys.executable, str(ROOT / "scripts" / "observability.py")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        told = "".join(lines)
        address = re.search(r"Prometheus +http://(\S+)/alerts", told)
        assert address, told
        assert b'"status":"success"' in ob.get(address[1], "/api/v1/query?query=up")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 5
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(60) == 0
        assert rest.endswith("stopped\n")
        assert not any(_lives(int(child)) for child in children)
    finally:
        if process.poll() is None:
            process.kill()
        process.stdout.close()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
