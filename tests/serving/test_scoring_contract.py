"""The contract in batch: every row is judged as a server judges it, in every mode, and scored to the same bits."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seakeep import data
from seakeep.core import ColumnSchema, Kind, RowRule
from seakeep.data import profile_frame
from seakeep.features.nulls import MISSING_TEXT
from seakeep.serving import score
from seakeep.serving.scoring import BrokenRow, CannotScore
from seakeep.serving.scoring.answering import Answering
from seakeep.serving.scoring.asked import Asked
from seakeep.serving.served import Served
from seakeep.serving.server.form import form_of
from seakeep.serving.server.forms import arrow
from seakeep.serving.server.forms import json as json_form
from seakeep.serving.server.refusals import Refusal
from seakeep.testing.example_models import example_frame, example_model, example_schema

from .asking import asking

RULES = (
    RowRule("night_is_short", holds="if night then distance < 5000"),
    RowRule("seated", holds="seats * 10 > distance or is_missing(distance)"),
    RowRule("in_training", holds="seats > 10000", not_in=("serving",)),
    RowRule("lands_late", holds="arr_delay > 0"),
    RowRule("in_time", holds="year(scheduled) < 2025 and not starts_with(carrier, 'Z')"),
)
CONTRACTS = {
    "listed": {"seats": ColumnSchema(Kind.INTEGER, values=(100, 150, 200), missing_at_most=0.5)},
    "patterned": {
        "carrier": ColumnSchema(Kind.STRING, pattern="[A-Z]{2}", length_at_least=1, length_at_most=4),
        "seats": ColumnSchema(Kind.INTEGER, minimum=50.5, maximum=2**53),
        "night": ColumnSchema(Kind.BOOLEAN, values=(True,)),
    },
    "open": {name: ColumnSchema(kind) for name, kind in (("distance", Kind.NUMBER), ("scheduled", Kind.TIMESTAMP))}
    | {"carrier": ColumnSchema(Kind.STRING, semantics="url", required=False), "seats": ColumnSchema(Kind.INTEGER)},
}


def model(name):
    schema = replace(example_schema(**CONTRACTS[name]), rules=RULES)
    frame = pl.DataFrame({"carrier": ["UA", "UA", "AA"], "seats": [100, 200, 300], "distance": [1.0, 2.0, 9.0]})
    frame = frame.with_columns(night=pl.Series([True, False, True]), scheduled=example_frame(3)["scheduled"])
    return replace(example_model(schema=schema), statistics=profile_frame(frame))


ROW = st.fixed_dictionaries(
    {
        "distance": st.none() | st.sampled_from([-5.0, 0.0, 1400.0, 5999.5, 6000.5]) | st.floats(-1e4, 1e4),
        "seats": st.none() | st.sampled_from([0, 100, 150, 51, 50, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]),
        "night": st.none() | st.booleans(),
        "carrier": st.none()
        | st.sampled_from(["AA", "ua", "UNITED", "", "ZZ", "https://a.org/b", "é😀"])
        | st.text(max_size=3),
        "scheduled": st.none() | st.integers(-(10**15), 2 * 10**15),
    }
)
TYPES = {
    "distance": pl.Float64,
    "seats": pl.Int64,
    "night": pl.Boolean,
    "carrier": pl.String,
    "scheduled": pl.Datetime("us"),
}


def table(rows):
    return pl.DataFrame(rows, schema={**TYPES, "scheduled": pl.Int64}).cast({"scheduled": pl.Datetime("us")})


def as_json(row):
    at = pl.Series([row["scheduled"]], dtype=pl.Int64).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S.%f")[0]
    return {**row, "scheduled": at}


def by_row(marks, height):
    found = [[] for _ in range(height)]
    for mark in marks:
        for row in mark["rows"]:
            found[row].append(mark["rule"])
    return [", ".join(rules) or None for rules in found]


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """Servers' engines by contract and mode, in process."""
    modes = {
        "mark": {"missing": "mark", "domain": "mark", "rules": "mark"},
        "impute": {"missing": "impute", "domain": "impute", "rules": "mark"},
        "reject": {"missing": "schema", "domain": "reject", "rules": "reject"},
    }
    with asking() as made:
        yield {
            (name, mode): made(Served.of(model(name)), tmp_path_factory.mktemp("counters"), **how)
            for name in CONTRACTS
            for mode, how in modes.items()
        }


@pytest.mark.parametrize("mode", ["mark", "impute"])
@pytest.mark.parametrize("name", CONTRACTS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=20))
def test_rows_are_marked_and_scored_as_a_server_does(engines, mode, name, rows):
    served = engines[name, mode].sent({"rows": [as_json(row) for row in rows]})
    assert "predictions" in served, served
    chunk = Answering(model(name), Asked("key", None, mode, "onnxruntime", 1000)).answer(table(rows), 0)
    assert chunk.output["broken"].to_list() == by_row(served.get("broken", ()), len(rows))
    told = np.array([list(one["probabilities"].values()) for one in served["predictions"]], np.float32)
    own = chunk.output.select("probability_false", "probability_true").to_numpy()
    assert (own.view(np.int32) == told.view(np.int32)).all()


