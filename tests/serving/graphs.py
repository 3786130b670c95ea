"""Small models made by hand: every kind of raw column in, probabilities or a value out. No training library is needed."""

from __future__ import annotations

import numpy as np

from seakeep.core import ColumnSchema, Input, Kind, Model, Schema, Statistics, Task
from seakeep.features.graph import ML, GraphBuilder
from seakeep.features.nulls import MISSING_TIME

INPUTS = (
    Input("distance", Kind.NUMBER),
    Input("seats", Kind.INTEGER),
    Input("night", Kind.BOOLEAN),
    Input("carrier", Kind.STRING),
    Input("scheduled", Kind.TIMESTAMP),
)
CARRIERS = ("AA", "B6", "DL", "UA")
MICROSECONDS_2010, MICROSECONDS_2030 = 1_262_304_000_000_000, 1_893_456_000_000_000
CLASSES = {Task.BINARY: (False, True), Task.MULTICLASS: ("early", "on time", "late"), Task.REGRESSION: ()}


def schema(**changes: ColumnSchema) -> Schema:
    """A contract in which `distance` and `scheduled` may be missing, and `tail` is known but not read."""
    columns = {
        "distance": ColumnSchema(Kind.NUMBER, missing_at_most=0.1, minimum=0, maximum=6000),
        "seats": ColumnSchema(Kind.INTEGER, minimum=1, maximum=900),
        "night": ColumnSchema(Kind.BOOLEAN),
        "carrier": ColumnSchema(Kind.STRING, values=CARRIERS),
        "scheduled": ColumnSchema(
            Kind.TIMESTAMP, missing_at_most=0.1, minimum=MICROSECONDS_2010, maximum=MICROSECONDS_2030
        ),
        "tail": ColumnSchema(Kind.STRING, missing_at_most=1.0),
        "arr_delay": ColumnSchema(Kind.NUMBER, available="after"),
        "late": ColumnSchema(Kind.BOOLEAN),
    }
    return Schema("flights", {**columns, **changes}, label="late", time="scheduled")


def model(task: Task = Task.BINARY, *, name: str = "flights", contract: Schema | None = None) -> Model:
    """A linear model over seven features of five raw columns."""
    classes = CLASSES[task]
    graph = _graph(task, max(1, len(classes)))
    names = ("distance", "distance missing", "seats", "night", "carrier", "hour", "scheduled missing")
    return Model(name, task, graph, INPUTS, contract or schema(), Statistics(), classes=classes, features=names)


def _graph(task: Task, outputs: int) -> bytes:
    builder = GraphBuilder()
    features = _features(builder)
    weights = np.random.default_rng(7).normal(size=(7, outputs)).astype(np.float32)
    sums = builder.node("MatMul", [features, builder.constant(weights)])
    builder.output("features", features, np.float32, ["rows", 7])
    if task is Task.REGRESSION:
        flat = builder.node("Reshape", [sums, builder.constant(np.array([-1]))])
        builder.output("value", flat, np.float32, ["rows"])
    else:
        builder.output("probabilities", builder.node("Softmax", [sums], axis=1), np.float32, ["rows", outputs])
        builder.output("decision", builder.node("ArgMax", [sums], axis=1, keepdims=0), np.int64, ["rows"])
    return builder.build("flights").SerializeToString()


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
