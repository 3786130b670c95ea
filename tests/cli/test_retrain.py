"""seakeep retrain at the door: what a look says, its exit codes and JSON, and the service's lines; and spans on the command line."""

from __future__ import annotations

import json

import pytest

from seakeep.core.errors import DataError
from seakeep.pipeline.retraining import Look
from seakeep.pipeline.retraining import service as retraining
from seakeep.pipeline.retraining.trainings import Outcome
from seakeep.pipeline.retraining.triggers import Decision

QUIET = Look("trips", 0.0, Decision("nothing", "nothing asks for a training"), True)
BLOCKED = Look("trips", 0.0, Decision("blocked", "span 2013-10 breaks the contract"), True)
RELEASED = Look(
    "trips",
    3600.0,
    Decision("retrain", "new span 2013-10", ("spans",)),
    True,
    Outcome("released", "trips@2 passed every check", 7, "d" * 64, "trips@2", "r", 12.0),
    "trips@2",
)


def outcome(result) -> Look:
    return Look("trips", 0.0, Decision("retrain", "drift of fare"), True, Outcome(result, "why", 1))


@pytest.fixture
def looks(monkeypatch) -> list[Look]:
    """What `retrain` finds next, and the arguments it was called with are added behind."""
    found: list = []

    def look(file, **given):
        given["training"]("new span 2013-10")
        found.append(given)
        return found.pop(0)

    monkeypatch.setattr(retraining, "retrain", look)
    return found


def test_a_look_says_what_was_decided_and_what_came_of_it(shell, looks) -> None:
    looks.append(RELEASED)
    answer = shell("retrain", "pipeline.py", "--once")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "1970-01-01 01:00:00 UTC  trips  retrain  new span 2013-10",
        "  released after 12.0 s: trips@2 passed every check",
        "  the rollout of trips@2 has begun",
        "  next: seakeep rollout serve trips",
    ]
    assert answer.err == "training: new span 2013-10\n"


def test_a_look_is_one_json_document_with_its_exit_code(shell, looks) -> None:
    looks.append(RELEASED)
    told = shell("retrain", "pipeline.py", "--now", "--json").json
    assert (told["decision"]["triggers"], told["outcome"]["label"], told["exit_code"]) == (["spans"], "trips@2", 0)
    assert looks[0]["asked"] is True


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (QUIET, 0),
        (BLOCKED, 1),
        (outcome("equal"), 0),
        (outcome("refused"), 1),
        (outcome("inconclusive"), 2),
        (outcome("failed"), 3),
        (outcome("over budget"), 3),
    ],
    ids=lambda each: each if isinstance(each, int) else each.outcome.result if each.outcome else each.decision.code,
)
def test_a_looks_exit_code_says_how_it_ended(shell, looks, look, code) -> None:
    looks.append(look)
    assert shell("retrain", "pipeline.py", "--once").code == code


def test_the_service_writes_what_is_news_and_its_troubles(shell, monkeypatch) -> None:
    def serve(file, *, every, told, troubled, **given):
        assert (file, every, given["name"]) == ("pipeline.py", 2.5, "trips")
        told(BLOCKED)
        troubled(DataError("the disk is gone"))
        raise KeyboardInterrupt

    monkeypatch.setattr(retraining, "serve", serve)
    answer = shell("retrain", "pipeline.py", "--every", "2.5", "--name", "trips")
    assert answer.code == 130
    assert answer.out == "1970-01-01 00:00:00 UTC  trips  blocked  span 2013-10 breaks the contract\n"
    assert answer.err.split("\n") == ["DataError: the disk is gone", "", "interrupted", ""]


def test_retrain_refuses_what_it_cannot_do(shell, project) -> None:
    assert "there is no file" in shell("retrain", "none.py", "--once").err
    assert shell("retrain", "pipeline.py", "--every", "0").code == 3
    (project / "seakeep.toml").write_text('[retrain]\nevry = "1d"\n')
    assert "Did you mean 'retrain.every'?" in shell("retrain", "pipeline.py", "--once").err


def test_a_span_is_asked_for_where_there_are_none(shell, project) -> None:
    refused = shell("run", "pipeline.py", "--span", "2013-10", "--json")
    assert (refused.code, json.loads(refused.err)["error"]) == (3, "BadSpans")
    assert "has no spans" in shell("run", "pipeline.py", "--without", "2013-10").err
    assert "has no spans" in shell("validate", "pipeline.py", "--span", "2013-10").err


def test_validate_wants_a_schema_or_a_span(shell, project) -> None:
    answer = shell("validate", "data/parcels.csv")
    assert answer.code == 3
    assert "Missing option '--schema' (or '--span', for a pipeline's file)" in answer.err
