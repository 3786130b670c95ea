"""How urgent a request is, as its headers and parameters say it."""

from __future__ import annotations

import math
import time

import pytest

from seakeep.serving.server.form import Request
from seakeep.serving.server.forms import json as json_form
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.traffic.urgency import SHADOW, priority, until, urged


def request(**changes):
    return Request(b"", json_form.FORM, {})._replace(**changes)


def test_a_header_gives_milliseconds_from_the_requests_begin():
    assert until("1.5", 100.0) == pytest.approx(100.0015)


def test_a_wait_is_never_longer_than_a_day():
    assert until("1e300", 0.0) == 24 * 3600


@pytest.mark.parametrize("text", ["", "soon", "-1", "0", "nan", "inf", "-inf", "1" * 5000, "0x10"])
def test_a_timeout_that_is_none_is_refused(text):
    with pytest.raises(Refusal, match=r"seakeep-timeout-ms is .*, expected milliseconds, more than 0") as refused:
        until(text, 0.0)
    assert (refused.value.status, refused.value.code) == (400, "wrong_timeout")
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(("text", "rank"), [("0", 2), ("1", 1), ("2", 2), ("3", 3)])
def test_priorities_are_tritons(text, rank):
    assert priority(text) == rank
    assert urged(request(), {"priority": int(text)}).priority == rank
    assert urged(request(), {"priority": text}).priority == rank


@pytest.mark.parametrize("found", [4, -1, 1.0, True, "", "high", [1], {"a": 1}, 10**400])
def test_a_priority_that_is_none_is_refused(found):
    with pytest.raises(Refusal, match="expected 1, 2 or 3") as refused:
        urged(request(), {"priority": found})
    assert (refused.value.status, refused.value.code) == (400, "wrong_priority")


def test_a_priority_in_a_header_that_is_none_is_refused():
    with pytest.raises(Refusal, match="seakeep-priority is 'first', expected 1, 2 or 3"):
        priority("first")


def test_a_timeout_of_four_hundred_digits_is_a_day():
    before = time.perf_counter()
    assert urged(request(), {"timeout": 10**400}).until == pytest.approx(before + 24 * 3600, abs=5)


@pytest.mark.parametrize("timeout", [250_000, "250000"])
def test_the_parameter_gives_microseconds(timeout):
    before = time.perf_counter()
    assert before + 0.25 <= urged(request(), {"timeout": timeout}).until <= time.perf_counter() + 0.25


def test_the_earlier_of_two_deadlines_counts():
    assert urged(request(until=5.0), {"timeout": 10**9}).until == 5.0


def test_no_timeout_at_all_is_a_timeout_of_0():
    assert urged(request(), {"timeout": 0}).until > time.perf_counter() + 23 * 3600
    assert urged(request(), {"key": "a"}).until == math.inf


@pytest.mark.parametrize("found", [-1, 1.5, True, "soon", "1" * 30, [1]])
def test_a_timeout_parameter_that_is_none_is_refused(found):
    with pytest.raises(Refusal, match=r"parameters\.timeout is .*, expected whole microseconds"):
        urged(request(), {"timeout": found})


def test_a_shadows_copy_is_not_urgent_whatever_it_says():
    copy = request(priority=SHADOW)
    assert urged(copy, {"priority": 1, "timeout": 1}) is copy


@pytest.mark.parametrize(("said", "first", "rank"), [(1, 1, 1), (1, 2, 2), ("1", 2, 2), (0, 2, 2), (3, 2, 3)])
def test_who_may_not_claim_the_first_priority_has_everybodys(said, first, rank):
    assert urged(request(first=first), {"priority": said}).priority == rank
