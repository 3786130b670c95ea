"""The demo tells the whole story on real flights, and stops where a gate fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import seakeep.cli._demo as demo
from seakeep.cli._demo.traffic import Replay, wrong_requests

PROGRAM = [sys.executable, "-c", "from seakeep.cli import main; main()"]
ROW = {"carrier": "UA", "distance": 1400, "scheduled": "2013-07-01T08:00:00", "temp": 70.1}


def test_every_wrong_request_differs_from_the_right_one():
    right = json.dumps({"rows": [ROW]}).encode()
    wrong = wrong_requests("/v2/models/flight-delay/infer", ROW)
    assert len({request.what for request in wrong}) == len(wrong) >= 10
    assert all((request.body, request.path) != (right, "/v2/models/flight-delay/infer") for request in wrong)


def test_a_replays_latency_is_that_of_the_asked_share():
    replayed = Replay(answers=(), latencies=(0.4, 0.1, 0.3, 0.2), seconds=2.0, failed=0)
    assert (replayed.latency(0.0), replayed.latency(0.5), replayed.latency(1.0)) == (0.1, 0.3, 0.4)
    assert replayed.per_second == 2.0


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo") / "flights"
    return folder, tell(folder)


def tell(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    command = [*PROGRAM, "demo", "--dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=400)


@pytest.mark.slow
def test_the_demo_ends_with_a_served_release_and_a_scored_month(told):
    folder, done = told
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("336,776 flights", "Beside simpler models", "because of", "0 failed", "29,425 rows", "flight-delay@1"):
        assert said in done.stdout
    assert (folder / "july.parquet").exists()
    assert all(Path(line.strip()).exists() for line in done.stdout.splitlines() if line.strip().endswith(".html"))


@pytest.mark.slow
def test_every_wrong_request_is_refused(told):
    _, done = told
    rows = done.stdout[done.stdout.index("Wrong requests") : done.stdout.index("A month in batch")]
    assert sum(f" {status} " in rows for status in (400, 404, 413, 415)) == 4
    assert " 200 " not in rows
    assert " 500 " not in rows


@pytest.mark.slow
def test_telling_it_again_finds_every_stage_on_record_and_the_same_release(told):
    folder, first = told
    again = tell(folder)
    assert again.returncode == 0
    assert again.stdout.count("found in the cache") == 6
    assert first.stdout.split("digest ")[1][:12] == again.stdout.split("digest ")[1][:12]


@pytest.mark.slow
def test_the_program_of_the_readme_makes_a_release_of_the_demos_tables(told, tmp_path):
    folder, _ = told
    readme = Path(__file__).parents[2].joinpath("README.md").read_text("utf-8")
    program = readme.split("```python\n")[1].split("```")[0]
    (tmp_path / "flights.py").write_text(program, encoding="utf-8")
    (tmp_path / "demo-flights").symlink_to(folder)
    done = subprocess.run(
        [*PROGRAM, "run", "flights.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "release flight-delay@1" in done.stdout


@pytest.mark.slow
def test_where_a_gate_fails_the_story_ends_there_and_says_so(tmp_path, monkeypatch):
    from seakeep.cli._demo import story
    from seakeep.views import terminal

    project = tmp_path / "project"
    project.mkdir()
    for file in Path(demo.__file__).parent.joinpath("project").glob("*.py"):
        (project / file.name).write_text(file.read_text().replace('("roc_auc", 0.70)', '("roc_auc", 0.99)'))
    monkeypatch.setattr(story, "PROJECT", project)
    with (tmp_path / "said.txt").open("w") as said:
        verdict = story.Story(tmp_path / "flights", terminal.console(said, width=120)).tell()
    assert verdict.exit_code == 1
    assert "No release was made" in (tmp_path / "said.txt").read_text()
    assert "Live" not in (tmp_path / "said.txt").read_text()
