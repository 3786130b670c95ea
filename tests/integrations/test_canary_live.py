"""A whole canary through the verdict endpoint, as Argo Rollouts drives it: servers, requests, labels, weights, one let in, one sent back.

Everything is real but the cluster: two servers of release folders with their roles, clients that deal out requests by the weights
of the exported Rollout's steps, the control server, and the exported AnalysisTemplates judged by Argo's rules (argo_controller).
"""

from __future__ import annotations

import contextlib
import csv
import json
import random
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

import pytest

from seakeep.cli._main import code_of
from seakeep.registry import Registry

from .argo_controller import Controller
from .facts import finished
from .started import running
from .yaml_reading import read

SEAKEEP = [sys.executable, "-m", "seakeep"]
PLAN = {"requests": 200, "seconds": 4, "tolerance": 0.05, "slow_ms": 10_000}
SETTINGS = "\n[rollout]\nlook_seconds = 1\nsettle_seconds = 2\n"
SPEED = 20.0


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project with three releases: a champion, one as good (it has one tree more), and one that learnt from labels turned round."""
    place = finished(tmp_path_factory.mktemp("canary"))
    file, data = place / "pipeline.py", place / "data" / "parcels.csv"
    file.write_text(re.sub(r"n_estimators=120", "n_estimators=121", file.read_text()))
    assert code_of(["run", str(file)]) == 0
    right = data.read_text()
    turned = {"true": "false", "false": "true"}
    rows = list(csv.reader(right.splitlines()))
    late = rows[0].index("late")
    for row in rows[1:]:
        row[late] = turned[row[late].lower()]
    data.write_text("\n".join(",".join(row) for row in rows) + "\n")
    assert code_of(["run", str(file)]) in (0, 1, 2)
    data.write_text(right)
    settings = place / "seakeep.toml"
    settings.write_text(settings.read_text() + SETTINGS)
    with Registry(place / ".seakeep") as registry:
        assert len(registry.releases()) == 3
        registry.promote("trips", 1, why="the canaries begin beside the first")
    return place


class Clients:
    """Threads that deal out requests by a weight and answer each with its label. asked: by arm and status."""

    def __init__(self, project: Path, champion: str, challenger: str) -> None:
        rows = list(csv.DictReader((project / "data" / "parcels.csv").read_text().splitlines()))
        self.rows = [(self._question(project, row), row["late"].lower() == "true") for row in rows]
        self.addresses = {"champion": champion, "challenger": challenger}
        self.weight, self.stopped, self.asked = 0, threading.Event(), Counter()
        self.threads = [threading.Thread(target=self._ask, args=(seed,)) for seed in range(3)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(timeout=60)

    def weigh(self, weight: int) -> None:
        self.weight = weight

    def _question(self, project: Path, row: dict[str, str]) -> dict[str, object]:
        """A row as the README's example writes one: which columns it has, and of which type."""
        text = re.search(r"-d '(.*?)'", (project / "README.md").read_text(), re.DOTALL)
        assert text
        (example,) = json.loads(text[1])["rows"]
        return {name: _as(example[name], row[name]) for name in example if name in row}

    def _ask(self, seed: int) -> None:
        draw = random.Random(seed)
        lines = {arm: HTTPConnection(url.removeprefix("http://"), timeout=30) for arm, url in self.addresses.items()}
        while not self.stopped.is_set():
            arm = "challenger" if draw.random() * 100 < self.weight else "champion"
            question, late = draw.choice(self.rows)
            status, answer = _posted(lines[arm], "/v2/models/trips/infer", {"rows": [question]})
            self.asked[arm, status] += 1
            identity = answer.get("prediction_id") or answer.get("id")
            labels = {"labels": [{"prediction_id": f"{identity}.0", "label": late}]}
            status, _ = _posted(lines[arm], "/v2/models/trips/labels", labels)
            self.asked["labels", status] += 1
        for line in lines.values():
            line.close()


def _as(example: object, text: str) -> object:
    """A cell as JSON has it; the example's null is a number that is missing."""
    if text == "":
        return None
    if isinstance(example, bool):
        return text.lower() == "true"
    if isinstance(example, int):
        return int(text)
    if example is None or isinstance(example, float):
        return float(text)
    return text.replace(" ", "T") if "T" in str(example) else text


def _posted(line: HTTPConnection, path: str, content: object) -> tuple[int, dict]:
    line.request("POST", path, json.dumps(content), {"content-type": "application/json"})
    answer = line.getresponse()
    return answer.status, json.loads(answer.read())


