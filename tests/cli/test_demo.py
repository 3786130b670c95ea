"""The demo tells a whole life on real flights, decided by the system, and stops where a gate fails."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

import seakeep.cli._demo as demo
from seakeep.cli._demo import season as seasons
from seakeep.cli._demo.season import Season, as_json
from seakeep.cli._demo.server import Running
from seakeep.cli._demo.story import undisturbed
from seakeep.cli._demo.telling import Telling
from seakeep.cli._demo.traffic import Replay, wrong_requests
from seakeep.core import Check, Report, Verdict
from seakeep.pipeline import StageResult
from seakeep.prediction_log import PredictionLog
from seakeep.registry import Registry
from seakeep.views import terminal

PROGRAM = [sys.executable, "-c", "from seakeep.cli import main; main()"]
ROW = {"carrier": "UA", "distance": 1400, "scheduled": "2013-07-01T08:00:00", "temp": 70.1}
CHROMIUM = shutil.which("chromium")


def test_every_wrong_request_differs_from_the_right_one():
    right = json.dumps({"rows": [ROW]}).encode()
    wrong = wrong_requests("/v2/models/flight-delay/infer", ROW)
    assert len({request.what for request in wrong}) == len(wrong) >= 10
    assert all((request.body, request.path) != (right, "/v2/models/flight-delay/infer") for request in wrong)


def test_a_replays_latency_is_that_of_the_asked_share():
    replayed = Replay(answers=(), latencies=(0.4, 0.1, 0.3, 0.2), seconds=2.0, failed=0)
    assert (replayed.latency(0.0), replayed.latency(0.5), replayed.latency(1.0)) == (0.1, 0.3, 0.4)
    assert replayed.per_second == 2.0


def test_the_shells_settings_do_not_reach_the_demo(monkeypatch):
    monkeypatch.setenv("SEAKEEP_DATABASE", "postgresql://elsewhere/team")
    monkeypatch.setenv("SEAKEEP_SERVE_LOG", "off")
    with undisturbed():
        assert not [name for name in os.environ if name.startswith(("SEAKEEP_DATABASE", "SEAKEEP_SERVE"))]
    assert os.environ["SEAKEEP_SERVE_LOG"] == "off"


@pytest.fixture
def telling(tmp_path) -> Telling:
    return Telling(tmp_path, terminal.console(io.StringIO(), width=60))


def said(telling: Telling) -> str:
    file = telling.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_a_telling_lists_a_page_under_the_act_in_which_it_was_drawn(telling):
    telling.act("Sent back", "a bad release")
    telling.page(
        Report("rollout", "Rollout", "trips", (Check("rollout.decision", "trips@2", Verdict.FAIL, "back"),)), "r"
    )
    ((act, page),) = telling.pages
    assert act == "Sent back"
    assert "Rollout" in Path(page).read_text("utf-8")


def test_of_a_run_only_the_judgement_is_listed(telling):
    telling.act("The run", "")
    for stage in ("profile", "evaluate"):
        telling.finished(stage_result(stage))
    assert telling.pages == [("The run", "evaluate.html")]
    assert [row.stage for row in telling.rows] == ["profile", "evaluate"]


def test_lines_with_a_path_are_left_whole_and_others_are_wrapped(telling):
    telling.say(f"{telling.folder}/{'long' * 20}.html")
    telling.say("a word " * 20)
    lines = said(telling).splitlines()
    assert len(lines[0]) > 60
    assert all(len(line) <= 60 for line in lines[1:])
    assert len(lines) > 3


def test_no_checks_print_nothing_and_many_are_cut_off(telling):
    telling.checks(())
    assert said(telling) == ""
    telling.checks([Check("schema.kind", str(number), Verdict.FAIL, f"{number} is wrong") for number in range(20)])
    assert "and 8 more" in said(telling)


def stage_result(stage: str) -> StageResult:
    return StageResult(stage, "pass", False, 1.0, 1.0, 1, 1.0, 1, (), (), pages=(f"{stage}.html",))


def test_rows_go_out_as_a_client_writes_them():
    frame = pl.DataFrame({"scheduled": [dt.datetime(2013, 7, 1, 8)], "temp": [None], "carrier": ["UA"]})
    rows = as_json(frame)
    assert rows == [{"scheduled": "2013-07-01T08:00:00", "temp": None, "carrier": "UA"}]
    json.dumps(rows)


@dataclass
class Asked:
    """What a season sent, as (path, body); every request with the flight `refused` fails."""

    sent: list[tuple[str, Any]]
    refused: str = ""

    def ask(self, _: object, path: str, body: bytes) -> tuple[int, Any]:
        content = json.loads(body)
        self.sent.append((path.rpartition("/")[2], content))
        return (500 if any(row["flight_id"] == self.refused for row in content.get("rows", ())) else 200), {}

    def rows(self) -> list[str]:
        return sorted(row["flight_id"] for path, body in self.sent if path == "infer" for row in body["rows"])


@pytest.fixture
def asked(monkeypatch) -> Asked:
    found = Asked([])
    monkeypatch.setattr(seasons, "ask", found.ask)
    monkeypatch.setattr(Running, "connect", lambda _: SimpleNamespace(close=lambda: None))
    return found


@pytest.fixture
def season(tmp_path) -> Season:
    """Twelve flights in two files that are not in order; every fourth never arrived, every second that did was late."""
    days = pl.DataFrame(
        {
            "flight_id": [f"F{number:02}" for number in range(12)],
            "scheduled": [dt.datetime(2013, 7, 1 + number) for number in range(12)],
            "arr_delay": [None if number % 4 == 3 else 20 * (number % 2) for number in range(12)],
            "distance": range(12),
        }
    )
    days[6:].write_parquet(tmp_path / "a.parquet")
    days[:6].write_parquet(tmp_path / "b.parquet")
    return Season(Running("localhost", 1, 1, 0.0), [tmp_path / "a.parquet", tmp_path / "b.parquet"], ["distance"])


def test_a_season_flies_in_order_and_once(season, asked):
    assert season.today == dt.datetime(2013, 7, 1)
    landed = season.fly_until(dt.datetime(2013, 7, 6))
    assert asked.rows() == ["F00", "F01", "F02", "F03", "F04"]
    assert dict(landed.rows()) == {"F00": False, "F01": True, "F02": False, "F04": False}
    assert season.today == dt.datetime(2013, 7, 6)
    assert season.fly_until(dt.datetime(2013, 7, 2)).is_empty()
    season.fly(100)
    assert season.over
    assert asked.rows() == [f"F{number:02}" for number in range(12)]
    assert season.flown.flights == 12


def test_a_season_asks_with_what_is_known_before_departure_alone(season, asked):
    season.fly(4)
    ((_, body),) = (sent for sent in asked.sent if sent[0] == "infer")
    assert [set(row) for row in body["rows"]] == [{"flight_id", "distance"}] * 4


def test_labels_of_flights_that_arrived_are_sent(season, asked):
    season.fly(6)
    ((_, body),) = (sent for sent in asked.sent if sent[0] == "labels")
    assert {label["key"]: label["label"] for label in body["labels"]} == {
        "F00": False,
        "F01": True,
        "F02": False,
        "F04": False,
        "F05": True,
    }
    assert season.flown.labels == 5


def test_requests_without_an_answer_are_counted(season, asked):
    asked.refused = "F05"
    season.fly(12)
    assert (season.flown.requests, season.flown.failed) == (3, 1)


@dataclass(frozen=True, slots=True)
class Told:
    """A demo that was told: where, with which exit code, and what it said."""

    folder: Path
    code: int
    text: str

    def act(self, title: str, until: str) -> str:
        return self.text[self.text.index(f"─ {title} ─") : self.text.index(f"─ {until} ─")]

    def journal(self, kind: str) -> list[Any]:
        with Registry.existing(self.folder / ".seakeep") as registry:
            return [entry.content for entry in registry.journal.entries(kind=kind, name="flight-delay")]

    def decisions(self, version: int) -> list[Any]:
        """What the latest rollout of a version decided."""
        found = [one for one in self.journal("rollout") if one["challenger"]["version"] == version]
        return [one["decision"] for one in found if one["rollout"] == found[-1]["rollout"]]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Told:
    folder = tmp_path_factory.mktemp("demo") / "flights"
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    command = [*PROGRAM, "demo", "--dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    return Told(folder, done.returncode, done.stdout)


@pytest.mark.slow
def test_the_demo_makes_a_release_of_real_flights_and_scores_a_month(told):
    for words in (
        "336,776 flights",
        "Beside simpler models",
        "because of",
        "29,425 rows",
        "It began with flight-delay@1",
    ):
        assert words in told.text
    assert (told.folder / "july.parquet").exists()


@pytest.mark.slow
def test_no_request_fails_whatever_is_released(told):
    failed = re.findall(r"Requests that failed since July: (\d+) of ([\d,]+)", told.text)
    assert [count for count, _ in failed] == ["0", "0", "0"]
    assert "1,000 requests, 0 failed" in told.text
    outcomes = PredictionLog.of(told.folder / ".seakeep", "flight-delay").scan().group_by("@outcome").len().collect()
    assert "failed" not in outcomes["@outcome"]


@pytest.mark.slow
def test_every_wrong_request_is_refused(told):
    rows = told.act("Wrong requests", "The contract is reviewed")
    assert sum(f" {status} " in rows for status in (400, 404, 413, 415)) == 4
    assert " 200 " not in rows
    assert " 500 " not in rows


@pytest.mark.slow
def test_a_broken_feed_is_stopped_and_both_faults_are_named(told):
    spans = told.journal("span")
    assert [(one["span"], one["verdict"]) for one in spans if one["span"] == "2013-08"] == [
        ("2013-08", "quarantined"),
        ("2013-08", "accepted"),
    ]
    blocked = told.journal("trigger")[0]
    assert blocked["decision"] == "blocked"
    for fault in ("distance", "visib", "visibility"):
        assert fault in blocked["why"]
    shown = told.act("A feed arrives broken", "Trained again")
    assert "above the maximum 5000" in shown
    assert "Column 'visib' is missing" in shown


@pytest.mark.slow
def test_drift_is_found_before_labels_and_its_cost_after_them(told):
    windows = told.journal("window")
    assert {one["verdict"] for one in windows} >= {"fail"}
    before, after = windows[: len(windows) // 2], windows[len(windows) // 2 :]
    assert all(one["labelled"] == 0 for one in before)
    assert all(one["labelled"] > 0 for one in after)
    incidents = told.journal("incident")
    assert {one["subject"] for one in incidents if one["code"].startswith("drift.")} >= {"temp", "dewp"}
    assert any(one["event"] == "measured" for one in incidents)
    assert any(one["code"].startswith("decay.") for one in incidents)


@pytest.mark.slow
def test_a_reason_trains_again(told):
    trigger = told.journal("trigger")[1]
    assert trigger["decision"] == "retrain"
    assert set(trigger["triggers"]) == {"spans", "drift", "decay"}
    assert trigger["new_spans"] == ["2013-07", "2013-08"]
    assert [(one["result"], one["label"]) for one in told.journal("retraining")] == [("released", "flight-delay@2")]


@pytest.mark.slow
def test_a_good_release_is_let_in_step_by_step_on_evidence(told):
    decisions = told.decisions(2)
    assert [one["after"] for one in decisions] == ["shadow", "canary", "canary", "promoted"]
    assert all(one["rows"] > 0 for one in decisions[1:])
    assert [(one["version"], one["before"]) for one in told.journal("champion")] == [(2, 1)]


@pytest.mark.slow
def test_a_bad_release_that_passed_every_gate_is_sent_back(told):
    decisions = told.decisions(3)
    assert decisions[-1]["after"] == "rolled_back"
    assert decisions[-1]["code"] == "rollout.goal"
    assert f"Rolled back, after {decisions[-1]['rows']:,} requests of flight-delay@3" in " ".join(told.text.split())


@pytest.mark.slow
def test_an_experiment_ends_with_a_verdict_and_moves_nobody(told):
    assert told.decisions(1)[-1]["after"] == "concluded"
    assert "minus the champion's is between" in told.decisions(1)[-1]["why"]
    with Registry.existing(told.folder / ".seakeep") as registry:
        route = registry.route("flight-delay")
        assert [(arm.role, arm.version, arm.share) for arm in route.arms] == [("champion", 2, 1.0)]


@pytest.mark.slow
def test_an_answer_is_traced_to_its_release_its_reasons_and_its_files(told):
    shown = told.act("Where an answer comes from", "The whole of it")
    for words in ("answered by", "as challenger", "trained for", "register: model"):
        assert words in shown
    whole = re.sub(r"[\s│├└─]+", "", shown)  # a tree folds long paths
    assert "flights-2013-01.parquet" in whole
    assert "flights-2013-08.parquet" in whole


@pytest.mark.slow
def test_the_readiness_of_the_flights_is_what_the_guide_says(told):
    from seakeep.pipeline.readiness import assess

    report = assess(told.folder)
    points = {row["section"]: row["points"] for row in report.table("readiness").records()}
    assert (points["Features and data"], points["Model development"], points["Monitoring"]) == (2, 3, 1)
    assert points["ML infrastructure"] in (4, 5)  # 5 where the bad release came as far as its canary
    failed = [check.subject.partition(" ")[0] for check in report.failed]
    assert failed == ["D2", "M2"]


@pytest.mark.slow
def test_every_page_that_is_listed_is_there_and_opens(told, tmp_path):
    listed = told.text[told.text.index("To open in a browser") :]
    pages = [Path(found) for found in re.findall(r"(/\S+\.html)$", listed, re.MULTILINE)]
    assert len(pages) >= 7
    assert all(page.exists() for page in pages)
    if CHROMIUM is None:
        pytest.skip("no chromium")
    for page in pages:
        flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            f"--user-data-dir={tmp_path / 'profile'}",
        ]
        command = [CHROMIUM, *flags, "--dump-dom", page.as_uri()]
        seen = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        assert "<h1" in seen
        assert "<svg" in seen or "<table" in seen


@pytest.mark.slow
def test_the_program_of_the_readme_makes_a_release_of_the_demos_tables(told, tmp_path):
    readme = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
    program = readme.split("```python\n")[1].split("```")[0]
    (tmp_path / "flights.py").write_text(program, encoding="utf-8")
    (tmp_path / "demo-flights").symlink_to(told.folder)
    done = subprocess.run(
        [*PROGRAM, "run", "flights.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "release flight-delay@1" in done.stdout


@pytest.mark.slow
def test_where_a_gate_fails_the_story_ends_there_and_says_so(tmp_path, monkeypatch):
    from seakeep.cli._demo import story

    project = tmp_path / "project"
    project.mkdir()
    for file in Path(demo.__file__).parent.joinpath("project").glob("[a-z]*.*"):
        (project / file.name).write_text(file.read_text().replace('("roc_auc", 0.70)', '("roc_auc", 0.99)'))
    monkeypatch.setattr(story, "PROJECT", project)
    telling = Telling(tmp_path / "flights", terminal.console(io.StringIO(), width=120))
    assert story.tell(telling).exit_code == 1
    assert "No release was made" in said(telling)
    assert "Live" not in said(telling)
