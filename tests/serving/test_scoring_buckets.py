"""Predictions in a bucket: one object, a folder of parts, a table of Delta Lake; a real S3 server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import polars as pl
import pytest
from tests.registry.servers import Bucket

from seakeep import data
from seakeep.data.reading.buckets import Bucket as Store
from seakeep.data.reading.buckets import CannotReach
from seakeep.serving import score
from seakeep.serving.scoring import CannotScore
from seakeep.serving.scoring.outputs import Plan, buckets, open_output
from seakeep.serving.scoring.outputs.refusals import CannotInsert
from seakeep.testing.example_models import example_frame, example_model

pytestmark = pytest.mark.platform
FRAME = pl.DataFrame({"row": [1, 2], "probability_true": pl.Series([0.1, 0.7], dtype=pl.Float32)})


@pytest.fixture(scope="module")
def bucket():
    folder = Path(tempfile.mkdtemp(prefix="seakeep-servers-"))
    started, before = Bucket(folder), dict(os.environ)
    try:
        started.start()
        os.environ.update(started.environment())
        yield f"s3://{started.name}"
    finally:
        os.environ.clear()
        os.environ.update(before)
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def place(bucket, request):
    return f"{bucket}/{re.sub('[^a-z_]+', '-', request.node.name).strip('-')}"


def planned(job="a" * 64, columns=FRAME.schema, **more):
    return Plan(job, columns, "release", **more)


def filled(place, plan, *units):
    with contextlib.closing(open_output(place, plan)) as output:
        for number, frame in enumerate(units):
            output.write(number, frame, str(number).encode())
        output.publish(len(units))


def names(place):
    return {found.address.removeprefix(f"{place}/") for found in Store(place).list()}


@pytest.mark.parametrize("ending", ["/one.parquet", "/one.jsonl", "/folder/"])
def test_what_is_scored_is_read_again_to_the_bit(place, tmp_path, ending):
    table = data.read(example_frame(3000))
    for out in (f"{place}{ending}", tmp_path / "out.parquet"):
        score(example_model(), table, out, chunk_rows=700)
    expected = pl.read_parquet(tmp_path / "out.parquet")
    found = data.collect(data.read(f"{place}{ending}".rstrip("/")))
    assert found.cast(dict(expected.schema)).equals(expected)


def test_delta_in_a_bucket(place, tmp_path):
    table = data.read(example_frame(3000))
    score(example_model(), table, tmp_path / "out.parquet")
    score(example_model(), table, f"delta+{place}")
    assert data.collect(data.read(f"delta+{place}")).equals(pl.read_parquet(tmp_path / "out.parquet"))
    with pytest.raises(CannotScore, match="in the table already"):
        score(example_model(), table, f"delta+{place}")


def test_a_folder_goes_on_where_it_was_cut_off(place, monkeypatch):
    output = open_output(f"{place}/", planned())
    output.write(0, FRAME, b"first")
    again = open_output(f"{place}/", planned())
    assert again.done() == {0: b"first"}
    again.write(1, FRAME, b"second")
    with pytest.raises(CannotReach):
        data.read(place)
    monkeypatch.setattr(buckets.Noted, "forget", lambda _self: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        again.publish(2)
    monkeypatch.undo()
    third = open_output(f"{place}/", planned())
    assert third.done() == {0: b"first", 1: b"second"}
    third.publish(2)
    assert names(place) == {"_SUCCESS", "part-000000.parquet", "part-000001.parquet"}
    assert data.collect(data.read(place)).height == 4
    told = json.loads(Store(place).get("_SUCCESS"))
    assert [part["rows"] for part in told["parts"]] == [2, 2]


def test_what_is_there_is_kept_unless_it_may_be_overwritten(place):
    filled(f"{place}/", planned(), FRAME, FRAME)
    filled(f"{place}.csv", planned(), FRAME)
    for out in (f"{place}/", f"{place}.csv"):
        with pytest.raises(CannotScore, match=r"something at s3://.* already\n.*\n.*--overwrite"):
            open_output(out, planned("b" * 64))
        filled(out, planned("b" * 64, overwrite=True), FRAME)
    assert names(place) == {"_SUCCESS", "part-000000.parquet"}
    Store(place).put("letter.txt", b"precious")
    with pytest.raises(CannotScore, match=r"'letter\.txt', which no run put there"):
        open_output(f"{place}/", planned(overwrite=True))


def test_a_part_that_is_gone_is_told(place):
    output = open_output(f"{place}/", planned())
    output.write(0, FRAME, b"")
    for found in names(place):
        if found.endswith(".part"):
            Store(place).remove(found)
    with pytest.raises(CannotInsert, match="unit 0 was written and is not there"):
        output.publish(1)


def test_a_bucket_that_may_not_be_written(place, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, os.environ[name].replace("writer", "reader"))
    for out in (f"{place}.parquet", f"{place}/"):
        with pytest.raises(CannotReach, match="writing is not allowed") as error:
            filled(out, planned(), FRAME)
        assert "reader-secret" not in str(error.value)


def test_the_table_that_is_scored_is_not_its_own_output(place):
    filled(f"{place}/", planned(), FRAME)
    for out in (f"{place}/", f"{place}/part-000000.parquet"):
        with pytest.raises(CannotScore, match="the output is the table that is to be scored"):
            open_output(out, planned(files=(f"{place}/part-000000.parquet",), overwrite=True))
