"""The verdict endpoint: one of three words whatever happens, about the canary that asks and no other."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from dataclasses import replace

import pytest

from seakeep.core import Check, Verdict
from seakeep.pipeline import rollouts
from seakeep.pipeline.control import PATHS
from seakeep.pipeline.control.refusals import CODES
from seakeep.pipeline.control.verdicts import verdict_of
from seakeep.registry import Registry

from .desks import start

VERDICT = "/rollouts/tips/verdict"


def ended(world, *, reason: str = "a test"):
    return rollouts.abort("tips", reason=reason, home=world.home, now=world.now)


def test_a_young_rollout_is_inconclusive_and_says_what_it_waits_for(world, ask):
    begun = start(world)
    status, told = ask(VERDICT)
    assert (status, told["verdict"], told["passed"], told["failed"], told["score"]) == (
        200,
        "inconclusive",
        False,
        False,
        0,
    )
    assert (told["plan"], told["phase"], told["ended"], told["requests"]) == ("external", "external", False, 0)
    assert (told["release"], told["version"]) == (begun.rollout.challenger.release, 2)
    assert told["waiting"][0] == "0 of 300 requests of the challenger"
    assert told["why"].startswith("0 of 300 requests")


def test_a_rollout_that_ended_is_told_with_its_reason(world, ask):
    start(world)
    ended(world, reason="the feed is being repaired")
    told = ask(VERDICT)[1]
    assert (told["verdict"], told["failed"], told["score"], told["ended"]) == ("fail", True, -1, True)
    assert (told["phase"], told["why"], told["waiting"]) == ("aborted", "the feed is being repaired", [])


def test_a_release_that_was_let_in_is_a_pass(world, ask):
    rollouts.start("tips", plan="immediate", settings={"reason": "leaks"}, home=world.home, now=world.now)
    told = ask(VERDICT)[1]
    assert (told["verdict"], told["passed"], told["score"], told["phase"], told["steps"]) == (
        *("pass", True, 1),
        *("promoted", 0),
    )


def test_a_pass_does_not_outlive_the_charge_it_gave(world, ask):
    """Who was let in and put out again is not let in by the same word when a controller tries once more."""
    rollouts.start("tips", plan="immediate", settings={"reason": "leaks"}, home=world.home, now=world.now)
    rollouts.rollback("tips", reason="leaks more", home=world.home, now=world.now)
    status, told = ask(f"{VERDICT}?version=2")
    assert (status, told["code"], "verdict" in told) == (409, "another_release", False)
    assert "was put in charge since" in told["error"]
    for gate in ("confirm-rollout", "confirm-promotion", "rollback"):
        assert ask(f"/rollouts/tips/gates/{gate}", {})[0] == 409


def test_the_evidence_of_each_test_stands_against_its_limits(world, ask):
    rollouts.start("tips", settings={"copies": 0, "shares": "0.5", "slow_ms": 100}, home=world.home, now=world.now)
    world.serve(10, rate=40)
    rollouts.advance("tips", home=world.home, now=world.now + 2)
    tests = {each["test"]: each for each in ask(VERDICT)[1]["tests"]}
    assert set(tests) == {"errors", "latency", "sample_ratio"}
    assert tests["errors"]["watched"]
    assert tests["errors"]["log_e"] < tests["errors"]["fails_at"]
    assert tests["errors"]["passes_at"] == pytest.approx(-math.log(0.05))
    assert tests["errors"]["verdict"] in ("pass", "inconclusive")


def test_the_same_state_is_the_same_bytes_and_not_sent_twice(world, ask):
    start(world)
    first, second = ask.raw(VERDICT), ask.raw(VERDICT)
    assert first == second
    assert first.headers["cache-control"] == "no-cache"
    again = ask.raw(VERDICT, if_none_match=f'"other", W/{first.headers["etag"]}')
    assert (again.status, again.body) == (304, b"")
    ended(world)
    assert ask.raw(VERDICT, if_none_match=first.headers["etag"]).status == 200


def test_a_canary_of_another_release_gets_no_verdict(world, ask):
    digest = start(world).rollout.challenger.release
    assert ask(f"{VERDICT}?version=2")[0] == ask(f"{VERDICT}?release={digest[:12]}&version=2")[0] == 200
    assert ask(f"{VERDICT}?release={digest}")[0] == 200
    for query in ("version=3", "release=0123456789ab", f"release={digest[:12]}&version=1"):
        status, told = ask(f"{VERDICT}?{query}")
        assert (status, told["code"]) == (409, "another_release"), query
        assert f"tips@2 ({digest[:12]})" in told["error"]
        assert "verdict" not in told


def test_a_later_rollout_replaces_the_earlier_ones_verdict(world, ask):
    start(world)
    ended(world)
    third = world.release(b"third")
    rollouts.start("tips", plan="external", home=world.home, now=world.now)
    assert ask(f"{VERDICT}?version=2")[0] == 409
    assert ask(f"{VERDICT}?version={third.version}")[1]["verdict"] == "inconclusive"


@pytest.mark.parametrize("query", ["version=", "version=x", "version=-1", "release=abc", "release=XYZ", "champion=1"])
def test_a_query_that_names_nothing_is_refused(world, ask, query):
    start(world)
    status, told = ask(f"{VERDICT}?{query}")
    assert (status, told["code"], told["field"]) == (400, "wrong_query", query.partition("=")[0])


def test_a_query_with_two_of_one_or_too_many_is_refused(world, ask):
    start(world)
    assert ask(f"{VERDICT}?version=2&version=3")[1]["code"] == "wrong_query"
    assert ask(f"{VERDICT}?" + "&".join(f"a{number}=1" for number in range(20)))[1]["code"] == "wrong_query"


def test_no_rollout_yet_and_other_names_are_not_found(world, ask):
    status, told = ask(VERDICT)
    assert (status, told["code"], told["fix"]) == (404, "unknown_rollout", "seakeep rollout start tips --plan external")
    status, told = ask("/rollouts/trips/verdict")
    assert (status, told["code"], told["expected"]) == (404, "unknown_rollout", "tips")


def test_the_whole_rollout_has_its_decisions_and_its_report(world, ask):
    start(world)
    status, told = ask("/rollouts/tips?version=2")
    assert (status, told["verdict"], told["decisions"][0]["code"]) == (200, "inconclusive", "rollout.begin")
    assert told["report"]["kind"] == "rollout"
    assert told["alerts"] == []


def test_numbers_without_an_end_are_json(world):
    found = start(world)
    check = Check("rollout.errors", "errors", Verdict.INCONCLUSIVE, "x", observed=math.nan, threshold=math.inf)
    told = verdict_of(replace(found, report=replace(found.report, checks=(check,))))["tests"][0]
    assert (told["observed"], told["threshold"]) == (None, 1e308)
    assert json.dumps(told, allow_nan=False)


@pytest.mark.parametrize(
    "path", ["/", "/rollouts", "/rollouts/tips/verdicts", "/rollouts/tips/gates/open", "/v2", "//x"]
)
def test_unknown_paths_are_told_what_there_is(ask, path):
    status, told = ask(path)
    assert (status, told["code"]) == (404, "unknown_path")
    assert all(each in told["expected"] for each in PATHS)


@pytest.mark.parametrize(
    ("path", "allow"), [(VERDICT, "GET"), ("/healthz", "GET"), ("/rollouts/tips/gates/rollback", "POST")]
)
def test_wrong_methods_are_told_the_right_one(world, ask, path, allow):
    start(world)
    answer = ask.raw(path, method="DELETE")
    assert (answer.status, answer.headers["allow"]) == (405, allow)


def test_metrics_are_of_every_model_and_health_is_the_loops(world, ask):
    start(world)
    answer = ask.raw("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert b'seakeep_rollout_verdict{model="tips"} 2.0' in answer.body
    assert ask("/healthz")[1]["status"] == "ok"
    ask.desk.pulse.clock = lambda: 1e9
    assert ask("/healthz")[0] == 503


def test_a_registry_that_is_gone_is_503_and_no_verdict(world, ask):
    start(world)
    (world.home / "registry.sqlite").write_bytes(b"nonsense" * 1000)
    answer = ask.raw(VERDICT)
    told = json.loads(answer.body)
    assert (answer.status, told["code"], answer.headers["retry-after"]) == (503, "registry_unreadable", "2")
    assert "verdict" not in told


def test_what_breaks_is_500_and_the_trace_stays_here(world, ask, monkeypatch, capsys):
    start(world)
    monkeypatch.setattr("seakeep.pipeline.control.calls.verdict_of", lambda found: 1 / 0)
    status, told = ask(VERDICT)
    assert (status, told["code"], told["cause" if "cause" in told else "found"]) == (500, "broken", "")
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_polls_go_on_while_the_registry_is_locked_and_written(world, ask):
    start(world)
    writer = sqlite3.connect(world.home / "registry.sqlite", isolation_level=None, check_same_thread=False)
    found: list[tuple[int, str]] = []

    def poll() -> None:
        for _ in range(10):
            status, told = ask(VERDICT)
            found.append((status, told["verdict"]))

    writer.execute("BEGIN IMMEDIATE")
    threads = [threading.Thread(target=poll) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    writer.execute("ROLLBACK")
    writer.close()
    assert found == [(200, "inconclusive")] * 80


def test_polls_while_it_is_decided_see_before_or_after_and_nothing_between(world, ask):
    start(world)
    found: list[tuple[str, str]] = []
    stopped = threading.Event()

    def poll() -> None:
        while not stopped.is_set():
            told = ask(VERDICT)[1]
            found.append((told["verdict"], told["phase"]))

    threads = [threading.Thread(target=poll) for _ in range(4)]
    for thread in threads:
        thread.start()
    ended(world)
    stopped.set()
    for thread in threads:
        thread.join(timeout=30)
    assert set(found) <= {("inconclusive", "external"), ("fail", "aborted")}


GATES = [
    ("begun", {"confirm-rollout": 200, "rollout": 200, "confirm-promotion": 403, "rollback": 403}),
    ("aborted", {"confirm-rollout": 403, "rollout": 403, "confirm-promotion": 403, "rollback": 200}),
    ("promoted", {"confirm-rollout": 200, "rollout": 200, "confirm-promotion": 200, "rollback": 403}),
]


@pytest.mark.parametrize(("state", "answers"), GATES)
def test_flagger_is_answered_by_status(world, ask, state, answers):
    if state == "promoted":
        rollouts.start("tips", plan="immediate", settings={"reason": "leaks"}, home=world.home, now=world.now)
    else:
        start(world)
    if state == "aborted":
        ended(world)
    asked = {"name": "tips", "namespace": "default", "phase": "Progressing", "metadata": {}}
    found = {gate: ask(f"/rollouts/tips/gates/{gate}?version=2", asked) for gate in answers}
    assert {gate: status for gate, (status, _) in found.items()} == answers
    refused = [told for status, told in found.values() if status == 403]
    assert all(told["code"] == "gate_closed" and "tips@2 is" in told["error"] for told in refused)


def test_flagger_is_never_told_yes_for_another_canary_or_for_none(world, ask):
    assert ask("/rollouts/tips/gates/confirm-rollout", {})[0] == 404
    start(world)
    for gate in ("confirm-rollout", "rollout", "confirm-promotion", "rollback"):
        assert ask(f"/rollouts/tips/gates/{gate}?version=9", {})[0] == 409
        assert ask(f"/rollouts/tips/gates/{gate}", b"[]")[0] == 400


def test_gates_write_nothing(world, ask):
    start(world)
    with Registry(world.home) as registry:
        before = registry.journal.entries()
    ask("/rollouts/tips/gates/rollback", {})
    with Registry(world.home) as registry:
        assert registry.journal.entries() == before


def test_every_code_has_a_status_and_a_meaning():
    assert all(400 <= status < 600 and told.endswith(".") for status, told in CODES.values())
