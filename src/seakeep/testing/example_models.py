"""Small models made by hand: every kind of raw column in, probabilities or a value out, weights known. For suites and tests.

Every kind of missing value and an unseen category reach the answer, so that a runtime which confuses them is found out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind, Task
from seakeep.core.model import Input, Model
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.core.statistics import Statistics
from seakeep.features.graph import ML, GraphBuilder
from seakeep.features.nulls import MISSING_TIME

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUTS = (
    Input("distance", Kind.NUMBER),
    Input("seats", Kind.INTEGER),
    Input("night", Kind.BOOLEAN),
    Input("carrier", Kind.STRING),
    Input("scheduled", Kind.TIMESTAMP),
)
FEATURES = ("distance", "distance missing", "seats", "night", "carrier", "hour", "scheduled missing")
CARRIERS = ("AA", "B6", "DL", "UA")
CLASSES = {Task.BINARY: (False, True), Task.MULTICLASS: ("early", "on time", "late"), Task.REGRESSION: ()}
_SEED = 7
_2010, _2030 = 1_262_304_000_000_000, 1_893_456_000_000_000


def example_schema(**changes: ColumnSchema) -> Schema:
    """A contract where `distance` and `scheduled` may be missing, `tail` is not read, `arr_delay` is known too late."""
    columns = {
        "distance": ColumnSchema(Kind.NUMBER, missing_at_most=0.1, minimum=0, maximum=6000),
        "seats": ColumnSchema(Kind.INTEGER, minimum=1, maximum=900),
        "night": ColumnSchema(Kind.BOOLEAN),
        "carrier": ColumnSchema(Kind.STRING, values=CARRIERS),
        "scheduled": ColumnSchema(Kind.TIMESTAMP, missing_at_most=0.1, minimum=_2010, maximum=_2030),
        "tail": ColumnSchema(Kind.STRING, missing_at_most=1.0),
        "arr_delay": ColumnSchema(Kind.NUMBER, available="after"),
        "late": ColumnSchema(Kind.BOOLEAN),
    }
    return Schema("flights", {**columns, **changes}, label="late", time="scheduled")


def example_model(
    task: Task = Task.BINARY, *, name: str = "flights", schema: Schema | None = None, seed: int = _SEED
) -> Model:
    """A linear model over seven features of five raw columns. Parameters: seed: of its weights."""
    graph = _graph(task, seed)
    classes = CLASSES[task]
    return Model(
        name, task, graph, INPUTS, schema or example_schema(), Statistics(), classes=classes, features=FEATURES
    )


def example_frame(rows: int, *, seed: int = 0) -> pl.DataFrame:
    """Raw rows for the models: a twentieth of everything missing, unseen carriers, awkward texts, large integers."""
    random = np.random.default_rng(seed)
    carriers = np.array([*CARRIERS, "ZZ", "", "None", "nan", "é😀", " AA"], object)
    minutes = random.integers(0, 60 * 24 * 3650, rows)
    columns = [
        pl.Series("distance", random.normal(1000, 900, rows), pl.Float64),
        pl.Series("seats", random.choice(np.array([1, 100, 900, 2**53 + 1, -(2**62)]), rows), pl.Int64),
        pl.Series("night", random.random(rows) < 0.5, pl.Boolean),
        pl.Series("carrier", random.choice(carriers, rows).tolist(), pl.String),
        pl.Series("scheduled", _2010 + minutes * 60_000_000, pl.Int64).cast(pl.Datetime("us")),
    ]
    present = [pl.Series(random.random(rows) > 0.05) for _ in columns]
    return pl.DataFrame(columns).with_columns(
        pl.when(here).then(pl.col(column.name)).alias(column.name)
        for here, column in zip(present, columns, strict=True)
    )


def expected_scores(features: NDArray[np.float32], task: Task) -> NDArray[np.float64]:
    """What the models answer for a feature vector, worked out in double precision."""
    sums = features.astype(np.float64) @ _weights(task).astype(np.float64)
    if task is Task.REGRESSION:
        return sums
    powers = np.exp(sums - sums.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _weights(task: Task, seed: int = _SEED) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(len(FEATURES), max(1, len(CLASSES[task])))).astype(np.float32)


def _graph(task: Task, seed: int) -> bytes:
    builder = GraphBuilder()
    features, weights = _features(builder), _weights(task, seed)
    sums = builder.node("MatMul", [features, builder.constant(weights)])
    builder.output("features", features, np.float32, ["rows", len(FEATURES)])
    if task is Task.REGRESSION:
        flat = builder.node("Reshape", [sums, builder.constant(np.array([-1]))])
        builder.output("value", flat, np.float32, ["rows"])
    else:
        builder.output("probabilities", builder.node("Softmax", [sums], axis=1), np.float32, ["rows", weights.shape[1]])
        builder.output("decision", builder.node("ArgMax", [sums], axis=1, keepdims=0), np.int64, ["rows"])
    graph: bytes = builder.build("flights").SerializeToString()
    return graph


def _features(builder: GraphBuilder) -> str:
    distance, seats, night = (builder.input(name, np.float64) for name in ("distance", "seats", "night"))
    carrier, scheduled = builder.input("carrier", object), builder.input("scheduled", np.int64)
    absent = builder.node("IsNaN", [distance])
    filled = builder.node("Where", [absent, builder.constant(np.float64(1000)), distance])
    code = builder.node(
        "LabelEncoder",
        [carrier],
        domain=ML,
        keys_strings=list(CARRIERS),
        values_floats=[0.25, 0.5, 0.75, 1.0],
        default_float=-1.0,
    )
    never = builder.node("Equal", [scheduled, builder.constant(np.int64(MISSING_TIME))])
    hours = builder.node("Div", [scheduled, builder.constant(np.int64(3_600_000_000))])
    hour = builder.node("Mod", [hours, builder.constant(np.int64(24))])
    hour = builder.node("Where", [never, builder.constant(np.int64(-1)), hour])
    thousandth = builder.constant(np.float64(0.001))
    singles = [
        builder.cast(builder.node("Mul", [filled, thousandth]), np.float32),
        builder.cast(absent, np.float32),
        builder.cast(builder.node("Mul", [_present(builder, seats), thousandth]), np.float32),
        builder.cast(_present(builder, night), np.float32),
        code,
        builder.node("Mul", [builder.cast(hour, np.float32), builder.constant(np.float32(1 / 24))]),
        builder.cast(never, np.float32),
    ]
    axis = builder.constant(np.array([1]))
    return builder.node("Concat", [builder.node("Unsqueeze", [one, axis]) for one in singles], axis=1)


def _present(builder: GraphBuilder, value: str) -> str:
    return builder.node("Where", [builder.node("IsNaN", [value]), builder.constant(np.float64(-1)), value])
