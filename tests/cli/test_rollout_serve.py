"""`seakeep rollout serve NAME --http`: a process that waits for a rollout, takes it up, outlives it, and ends when it is told to."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

SERVE = [sys.executable, "-m", "seakeep", "rollout", "serve", "trips", "--every", "0.2"]


def asked(url: str) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def until(url: str, holds) -> dict:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = asked(url)
        if holds(*found):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(found)


def test_it_waits_takes_up_a_rollout_outlives_it_and_ends_on_sigterm(two, shell) -> None:
    environment = {**os.environ, "SEAKEEP_WEBHOOK_TOKEN": "not-to-be-told-to-anybody"}
    process = subprocess.Popen(
        [*SERVE, "--http", "127.0.0.1:0", "--json"],
        cwd=two,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        lines = ""
        while "}" not in lines:
            lines += process.stdout.readline()
        address = json.loads(lines)["address"]
        verdict = f"{address}/rollouts/trips/verdict"
        until(f"{address}/healthz", lambda status, told: told["trouble"] == "there is no rollout of trips yet")
        assert asked(verdict)[0] == 404
        assert shell("rollout", "start", "trips", "--plan", "external").code == 2
        assert asked(f"{verdict}?version=2")[1]["verdict"] == "inconclusive"
        assert shell("rollout", "abort", "trips", "--reason", "a test").code == 0
        rounds = asked(f"{address}/healthz")[1]["rounds"]
        until(f"{address}/healthz", lambda status, told: told["rounds"] > rounds + 1 and told["trouble"] == "")
        assert asked(verdict)[1]["verdict"] == "fail"
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 143
    assert re.search(r"aborted: a test", errors)
    assert errors.rstrip().endswith("terminated")
    assert "not-to-be-told" not in errors


@pytest.mark.parametrize(
    ("given", "told"), [("8081", "expected HOST:PORT"), ("192.0.2.1:0", "cannot listen on 192.0.2.1:0")]
)
def test_an_address_that_is_none_is_told(two, shell, given, told) -> None:
    found = shell("rollout", "serve", "trips", "--http", given)
    assert (found.code, told in found.err) == (3, True)


def test_a_token_that_is_too_short_is_told_without_it(two, shell, monkeypatch) -> None:
    monkeypatch.setenv("SEAKEEP_WEBHOOK_TOKEN", "hunter2")
    found = shell("rollout", "serve", "trips", "--http", "127.0.0.1:0")
    assert found.code == 3
    assert "the token has 7 characters" in found.err
    assert "hunter2" not in found.err
