"""Tables in a bucket of a real S3 server: read, profiled, validated, scored; a changed object is noticed; the guide's lines work."""

from __future__ import annotations

import json
import re
import shlex
import time
from dataclasses import replace
from pathlib import Path

import obstore
import polars as pl
import pytest

import seakeep
from seakeep.data.reading.buckets import CannotReach
from seakeep.pipeline.sights import current, digest_of_file, look_at_table

from . import projects
from .servers import ROOT

pytestmark = pytest.mark.platform
GUIDE = (ROOT / "docs" / "guides" / "remote-registry.md").read_text("utf-8")
NAME = "flight-delay"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose release is called as the guide's."""
    return projects.new_project(tmp_path_factory.mktemp("data") / NAME)


@pytest.fixture(scope="module")
def bucket(servers, project):
    """A bucket with the project's table: as CSV, as Parquet in two months, and one of another kind beside them."""
    flights = replace(servers.bucket, name="flights")
    flights.ready()
    file = project / "data" / "parcels.csv"
    table = pl.read_csv(file, try_parse_dates=True)
    obstore.put(flights.store(), "2014-01.csv", file.read_bytes())
    for month, part in (("01", table.head(1200)), ("02", table.tail(800))):
        part.write_parquet(file.with_name(f"2013-{month}.parquet"))
        obstore.put(flights.store(), f"2013-{month}.parquet", file.with_name(f"2013-{month}.parquet").read_bytes())
    obstore.put(flights.store(), "notes.txt", b"no table")
    return flights


@pytest.fixture
def given(bucket, monkeypatch) -> dict[str, str]:
    for name, value in bucket.environment().items():
        monkeypatch.setenv(name, value)
    return bucket.environment()


def use_bucket(project: Path, name: str) -> None:
    file = project / "pipeline.py"
    file.write_text(re.sub(r"(?m)^DATA = .*$", f'DATA = "s3://flights/{name}"', file.read_text()))


def test_a_delta_table_in_a_bucket_is_the_one_on_the_disk(given, bucket, tmp_path):
    """Uploaded by its owner; read in both versions, with its partitions and deleted rows; a new version is seen."""
    import deltalake

    folder, rows = tmp_path / "trips", pl.DataFrame({"a": [1, 2, 3, 4], "p": ["x", "y", "x", None]})
    deltalake.write_deltalake(folder, rows, partition_by=["p"])
    deltalake.DeltaTable(folder).delete("a = 3")
    for file in (path for path in folder.rglob("*") if path.is_file()):
        obstore.put(bucket.store(), f"trips/{file.relative_to(folder)}", file.read_bytes())
    here, there = seakeep.read(folder), seakeep.read("s3://flights/trips")
    assert there.digest == here.digest
    assert there.description == "s3://flights/trips (version 1)"
    assert seakeep.read("delta+s3://flights/trips?version=0").digest == seakeep.read(folder, version=0).digest
    sights = look_at_table(there.source.files(), there.source.description, hashed=digest_of_file)
    assert all(current(sight) is not None for sight in sights)
    entry = folder / "_delta_log" / f"{1:020}.json"
    obstore.put(bucket.store(), f"trips/_delta_log/{2:020}.json", entry.read_bytes())
    assert any(current(sight) is None for sight in sights)


def test_a_delta_table_that_may_not_be_read_is_told_at_once(given, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    began = time.monotonic()
    with pytest.raises(CannotReach, match="s3://flights/trips") as caught:
        seakeep.read("delta+s3://flights/trips")
    assert "another" not in str(caught.value)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_in_a_bucket_is_the_one_on_the_disk(given, project, ending):
    pattern = "2014-*.csv" if ending == "csv" else "2013-*.parquet"
    files = project / "data" / ("parcels.csv" if ending == "csv" else pattern)
    there, here = (seakeep.read(data, label="late", key="parcel") for data in (f"s3://flights/{pattern}", files))
    assert there.digest == here.digest
    assert all(file.startswith("s3://flights/") for file in there.source.files())
    found, expected = (seakeep.profile(dataset) for dataset in (there, here))
    assert found == expected
    assert found.rows == 2000
    schema = seakeep.infer_schema(found, name="parcels")
    assert seakeep.validate(found, schema) == seakeep.validate(expected, schema)


def test_a_run_notices_a_changed_object_and_the_guides_lines_work(given, bucket, project, tmp_path):
    """One project, one story: run, nothing to do, the guide's lines, validate, a changed object."""
    use_bucket(project, "2014-01.csv")
    first = projects.run(project, given)
    assert first["release"]
    assert all(stage["cached"] for stage in projects.run(project, given)["stages"])
    check_guide(project, given, tmp_path)
    check_validate(project, given)
    store = bucket.store()
    content = bytes(obstore.get(store, "2014-01.csv").bytes())
    obstore.put(store, "2014-01.csv", content)
    assert projects.run(project, given)["release"] == first["release"]  # written anew, and the same
    lines = content.splitlines(keepends=True)
    obstore.put(store, "2014-01.csv", b"".join([lines[0], *reversed(lines[1:])]))  # of the same size
    changed = projects.run(project, given)["stages"][0]
    assert not changed["cached"]
    assert changed["inputs"] != first["stages"][0]["inputs"]
    obstore.put(store, "2014-01.csv", content)


def check_guide(project: Path, given: dict[str, str], tmp_path: Path) -> None:
    block = GUIDE.partition("## Data at an address")[2].partition("```bash\n")[2].partition("```")[0]
    lines = [shlex.split(line) for line in block.splitlines() if line]
    assert [words[:2] for words in lines] == [["seakeep", "profile"], ["seakeep", "score"]]
    answers = tmp_path / "answers.parquet"
    for words in lines:
        typed = [answers if word == answers.name else word for word in words[1:]]
        done = projects.seakeep(*typed, "--home", project / ".seakeep", given=given)
        assert done.returncode == 0, done.stderr
    scored = projects.seakeep(
        "score",
        NAME,
        project / "data" / "parcels.csv",
        "-o",
        tmp_path / "here.parquet",
        "--home",
        project / ".seakeep",
        given={},
    )
    assert scored.returncode == 0, scored.stderr
    assert pl.read_parquet(answers).equals(pl.read_parquet(tmp_path / "here.parquet"))


def check_validate(project: Path, given: dict[str, str]) -> None:
    contract = next(project.glob("*.schema.yaml"))
    for name in ("2014-01.csv", "2013-*.parquet"):
        done = projects.seakeep("validate", f"s3://flights/{name}", "--schema", contract, "--json", given=given)
        assert done.returncode == 0, done.stderr + done.stdout[-1000:]
        assert json.loads(done.stdout)["verdict"] == "pass"
    done = projects.seakeep("validate", "s3://flights/2015-*.csv", "--schema", contract, given=given)
    assert done.returncode == 3
    assert "there is nothing at s3://flights/2015-*.csv" in done.stderr
