"""Schema, Dataset, Model and Release: identified by content, saved and read back equal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl
import pytest

from seakeep.core import ColumnSchema, Dataset, Input, Kind, Model, Release, RowRule, Schema, Statistics, Task, Verdict
from seakeep.core.codec import BadDocument, from_json, to_json
from seakeep.core.errors import UsageError
from seakeep.core.statistics import ColumnStatistics

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = Schema(
    "flights",
    {
        "distance": ColumnSchema(Kind.INTEGER, minimum=1, drift={"psi": 0.2}),
        "air_time": ColumnSchema(Kind.NUMBER, available="after"),
        "late": ColumnSchema(Kind.BOOLEAN),
        "note": ColumnSchema(Kind.STRING, required=False, values=("a", "b"), not_in=("training",)),
    },
    label="late",
)
MODEL = Model(
    "late",
    Task.BINARY,
    b"graph",
    (Input("distance", Kind.INTEGER),),
    SCHEMA,
    Statistics(3, {"distance": ColumnStatistics(Kind.INTEGER, rows=3)}),
    classes=(False, True),
    features=("distance",),
    sources={"distance": ("distance",)},
    estimator="Linear()",
    explanation=b"npz",
)


def test_serving_expects_neither_the_label_nor_columns_from_after_the_prediction():
    assert list(SCHEMA.expected("serving")) == ["distance", "note"]
    assert list(SCHEMA.expected("training")) == ["distance", "air_time", "late"]


def test_environments_come_by_name_by_default_and_by_exception():
    schema = replace(
        SCHEMA,
        columns={
            **SCHEMA.columns,
            "only": ColumnSchema(Kind.STRING, in_=("batch",)),
            "late": ColumnSchema(Kind.BOOLEAN, in_=("training", "batch")),
        },
        environments=("batch", "training"),
        default_in=("training", "serving"),
    )
    assert schema.known_environments == ("training", "serving", "batch")
    assert list(schema.expected("batch")) == ["late", "only"]
    assert list(schema.expected("serving")) == ["distance", "note"]


def test_what_a_contract_gained_leaves_the_digest_of_others_alone():
    assert "pattern" not in to_json(SCHEMA)
    assert from_json(Schema, to_json(replace(SCHEMA, rules=(RowRule("r", holds="late"),)))).rules[0].holds == "late"


def test_the_contract_of_a_part_asks_for_nothing_that_only_the_whole_can_keep():
    column = ColumnSchema(Kind.STRING, present_at_least=5, distinct_at_least=3, length_at_most=9)
    whole = Schema("t", {"a": column}, rows_at_least=100, rows_at_most=200, growth_at_least=0.5, growth_at_most=2.0)
    assert whole.of_part() == Schema("t", {"a": ColumnSchema(Kind.STRING, length_at_most=9)})
    assert replace(whole, rows_at_least=0).of_part().rows_at_least == 0


def test_a_schema_is_read_back_equal_and_finds_its_columns():
    assert from_json(Schema, to_json(SCHEMA)) == SCHEMA
    assert SCHEMA["late"].kind is Kind.BOOLEAN
    with pytest.raises(UsageError, match="Did you mean 'distance'"):
        _ = SCHEMA["distanse"]


def test_a_changed_bound_changes_the_digest():
    other = replace(SCHEMA, columns={**SCHEMA.columns, "distance": ColumnSchema(Kind.INTEGER, minimum=2)})
    assert other.digest != SCHEMA.digest


@pytest.mark.parametrize("explanation", [b"", b"npz"])
def test_a_model_is_read_back_equal(tmp_path, explanation):
    model = replace(MODEL, explanation=explanation)
    model.save(tmp_path / "model")
    assert Model.load(tmp_path / "model") == model
    assert Model.load(tmp_path / "model").digest == model.digest


@pytest.mark.parametrize(
    "change", [{"graph": b"other"}, {"name": "x"}, {"classes": (True, False)}, {"explanation": b""}]
)
def test_every_part_of_a_model_enters_its_digest(change):
    assert replace(MODEL, **change).digest != MODEL.digest


@pytest.mark.parametrize("file", ["model.json", "schema.json", "statistics.json", "model.onnx"])
def test_a_model_that_was_copied_in_part_is_told(tmp_path, file):
    MODEL.save(tmp_path / "model")
    (tmp_path / "model" / file).unlink()
    with pytest.raises(BadDocument, match=rf"there is no {file} \(.*model\)\n.*in part.*\n.*seakeep releases"):
        Model.load(tmp_path / "model")


def test_a_release_is_read_back_equal(tmp_path):
    release = Release("late", {"model.onnx": "0" * 64}, Verdict.PASS, {"dataset": "1" * 64})
    release.save(tmp_path)
    assert Release.load(tmp_path) == release
    assert Release.load(tmp_path).digest == release.digest
    assert replace(release, verdict=Verdict.FAIL).digest != release.digest


@dataclass(frozen=True)
class Rows:
    values: tuple[int, ...]
    description: str = "a table in memory"

    def pieces(self) -> Sequence[pl.LazyFrame]:
        return [pl.LazyFrame({"x": [value]}) for value in self.values]

    def files(self) -> Sequence[str]:
        return ()

    def digest(self) -> str:
        return str(self.values)


@dataclass(frozen=True)
class Doubled:
    description: str = "doubled"
    canonical: str = "x*2"

    def apply(self, piece: pl.LazyFrame) -> pl.LazyFrame:
        return piece.with_columns(pl.col("x") * 2)


def test_steps_apply_to_every_piece_in_order_and_enter_the_digest():
    dataset = Dataset(Rows((1, 2)), label="x")
    stepped = dataset.then(Doubled()).then(Doubled())
    assert [piece.collect()["x"].to_list() for piece in stepped.pieces()] == [[4], [8]]
    assert stepped.description == "a table in memory doubled doubled"
    assert (
        len({dataset.digest, stepped.digest, dataset.then(Doubled()).digest, replace(dataset, label=None).digest}) == 4
    )


def test_kinds_know_whether_they_lie_on_a_line():
    assert [kind for kind in Kind if kind.is_numeric] == [Kind.INTEGER, Kind.NUMBER, Kind.TIMESTAMP, Kind.DURATION]