@pytest.mark.parametrize("name", CONTRACTS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROW, min_size=1, max_size=6),
    dtype=st.sampled_from([pl.Int64, pl.Float64, pl.UInt64]),
    extra=st.integers(0, 5),
)
def test_rows_are_set_aside_that_a_server_refuses(engines, name, rows, dtype, extra):
    """Also what only a table can hold: infinities, NaN, fractions and whole numbers beyond 64 bits, dates, reserved texts."""
    frame = table(rows).with_columns(pl.col("seats").cast(dtype, strict=False))
    odd = [
        pl.lit(math.inf).alias("distance"),
        pl.lit(math.nan).alias("distance"),
        pl.lit(0.5 if dtype == pl.Float64 else 2**63 if dtype == pl.UInt64 else 7, dtype).alias("seats"),
        pl.lit(MISSING_TEXT).alias("carrier"),
        pl.lit(-(2**63), pl.Int64).cast(pl.Datetime("us")).alias("scheduled"),
    ]
    frame = pl.concat([frame, *(frame.head(1).with_columns(each) for each in odd[:extra])])
    asked = Asked("key", None, "quarantine", "onnxruntime", 1000)
    chunk = Answering(model(name), asked).answer(frame, 7)
    refused = [number for number in range(frame.height) if not _answers(engines[name, "reject"], frame[number])]
    assert chunk.quarantine["@row"].to_list() == [7 + number for number in refused]
    assert chunk.output["row"].to_list() == [7 + n for n in range(frame.height) if n not in refused]


ARROW = form_of(arrow.NOTATION, json_form.NOTATION)


def _answers(engine, row):
    sink, table = pa.BufferOutputStream(), row.to_arrow()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    try:
        engine.replied(sink.getvalue().to_pybytes(), ARROW)
    except Refusal:
        return False
    return True


@pytest.fixture
def broken(tmp_path):
    frame = example_frame(3000).with_columns(flight=pl.int_range(3000))
    return data.read(frame, key="flight")


def test_by_default_rows_are_scored_and_what_they_break_is_counted(tmp_path, broken):
    summary = score(model("patterned"), broken, tmp_path / "out.parquet")
    assert summary.rows == 3000
    assert summary.quarantined == 0
    marked = score(model("patterned"), broken, tmp_path / "marked.parquet", broken="mark")
    rules = pl.read_parquet(marked.path)["broken"].drop_nulls().str.split(", ").explode()
    assert Counter(rules) == dict(summary.broken)
    plain = pl.read_parquet(summary.path)
    assert pl.read_parquet(marked.path).drop("broken").equals(plain)


def test_rows_that_are_set_aside_and_the_others_are_the_table(tmp_path, broken):
    bad = tmp_path / "bad.parquet"
    summary = score(model("patterned"), broken, tmp_path / "out.csv", quarantine=bad, chunk_rows=700)
    aside, good = pl.read_parquet(bad), pl.read_csv(summary.path)
    assert (summary.rows, summary.quarantined, summary.quarantine) == (good.height, aside.height, bad)
    assert sorted([*aside["flight"], *good["flight"]]) == list(range(3000))
    assert aside["@row"].equals(aside["flight"].alias("@row"))
    assert aside["@broken"].null_count() == 0
    assert aside.columns == ["distance", "seats", "night", "carrier", "scheduled", "flight", "@row", "@broken"]


def test_a_run_that_is_to_reject_ends_at_the_first_broken_row(tmp_path):
    frame = example_frame(500).filter(pl.all_horizontal(pl.all().is_not_null()), pl.col("distance") > 0)
    good = frame.with_columns(seats=pl.lit(100), carrier=pl.lit("AA"))
    score(example_model(), data.read(good), tmp_path / "good.csv", broken="reject")
    bad = good.with_columns(seats=pl.when(pl.int_range(pl.len()) > 97).then(901).otherwise("seats"))
    with pytest.raises(
        BrokenRow, match=r"row 98 has 901 in 'seats', expected from 1 to 900 \(seats.bounds\)\n.*\n.*--quarantine"
    ):
        score(example_model(), data.read(bad), tmp_path / "out.csv", broken="reject", chunk_rows=10)
    assert not (tmp_path / "out.csv").exists()
    ruled = example_model(schema=replace(example_schema(), rules=RULES[:1]))
    with pytest.raises(BrokenRow, match=r"row 0 breaks the rule 'night_is_short': if night then distance < 5000"):
        far = good.with_columns(distance=pl.lit(5500.0), night=pl.lit(value=True))
        score(ruled, data.read(far), tmp_path / "out.csv", broken="reject")


def test_broken_rows_have_one_place_or_none(tmp_path, broken):
    with pytest.raises(CannotScore, match=r"no place for them is named\n.*\n.*--quarantine"):
        score(example_model(), broken, tmp_path / "out.csv", broken="quarantine")
    with pytest.raises(CannotScore, match=r"broken rows are to be 'mark'\n.*\n.*Leave out one of them"):
        score(example_model(), broken, tmp_path / "out.csv", broken="mark", quarantine=tmp_path / "bad.csv")
    with pytest.raises(CannotScore, match=r"is one file and does not\n.*\n.*--quarantine bad-rows/"):
        score(example_model(), broken, f"{tmp_path}/out/", quarantine=tmp_path / "bad.csv")
    with pytest.raises(CannotScore, match=r"are both to be written to .*out.csv\n.*--quarantine"):
        score(example_model(), broken, tmp_path / "out.csv", quarantine=tmp_path / "out.csv")
    taken = data.read(example_frame(3).with_columns(pl.lit(1).alias("@row")))
    with pytest.raises(CannotScore, match="has a column '@row' already"):
        score(example_model(), taken, tmp_path / "out.csv", quarantine=tmp_path / "bad.csv", keep="all")


def test_the_summary_is_json(tmp_path, broken):
    summary = score(example_model(), broken, tmp_path / "out.csv")
    assert json.loads(json.dumps(dict(summary.broken))) == dict(summary.broken)
