"""PredictionLog: one scan over parts and spools, cut to a window, whatever releases and clocks did."""

from __future__ import annotations

import datetime as dt
import errno
import os
import struct
import zlib

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from seakeep.core import locks
from seakeep.core.errors import UsageError
from seakeep.prediction_log import Header, Label, Layout, PredictionLog, Spool, columns, find, frames

from .examples import HOUR, LATE, NOON, ONE, TWO, asked, ids, written


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    return PredictionLog.of(tmp_path, "late")


def only(log: PredictionLog, **given) -> dict:
    (row,) = log.scan(**given).collect().to_dicts()
    return row


def test_a_row_says_what_was_asked_and_answered(log):
    written(log, [asked(7, key="UA-7", role="challenger")])
    assert only(log) == {
        "@id": "q7.0", "@time": dt.datetime(2013, 11, 4, 12, tzinfo=dt.UTC), "@key": "UA-7", "@dealt": None, "@release": ONE,
        "@version": 1, "@role": "challenger", "@revision": 3, "@latency_ms": 0.5, "@outcome": "answered",
        "@reason": None, "@sampled": None, "@broken": None, "@prediction": True, "@probability_false": 0.25, "@probability_true": 0.75,
        "distance": 7.0, "carrier": "UA", "seats": 7, "fresh": True,
        "due": dt.datetime(2013, 11, 4, 12, tzinfo=dt.UTC), "@label": None, "@labelled": None,
    }  # fmt: skip


def test_a_request_that_named_a_key_was_dealt_by_that_one(log):
    written(log, [asked(1, key="row's own", dealt="header's")])
    assert [only(log)[name] for name in ("@key", "@dealt")] == ["row's own", "header's"]


def test_parts_of_before_there_was_such_a_column_are_read_beside_later_ones(log):
    written(log, [asked(1, key="k", dealt="d")])
    log.convert()
    (path,) = log.layout.parts.rglob("*.parquet")
    pl.read_parquet(path, hive_partitioning=False).drop("@dealt").write_parquet(path)
    assert only(log)["@dealt"] is None
    written(log, [asked(2, dealt="e")])
    log.convert()
    written(log, [asked(3)])
    found = log.scan().collect().sort("@id")
    assert found["@dealt"].to_list() == [None, "e", None]
    assert found["@key"].to_list() == ["k", None, None]
    assert log.as_dataset().digest


def test_a_record_of_before_there_was_such_a_column_is_read(log):
    first = msgspec.msgpack.decode(frames.encode(asked(1, key="k"))[frames.HEAD_BYTES :])
    payload = msgspec.msgpack.encode(first[:-1])
    head = frames.encode(LATE) + struct.pack("<4sII", frames.MARK, len(payload), zlib.crc32(payload))
    log.layout.spool.mkdir(parents=True)
    (log.layout.spool / "20130101T000000-a-b.closed").write_bytes(head + payload)
    assert only(log)["@dealt"] is None
    assert only(log)["@key"] == "k"


def test_a_request_of_several_rows_is_several_rows(log):
    many = asked(1, columns=[[1.0, None], ["UA", None], [1, None], [True, None], [NOON, None]])
    many.rows, many.scores, many.decisions, many.keys = 2, [0.25, 0.75, 0.5, 0.5], [1, 0], ["a", 5]
    written(log, [many, asked(2)])
    table = log.scan().collect()
    assert table["@id"].to_list() == ["q1.0", "q1.1", "q2.0"]
    assert table["@key"].to_list() == ["a", "5", None]
    assert table["@prediction"].to_list() == [True, False, True]
    assert table["@probability_true"].to_list() == [0.75, 0.5, 0.75]
    assert table.row(1, named=True)["carrier"] is None
    assert table["due"].null_count() == table["seats"].null_count() == table["fresh"].null_count() == 1


def test_a_refused_request_leaves_a_row_without_values_or_answer(log):
    refused = asked(1, columns=[], scores=b"", decisions=[], outcome="refused", reason="bad-value")
    written(log, [refused, asked(2)])
    table = log.scan().collect()
    assert table["@outcome"].to_list() == ["refused", "answered"]
    assert table["@reason"].to_list() == ["bad-value", None]
    for name in ("@prediction", "@probability_true", "distance", "carrier"):
        assert table[name].is_null().to_list() == [True, False]


def test_scores_may_be_the_bytes_of_float32(log):
    import struct

    written(log, [asked(1, scores=struct.pack("<2f", 0.1, 0.9)), asked(2, scores=[0.1, 0.9])])
    assert log.scan().collect()["@probability_true"].n_unique() == 1


