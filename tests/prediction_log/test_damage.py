"""Files that a disk damaged are told by name, and keep nothing else from being done; what can be made again is."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from seakeep.prediction_log import PredictionLog
from seakeep.prediction_log.compaction import compact
from seakeep.prediction_log.damage import DamagedFile, named
from seakeep.prediction_log.retention import remove

from .examples import HOUR, NOON, asked, ids, written

EVENING = dt.datetime(2013, 11, 4, 20, tzinfo=dt.UTC)
WAYS = {
    "cut": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: b"",
    "zeros": lambda whole: bytes(len(whole)),
}


@pytest.fixture
def log(tmp_path):
    made = PredictionLog.of(tmp_path, "late")
    for number in range(6):
        written(made, [asked(number, time=NOON + number // 2 * HOUR)], boot=f"b{number}")
    made.convert()
    made.add_labels(pl.DataFrame({"id": ["q1.0"], "late": [True]}), label="late", id="id")
    return made


@pytest.mark.parametrize("way", WAYS)
def test_a_part_that_lost_its_end_is_named_and_others_are_put_together(log, way):
    part = min(log.layout.parts.rglob("*.parquet"))
    part.write_bytes(WAYS[way](part.read_bytes()))
    with pytest.raises(DamagedFile) as caught:
        log.scan()
    assert str(caught.value).startswith(f"{part} is damaged: ")
    assert f"mkdir -p {log.layout.torn} && mv {part} {log.layout.torn}" in str(caught.value)
    with pytest.raises(DamagedFile):
        compact(log.layout, now=EVENING)
    assert len(list(log.layout.parts.rglob("*.merged"))) == 2
    log.layout.torn.mkdir()
    part.rename(log.layout.torn / part.name)
    assert ids(log) == [f"q{number}.0" for number in range(1, 6)]


def test_labels_that_cannot_be_read_are_named_and_hours_go_all_the_same(log):
    (labels,) = log.layout.labels.glob("*.parquet")
    labels.write_bytes(b"")
    with pytest.raises(DamagedFile, match="it has 0 bytes"):
        log.scan()
    with pytest.raises(DamagedFile):
        remove(log.layout, before=EVENING + dt.timedelta(days=3))
    assert not list(log.layout.parts.rglob("*.parquet"))
    written(log, [asked(9)])
    assert log.convert().problem == ""


def test_a_part_that_is_damaged_inside_is_found_once_reading_fails(log):
    files = sorted(log.layout.parts.rglob("*.parquet"))
    content = bytearray(files[2].read_bytes())
    content[4:60] = bytes(56)
    files[2].write_bytes(content)
    with pytest.raises(DamagedFile) as caught, named(log.layout, files):
        log.scan(labels=False).collect()
    assert caught.value.path == str(files[2])
    with pytest.raises(ValueError, match="of another kind"), named(log.layout, files):
        raise ValueError("of another kind")


@pytest.mark.parametrize("way", WAYS)
def test_a_description_that_is_damaged_is_written_anew(log, way):
    (path,) = log.layout.releases.glob("*.json")
    whole = path.read_bytes()
    path.write_bytes(WAYS[way](whole))
    assert len(ids(log)) == 6
    written(log, [asked(7)])
    assert log.convert().problem == ""
    assert path.read_bytes() == whole
