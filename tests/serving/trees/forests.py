"""Random ensembles of every shape, their graphs as Seakeep's exporters write them, and rows at and around their thresholds."""

from __future__ import annotations

import numpy as np

from seakeep.core.kinds import Kind, Task
from seakeep.core.model import Input, Model
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.core.statistics import Statistics
from seakeep.features.graph import GraphBuilder
from seakeep.training import lowering
from seakeep.training.ensemble import Ensemble, Exported, Tree

FEATURES = 5
THRESHOLDS = np.array([-np.inf, -1e30, -1.0, -1e-40, -0.0, 0.0, 1e-40, 0.1, 1.0, 7.5, 3e38, np.inf], dtype=np.float32)


def tree(rng, leaves, outputs, chains):
    """A tree of so many leaves, grown by splitting any of them; or, for a share of chains, always the last."""
    feature, threshold, left, right, ends = [-1], [0.0], [-1], [-1], [0]
    is_chain = rng.random() < chains
    while len(ends) < leaves:
        at = ends.pop(-1 if is_chain else int(rng.integers(len(ends))))
        feature[at] = int(rng.integers(FEATURES))
        threshold[at] = rng.choice(THRESHOLDS) if rng.random() < 0.5 else np.float32(rng.normal() * 3)
        left[at], right[at] = len(feature), len(feature) + 1
        ends += [len(feature), len(feature) + 1]
        for column, value in ((feature, -1), (threshold, 0.0), (left, -1), (right, -1)):
            column += [value, value]
    is_leaf = np.array(feature) < 0
    value = rng.normal(size=(len(feature), outputs)) * 10.0 ** rng.integers(-12, 12, size=(len(feature), 1))
    value[rng.random(len(feature)) < 0.05] = -0.0
    return Tree(
        feature=np.array(feature, dtype=np.int32),
        threshold=np.array(threshold, dtype=np.float32),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        missing_left=(rng.random(len(feature)) < rng.choice([0.0, 0.5, 1.0])) & ~is_leaf,
        value=np.where(is_leaf[:, None], value, 0.0),
        cover=np.ones(len(feature)),
    )


def forest(rng, trees, leaves, *, outputs=1, single=False, chains=0.2):
    """leaves: the most that a tree may have."""
    members = [tree(rng, int(rng.integers(1, leaves + 1)), outputs, chains) for _ in range(trees)]
    return Ensemble.of(members, base=rng.normal(size=outputs), single=single)


def graph(ensemble, *, answers=None, features=FEATURES):
    """The graph's bytes: one input `x`, float32 (rows, features), which are the features as they are.

    Its outputs are `value`, the sums as they are; or with `answers` what those make of them.
    """
    builder = GraphBuilder()
    taken = builder.node("Identity", [builder.input("x", np.float32, ["rows", features])])
    builder.output("features", taken, np.float32, ["rows", features])
    if answers is None:
        sums = lowering._sums(builder, taken, ensemble)
        dtype = np.float32 if ensemble.single else np.float64
        builder.output("value", builder.node("Neg", [sums]), dtype, ["rows", ensemble.outputs])
    else:
        lowering.add_estimator(builder, taken, Exported(ensemble, answers))
    return builder.build("forest").SerializeToString()


def model(ensemble, answers):
    """A model over number columns a, b, …, which are its features."""
    columns = tuple(Input(name, Kind.NUMBER) for name in "abcdefghij"[:FEATURES])
    builder = GraphBuilder()
    parts = [builder.cast(builder.input(column.name, np.float64), np.float32) for column in columns]
    shape = builder.constant(np.array([-1, 1], dtype=np.int64))
    taken = builder.node("Concat", [builder.node("Reshape", [part, shape]) for part in parts], axis=1)
    builder.output("features", taken, np.float32, ["rows", FEATURES])
    lowering.add_estimator(builder, taken, Exported(ensemble, answers))
    classes = () if answers.task is Task.REGRESSION else tuple(range(max(2, ensemble.outputs)))
    names = tuple(column.name for column in columns)
    schema = Schema("forest", {name: ColumnSchema(Kind.NUMBER, missing_at_most=1.0) for name in names})
    return Model(
        *("forest", answers.task, builder.build("forest").SerializeToString(), columns, schema, Statistics()),
        classes=classes,
        features=names,
    )


def rows(rng, ensemble, count, *, features=FEATURES):
    """Half of the values at a threshold or beside it, the others missing, infinite, zero, denormal or anything."""
    points = np.unique(np.concatenate([THRESHOLDS, ensemble.threshold[~ensemble.is_leaf]]))
    hard = np.concatenate([points, np.nextafter(points, np.float32(np.inf)), np.nextafter(points, np.float32(-np.inf))])
    hard = np.concatenate(
        [hard, np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-45, -1e-45, 3.4e38], dtype=np.float32)]
    )
    picked = rng.choice(hard.astype(np.float32), size=(count, features))
    picked[rng.random(picked.shape) < 0.1] = np.nan
    anything = rng.normal(size=picked.shape).astype(np.float32) * 3
    return np.where(rng.random(picked.shape) < 0.7, picked, anything).astype(np.float32)
