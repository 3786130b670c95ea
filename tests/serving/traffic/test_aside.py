"""What is large runs one after another, in order of priority, in time or not at all."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.traffic.aside import Aside


def run(work, **options):
    async def main():
        return await work(Aside(asyncio.get_running_loop(), **options))

    return asyncio.run(main())


def held(aside, begun=None):
    """Occupies the thread until the event is set."""
    go = threading.Event()
    return go, aside.run(go.wait, 10, seconds=0.01)


def test_what_is_run_gives_what_it_returns_or_raises():
    async def work(aside):
        assert await aside.run(lambda a, b: a + b, 1, 2) == 3
        with pytest.raises(ZeroDivisionError):
            await aside.run(lambda: 1 / 0)
        return await aside.run(threading.current_thread)

    assert run(work) is not threading.main_thread()


def test_what_is_urgent_passes_what_waits_and_equals_keep_their_order():
    async def work(aside):
        order = []
        go, first = held(aside)
        rest = [
            aside.run(order.append, name, priority=rank)
            for name, rank in (("a", 3), ("b", 2), ("c", 1), ("d", 2), ("e", 4), ("f", 1))
        ]
        go.set()
        await asyncio.gather(first, *rest)
        return order

    assert run(work) == ["c", "f", "b", "d", "a", "e"]


def test_one_piece_of_work_runs_at_a_time():
    async def work(aside):
        inside, most = 0, 0

        def piece():
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            time.sleep(0.002)
            inside -= 1

        await asyncio.gather(*(aside.run(piece) for _ in range(8)))
        return most

    assert run(work) == 1


def test_what_nobody_waits_for_any_more_is_not_begun():
    async def work(aside):
        done = []
        go, first = held(aside)
        gone, there = aside.run(done.append, "gone"), aside.run(done.append, "there")
        gone.cancel()
        go.set()
        await asyncio.gather(first, there)
        return done

    assert run(work) == ["there"]


def test_what_nobody_waits_for_any_more_may_end_in_peace():
    async def work(aside):
        go, first = held(aside)
        first.cancel()
        go.set()
        return await aside.run(lambda: "after")

    assert run(work) == "after"


def test_what_could_not_end_in_time_is_refused_at_once():
    async def work(aside):
        go, first = held(aside)
        ahead = aside.run(lambda: None, seconds=60)
        with pytest.raises(Refusal) as refused:
            aside.run(lambda: None, until=time.perf_counter() + 1)
        aside.run(lambda: None, until=time.perf_counter() + 1, priority=1).cancel()  # what passes the others is in time
        ahead.cancel()
        go.set()
        await first
        return refused.value

    refusal = run(work)
    assert (refusal.status, refusal.code) == (504, "too_late")


def test_what_became_late_in_the_queue_is_not_begun():
    async def work(aside):
        done = []
        go, first = held(aside)
        late = aside.run(done.append, "late", until=time.perf_counter() + 0.03)
        await asyncio.sleep(0.05)
        go.set()
        await first
        with pytest.raises(Refusal) as refused:
            await late
        return done, refused.value.status

    assert run(work) == ([], 504)


def test_what_would_wait_for_longer_than_the_target_is_refused():
    async def work(aside):
        go, first = held(aside)
        ahead = aside.run(lambda: None, seconds=1.5)
        with pytest.raises(Refusal) as refused:
            aside.run(lambda: None)
        go.set()
        await asyncio.gather(first, ahead)
        await aside.run(lambda: None)
        return refused.value

    found = run(work, target=1.0)
    assert (found.status, found.code) == (429, "too_busy")
    assert dict(found.headers)["retry-after"] == "2"
