"""The valve lets in what can be answered in time."""

from __future__ import annotations

import asyncio
import json
import time
from itertools import chain
from types import SimpleNamespace

import pytest

from seakeep.serving.server.refusals import Pressed
from seakeep.serving.server.settings import Settings
from seakeep.serving.server.traffic.bounds import BadBound, Bounds
from seakeep.serving.server.traffic.valve import Ticket, Valve

LOOP = SimpleNamespace(call_soon=lambda function: None)


class Clock:
    """Wall and processor time that a test moves."""

    def __init__(self, monkeypatch):
        self.wall = self.spent = 0.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.wall)
        monkeypatch.setattr(time, "thread_time", lambda: self.spent)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def entered(valve, priority=2, model="a"):
    """The tickets of those who get in."""
    tickets = []
    while isinstance(ticket := valve.enter(model, priority), Ticket):
        tickets.append(ticket)
        assert len(tickets) < 10_000
    return tickets


def read(valve, tickets):
    """Their bodies have come."""

    async def body():
        return b""

    for ticket in tickets:
        assert asyncio.run(valve.read(ticket, body())) == b""


def test_nothing_is_bounded_unless_asked_for():
    assert not Bounds().holds
    assert not Settings().bounds.holds


@pytest.mark.parametrize("found", [-1.0, 0.5, float("nan"), float("inf"), 1e9])
def test_a_target_that_is_none_is_refused(found):
    with pytest.raises(BadBound, match=r"serve\.latency_target_ms is .*, expected 0, or 1 to 600000 milliseconds"):
        Bounds(target_ms=found)


def test_a_concurrency_that_is_none_is_refused():
    with pytest.raises(BadBound, match=r"serve\.concurrency is -1, expected 0, or a number of requests"):
        Bounds(concurrency=-1)


def test_a_model_has_so_many_requests_under_way_and_others_have_theirs():
    valve = Valve(Bounds(concurrency=3), LOOP)
    tickets = [entered(valve, model=model) for model in "aab"]
    assert [len(one) for one in tickets] == [3, 0, 3]
    valve.leave(tickets[0][0])
    assert len(entered(valve)) == 1
    status, headers, content = valve.enter("a", 1)
    assert status == 429
    assert dict(headers)["retry-after"] == "1"
    assert json.loads(content)["error"] == "3 requests of 'a' are under way, and no more are taken"


def test_who_comes_first_finds_room_when_others_are_turned_away():
    valve = Valve(Bounds(target_ms=50), LOOP)
    tickets = [entered(valve, priority) for priority in (3, 2, 1)]
    assert all(tickets)
    status, _, content = valve.enter("a", 1)
    assert status == 429
    assert json.loads(content)["error"] == "the server is busy: this answer would take longer than 50 ms"
    for ticket in chain.from_iterable(tickets):
        valve.leave(ticket)
    assert valve.total == 0


def test_who_sends_no_body_takes_nobodys_place(clock):
    valve = Valve(Bounds(concurrency=3), LOOP)
    slow = entered(valve)
    clock.wall += 0.1
    quick = entered(valve)
    assert len(quick) == 3
    read(valve, quick)
    clock.wall += 0.1
    assert entered(valve) == []
    valve.leave(quick[0])
    read(valve, slow[:1])  # it is answered all the same, as there is room
    assert valve.total == 3
    for ticket in slow[1:]:  # many who come slowly are not let in together
        with pytest.raises(Pressed, match="3 requests of 'a' are under way"):
            read(valve, [ticket])
    for ticket in slow + quick[1:]:
        valve.leave(ticket)
    assert valve.total == 0
    assert len(entered(valve)) == 3


def test_a_body_that_came_while_the_loop_stood_still_is_not_late(clock):
    """Who was let in is answered, however long the loop was busy with others."""
    soon = []
    valve = Valve(Bounds(concurrency=3), SimpleNamespace(call_soon=soon.append))
    tickets = entered(valve)
    clock.wall += 0.2
    soon.pop()()  # the turn that took so long is over
    assert entered(valve) == []
    read(valve, tickets)
    assert valve.total == 3


def test_clients_that_send_slowly_make_nobody_be_turned_away(clock):
    """Answers that took long as their bodies did are not late; where the model took long, they are."""
    valve = Valve(Bounds(target_ms=50), LOOP)

    def answered(seconds, reading):
        for _ in range(200):
            clock.wall += 0.001
            clock.spent += 0.0001
            valve.took(seconds, reading)
        return valve.governor.most

    quick = answered(0.005, 0.001)
    assert answered(0.305, 0.3) == pytest.approx(quick)
    assert answered(0.305, 0.001) < quick / 2


def test_one_who_sends_no_body_and_goes_is_counted_once(clock):
    valve = Valve(Bounds(concurrency=1), LOOP)
    (slow,) = entered(valve)
    clock.wall += 0.1
    (quick,) = entered(valve)
    valve.leave(slow)
    assert valve.total == 1
    valve.leave(quick)
    assert valve.total == 0


def test_refusals_are_held_back_only_where_callers_ask_again_at_once():
    valve = Valve(Bounds(target_ms=50), LOOP)

    async def held(count):
        began = time.perf_counter()
        await asyncio.gather(*(valve.hold_back() for _ in range(count)))
        return time.perf_counter() - began

    assert asyncio.run(held(3)) < 0.05
    valve.governor.is_hammered = True
    assert asyncio.run(held(3)) >= 0.1

    async def one_too_many():
        others = asyncio.gather(*(valve.hold_back() for _ in range(256)))
        await asyncio.sleep(0)
        took = await held(1)
        await others
        return took

    assert asyncio.run(one_too_many()) < 0.05
    assert asyncio.run(held(1)) >= 0.1
