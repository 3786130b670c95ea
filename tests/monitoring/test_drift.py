"""Drift of one window: no luck, no trifle, nothing usual; the effect in the column's own units."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from seakeep.core import ColumnSchema, Kind, Schema, Statistics, Verdict
from seakeep.data.statistics.profile import profile_frame
from seakeep.monitoring.drift import judge_drift, wanted
from seakeep.monitoring.effects import effect
from seakeep.monitoring.natural import Usual
from seakeep.testing import column_of

SCHEMA = Schema("x")


def table(rows: int, seed: int, **moved: float) -> Statistics:
    random = np.random.default_rng(seed)
    return profile_frame(
        pl.DataFrame(
            {
                "temp": random.normal(moved.get("temp", 0.0), moved.get("spread", 1.0), rows),
                "zone": random.choice(["a", "b"], rows, p=[0.5 + moved.get("zone", 0.0), 0.5 - moved.get("zone", 0.0)]),
                "night": random.random(rows) < 0.3 + moved.get("night", 0.0),
                "gaps": [None if each < 0.05 + moved.get("gaps", 0.0) else 1.0 for each in random.random(rows)],
            }
        )
    )


REFERENCE = table(50_000, 0)


def judged(current: Statistics, schema: Schema = SCHEMA, **options):
    drifted = judge_drift(REFERENCE, current, schema=schema, **{"q": 0.05, **options})
    return {(check.subject, check.code.partition(".")[2]): check for check in drifted.checks}


def failed(current: Statistics, **options) -> set[str]:
    return {key[0] for key, check in judged(current, **options).items() if check.verdict is Verdict.FAIL}


def test_quiet_windows_do_not_alarm():
    assert [failed(table(1000, seed)) for seed in range(1, 30)] == [set()] * 29


@pytest.mark.parametrize(
    ("moved", "column", "distance"),
    [
        ({"temp": 0.5}, "temp", "kolmogorov_smirnov"),
        ({"spread": 2.0}, "temp", "kolmogorov_smirnov"),
        ({"zone": 0.2}, "zone", "jensen_shannon"),
        ({"night": 0.2}, "night", "l_infinity"),
        ({"gaps": 0.1}, "gaps", "missing_rate"),
    ],
)
def test_the_column_that_moved_fails_and_no_other(moved, column, distance):
    found = judged(table(2000, 1, **moved))
    assert {key for key, check in found.items() if check.verdict is Verdict.FAIL} == {(column, distance)}


def test_a_million_rows_do_not_alarm_on_a_trifle():
    current = table(400_000, 1, temp=0.05)
    check = judged(current)["temp", "kolmogorov_smirnov"]
    assert check.evidence["p_value"] < 1e-6
    assert (check.verdict, check.threshold) == (Verdict.PASS, 0.08)


def test_the_contracts_threshold_takes_the_floors_place():
    strict = Schema("x", {"temp": ColumnSchema(Kind.NUMBER, drift={"kolmogorov_smirnov": 0.01})})
    lax = Schema("x", {"temp": ColumnSchema(Kind.NUMBER, drift={"kolmogorov_smirnov": 0.9})})
    assert failed(table(400_000, 1, temp=0.05), schema=strict) == {"temp"}
    assert failed(table(2000, 1, temp=1.0), schema=lax) == set()


def test_the_contracts_distance_takes_the_kinds_place():
    schema = Schema("x", {"temp": ColumnSchema(Kind.NUMBER, drift={"psi": 0.1})})
    found = judged(table(2000, 1, temp=1.0), schema=schema)
    assert {key[1] for key in found if key[0] == "temp"} == {"psi", "missing_rate"}


def test_what_is_usual_does_not_alarm_and_what_is_beyond_it_does():
    usual = {("temp", "kolmogorov_smirnov"): Usual(168, 40, 0.1, 0.3)}
    assert failed(table(2000, 1, temp=0.5), usual=usual) == set()
    assert failed(table(2000, 1, temp=1.0), usual=usual) == {"temp"}
    check = judged(table(2000, 1, temp=1.0), usual=usual)["temp", "kolmogorov_smirnov"]
    assert check.threshold == 0.3
    assert check.evidence["usual"] == {"windows": 40, "median": 0.1, "largest": 0.3}


def test_a_handful_of_rows_passes_nothing():
    found = judged(table(12, 1))
    assert found["temp", "kolmogorov_smirnov"].verdict is Verdict.INCONCLUSIVE
    assert "12 rows are too few to tell" in found["temp", "kolmogorov_smirnov"].message


def test_even_a_handful_of_rows_can_be_far_enough():
    assert "temp" in failed(table(40, 1, temp=5.0))


def test_key_and_time_are_judged_by_their_missing_rate_alone():
    schema = Schema("x", {"temp": ColumnSchema(Kind.NUMBER)}, key="temp")
    assert {key[1] for key in judged(table(2000, 1, temp=3.0), schema=schema) if key[0] == "temp"} == {"missing_rate"}
    assert wanted(Kind.TIMESTAMP, {}, by_nature=False) == {"missing_rate": None}


def test_columns_that_one_side_lacks_or_that_changed_kind_are_left_to_the_contract():
    current = Statistics(5, {"zone": column_of([1, 2, 3, 4, 5]), "new": column_of([1] * 5)})
    assert judged(current) == {}


def test_a_column_that_is_empty_now_is_judged_by_its_missing_rate():
    current = Statistics(500, {"temp": column_of([None] * 500, Kind.NUMBER)})
    assert set(judged(current)) == {("temp", "missing_rate")}
    assert failed(current) == {"temp"}


def test_false_alarms_over_columns_stay_below_q():
    """30 windows of 20 quiet columns without any floor: at most q of the windows may alarm."""
    random = np.random.default_rng(8)
    kinds = {f"c{i}": ColumnSchema(Kind.NUMBER, drift={"kolmogorov_smirnov": 0.0}) for i in range(20)}
    schema = Schema("x", kinds)

    def draw(rows: int) -> Statistics:
        return profile_frame(pl.DataFrame({f"c{i}": random.normal(size=rows) for i in range(20)}))

    reference = draw(20_000)
    alarms = sum(bool(judge_drift(reference, draw(500), schema=schema, q=0.2).failed) for _ in range(30))
    assert alarms <= 11  # 6 expected at most; the simulation's own 98 % limit


def test_effects_are_in_the_columns_own_units():
    before, after = column_of([10.0, 12.0, 14.0]), column_of([13.0, 15.0, 17.0])
    found = effect("kolmogorov_smirnov", before, after)
    assert (found.direction, found.by, found.unit) == ("up", 3.0, "units")
    assert found.standard_deviations == pytest.approx(1.5)
    assert found.words == "the mean went from 12 to 15, 1.5 standard deviations up"


def test_effects_on_shares_are_in_points():
    coin = effect("l_infinity", column_of([True] * 3 + [False] * 7), column_of([True] * 5 + [False] * 5))
    assert coin.words == "true went from 30.0% to 50.0% of the rows (+20.0 points)"
    word = effect("jensen_shannon", column_of(["a"] * 8 + ["b"] * 2), column_of(["a"] * 4 + ["b"] * 6))
    assert word.words.startswith(("'a' went from 80.0% to 40.0%", "'b' went from 20.0% to 60.0%"))
    gone = effect("missing_rate", column_of([1, 2]), column_of([1, None]))
    assert (gone.unit, gone.by) == ("share", 0.5)


def test_a_mean_that_stayed_is_told_by_its_spread():
    before, after = column_of([-1.0, 0.0, 1.0] * 9), column_of([-3.0, 0.0, 3.0] * 9)
    assert "the mean stayed near" in effect("kolmogorov_smirnov", before, after).words


def test_a_duration_moves_by_seconds():
    before, after = (column_of([x * 1_000_000 for x in values], Kind.DURATION) for values in ([1, 2, 3], [3, 4, 5]))
    found = effect("kolmogorov_smirnov", before, after)
    assert (found.unit, found.by) == ("seconds", 2.0)
    assert "2 s to 4 s" in found.words


def test_a_constant_reference_has_no_standard_deviations():
    found = effect("kolmogorov_smirnov", column_of([1.0, 1.0]), column_of([2.0, 2.0]))
    assert (found.by, found.standard_deviations) == (1.0, None)
    assert math.isfinite(found.by)
