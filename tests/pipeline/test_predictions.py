"""The prediction log's verbs: found by a model's name, labelled, summed up, written to a file; and their command line."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from seakeep.cli._main import code_of
from seakeep.core.errors import UsageError
from seakeep.pipeline import predictions
from seakeep.pipeline.predictions import CannotWriteLog, WhichLabels
from seakeep.prediction_log import Header, PredictionLog, Record, Spool
from seakeep.registry import Registry
from seakeep.registry.errors import BadReference

NOON = 1_383_566_400_000_000
HEADER = Header("late", "a" * 64, 1, "binary", (("distance", "number"),), (False, True))


@pytest.fixture
def home(tmp_path) -> Path:
    """A registry with a log of five rows: three answers, a refusal and a shadow's answer."""
    with Registry(tmp_path / "home"):
        pass
    log = PredictionLog.of(tmp_path / "home", "late")
    spool = Spool(log.layout.spool, boot="b")
    spool.describe(HEADER)
    for number in range(3):
        spool.append(record(number, latency_ms=float(number)))
    spool.append(record(0, role="shadow"))
    spool.append(Record(NOON, "q9", HEADER.release, "champion", 1, 0.1, 1, "refused", reason="bad-value"))
    spool.close()
    return tmp_path / "home"


def record(number: int, *, role: str = "champion", latency_ms: float = 1.0) -> Record:
    return Record(
        NOON + number, f"q{number}", HEADER.release, role, 1, latency_ms, 1,
        columns=[[float(number)]], scores=[0.5, 0.5], decisions=[1], keys=[f"k{number}"],
    )  # fmt: skip


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = code_of([str(argument) for argument in arguments])
    return (code, *capsys.readouterr())


def test_a_log_is_found_by_its_models_name(home):
    assert predictions.predictions("late", home=home).scan().collect().height == 5


def test_a_name_with_neither_log_nor_release_is_refused_with_the_nearest(home):
    with pytest.raises(BadReference, match="Did you mean 'late'"):
        predictions.predictions("lat", home=home)


def test_a_log_is_summed_up_by_release_role_and_outcome(home):
    found = predictions.summary("late", home=home)
    assert [(group.role, group.outcome, group.rows) for group in found.groups] == [
        ("champion", "answered", 3),
        ("champion", "refused", 1),
        ("shadow", "answered", 1),
    ]
    assert (found.rows, found.labelled_share) == (5, 0.0)
    assert (found.groups[0].median_ms, found.groups[0].p99_ms) == (1.0, 2.0)
    assert found.groups[0].first == dt.datetime(2013, 11, 4, 12, tzinfo=dt.UTC)
    assert not list((home / "predictions" / "late" / "spool").iterdir())


def test_a_share_of_nothing_is_not_stated(home):
    found = predictions.summary("late", since="2020-01-01", home=home)
    assert (found.groups, found.labelled_share) == ((), None)


def test_labels_come_from_a_table_or_a_query(home, tmp_path):
    table = pl.DataFrame({"key": ["k0", "k1"], "late": [True, False]})
    assert predictions.add_labels("late", table, label="late", key="key", home=home).added == 2
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'q2.0' AS id, 1 AS late")
        connection.commit()
    given = {"sql": "SELECT * FROM t", "database": f"sqlite:///{tmp_path / 'x.db'}"}
    assert predictions.add_labels("late", label="late", id="id", home=home, **given).added == 1
    assert predictions.summary("late", home=home).labelled_share == 1.0


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"data": "x.csv", "sql": "SELECT 1", "database": "sqlite:///x"},
        {"sql": "SELECT 1"},
        {"data": "x.csv", "database": "sqlite:///x"},
    ],
)
def test_neither_or_both_of_a_table_and_a_query_are_refused(home, given):
    with pytest.raises(WhichLabels, match="expected one of the two"):
        predictions.add_labels("late", label="late", id="id", home=home, **given)


def test_rows_are_written_with_their_labels(home, tmp_path):
    predictions.add_labels("late", pl.DataFrame({"id": ["q0.0"], "late": [True]}), label="late", id="id", home=home)
    for ending, reader in (("parquet", pl.read_parquet), ("csv", pl.read_csv)):
        out = tmp_path / f"rows.{ending}"
        assert predictions.summary("late", out, roles=["champion"], home=home).path == str(out)
        table = reader(out)
        assert (table.height, table["@label"].sum()) == (4, 1)


