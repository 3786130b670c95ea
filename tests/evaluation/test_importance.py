"""Permutation importance: of raw columns, nothing for unused ones, with intervals that hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seakeep.core import Input, Kind
from seakeep.evaluation.collect import answered, collect
from seakeep.evaluation.estimate import metric
from seakeep.evaluation.importance import importance_table


def table_of(world, *, seed=0):
    seen = collect(world.predictor, world.model, world.dataset)
    return importance_table(world.predictor, world.model, seen.raw, seed=seed)


def test_columns_are_ranked_by_what_the_model_makes_of_them(flights):
    (table,) = table_of(flights)
    assert [row["column"] for row in table.records()] == ["carrier", "hour", "distance"]
    assert all(row["low"] < row["importance"] < row["high"] for row in table.records())
    assert table.note == "Drop of roc_auc on 4,000 rows when the column is shuffled, mean of 3 times."


def test_a_column_that_the_model_does_not_use_has_no_importance(flights):
    world = replace(
        flights,
        frame=flights.frame.with_columns(noise=np.arange(flights.frame.height)),
        model=replace(flights.model, inputs=(*flights.model.inputs, Input("noise", Kind.INTEGER))),
    )
    (table,) = table_of(world)
    assert table.records()[-1] == {"column": "noise", "importance": 0.0, "low": 0.0, "high": 0.0}


@pytest.mark.parametrize(("name", "score"), [("outcomes", "log_loss"), ("delays", "mae")])
def test_losses_rise_where_others_drop(name, score, request):
    (table,) = table_of(request.getfixturevalue(name))
    assert table.note.startswith(f"Rise of {score}")
    assert table.records()[0]["importance"] > 0


def test_the_same_seed_deals_the_same(flights):
    assert table_of(flights, seed=3) == table_of(flights, seed=3)
    assert table_of(flights, seed=3) != table_of(flights, seed=4)


def test_the_interval_holds_the_importance_on_the_whole_population(make_binary):
    world = make_binary(100_000)
    expected = {}
    random = np.random.default_rng(0)
    labels = world.frame["late"].to_numpy().astype(np.int64)
    area = metric("roc_auc")
    whole = area.compute(answered(world.model, world.predictor.predict(world.frame), labels))
    for column in ("carrier", "hour", "distance"):
        dealt = world.frame.with_columns(world.frame[column].gather(random.permutation(world.frame.height)))
        expected[column] = whole - area.compute(answered(world.model, world.predictor.predict(dealt), labels))
    held = []
    for part in range(40):
        (table,) = table_of(world.with_frame(world.frame[part * 500 : part * 500 + 500]), seed=part)
        held += [row["low"] <= expected[row["column"]] <= row["high"] for row in table.records()]
    assert np.mean(held) >= 0.88


def test_no_labels_of_one_class_make_no_table(flights):
    assert table_of(flights.with_frame(flights.frame.filter(flights.frame["late"]))) == ()
    assert table_of(flights.with_frame(flights.frame.head(0))) == ()
    assert table_of(replace(flights, predictor=replace(flights.predictor, poison=float("nan")))) == ()
