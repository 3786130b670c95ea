"""Scored rows in the prediction log: as served ones are, once each, hidden where served ones are, to labels, sinks and monitors."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest

from seakeep import data
from seakeep.core import Kind
from seakeep.prediction_log import PredictionLog, batches, outbox
from seakeep.prediction_log.batches import LostBatch
from seakeep.prediction_log.compaction import compact
from seakeep.prediction_log.log import find
from seakeep.prediction_log.parts import described
from seakeep.prediction_log.retention import remove
from seakeep.prediction_log.tables import schema_of
from seakeep.serving import score
from seakeep.serving.scoring import Hidden, LogTo
from seakeep.serving.server.veils import CannotHide
from seakeep.testing.example_models import INPUTS, example_frame, example_model

NEXT_YEAR = dt.datetime.now(dt.UTC) + dt.timedelta(days=365)


@pytest.fixture(scope="module")
def frame():
    return example_frame(600).with_columns(flight=pl.int_range(600))


@pytest.fixture
def table(frame):
    return data.read(frame, key="flight")


@pytest.fixture
def log(tmp_path):
    return PredictionLog.of(tmp_path / "home", "flights")


def logged(tmp_path, table, out="out/", **how):
    to = LogTo(tmp_path / "home", how.pop("hidden", Hidden()))
    return score(example_model(), table, f"{tmp_path}/{out}", part_rows=200, log=to, **how)


def test_rows_are_logged_as_they_were_answered(tmp_path, frame, table, log):
    summary = logged(tmp_path, table, broken="mark")
    rows = log.scan(labels=False).collect()
    assert summary.logged == rows.height == 600
    assert rows.schema == schema_of(described(log.layout)[summary.release])
    written = pl.read_parquet(f"{tmp_path}/out/*.parquet")
    assert rows["@key"].to_list() == written["flight"].cast(pl.String).to_list()
    assert rows["@prediction"].to_list() == written["prediction"].to_list()
    assert rows["@probability_true"].to_list() == written["probability_true"].to_list()
    assert rows["@broken"].to_list() == written["broken"].to_list()
    for column in INPUTS:
        own = frame[column.name]
        expected = own.dt.replace_time_zone("UTC") if column.kind is Kind.TIMESTAMP else own
        assert rows[column.name].to_list() == expected.to_list()
    assert set(rows["@role"]) == {"batch"}
    assert set(rows["@outcome"]) == {"answered"}
    assert rows["@id"].str.ends_with("-7.0").sum() == 1


def test_a_logged_row_is_found_by_its_id_and_its_label_by_its_key(tmp_path, table, log):
    logged(tmp_path, table)
    name = log.scan().filter(pl.col("@key") == "7").collect()["@id"].item()
    assert find(tmp_path / "home", name).rows["@key"].to_list() == ["7"]
    assert find(tmp_path / "home", name.removesuffix(".0")).rows.height == 1
    given = pl.DataFrame({"flight": [7, 8], "late": [True, False]})
    assert log.add_labels(given, label="late", key="flight").added == 2
    assert log.as_dataset(label="late").pieces()[0].collect()["@key"].sort().to_list() == ["7", "8"]


def test_the_log_and_the_summary_have_the_same_statistics(tmp_path, table, log):
    summary = logged(tmp_path, table, "one.csv", statistics=True)
    names = tuple(column.name for column in INPUTS)
    assert data.profile(log.as_dataset()).select(names).digest == summary.statistics.select(names).digest


def test_a_run_that_is_done_again_is_logged_again_and_one_that_goes_on_is_not(tmp_path, table, log):
    def stop(done, total, seconds):
        if (tmp_path / ".out.scoring/notes/000000").exists():
            raise InterruptedError

    many = {"chunk_rows": 50, "progress": stop}
    with pytest.raises(InterruptedError):
        logged(tmp_path, table, **many)
    assert log.scan().collect().height == 0, "nothing is shown of a run that is not whole"
    assert logged(tmp_path, table).resumed_parts == 1
    rows = log.scan().collect()
    assert rows.height == rows["@id"].n_unique() == 600
    logged(tmp_path, table, overwrite=True)
    rows = log.scan().collect()
    assert rows.height == rows["@id"].n_unique() == 1200


def test_files_that_were_shown_before_a_kill_are_not_shown_again_whatever_became_of_them(
    tmp_path, table, log, monkeypatch
):
    """Killed between the log and the output: by then compaction may have put the log's parts together."""
    from seakeep.serving.scoring.run import Run

    with monkeypatch.context() as patch:
        patch.setattr(Run, "publish", lambda _: (_ for _ in ()).throw(InterruptedError))
        with pytest.raises(InterruptedError):
            logged(tmp_path, table)
    assert log.scan().collect().height == 600
    assert compact(log.layout, now=dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)) == 1
    assert logged(tmp_path, table).resumed_parts == 3
    assert log.scan().collect().height == 600
    assert not list(log.layout.batches.iterdir())