def test_numbers_that_are_nan_are_missing(log):
    written(log, [asked(1, columns=[[float("nan")], ["UA"], [1], [True], [NOON]])])
    assert only(log)["distance"] is None


@pytest.mark.parametrize(
    "strange",
    [
        {"columns": [[1.0]]},
        {"columns": [[1.0, 2.0], ["UA"], [1], [True], [NOON]]},
        {"decisions": [2]},
        {"decisions": [-1]},
        {"keys": ["a", "b"]},
        {"rows": 0, "columns": []},
    ],
)
def test_a_record_that_does_not_fit_its_header_is_left_out_and_told(log, strange):
    record = asked(1)
    for name, value in strange.items():
        setattr(record, name, value)
    written(log, [record, asked(2)])
    assert ids(log) == ["q2.0"]
    done = log.convert()
    assert (done.rows, done.torn) == (1, 1)


def test_a_value_of_another_kind_is_missing_and_the_rest_is_kept(log):
    written(log, [asked(1, columns=[["far"], [5], [2**63], ["x"], ["noon"]]), asked(2)])
    first, second = log.scan().collect().to_dicts()
    assert (first["distance"], first["carrier"], first["seats"], first["due"]) == (None, "5", None, None)
    assert second["distance"] == 2.0


def test_a_log_that_is_not_there_gives_an_empty_typed_table_and_makes_no_folder(log):
    table = log.scan().collect()
    assert table.height == 0
    assert table.schema["@time"] == pl.Datetime("us", "UTC")
    assert {"@id", "@prediction", "@label", "@labelled"} <= set(table.columns)
    assert "@label" not in log.scan(labels=False).collect_schema()
    assert not log.layout.root.exists()


def test_a_window_without_rows_is_typed_as_the_newest_release(log):
    written(log, [asked(1), asked(2, release=TWO)])
    log.convert()
    empty = log.scan(since="2020-01-01").collect()
    assert (empty.height, empty.schema["@prediction"], empty.schema["@label"]) == (0, pl.Float32, pl.Float64)
    assert "origin" in empty.columns


