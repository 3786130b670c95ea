"""`seakeep serve`, a real process: the question in the project's README is answered, SIGTERM ends it."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from seakeep.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def wait_until_ready(address: str) -> None:
    """The port is ours from the first line on; workers need a moment more."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(URLError), urlopen(f"{address}/v2/health/ready", timeout=5):
            return
        time.sleep(0.05)
    raise AssertionError(address)


@pytest.fixture
def server(finished: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "from seakeep.cli import main; main()", "serve", "trips", "--http", "127.0.0.1:0"]
    process = subprocess.Popen(command, cwd=finished, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=60)


def test_a_served_release_answers_the_question_in_the_readme(finished, server) -> None:
    question = re.search(r"-d '(.*?)'", (finished / "README.md").read_text(), re.DOTALL)
    assert question is not None
    line = server.stdout.readline()
    address = line.rpartition(" at ")[2].strip()
    assert line.startswith("serving trips at http://127.0.0.1:")
    wait_until_ready(address)
    request = Request(f"{address}/v2/models/trips/infer", question[1].encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=20) as response:
        answer = json.load(response)
    assert answer["predictions"][0]["label"] in (True, False)
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=60) == 0


def test_a_release_that_was_just_made_passes_its_trial_on_record(project, shell) -> None:
    tried = shell("serve", "trips@1", "--check", "--json")
    found = {check["code"]: check["verdict"] for check in tried.json["checks"]}
    assert (found.pop("serving.latency"), tried.code) in (("pass", 0), ("fail", 1)), "the machine may be busy"
    assert found == dict.fromkeys(("serving.starts", "serving.metadata", "serving.answers", "serving.memory"), "pass")
    with Registry.existing(project / ".seakeep") as registry:
        (line,) = registry.journal.entries(kind="serving_check", name="trips")
    assert line.content["verdict"] == tried.json["verdict"]
    assert shell("serve", "trips@9", "--check").code == 3
