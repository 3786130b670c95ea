"""seakeep rollout: its verbs, their exit codes, what they show, and how they refuse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seakeep.registry import Registry

QUICK = ["--set", "copies=0", "--set", "shares=0.5", "--set", "requests=100"]


@pytest.fixture
def name(two: Path) -> str:
    with Registry(two / ".seakeep") as registry:
        return registry.releases()[0].release.name


def test_a_rollout_is_started_shown_and_aborted(shell, name):
    started = shell("rollout", "start", name, *QUICK, "--json")
    assert started.code == 2, started.err
    assert (started.json["phase"], started.json["verdict"]) == ("canary", "inconclusive")
    assert started.json["plan"]["steps"] == [{"kind": "canary", "share": 0.5, "requests": 100, "seconds": 300.0}]
    shown = shell("rollout", "status", name)
    assert shown.code == 2
    assert "waits for 0 of 100 requests of the challenger" in shown.out
    assert "next look at" in shown.out
    assert shell("rollout", "advance", name).code == 2
    aborted = shell("rollout", "abort", name, "--reason", "a test", "--json")
    assert (aborted.code, aborted.json["phase"], aborted.json["verdict"]) == (0, "aborted", "fail")
    assert aborted.json["decisions"][-1]["why"] == "a test"
    assert shell("rollout", "status", name).code == 1


def test_a_release_is_let_in_at_once_and_taken_back(shell, name, two):
    answer = shell("rollout", "start", name, "--plan", "immediate", "--set", "reason=a test")
    assert answer.code == 0, answer.err
    assert "Promoted: a test" in answer.out
    assert shell("rollout", "serve", name, "--every", "0.1").code == 0
    lineage = shell("lineage", f"{name}@2", "--down")
    assert "rollout" in lineage.out
    back = shell("rollout", "rollback", name, "--reason", "complaints")
    assert (back.code, back.out.strip()) == (0, f"{name}@1 is the champion of {name} again")
    assert shell("rollout", "rollback", name, "--reason", "again").code == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["start", "NAME", "--set", "shares"], "'shares' is not KEY=VALUE, for example --set shares=0.05,0.25,0.5"),
        (["start", "NAME", "--set", "=1"], "is not KEY=VALUE"),
        (["start", "NAME", "--plan", "canari"], "Did you mean 'canary'?"),
        (["start", "NAME", "--set", "request=1"], "Did you mean 'requests'?"),
        (["start", "NAME", "--release", "NAME@1"], "NAME@1 is the champion already"),
        (["start", "NAME", "--plan", "immediate"], "has no steps and no reason"),
        (["start", "nobody"], "there is no release 'nobody'"),
        (["status", "NAME"], "there is no rollout of NAME"),
        (["advance", "NAME"], "there is no rollout of NAME"),
        (["serve", "NAME"], "there is no rollout of NAME"),
        (["abort", "NAME", "--reason", "x"], "there is no rollout of NAME"),
        (["abort", "NAME"], "Missing option '--reason'"),
        (["rollback", "NAME", "--reason", "x"], "NAME has no earlier champion to go back to"),
        (["serve", "NAME", "--every", "0"], "--every"),
    ],
)
def test_wrong_use_is_told_with_what_to_type(shell, name, arguments, told):
    answer = shell("rollout", *(each.replace("NAME", name) for each in arguments))
    assert answer.code == 3
    assert told.replace("NAME", name) in answer.err


def test_a_home_without_a_registry_is_told(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = shell("rollout", "status", "tips")
    assert (answer.code, "there is no registry here" in answer.err) == (3, True)


def test_serving_ends_on_sigterm_and_goes_on_where_it_was(shell, name, two):
    assert shell("rollout", "start", name, *QUICK).code == 2
    command = [sys.executable, "-m", "seakeep", "rollout", "serve", name, "--every", "0.2"]
    process = subprocess.Popen(command, cwd=two, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    os.kill(process.pid, signal.SIGTERM)
    _, rest = process.communicate(timeout=60)
    assert "canary 50 %: " in line
    assert (process.returncode, rest.strip().splitlines()[-1]) == (143, "terminated")
    assert shell("rollout", "status", name).code == 2


def test_help_has_an_example_for_every_part(shell):
    answer = shell("rollout", "--help")
    assert all(f"  {part} " in answer.out for part in ("start", "status", "advance", "abort", "rollback", "serve"))
