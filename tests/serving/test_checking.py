"""A release served for a trial: what holds passes, and what is torn, mute, wrong, slow or large is told, by real processes."""

from __future__ import annotations

import json
import math
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from seakeep.core import Task, Verdict
from seakeep.core.release import EXAMPLES_FILE
from seakeep.data import profile_frame
from seakeep.registry import Registry
from seakeep.serving import checking
from seakeep.serving.checking import Limits
from seakeep.serving.checking.report import _apart, _judged, _latency, check
from seakeep.serving.checking.trial import NotReady
from seakeep.serving.examples import ROWS, Examples, examples_of
from seakeep.serving.served import Served
from seakeep.serving.server.engine import metadata
from seakeep.testing.example_models import example_frame, example_model

PATIENT = Limits(30, 2000, 4096)


def profiled(task=Task.BINARY, **changes):
    """A model that knows its statistics."""
    return replace(example_model(task, name="flights"), statistics=profile_frame(example_frame(2000)), **changes)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The folder of a release with examples."""
    home, model = tmp_path_factory.mktemp("trial"), profiled()
    with Registry(home) as registry:
        return registry.register("flights", model, [], made_from={}, examples=examples_of(model).to_text()).folder


@pytest.fixture
def copied(tmp_path):
    """A model with examples in a folder of its own, that a test may change."""
    model = profiled()
    model.save(tmp_path / "model")
    (tmp_path / "model" / EXAMPLES_FILE).write_text(examples_of(model).to_text())
    return tmp_path / "model"


def verdicts(report):
    return {each.code: each.verdict for each in report.checks}


@pytest.mark.parametrize("task", list(Task))
def test_examples_are_the_same_whenever_they_are_made(task, tmp_path):
    first, second = examples_of(profiled(task)), examples_of(profiled(task))
    assert first.to_text() == second.to_text()
    assert (len(first.rows), len(first.scores)) == (ROWS, ROWS)
    (tmp_path / EXAMPLES_FILE).write_text(first.to_text())
    assert Examples.load(tmp_path) == first
    assert Examples.load(tmp_path / "none") is None


def test_examples_differ_from_each_other_and_miss_what_may_be_missing():
    rows = examples_of(profiled()).rows
    assert len({json.dumps(row) for row in rows}) == ROWS
    for name in rows[0]:
        values = [row[name] for row in rows]
        assert None in values, name
        assert len({json.dumps(value) for value in values}) > 2, name
    assert isinstance(next(row["seats"] for row in rows if row["seats"] is not None), int)


def test_a_model_without_statistics_has_examples_too():
    assert set(examples_of(example_model()).rows[0].values()) == {None}


def test_a_good_release_passes_in_every_respect(released):
    report = check(released, "flights@1", PATIENT)
    assert report.verdict is Verdict.PASS, report
    assert list(verdicts(report)) == [
        "serving.starts",
        "serving.metadata",
        "serving.answers",
        "serving.latency",
        "serving.memory",
    ]
    by_code = {each.code: each for each in report.checks}
    assert by_code["serving.answers"].observed <= 1e-5
    assert by_code["serving.answers"].evidence["examples"] == ROWS
    assert 20 < by_code["serving.memory"].observed < 1000
    assert all(not each.fix for each in report.checks)


def test_a_server_that_tells_of_something_else_fails_and_is_asked_no_further(copied):
    class Other:
        name, seconds = "flights", 0.1

        def told(self):
            return {**metadata(Served.load(copied)), "outputs": [], "parameters": {"release": "0" * 64}}

    _, failed = _judged(Other(), copied, Limits(), "flights")
    assert (failed.code, failed.verdict) == ("serving.metadata", Verdict.FAIL)
    assert failed.message == "the server tells other outputs, parameters than the release has"
    assert failed.evidence["expected"]["outputs"]


def test_why_a_server_is_not_ready_is_told_in_four_parts(tmp_path):
    said = "Traceback\nGraphError: the graph cannot be run\n  Look at it."
    error = NotReady.ended(tmp_path, 3, said)
    assert str(error).splitlines() == [
        f"the server ended with exit code 3, expected one that answers ({tmp_path})",
        "  GraphError: the graph cannot be run",
        f"  Serve it by hand, and read what it says: seakeep serve {tmp_path}",
    ]
    assert (error.code, error.said) == (3, said)
    error = NotReady.in_time(tmp_path, 0.5, "")
    assert str(error).splitlines() == [
        f"the server was not ready after 0.5 s, and was ended ({tmp_path})",
        "  It said nothing.",
        f"  Give it longer: check.start_seconds in seakeep.toml; or read what it says: seakeep serve {tmp_path}",
    ]


@pytest.mark.slow
def test_limits_are_held_to(released):
    report = check(released, "flights@1", Limits(30, 0.0001, 1))
    assert verdicts(report)["serving.latency"] is Verdict.FAIL
    assert verdicts(report)["serving.memory"] is Verdict.FAIL
    assert all("seakeep.toml" in each.fix for each in report.failed)


@pytest.mark.slow
def test_other_answers_are_told(copied):
    examples = Examples.load(copied)
    wrong = (examples.scores[0], tuple(score + 0.01 for score in examples.scores[1]), *examples.scores[2:])
    (copied / EXAMPLES_FILE).write_text(replace(examples, scores=wrong).to_text())
    report = check(copied, "flights", PATIENT)
    (failed,) = report.failed
    assert failed.code == "serving.answers"
    assert failed.message == "2 of 32 answers are not those that were stored when the release was made"
    assert failed.evidence["first_wrong"] == ["row 1", "row 1 among all"]


@pytest.mark.slow
def test_examples_that_are_not_the_releases_own_are_told(released, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(released, other)
    (other / EXAMPLES_FILE).write_text((other / EXAMPLES_FILE).read_text().replace("1", "2", 1))
    (failed,) = check(other, "flights", PATIENT).failed
    assert failed.message == "the stored examples are not those of the release"


@pytest.mark.slow
def test_a_release_without_examples_is_inconclusive(copied):
    (copied / EXAMPLES_FILE).unlink()
    report = check(copied, "flights", PATIENT)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert verdicts(report)["serving.memory"] is Verdict.PASS


@pytest.mark.slow
def test_rows_that_the_release_refuses_are_told(copied):
    examples = Examples.load(copied)
    rows = tuple({**row, "gone": 1} for row in examples.rows)
    (copied / EXAMPLES_FILE).write_text(replace(examples, rows=rows).to_text())
    (failed,) = check(copied, "flights", PATIENT).failed
    assert failed.message == "a stored example was not answered: KeyError"


@pytest.mark.slow
def test_a_graph_that_cannot_run_does_not_start(copied):
    (copied / "model.onnx").write_bytes(b"no graph")
    (failed,) = check(copied, "flights", PATIENT).failed
    assert (failed.code, "seakeep serve flights" in failed.fix) == ("serving.starts", True)
    assert "onnx" in failed.evidence["said"].lower()


@pytest.mark.slow
def test_what_does_not_become_ready_in_time_is_ended(copied):
    begun = time.monotonic()
    (failed,) = check(copied, "flights", Limits(0.05, 2000, 4096)).failed
    assert failed.message.startswith("a server of flights was not ready within 0.05 s")
    assert time.monotonic() - begun < 10


@pytest.mark.slow
def test_a_server_that_stops_to_answer_fails_in_words():
    class Stalled:
        def ask(self, rows):
            raise TimeoutError("timed out")

    rows = examples_of(example_model())
    found = _latency(Stalled(), rows, Limits(), "flights")
    assert (found.verdict, found.code) == (Verdict.FAIL, "serving.latency")
    assert "was not answered: TimeoutError" in found.message


def test_no_process_and_no_folder_is_left(released, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    seen = []
    trial = checking.report.trial

    def spied(*given, **named):
        made = trial(*given, **named)
        seen.append(made)
        return made

    monkeypatch.setattr(checking.report, "trial", spied)
    check(released, "flights", PATIENT)
    assert seen
    assert list(tmp_path.iterdir()) == []
    processes = [path for path in Path("/proc").iterdir() if path.name.isdecimal()]
    assert [path for path in processes if str(released).encode() in command_of(path)] == []


def command_of(process):
    """How a process was started; nothing where it has ended."""
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("found", "expected", "apart"),
    [
        ([0.5], [0.5], 0.0),
        ([2.0], [4.0], 0.5),
        ([0.1, 0.9], [0.1], math.inf),
        ([math.nan], [math.nan], 0.0),
        ([math.nan], [0.5], math.inf),
        ([0.5], [math.inf], math.inf),
    ],
)
def test_how_far_answers_are_apart(found, expected, apart):
    assert _apart(found, expected) == apart