def asked(url: str, body: object = None) -> tuple[int, dict]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"} if data else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@contextlib.contextmanager
def cluster(project: Path, tmp_path: Path, version: int) -> Iterator[tuple[Clients, str]]:
    """Champion and challenger from copies of their folders, the control server, and clients that ask."""
    home = project / ".seakeep"
    with contextlib.ExitStack() as stack:
        addresses = []
        for number, role in ((1, "champion"), (version, "challenger")):
            with Registry(home) as registry:
                folder = shutil.copytree(registry.resolve(f"trips@{number}").folder, tmp_path / f"release-{number}")
            command = [*SEAKEEP, "serve", str(folder), "--http", "127.0.0.1:0", "--home", str(home)]
            own = {"SEAKEEP_SERVE_ROLE": role, "SEAKEEP_SERVE_VERSION": str(number), "SEAKEEP_SERVE_LOG_SECONDS": "0.2"}
            addresses.append(stack.enter_context(running(command, **own)))
        command = [
            *SEAKEEP,
            "rollout",
            "serve",
            "trips",
            "--http",
            "127.0.0.1:0",
            "--every",
            "0.5",
            "--home",
            str(home),
        ]
        control = stack.enter_context(running(command, ready="/healthz"))
        yield stack.enter_context(Clients(project, *addresses)), control


def exported(project: Path, tmp_path: Path, version: int, control: str) -> tuple[dict, dict]:
    """The Rollout and the AnalysisTemplates by name, as the command line writes them."""
    options = {
        "image": "registry.example.com/trips",
        "control_url": control,
        "pause_minutes": 1,
        "patience_minutes": 20,
        "weights": "10,30,60",
    }
    given = [part for key, value in options.items() for part in ("--set", f"{key}={value}")]
    command = [*SEAKEEP, "export", "argo-rollouts", f"trips@{version}", "-o", str(tmp_path / "argo"), *given]
    command += ["--force", "a drill"] if version == 3 else []
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    files = {file.name: read(file.read_text()) for file in (tmp_path / "argo").glob("*.yaml")}
    templates = {each["metadata"]["name"]: each for each in files.values() if each["kind"] == "AnalysisTemplate"}
    return files["rollout.yaml"], templates


def start(project: Path, version: int) -> None:
    given = [part for key, value in PLAN.items() for part in ("--set", f"{key}={value}")]
    command = [*SEAKEEP, "rollout", "start", "trips", "--release", f"trips@{version}", "--plan", "external", *given]
    command += ["--force", "a drill"] if version == 3 else []
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr


def told(controller: Controller, clients: Clients, outcome: str, final: dict) -> None:
    """The course, for pytest -s: every question with its answer, and what was asked of the servers."""
    for each in controller.measurements:
        print(
            f"{each.at / SPEED:6.1f} s  weight {each.weight:3}  GET {each.url.rpartition('/rollouts')[2]}  {each.status} {each.value} -> {each.phase}"
        )
    counts = {f"{arm} {status}": number for (arm, status), number in sorted(clients.asked.items())}
    print(outcome, controller.weights, counts, final["verdict"], final["requests"], final["why"])
    for test in final["tests"]:
        print("  ", test["test"], test["verdict"], test["message"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "outcome", "verdict", "phase"),
    [(3, "Degraded", "fail", "rolled_back"), (2, "Healthy", "pass", "promoted")],
)
def test_a_canary_goes_as_its_verdict_says(project, tmp_path, version, outcome, verdict, phase) -> None:
    with cluster(project, tmp_path, version) as (clients, control):
        rollout, templates = exported(project, tmp_path, version, control)
        (argument,) = rollout["spec"]["strategy"]["canary"]["analysis"]["args"]
        url = f"{control}/rollouts/trips/verdict?release={argument['value']}"
        before, _ = asked(url)
        assert before in (404, 409), "no verdict before the rollout is on record, or about another"
        start(project, version)
        assert asked(url)[1]["verdict"] == "inconclusive"
        assert asked(f"{control}/rollouts/trips/gates/confirm-promotion", {})[0] == 403
        controller = Controller(rollout, templates, clients.weigh, speed=SPEED)
        found = controller.run()
        final = asked(url)[1]
        told(controller, clients, found, final)
        gates = {
            gate: asked(f"{control}/rollouts/trips/gates/{gate}", {})[0] for gate in ("confirm-promotion", "rollback")
        }
        scraped = urllib.request.urlopen(f"{control}/metrics", timeout=10)
        with scraped:
            metrics = scraped.read().decode()
    assert (found, final["verdict"], final["phase"], final["version"]) == (outcome, verdict, phase, version)
    assert gates == (
        {"confirm-promotion": 200, "rollback": 403}
        if verdict == "pass"
        else {"confirm-promotion": 403, "rollback": 200}
    )
    assert f'seakeep_rollout_verdict{{model="trips"}} {0 if verdict == "pass" else 1}.0' in metrics
    assert {status for (arm, status) in clients.asked if arm != "labels"} == {200}
    assert {each.value for each in controller.measurements} <= {"inconclusive", verdict}
    assert controller.weights == ([10, 30, 60, 100] if verdict == "pass" else [*controller.weights[:-1], 0])
    with Registry(project / ".seakeep") as registry:
        assert registry.champion("trips").version == (2 if verdict == "pass" else 1)
    if version == 3:
        goal = next(each for each in final["tests"] if each["test"] == "goal")
        assert goal["verdict"] == "fail"
