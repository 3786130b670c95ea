"""Runs that are killed (SIGKILL) at random moments, and given again: no row is lost and none comes twice, in any kind of table.

SEAKEEP_KILLS says how often each kind is killed; more than in the suite by hand: SEAKEEP_KILLS=40 pytest tests/serving/test_scoring_kills.py
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from tests.registry.servers import Postgres

from seakeep import data
from seakeep.serving import score
from seakeep.testing.example_models import example_frame, example_model

KILLS = int(os.environ.get("SEAKEEP_KILLS", "3"))
ROWS, PART_ROWS = 6_000, 500


def run(place: str) -> None:
    """What is killed."""
    table = data.read(example_frame(ROWS))
    score(example_model(), table, place, part_rows=PART_ROWS, chunk_rows=250)


@pytest.fixture(scope="module")
def processes():
    """Processes that begin with everything imported, so that a kill meets the run and not its imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["polars", "seakeep.serving", "seakeep.testing.example_models", "deltalake", __name__]
    )
    return context


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    out = tmp_path_factory.mktemp("expected") / "out.parquet"
    score(example_model(), data.read(example_frame(ROWS)), out)
    return pl.read_parquet(out)


def killed(processes, place: str, seconds: float) -> bool:
    """Whether a run was killed before it ended."""
    process = processes.Process(target=run, args=(place,))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode != 0


def attack(processes, places, expected, read) -> None:
    """Kill runs at moments from the beginning to the end of one, each some times before it may end."""
    began = time.perf_counter()
    assert not killed(processes, next(places), 60)
    length, kills, moments = time.perf_counter() - began, 0, random.Random(7)
    while kills < KILLS:
        place = next(places)
        for _ in range(3):
            kills += killed(processes, place, moments.uniform(0.1, 1.0) * length)
        assert killed(processes, place, 60) in (False, True)  # it may have been done already
        found = read(place)
        assert found.height == ROWS, place
        assert found.sort("row").cast(dict(expected.schema)).equals(expected), place


@pytest.mark.slow
def test_delta(processes, expected, tmp_path):
    places = (f"delta://{tmp_path / str(number)}" for number in range(1000))
    attack(processes, places, expected, lambda place: data.collect(data.read(place)))


@pytest.mark.slow
def test_sqlite(processes, expected, tmp_path):
    places = (f"sqlite:///{tmp_path / str(number)}.db?table=scored" for number in range(1000))

    def read(place):
        with closing(sqlite3.connect(place.partition("?")[0].removeprefix("sqlite:///"))) as connection:
            assert connection.execute("select count(*) from seakeep_units").fetchone() == (0,)
        return data.collect(data.read(place.partition("?")[0], query="select * from scored order by row"))

    attack(processes, places, expected, read)


@pytest.mark.platform
def test_postgresql(processes, expected):
    folder = Path(tempfile.mkdtemp(prefix="seakeep-servers-"))
    folder.chmod(0o755)  # the server's user goes through it
    server = Postgres(folder / "postgres")
    try:
        server.make()
        server.start()
        places = (server.address(options=f"?table=scored_{number}") for number in range(1000))

        def read(place):
            query = f"select * from {place.rpartition('=')[2]} order by row"
            return data.collect(data.read(server.address(), query=query))

        attack(processes, places, expected, read)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