def test_rows_that_are_lost_to_the_log_are_told(tmp_path, table, log):
    def stop(done, total, seconds):
        if (tmp_path / ".out.scoring/notes/000000").exists():
            raise InterruptedError

    with pytest.raises(InterruptedError):
        logged(tmp_path, table, chunk_rows=50, progress=stop)
    remove(log.layout, before=NEXT_YEAR)
    with pytest.raises(LostBatch, match=r"that an earlier run wrote to .* are gone\n.*\n.*another place"):
        logged(tmp_path, table)
    assert logged(tmp_path, table, "another/").logged == 600


def test_sinks_get_each_file_before_it_is_shown(tmp_path, table, log):
    box = outbox.box(log.layout, "/somewhere")
    box.mkdir(parents=True)
    logged(tmp_path, table)
    waiting = outbox.waiting(log.layout, "/somewhere")
    assert [pl.read_parquet(parcel.path).height for parcel in waiting] == [200, 200, 200]
    shown = sorted(path.relative_to(log.layout.root).as_posix() for path in log.layout.parts.rglob("*.parquet"))
    assert [parcel.place for parcel in waiting] == shown


def test_a_sink_sends_each_row_as_a_request_of_its_own(tmp_path, table, log):
    from seakeep.integrations._sinks.events import Origin, exchanges

    summary = logged(tmp_path, table, "one.csv")
    header = described(log.layout)[summary.release]
    sent = list(exchanges(log.scan(labels=False).collect(), header, Origin("flights", "default")))
    assert len(sent) == 600
    assert json.dumps(sent[0].events[0].data)


def test_what_is_hidden_of_served_rows_is_hidden_of_these(tmp_path, table, log):
    key = tmp_path / "hash.key"
    key.write_bytes(b"k" * 32)
    logged(tmp_path, table, hidden=Hidden(("distance", "scheduled"), ("carrier", "seats", "@key"), str(key)))
    rows = log.scan(labels=False).collect()
    assert rows["distance"].null_count() == rows["scheduled"].null_count() == 600
    carriers = rows["carrier"].drop_nulls()
    assert set(carriers.str.len_bytes()) == {24}
    assert carriers.n_unique() == 10
    assert set(rows["@key"].str.len_bytes()) == {24}
    assert rows["seats"].drop_nulls().n_unique() == 5
    (header,) = described(log.layout).values()
    assert set(header.hidden) == {"distance", "scheduled", "carrier", "seats", "@key"}
    given = pl.DataFrame({"flight": ["7"], "late": [True]})
    assert log.add_labels(given, label="late", key="flight", hash_key=b"k" * 32).added == 1
    with pytest.raises(CannotHide, match="'fare' is to be hidden"):
        logged(tmp_path, table, "other/", hidden=Hidden(("fare",)))


@pytest.mark.slow
def test_workers_log_what_they_answer(tmp_path, table, log):
    logged(tmp_path, table, engine="local[1]", quarantine=f"{tmp_path}/bad/")
    here = log.scan(labels=False).collect()
    assert here.height < 600
    assert batches.folder_of(log.layout, "a:0123456789abcdef01").name == "0123456789abcdef"
