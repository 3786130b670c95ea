"""`seakeep ci` as a job calls it: exit codes, the report's folder, the summary, annotations; done twice, interrupted, broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import pytest

from seakeep.views.markdown_report import COMMENT, SUMMARY

OUTSIDE = (
    "GITHUB_ACTIONS",
    "GITHUB_BASE_REF",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_SERVER_URL",
    "CI_JOB_URL",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA",
)


@pytest.fixture(autouse=True)
def no_platform(monkeypatch):
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def github(monkeypatch, tmp_path):
    """The variables of a job on GitHub; the path of its summary."""
    summary = tmp_path / "summary.md"
    told = {
        "ACTIONS": "true", "STEP_SUMMARY": str(summary), "SERVER_URL": "https://github.example.com", "REPOSITORY": "team/trips", "RUN_ID": "7",
    }  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    return summary


def test_a_check_writes_its_folder_and_ends_with_its_verdict(shell, project):
    done = shell("ci", "check", "-o", "out")
    assert done.code == 0, done.err
    names = {path.name for path in (project / "out").iterdir()}
    assert names == {
        "report.md", "junit.xml", "code-quality.json", "check.json",
        "contract.html", "data.html", "training.html", "gates.html",
    }  # fmt: skip
    told = json.loads((project / "out" / "check.json").read_text())
    assert told["verdict"] == "pass"
    assert "out/report.md" in done.out.replace("\n", "")
    assert (project / "out" / "report.md").read_text().startswith("## ✅ Seakeep: trips: pass")
    assert ET.parse(project / "out" / "junit.xml").getroot().get("failures") == "0"


def test_a_check_as_json_is_one_document_and_its_report_links_to_gitlabs_job(shell, project, monkeypatch):
    monkeypatch.setenv("CI_JOB_URL", "https://gitlab.example.com/-/jobs/9")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "no" / "folder" / "summary"))
    done = shell("ci", "check", "--json", "-o", "out")
    assert done.code == 0
    assert done.json["verdict"] == "pass"
    assert [part["name"] for part in done.json["parts"]] == ["contract", "data", "training", "gates"]
    assert "https://gitlab.example.com/-/jobs/9/artifacts/browse" in (project / "out" / "report.md").read_text()
    assert "the job's summary cannot be written" in done.err


def test_data_that_breaks_the_contract_ends_with_1_and_is_shown_beside_the_contracts_line(shell, project, github):
    data = project / "data" / "parcels.csv"
    data.write_text(data.read_text().replace("heron", "albatross"))
    done = shell("ci", "check", "-o", "out")
    assert done.code == 1
    lines = (project / "trips.schema.yaml").read_text().splitlines()
    assert (
        f"::error file=trips.schema.yaml,line={lines.index('  carrier:') + 1},title=Data%3A schema.domain carrier::"
        in done.err
    )
    assert "not run: the data breaks its contract" in github.read_text()
    assert (
        "[The pages with all pictures](https://github.example.com/team/trips/actions/runs/7#artifacts)"
        in github.read_text()
    )
    issues = json.loads((project / "out" / "code-quality.json").read_text())
    assert {each["check_name"] for each in issues} == {"schema.domain"}


def test_a_clone_without_its_base_ends_with_2(shell, project, monkeypatch):
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    done = shell("ci", "check", "-o", "out")
    assert done.code == 2
    assert "git fetch --unshallow origin main" in done.out.replace("\n", " ").replace("  ", " ")


def test_a_file_that_breaks_ends_with_3_and_the_platform_is_told_where(shell, project, github):
    file = project / "pipeline.py"
    file.write_text(file.read_text() + "\nraise ValueError('a::b,c%\\nd')\n")
    done = shell("ci", "check", "-o", "out")
    assert done.code == 3
    line = len(file.read_text().splitlines())
    assert f"::error file=pipeline.py,line={line},title=CannotCheck::" in done.err
    assert "broke off" in github.read_text()
    assert (project / "out" / "report.md").read_text() == github.read_text().rstrip("\n") + "\n"
    (failure,) = ET.parse(project / "out" / "junit.xml").getroot().iter("failure")
    assert failure.get("type") == "ci.done"
    (issue,) = json.loads((project / "out" / "code-quality.json").read_text())
    assert issue["location"] == {"path": "pipeline.py", "lines": {"begin": line}}


def test_a_summary_is_added_to_and_never_grows_past_what_github_takes(shell, project, github):
    github.write_text("x" * (SUMMARY - 3000))
    assert shell("ci", "check", "-o", "out").code == 0
    assert github.read_text().startswith("xxx")
    assert "more parts are in the report's folder" in github.read_text()
    assert (project / "out" / "report.md").stat().st_size <= COMMENT


def test_without_a_platform_there_are_no_annotations(shell, project):
    data = project / "data" / "parcels.csv"
    data.write_text(data.read_text().replace("heron", "albatross"))
    assert "::" not in shell("ci", "check", "-o", "out").err


def test_a_release_opens_its_rollout_once_and_is_not_opened_again_after_it_was_sent_back(shell, two, github):
    first = shell("ci", "release", "--export", "gitlab-ci", "--to", "out")
    assert first.code == 0, first.err
    assert "the rollout of trips@2 is open, by plan canary" in first.out
    assert (two / "out" / "gitlab-ci" / ".gitlab-ci.yml").is_file()
    assert "Release `trips@2`" in github.read_text()
    assert "not signed" in github.read_text()
    again = shell("ci", "release", "--json")
    assert again.code == 0
    assert again.json["rollout"] == "trips@2"
    assert "open already" in again.json["told"]
    assert shell("rollout", "abort", "trips", "--reason", "a test").code == 0
    held = shell("ci", "release")
    assert held.code == 2
    assert "is not opened again" in held.out


def test_a_release_waits_while_another_rollout_is_under_way(shell, two):
    assert shell("ci", "release").code == 0
    file = two / "pipeline.py"
    file.write_text(file.read_text().replace("n_estimators=77", "n_estimators=78"))
    done = shell("ci", "release")
    assert done.code == 2
    assert "trips@3 waits: the rollout of trips@2 is under way" in done.out


def test_a_release_may_wait_for_a_person(shell, two):
    done = shell("ci", "release", "--rollout", "none")
    assert done.code == 0
    assert "trips@2 passed and waits: seakeep rollout start trips" in done.out
    assert shell("rollout", "status", "trips").code == 3


def test_a_run_that_fails_releases_exports_and_rolls_out_nothing(shell, project):
    data = project / "data" / "parcels.csv"
    data.write_text(data.read_text().replace("heron", "albatross"))
    done = shell("ci", "release", "--export", "gitlab-ci", "--to", "out")
    assert done.code == 1
    assert "nothing is exported or rolled out" in done.out
    assert not (project / "out").exists()


def test_the_champion_itself_is_not_rolled_out(shell, project):
    done = shell("ci", "release")
    assert done.code == 0
    assert "trips@1 is the champion" in done.out


def test_an_unknown_target_is_told_the_nearest(shell, project, github):
    done = shell("ci", "release", "--export", "gitlab-c")
    assert done.code == 3
    assert "gitlab-ci" in done.err
    assert "::error title=UsageError::" in done.err


@pytest.mark.parametrize("arguments", [("release", "--export", "gitlab-c"), ("release", "--rollout", "canari"), ("retrain", "--now", "--export", "x")])  # fmt: skip
def test_what_there_is_not_is_told_before_anything_is_trained(shell, project, arguments):
    file = project / "pipeline.py"
    file.write_text(file.read_text().replace("n_estimators=120", "n_estimators=118"))
    done = shell("ci", *arguments)
    assert done.code == 3
    assert "train " not in done.out + done.err
    assert "trips@2" not in shell("releases").out


def test_a_retraining_that_nothing_asks_for_does_nothing(shell, project, github):
    done = shell("ci", "retrain", "--json")
    assert done.code == 0
    assert done.json["decision"]["code"] == "nothing"
    assert "retraining: nothing" in github.read_text()


def test_a_retraining_that_was_asked_for_trains(shell, project, github):
    file = project / "pipeline.py"
    file.write_text(file.read_text().replace("n_estimators=120", "n_estimators=119"))
    done = shell("ci", "retrain", "--now", "--export", "gitlab-ci", "--to", "out")
    assert done.code == 0, done.err
    assert "trips@2 passed every check" in done.out
    assert "the rollout of `trips@2` is open" in github.read_text()
    assert (project / "out" / "gitlab-ci" / ".gitlab-ci.yml").is_file()


def test_an_interrupted_check_leaves_no_process_and_no_half_report(project):
    file = project / "pipeline.py"
    mark = project / "began"
    file.write_text(file.read_text().replace(
        "def read_parcels()", f"import time, pathlib\npathlib.Path({str(mark)!r}).write_text(str(__import__('os').getpid()))\ntime.sleep(60)\n\ndef read_parcels()"))  # fmt: skip
    command = [sys.executable, "-m", "seakeep", "ci", "check", "-o", "out"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 30
    while not (mark.exists() and mark.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert not (project / "out").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


@pytest.mark.parametrize(
    "arguments", [("--rows", "0"), ("--minutes", "0"), ("--minutes", "nan"), ("--spans", "1"), ("--breaking", "maybe")]
)
def test_an_option_that_cannot_be_ends_with_3(shell, project, arguments):
    assert shell("ci", "check", *arguments).code == 3


def test_every_part_of_the_verb_has_its_help(shell):
    for part in ("check", "release", "retrain"):
        assert "Example: seakeep ci" in shell("ci", part, "--help").out
