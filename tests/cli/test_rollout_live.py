"""A rollout under a real server and real requests: routes are followed live, no request fails, and the evidence is the log's."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path

import pytest

from seakeep.registry import Registry

SEAKEEP = [sys.executable, "-m", "seakeep"]
PLAN = {
    "copies": 200,
    "shadow_seconds": 2,
    "shares": "0.5",
    "requests": 300,
    "seconds": 3,
    "tolerance": 0.05,
    "slow_ms": 10_000,
}
SETTINGS = "[rollout]\nlook_seconds = 1\nsettle_seconds = 2\n"


class Clients:
    """Threads that ask the same question with new keys until told to stop; every twentieth is a bad one."""

    def __init__(self, address: str, question: bytes, threads: int = 2) -> None:
        self.host, self.port = address.removeprefix("http://").split(":")
        self.question, self.stopped, self.statuses = question, threading.Event(), Counter()
        self.threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(threads)]
        for thread in self.threads:
            thread.start()

    def _ask(self, number: int) -> None:
        connection = HTTPConnection(self.host, int(self.port), timeout=30)
        asked = 0
        while not self.stopped.is_set():
            asked += 1
            question = self.question.replace(b'"P1"', b'"P%d-%d"' % (number, asked))
            body = b'{"rows": [{"nonsense": 1}]}' if asked % 20 == 0 else question
            connection.request("POST", "/v2/models/trips/infer", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            self.statuses[answer.status] += 1
        connection.close()

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(timeout=60)


@contextlib.contextmanager
def served(project: Path):
    """A server of the project's champion; yields its address once it is ready."""
    command = [*SEAKEEP, "serve", "trips", "--http", "127.0.0.1:0"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().rpartition(" at ")[2].strip()
        host, port = address.removeprefix("http://").split(":")
        deadline = time.monotonic() + 60
        ready = 0
        while ready != 200 and time.monotonic() < deadline:
            with contextlib.suppress(OSError), contextlib.closing(HTTPConnection(host, int(port), timeout=5)) as asked:
                asked.request("GET", "/v2/health/ready")
                ready = asked.getresponse().status
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.slow
def test_a_release_is_let_in_while_real_requests_are_answered(two):
    (two / "seakeep.toml").write_text((two / "seakeep.toml").read_text() + SETTINGS)
    question = re.search(r"-d '(.*?)'", (two / "README.md").read_text(), re.DOTALL)
    with served(two) as address:
        clients = Clients(address, question[1].encode())
        try:
            given = [part for key, value in PLAN.items() for part in ("--set", f"{key}={value}")]
            started = subprocess.run([*SEAKEEP, "rollout", "start", "trips", *given], cwd=two, check=False)
            assert started.returncode == 2
            command = [*SEAKEEP, "rollout", "serve", "trips", "--every", "0.5", "--json"]
            done = subprocess.run(command, cwd=two, capture_output=True, text=True, timeout=240, check=False)
            time.sleep(3)
        finally:
            clients.stop()
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    print(done.stderr, [check["message"] for check in found["report"]["checks"]], clients.statuses)
    assert found["phase"] == "promoted"
    assert set(clients.statuses) <= {200, 400, 422}
    assert clients.statuses[200] / clients.statuses.total() == pytest.approx(0.95, abs=0.01)
    effects = {row[0]: row for row in found["report"]["tables"][2]["rows"]}
    assert (effects["rate of errors"][1], effects["rate of errors"][3]) == (0, 0)
    assert effects["rate of errors"][4] > 500
    split = next(check for check in found["report"]["checks"] if check["code"] == "rollout.sample_ratio")
    assert split["observed"] == pytest.approx(0.5, abs=0.15)
    with Registry(two / ".seakeep") as registry:
        assert registry.champion("trips").version == 2
