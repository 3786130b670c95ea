"""A run into parts that is killed at any moment, and given again: no row is lost or doubled, in the parts, the quarantine or the log."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from seakeep import data
from seakeep.core import Statistics
from seakeep.core.files import CannotWrite
from seakeep.prediction_log import PredictionLog
from seakeep.serving import score
from seakeep.serving.scoring import LogTo
from seakeep.testing.example_models import example_frame, example_model

ROWS, PART_ROWS = 20_000, 400
RUN = """
import sys
from pathlib import Path
from seakeep import data
from seakeep.serving import score
from seakeep.serving.scoring import LogTo
from seakeep.testing.example_models import example_model
root = Path(sys.argv[1])
def told(parts, rows):
    print("resumed", parts, rows, flush=True)
summary = score(
    example_model(), data.read(str(root / "in"), key="flight"), f"{root}/out/", part_rows=400, chunk_rows=150,
    quarantine=f"{root}/bad/", statistics=True, log=LogTo(root / "home"), resumed=told, engine=sys.argv[2] or None,
)
summary.statistics.save(root / "statistics.json")
"""


def table(root):
    (root / "in").mkdir()
    frame = example_frame(ROWS).with_columns(flight=pl.int_range(ROWS))
    for number in range(5):
        frame[number * 4000 : (number + 1) * 4000].write_parquet(root / f"in/{number}.parquet", row_group_size=1000)


def killed(root, wait, engine=""):
    """Start a run, and kill it `wait` seconds after it has kept something more. Returns whether it was."""
    notes = root / ".out.scoring" / "notes"
    before = len(list(notes.iterdir())) if notes.is_dir() else 0
    process = subprocess.Popen([sys.executable, "-c", RUN, str(root), engine], start_new_session=True)
    while process.poll() is None:
        if notes.is_dir() and len(list(notes.iterdir())) > before:
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.001)
    return process.wait() == -signal.SIGKILL


def same_as_never_killed(root, tmp_path):
    """Everything that the run has left is what an undisturbed one leaves."""
    whole = tmp_path / "whole"
    (whole / "in").parent.mkdir()
    shutil.copytree(root / "in", whole / "in")
    log = LogTo(whole / "home")
    dataset = data.read(str(whole / "in"), key="flight")
    undisturbed = score(
        example_model(),
        dataset,
        f"{whole}/out/",
        part_rows=PART_ROWS,
        quarantine=f"{whole}/bad/",
        statistics=True,
        log=log,
    )
    for name in ("out", "bad"):
        theirs = {path.name: path.read_bytes() for path in (whole / name).glob("part-*")}
        assert {path.name: path.read_bytes() for path in (root / name).glob("part-*")} == theirs
        assert len(theirs) == ROWS // PART_ROWS
        parts = json.loads((root / name / "_SUCCESS").read_text())["parts"]
        assert [part["name"] for part in parts] == sorted(theirs)
    assert Statistics.load(root / "statistics.json").digest == undisturbed.statistics.digest
    rows, own = (PredictionLog.of(each / "home", "flights").scan().collect() for each in (root, whole))
    assert rows["@id"].n_unique() == rows.height == own.height == undisturbed.logged
    assert rows["@id"].str.split("-").list.first().n_unique() == 1
    drop = ("@id", "@time")
    assert rows.drop(drop).sort("@key").equals(own.drop(drop).sort("@key"))
    left = [path.name for path in root.rglob("*") if ".scoring" in path.name or path.name.startswith(".tmp-")]
    assert not left
    assert not list((root / "home/predictions/flights/batches").iterdir())


@pytest.mark.slow
def test_a_run_that_was_killed_again_and_again_is_as_one_that_was_not(tmp_path):
    root, draw = tmp_path / "root", random.Random(7)
    root.mkdir()
    table(root)
    kills = sum(killed(root, draw.random() * 0.15) for _ in range(int(os.environ.get("SEAKEEP_TEST_KILLS", "2"))))
    assert kills
    done = subprocess.run([sys.executable, "-c", RUN, str(root), ""], check=True, capture_output=True, text=True)
    assert int(done.stdout.split()[1]) >= 1
    same_as_never_killed(root, tmp_path)


@pytest.mark.slow
def test_workers_keep_their_parts_and_a_driver_that_was_killed_goes_on(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    table(root)
    assert killed(root, 0.02, "local[2]")
    subprocess.run([sys.executable, "-c", RUN, str(root), "local[2]"], check=True, capture_output=True)
    same_as_never_killed(root, tmp_path)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB, if this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_ends_a_run_that_goes_on_when_there_is_room(small_disk):
    dataset = data.read(example_frame(60_000).with_columns(flight=pl.int_range(60_000)), key="flight")
    out = f"{small_disk}/out/"

    def run(found=lambda *_: None):
        return score(example_model(), dataset, out, keep="all", part_rows=1000, resumed=found)

    with pytest.raises(CannotWrite, match="The disk is full"):
        run()
    assert not Path(out).exists()
    with pytest.raises(CannotWrite, match="The disk is full"):
        score(example_model(), dataset, small_disk / "one.parquet", keep="all")
    found = []
    with pytest.raises(CannotWrite, match="The disk is full"):
        run(lambda *told: found.append(told))
    subprocess.run(["mount", "-o", "remount,size=32m", str(small_disk)], check=True)
    assert run(lambda *told: found.append(told)).rows == 60_000
    assert found[1] >= found[0] >= (1, 1000)
    assert pl.read_parquet(f"{out}*.parquet")["flight"].to_list() == list(range(60_000))
