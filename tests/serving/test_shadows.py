"""Shadows never hold answers up: one copy a turn, a bounded queue, and failures that stay their own."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from seakeep.core import Task
from seakeep.prediction_log import Layout, PredictionLog
from seakeep.serving.served import Served
from seakeep.serving.server.engine import Engine
from seakeep.serving.server.form import Request
from seakeep.serving.server.forms import json as json_form
from seakeep.serving.server.lanes import Lane
from seakeep.serving.server.logbook import Logbook
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.settings import Settings
from seakeep.serving.server.shadows import QUEUE_BYTES, QUEUE_COPIES, Copy, Shadows
from seakeep.serving.server.traffic.aside import Aside
from seakeep.testing.example_models import example_model


class Bench:
    """A champion and a shadow in one loop."""

    def __init__(self, folder, task):
        self.loop, self.folder = asyncio.get_running_loop(), folder
        self.metrics = Metrics(folder)
        self.pool, self.aside = ThreadPoolExecutor(1), Aside(self.loop)
        self.shadows = Shadows(self.metrics, loop=self.loop)
        champion = Served.of(example_model(task))
        shadow = replace(champion, version="2", release="2" * 64)
        self.log = Logbook(
            Layout.of(folder, "flights"),
            boot="boot",
            acknowledged=True,
            seconds=1,
            metrics=self.metrics,
            loop=self.loop,
            disk=self.pool,
        )
        self.champion, self.shadow = self.lane(champion, "champion"), self.lane(shadow, "shadow")

    def lane(self, served, role):
        self.log.describe(served)
        engine = Engine(served, Settings(), self.metrics, loop=self.loop, aside=self.aside)
        return Lane(served, role, self.metrics, engine=engine, log=self.log)

    async def copy(self, row, rows=1):
        request = Request(json.dumps({"rows": [row] * rows}).encode(), json_form.FORM, {})
        reply = await self.champion.engine.answer(request, self.log.next_id())
        return Copy(request, self.champion, reply.answered, None)

    def told(self, name):
        families = text_string_to_metric_families(self.metrics.text().decode())
        return sum(one.value for family in families for one in family.samples if one.name == name)


@pytest.fixture
def on_bench(tmp_path):
    """What runs a coroutine on a bench."""

    def run(work, task=Task.BINARY):
        async def main():
            bench = Bench(tmp_path, task)
            try:
                return await work(bench)
            finally:
                bench.log.close()
                bench.pool.shutdown()

        return asyncio.run(main())

    return run


async def until_idle(bench):
    if bench.shadows._task is not None:
        await bench.shadows._task


@pytest.mark.parametrize("task", list(Task))
def test_a_shadow_that_is_the_same_model_agrees_on_every_row(on_bench, row, task):
    async def work(bench):
        copy = await bench.copy(row, 7)
        bench.shadows.offer(((bench.shadow, 1.0),), copy)
        await until_idle(bench)
        return bench.told("seakeep_shadow_rows_total"), bench.told("seakeep_shadow_agreed_rows_total")

    assert on_bench(work, task) == (7, 7)


def test_what_a_full_queue_cannot_hold_is_dropped_and_counted(on_bench, row):
    async def work(bench):
        copy = await bench.copy(row)
        for _ in range(QUEUE_COPIES + 5):
            bench.shadows.offer(((bench.shadow, 1.0),), copy)
        dropped = bench.told("seakeep_shadow_dropped_total")
        await until_idle(bench)
        bench.shadows.offer(
            ((bench.shadow, 1.0),), replace(copy, request=copy.request._replace(body=b" " * (QUEUE_BYTES + 1)))
        )
        return dropped, bench.told("seakeep_shadow_rows_total"), bench.told("seakeep_shadow_dropped_total")

    assert on_bench(work) == (5, QUEUE_COPIES, 6)


def test_between_two_copies_others_have_their_turn(on_bench, row):
    async def work(bench):
        copy = await bench.copy(row)
        for _ in range(20):
            bench.shadows.offer(((bench.shadow, 1.0),), copy)
        turns = 0
        while bench.shadows._task is not None:
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert on_bench(work) >= 20


def test_a_shadows_share_is_that_of_the_copies(on_bench, row):
    async def work(bench):
        copy = await bench.copy(row)
        for _ in range(400):
            bench.shadows.offer(((bench.shadow, 0.25),), copy)
        await until_idle(bench)
        return bench.told("seakeep_shadow_rows_total")

    assert 50 < on_bench(work) < 160


def test_a_shadow_that_refuses_or_fails_is_logged_and_the_next_copy_goes_on(on_bench, row, tmp_path, caplog):
    async def work(bench):
        copy = await bench.copy(row)
        refused = replace(copy, request=copy.request._replace(body=b"["))
        bench.shadows.offer(((bench.shadow, 1.0),), refused)
        bench.shadows.offer(((bench.shadow, 1.0),), copy)
        bench.shadow.engine = broken = Broken(bench.shadow.engine)
        await until_idle(bench)
        bench.shadow.engine = broken.whole
        bench.shadows.offer(((bench.shadow, 1.0),), copy)
        await until_idle(bench)

    on_bench(work)
    rows = PredictionLog.of(tmp_path, "flights").scan(labels=False).collect()
    assert sorted(rows.select("@outcome", "@reason").rows(), key=str) == [
        ("answered", None),
        ("failed", "MemoryError"),
        ("refused", "malformed_json"),
    ]
    assert set(rows["@role"]) == {"shadow"}
    assert "the shadow flights@2 failed" in caplog.text


class Broken:
    """An engine that fails for what its decoder takes."""

    def __init__(self, whole):
        self.whole = whole

    async def answer(self, request, prediction_id=None):
        await self.whole.answer(request, prediction_id)
        raise MemoryError


def test_answers_that_wait_for_the_disk_share_a_commit(on_bench, row):
    async def work(bench):
        syncs = []
        whole = bench.log._spool.sync
        bench.log._spool.sync = lambda: syncs.append(1) or whole()
        copy = await bench.copy(row)

        async def one():
            bench.log.answered(bench.champion, 0.001, copy.given)
            await bench.log.committed()

        await asyncio.gather(*(one() for _ in range(50)))
        return len(syncs), bench.told("seakeep_log_rows_total")

    syncs, rows = on_bench(work)
    assert rows == 50
    assert syncs <= 3
