"""Rows that are judged on an engine: the report is the same, wherever the table is cut."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from seakeep.core.codec import to_json
from seakeep.core.schema import RowRule
from seakeep.data import infer_schema, profile, read, validate_rows
from seakeep.data.engines import connected
from seakeep.data.rows import elsewhere


@pytest.fixture(scope="module")
def engine():
    with connected("local[1]") as found:
        yield found


@pytest.fixture
def world(tmp_path):
    frame = pl.DataFrame(
        {
            "trip": [*range(59), 3],
            "fare": [float(i % 20 - (30 if i % 17 == 0 else 0)) for i in range(60)],
            "tip": [None if i % 13 == 0 else 1.0 for i in range(60)],
            "zone": [("A", "B", "C")[i % 3] for i in range(60)],
        }
    )
    for number in range(3):
        frame[number * 20 : number * 20 + 20].write_parquet(tmp_path / f"{number}.parquet")
    pl.DataFrame({"zone": ["A", "B"]}).write_parquet(tmp_path.parent / "zones.parquet")
    dataset = read(tmp_path, key="trip")
    schema = infer_schema(profile(dataset), name="trips", key="trip")
    columns = {**schema.columns, "fare": replace(schema["fare"], minimum=0), "tip": replace(schema["tip"], missing_at_most=0.0),
               "trip": replace(schema["trip"], unique=True)}  # fmt: skip
    rules = (
        RowRule("small_tip", holds="tip <= fare"),
        RowRule("known", refers=("zone",), to="zones.parquet", by=("zone",)),
    )
    return dataset, replace(schema, columns=columns, rules=rules), tmp_path.parent


def test_the_report_is_the_same_on_an_engine(world, engine, monkeypatch):
    dataset, schema, folder = world
    monkeypatch.setattr(elsewhere, "ROWS", 7)
    here, there = (validate_rows(dataset, schema, folder=folder, engine=each) for each in (None, engine))
    assert to_json(here) == to_json(there)
    assert {check.code for check in here.checks if check.verdict.value == "fail"} >= {
        "rows.bounds", "rows.missing", "rows.unique", "rows.holds", "rows.refers",
    }  # fmt: skip


def test_quarantine_is_the_same_file_on_an_engine(world, engine, tmp_path):
    dataset, schema, folder = world
    for name, each in (("here", None), ("there", engine)):
        places = {"quarantine": folder / f"{name}-bad.parquet", "good": folder / f"{name}-good.parquet"}
        validate_rows(dataset, schema, folder=folder, engine=each, **places)
    for kind in ("bad", "good"):
        first, second = ((folder / f"{name}-{kind}.parquet").read_bytes() for name in ("here", "there"))
        assert first == second


def test_progress_and_tables_without_rows(world, engine):
    dataset, schema, folder = world
    told = []
    validate_rows(dataset, schema, folder=folder, engine=engine, progress=lambda *each: told.append(each))
    assert [each[:2] for each in told] == [(60, 1.0)]
    empty = read(pl.DataFrame(schema=pl.concat([piece.head(0) for piece in dataset.pieces()]).collect_schema()))
    assert to_json(validate_rows(empty, schema, folder=folder, engine=engine)) == to_json(
        validate_rows(empty, schema, folder=folder)
    )
