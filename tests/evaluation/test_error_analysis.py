"""Error analysis: excess errors by slice equal to a plain group-by, ranked, pruned and adjusted for their number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from seakeep.evaluation.collect import collect
from seakeep.evaluation.error_analysis import LISTED, error_table
from seakeep.evaluation.gates import Rules


def table_of(world, **rules):
    return error_table(collect(world.predictor, world.model, world.dataset), rules=Rules(**rules))


def test_the_excess_of_a_value_equals_a_group_by(flights):
    (table,) = table_of(flights)
    wrong = flights.predictor.predict(flights.frame).decisions != flights.frame["late"].to_numpy()
    frame = flights.frame.with_columns(wrong=pl.Series(wrong))
    by = frame.group_by("carrier").agg(pl.len(), pl.col("wrong").sum())
    found = {row["slice"]: row for row in table.records()}
    for carrier, rows, errors in by.iter_rows():
        name = f"carrier={carrier}"
        excess = errors - rows * wrong.mean()
        assert (name in found) == (excess > 0 and carrier is not None), name
        if name in found:
            assert (found[name]["rows"], found[name]["errors"]) == (rows, errors)
            assert found[name]["excess"] == pytest.approx(excess)
            assert found[name]["low"] < excess < found[name]["high"]


def test_slices_are_ranked_by_excess_and_few_are_listed(flights):
    (table,) = table_of(flights, min_rows=20)
    excess = [row["excess"] for row in table.records()]
    assert excess == sorted(excess, reverse=True)
    assert 0 < len(excess) <= LISTED
    assert min(excess) > 0


def test_the_note_says_how_many_slices_were_looked_at(flights):
    (few,), (many,) = table_of(flights, min_rows=300), table_of(flights, min_rows=20)
    count = [int(table.note.split(". ")[1].split(" ")[0].replace(",", "")) for table in (few, many)]
    assert count[0] < count[1]


def test_a_planted_cross_is_found_first(flights):
    planted = (pl.col("carrier") == "UA") & (pl.col("hour") == 7)
    flipped = flights.frame.with_columns(
        late=pl.when(planted)
        .then(~pl.Series(flights.predictor.predict(flights.frame).decisions == 1))
        .otherwise("late")
    )
    (table,) = table_of(flights.with_frame(flipped), min_rows=30)
    crosses = [row for row in table.records() if " & " in row["slice"]]
    assert crosses[0]["slice"] == "carrier=UA & hour=7"
    assert crosses[0]["error_rate"] == 1.0
    assert crosses[0]["low"] > 0


def test_a_cross_that_is_nearly_one_of_its_parts_is_not_listed_again(flights):
    world = flights.with_frame(flights.frame.with_columns(hour=pl.lit(7)))
    (table,) = table_of(world)
    assert not any("hour=7" in row["slice"] for row in table.records())


def test_regression_ranks_by_absolute_error(delays):
    (table,) = table_of(delays)
    assert table.records()[0]["slice"] == "carrier=EV"
    assert table.records()[0]["low"] > 0
    assert table.note.startswith("Errors are absolute errors")


def test_nothing_stands_out_where_errors_are_spread_evenly(make_binary):
    sure = 0
    for seed in range(10):
        world = make_binary(1500, seed=seed)
        random = np.random.default_rng(seed + 1000)
        decided = pl.Series(world.predictor.predict(world.frame).decisions == 1)
        even = world.frame.with_columns(late=decided ^ pl.Series(random.random(1500) < 0.3))
        sure += sum(row["low"] > 0 for row in table_of(world.with_frame(even))[0].records())
    assert sure <= 1


def test_no_rows_and_no_numbers_make_no_table(flights):
    assert table_of(flights.with_frame(flights.frame.head(0))) == ()
    assert table_of(replace(flights, predictor=replace(flights.predictor, poison=float("nan")))) == ()


def test_no_errors_make_an_empty_table(delays):
    perfect = delays.frame.with_columns(late=pl.Series(delays.predictor.predict(delays.frame).scores[:, 0]))
    (table,) = table_of(delays.with_frame(perfect))
    assert table.rows == ()