def test_rows_are_the_same_before_and_after_conversion(log):
    records = [asked(i, time=NOON + i * HOUR // 3, release=(ONE, TWO)[i % 2], key=str(i)) for i in range(10)]
    written(log, [*records, Label(NOON + HOUR, "id", "q1.0", 1.5)])
    before = log.scan().sort("@id").collect()
    log.convert()
    assert_frame_equal(log.scan().sort("@id").collect(), before)


def test_a_window_has_its_beginning_and_not_its_end(log):
    written(log, [asked(i, time=NOON + i * HOUR) for i in range(4)])
    for convert in (False, True):
        if convert:
            log.convert()
        assert ids(log, since="2013-11-04T13:00", until="2013-11-04T15:00:00Z") == ["q1.0", "q2.0"]
        assert ids(log, since=dt.datetime(2013, 11, 4, 16, tzinfo=dt.timezone(dt.timedelta(hours=1)))) == ["q3.0"]
        assert ids(log, until=dt.date(2013, 11, 5)) == ["q0.0", "q1.0", "q2.0", "q3.0"]


def test_a_window_reads_the_files_of_its_hours_and_releases_only(log):
    written(log, [asked(i, time=NOON + i * HOUR, release=(ONE, TWO)[i % 2]) for i in range(48)])
    log.convert()
    for path in log.layout.parts.rglob("*.parquet"):
        if "hour=14" not in str(path) or f"release={ONE[:12]}" not in str(path):
            path.write_bytes(b"torn")
    with_one = log.scan(since="2013-11-04T14:00", until="2013-11-04T15:00", releases=[ONE[:5]])
    assert with_one.collect()["@id"].to_list() == ["q2.0"]
    assert ids(log, since="2013-11-04T14:00", until="2013-11-04T15:00", releases=[ONE]) == ["q2.0"]


def test_rows_can_be_asked_for_by_release_and_role(log):
    written(log, [asked(1), asked(2, release=TWO), asked(3, role="shadow")])
    for convert in (False, True):
        if convert:
            log.convert()
        assert ids(log, releases=[ONE]) == ["q1.0", "q3.0"]
        assert ids(log, releases=["f"]) == []
        assert ids(log, roles=["shadow", "pinned"]) == ["q3.0"]


def test_releases_with_other_inputs_are_combined_by_name(log):
    written(log, [asked(1), asked(2, release=TWO)])
    table = log.scan().sort("@id").collect()
    assert table["origin"].to_list() == [None, "JFK"]
    assert table["carrier"].to_list() == ["UA", None]
    assert table["@prediction"].to_list() == [1.0, 1.0]


@pytest.mark.parametrize(
    "kinds", [("string", "number"), ("timestamp", "string"), ("timestamp", "integer"), ("boolean", "timestamp")]
)
def test_an_input_whose_kind_changed_is_read_as_a_type_that_holds_both(log, kinds):
    values = {"string": "x", "number": 1.5, "timestamp": NOON, "integer": 3, "boolean": True}
    spool = Spool(log.layout.spool, boot="b")
    for number, kind in enumerate(kinds):
        header = Header("late", str(number) * 64, number, "regression", (("x", kind),))
        spool.describe(header)
        spool.append(asked(number, release=header.release, columns=[[values[kind]]], scores=[1.0], decisions=[]))
    spool.close()
    table = log.scan().collect()
    assert table["x"].null_count() == 0
    log.convert()
    assert_frame_equal(log.scan().collect(), table)
    assert log.as_dataset().pieces()[0].collect().height == 2


@pytest.mark.parametrize(
    ("kind", "classes"),
    [("bool", (False, True)), ("int", (3, 5)), ("float", (0.5, 1.5)), ("text", ("a", "b")), ("mixed", (1, "b"))],
)
def test_predictions_have_the_type_of_the_classes(log, kind, classes):
    header = Header("late", ONE, 1, "binary", (("x", "number"),), classes)
    spool = Spool(log.layout.spool, boot="b")
    spool.describe(header)
    spool.append(asked(1, columns=[[1.0]]))
    spool.close()
    expected = "b" if kind == "mixed" else classes[1]
    assert only(log)["@prediction"] == expected
    assert columns.probability(classes[0]) in only(log)


def test_a_time_that_is_none_is_refused_with_the_words_to_type(log):
    with pytest.raises(UsageError, match=r"since is 'yesterday', expected a time") as caught:
        log.scan(since="yesterday")
    assert caught.value.fix == "since=2013-11-04, or 2013-11-04T05:00"


def test_a_role_that_is_none_is_refused_with_the_nearest(log):
    with pytest.raises(UsageError, match="Did you mean 'shadow'"):
        log.scan(roles=["shadw"])


def test_a_name_that_no_folder_can_have_is_refused(tmp_path):
    for name in ("../x", "", ".", "a/b"):
        with pytest.raises(UsageError, match="cannot be a model's name"):
            PredictionLog.of(tmp_path, name)


def test_an_input_with_the_name_of_an_own_column_is_refused_when_it_is_described(log):
    header = Header("late", ONE, 1, "regression", (("@id", "string"),))
    with pytest.raises(UsageError, match="'@id' is a column of the prediction log"):
        Spool(log.layout.spool, boot="b").describe(header)


def test_a_prediction_is_found_in_any_model_by_its_id_or_by_its_requests(tmp_path):
    written(PredictionLog.of(tmp_path, "late"), [asked(1), asked(11)])
    written(PredictionLog.of(tmp_path, "early"), [asked(2), asked(2, role="shadow", release=TWO)])
    assert find(tmp_path, "nobody") is None
    found = find(tmp_path, "q1.0")
    assert found is not None
    assert (found.name, found.rows["@id"].to_list()) == ("late", ["q1.0"])
    found = find(tmp_path, "q2")
    assert found is not None
    assert (found.name, sorted(found.rows["@role"].to_list())) == ("early", ["champion", "shadow"])
    assert find(tmp_path / "elsewhere", "q1") is None


def test_a_log_that_may_only_be_read_can_be_read(log, monkeypatch):
    written(log, [asked(1)])
    opened = os.open

    def read_only(path: str, flags: int, *given: int) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, "read-only file system")
        return opened(path, flags, *given)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", read_only)
        assert ids(log) == ["q1.0"]
        assert not log.layout.publishing.exists()
    log.convert()
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", read_only)
        assert ids(log) == ["q1.0"]
    with locks.alone(log.layout.publishing, wait=False) as held:
        assert held


def test_logs_are_listed_by_name(tmp_path):
    for name in ("b", "a"):
        written(PredictionLog.of(tmp_path, name), [asked(1)])
    assert [layout.name for layout in Layout.all_of(tmp_path)] == ["a", "b"]
    assert LATE.name == "late"
