"""The generated workflows, executed: every job's scripts in order in a clean checkout (see runner for what stands in for what)."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from .hosted import branch, flights, merge, month, parcels
from .runner import GitHub, GitLab

pytestmark = pytest.mark.platform
STRANGE = "fix/$(touch${IFS}pwned)'\"-;x"
FEATURES = r"features=Features\(.*?\n    \),"
POOR = 'features=Features(number("items").min_max()),'


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    """A project on GitHub whose first commit was delivered: its first release is the champion."""
    root = tmp_path_factory.mktemp("github")
    project = parcels(root, "github-actions")
    platform = GitHub(root)
    first = platform.run("seakeep-release", "release", event="push", branch="main")
    assert first.code == 0, first.output
    assert "release parcels@1" in first.output
    return platform, project


def pull(github, name, changes, **given):
    platform, project = github
    branch(project, name, changes)
    return platform.run("seakeep-check", "check", event="pull_request", branch=name, base="main", **given)


def test_a_pull_request_is_linted_and_its_unit_tests_run(github):
    platform, project = github
    branch(project, "tidy", {"pipeline.py": ("n_estimators=120", "n_estimators=119")})
    done = platform.run("seakeep-check", "test", event="pull_request", branch="tidy", base="main")
    assert done.code == 0, done.output
    assert done.steps == ["Install", "Lint", "Unit tests"]
    assert "2 passed" in done.output


def test_a_good_pull_request_passes_with_a_report_beside_the_champion(github):
    done = pull(github, "good", {"pipeline.py": ("n_estimators=120", "n_estimators=119")})
    assert done.code == 0, done.output
    assert done.summary.startswith("## ✅ Seakeep: parcels: pass")
    assert "beside the champion parcels@1" in done.summary
    assert "┃" in done.summary
    report = (done.folder / "seakeep-ci" / "report.md").read_text("utf-8")
    assert "github.example.com/team/parcels/actions/runs/" in report
    cases = ET.parse(done.folder / "seakeep-ci" / "junit.xml").getroot()
    assert cases.get("failures") == "0"
    assert int(cases.get("tests", "0")) > 60
    assert "::error" not in done.output


def test_a_pull_request_that_breaks_the_data_contract_fails(github):
    done = pull(github, "bad-data", {"data/parcels.csv": ("heron", "albatross")})
    assert done.code == 1, done.output
    assert "::error file=parcels.schema.yaml,line=" in done.output
    assert "schema.domain carrier" in done.output
    assert "not run: the data breaks its contract" in done.summary
    answer = json.loads((done.folder / "seakeep-ci" / "check.json").read_text("utf-8"))
    assert [part["report"] is not None for part in answer["parts"]] == [True, True, False, False]


def test_a_pull_request_whose_model_fails_a_gate_fails(github):
    done = pull(github, "poor", {"pipeline.py": (FEATURES, POOR)})
    assert done.code == 1, done.output
    assert "::error file=pipeline.py,line=" in done.output
    assert "Gates%3A metric.at_least roc_auc" in done.output
    assert "| ❌ | Gates | fail |" in done.summary


def test_a_contract_that_breaks_others_needs_a_label(github):
    tighter = {"parcels.schema.yaml": (r"(  weight_kg:\n(?:    .*\n)*?    missing_at_most: )[0-9.]+", r"\g<1>0.09")}
    refused = pull(github, "tighter", tighter)
    assert refused.code == 1, refused.output
    assert "contract.compatible weight_kg" in refused.output
    accepted = pull(github, "tighter", tighter, labels=("contract-breaking",))
    assert accepted.code == 0, accepted.output
    assert "This was accepted." in accepted.summary


def test_a_strange_branch_name_stays_a_name(github):
    platform, project = github
    branch(project, STRANGE, {"README.md": ("Which parcels", "Which of the parcels")})
    done = platform.run("seakeep-check", "check", event="pull_request", branch=STRANGE, base="main")
    assert done.code == 0, done.output
    assert not list(platform.root.rglob("pwned"))


def test_a_shallow_clone_is_told_and_is_no_pass(github):
    platform, project = github
    branch(project, "shallow", {"README.md": ("Which parcels", "Which of all parcels")})
    done = platform.run("seakeep-check", "check", event="pull_request", branch="shallow", base="main", depth=1)
    assert done.code == 0, done.output  # inconclusive is a warning by default
    assert "::warning title=Seakeep::inconclusive" in done.output
    assert "git fetch --unshallow origin main" in done.summary


def test_a_project_that_breaks_is_shown_at_its_line(github):
    done = pull(github, "broken", {"pipeline.py": ("import seakeep\n", "import seakeep\n\n1 / 0\n")})
    assert done.code == 3, done.output
    assert "::error file=pipeline.py,line=13," in done.output
    assert "ZeroDivisionError" in done.summary


def test_a_merge_makes_a_release_and_opens_its_rollout_and_may_be_done_again(tmp_path):
    project = parcels(tmp_path, "github-actions", exports="gitlab-ci", rollout="canary")
    platform = GitHub(tmp_path)
    assert platform.run("seakeep-release", "release", event="push", branch="main").code == 0
    branch(project, "better", {"pipeline.py": ("n_estimators=120", "n_estimators=119")})
    merge(project, "better")
    done = platform.run("seakeep-release", "release", event="push", branch="main")
    assert done.code == 0, done.output
    assert "the rollout of parcels@2 is open, by plan canary" in done.output
    assert "parcels@2" in done.summary
    assert "not signed" in done.summary
    assert (platform.artifacts["seakeep-manifests"] / "gitlab-ci" / ".gitlab-ci.yml").is_file()
    again = platform.run("seakeep-release", "release", event="push", branch="main")
    assert again.code == 0, again.output
    assert "the rollout of parcels@2 is open already" in again.output
    by_hand = platform.run("seakeep-retrain", "retrain", event="workflow_dispatch", branch="main")
    assert by_hand.code == 0, by_hand.output
    assert "which there was" in by_hand.output


def test_gitlab_checks_a_merge_request_delivers_and_looks_by_schedule(tmp_path):
    project = parcels(tmp_path, "gitlab-ci")
    platform = GitLab(tmp_path)
    first = platform.run("seakeep-release", source="push", branch="main")
    assert first.code == 0, first.output
    branch(project, "good", {"pipeline.py": ("n_estimators=120", "n_estimators=119")})
    assert platform.run("seakeep-test", source="merge_request_event", branch="good", base="main").code == 0
    good = platform.run("seakeep-check", source="merge_request_event", branch="good", base="main")
    assert good.code == 0, good.output
    branch(project, "poor", {"pipeline.py": (FEATURES, POOR)})
    poor = platform.run("seakeep-check", source="merge_request_event", branch="poor", base="main")
    assert poor.code == 1, poor.output
    issues = json.loads((poor.folder / "seakeep-ci" / "code-quality.json").read_text("utf-8"))
    assert {"metric.at_least", "metric.no_worse_than"} <= {issue["check_name"] for issue in issues}
    assert {issue["location"]["path"] for issue in issues} == {"pipeline.py"}
    merge(project, "good")
    merged = platform.run("seakeep-release", source="push", branch="main")
    assert merged.code == 0, merged.output
    assert "the rollout of parcels@2 is open" in merged.output
    look = platform.run("seakeep-retrain", source="schedule", branch="main")
    assert look.code == 0, look.output
    assert "nothing asks for a training" in look.output
    asked = platform.run("seakeep-retrain", source="trigger", branch="main", variables={"RETRAIN": "now"})
    assert asked.code == 0, asked.output
    assert "somebody asked for it" in asked.output


def test_a_scheduled_look_finds_a_new_month_of_flights_and_trains_on_it(tmp_path):
    project = flights(tmp_path, "github-actions", rollout="canary", rows="20000")
    platform = GitHub(tmp_path)
    first = platform.run("seakeep-release", "release", event="push", branch="main")
    assert first.code == 0, first.output
    branch(project, "good", {"pipeline.py": ("n_estimators=200", "n_estimators=199")})
    checked = platform.run("seakeep-check", "check", event="pull_request", branch="good", base="main")
    assert checked.code == 0, checked.output
    assert "beside the champion flight-delay@1" in checked.summary
    nothing = platform.run("seakeep-retrain", "retrain", event="schedule", branch="main")
    assert nothing.code == 0, nothing.output
    assert "nothing asks for a training" in nothing.output
    month(project, 6)
    look = platform.run(
        "seakeep-retrain", "retrain", event="repository_dispatch", branch="main", action="seakeep-spans"
    )
    assert look.code == 0, look.output
    assert "new span 2013-06" in look.output
    assert "the rollout of flight-delay@2 has begun" in look.output
    assert "the rollout of `flight-delay@2` is open" in look.summary