def test_an_output_that_cannot_be_is_refused_before_any_work(home, tmp_path):
    with pytest.raises(CannotWriteLog, match=r"'rows.xlsx' ends in '.xlsx', expected .parquet or .csv"):
        predictions.summary("late", tmp_path / "rows.xlsx", home=home)
    (tmp_path / "rows.csv").write_text("mine")
    with pytest.raises(CannotWriteLog, match="exists already"):
        predictions.summary("late", tmp_path / "rows.csv", home=home)
    assert (tmp_path / "rows.csv").read_text() == "mine"
    predictions.summary("late", tmp_path / "rows.csv", overwrite=True, home=home)
    assert issubclass(CannotWriteLog, UsageError)


def test_the_command_line_shows_what_a_log_holds(home, capsys):
    code, out, _ = run(capsys, "predictions", "late", "--home", home)
    assert code == 0
    assert "late: 5 rows, 0.0% of the answered ones labelled" in out
    assert "@1 aaaaaaaaaaaa" in out
    code, out, _ = run(capsys, "predictions", "late", "--home", home, "--json", "--role", "shadow", "--release", "aaaa")
    document = json.loads(out)
    assert (code, document["rows"], document["groups"][0]["first"]) == (0, 1, "2013-11-04T12:00:00+00:00")


def test_the_command_line_writes_a_log(home, tmp_path, capsys):
    code, out, _ = run(capsys, "predictions", "late", "--home", home, "-o", tmp_path / "rows.parquet")
    assert code == 0
    assert "written to" in out
    assert pl.read_parquet(tmp_path / "rows.parquet").height == 5


def test_the_command_line_says_where_a_filter_lets_nothing_through(home, capsys):
    code, out, _ = run(capsys, "predictions", "late", "--home", home, "--since", "2030-01-01")
    assert (code, " ".join(out.split())) == (
        0,
        "late has no predictions of that time, release and role. See all: seakeep predictions late",
    )


def test_the_command_line_adds_labels(home, tmp_path, capsys):
    (tmp_path / "arrived.csv").write_text("id,late\nq0.0,true\nq1.0,false\nq7.0,true\n,true\n")
    given = ("labels", "late", tmp_path / "arrived.csv", "--id", "id", "--label", "late", "--home", home)
    code, out, _ = run(capsys, *given)
    assert (code, out.strip()) == (0, "4 labels: 2 added, 1 unknown, 1 empty")
    code, out, _ = run(capsys, *given, "--json")
    assert json.loads(out) == {
        "name": "late", "rows": 4, "added": 0, "duplicate": 3, "corrected": 0, "outdated": 0, "unknown": 0, "empty": 1,
        "strange": 0, "classes": ["false", "true"],
    }  # fmt: skip


def test_the_command_line_tells_of_strange_labels_and_the_classes_that_are_known(home, tmp_path, capsys):
    (tmp_path / "arrived.csv").write_text("id,late\nq0.0,yes\nq1.0,true\n")
    given = ("labels", "late", tmp_path / "arrived.csv", "--id", "id", "--label", "late", "--home", home)
    code, out, _ = run(capsys, *given)
    assert code == 0
    assert out.splitlines()[0] == "2 labels: 1 added, 1 strange"
    assert "expected one of the known classes 'false', 'true'." in out.replace("\n", " ")
    code, out, _ = run(capsys, *given, "--json")
    assert (json.loads(out)["strange"], json.loads(out)["classes"]) == (1, ["false", "true"])


def test_the_command_line_refuses_labels_of_unknown_models_and_columns(home, tmp_path, capsys):
    (tmp_path / "arrived.csv").write_text("id,late\nq0.0,true\n")
    given = (tmp_path / "arrived.csv", "--label", "late", "--home", home)
    assert run(capsys, "labels", "lat", *given, "--id", "id")[0] == 3
    code, _, err = run(capsys, "labels", "late", *given, "--id", "ident")
    assert (code, "there is no column 'ident'" in err) == (3, True)
    code, _, err = run(capsys, "labels", "late", *given)
    assert (code, "expected one of the two" in err) == (3, True)
