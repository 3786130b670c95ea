"""Fairness gaps: equal to Fairlearn's, with an interval that holds for all pairs of groups at once."""

from __future__ import annotations

from dataclasses import replace

import fairlearn.metrics as fl
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Verdict
from seakeep.evaluation import evaluate, gap_at_most
from seakeep.evaluation.fairness import Rate, disparity

FAIRLEARN = {
    "demographic_parity": fl.demographic_parity_difference,
    "equal_opportunity": fl.equal_opportunity_difference,
    "equalized_odds": fl.equalized_odds_difference,
}


def judged(world, fairness="equal_opportunity", *, by="carrier", most=0.5, confident=False, **options):
    require = [gap_at_most(fairness, by=by, most=most, confident=confident)]
    report = evaluate(world.predictor, world.model, world.dataset, require=require, explain=False, **options)
    return next(check for check in report.checks if check.code == f"fairness.{fairness}"), report


@pytest.mark.parametrize("fairness", FAIRLEARN)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_gap_equals_fairlearns(make_binary, fairness, seed):
    world = make_binary(3000, seed=seed)
    world = world.with_frame(world.frame.drop_nulls("carrier"))
    check, _ = judged(world, fairness, min_rows=1)
    decisions = world.predictor.predict(world.frame).decisions
    expected = FAIRLEARN[fairness](
        world.frame["late"].to_numpy(), decisions, sensitive_features=world.frame["carrier"].to_numpy()
    )
    assert check.observed == pytest.approx(expected, abs=1e-12)
    assert check.evidence["low"] <= check.observed <= check.evidence["high"]


def test_the_message_names_both_groups_the_measure_and_the_limits(flights):
    check, _ = judged(flights, most=0.9)
    assert check.subject == "equal_opportunity[by carrier]"
    assert check.message.startswith(
        "equal_opportunity by carrier: the true positive rate is 0.8551 higher where carrier=EV than where carrier=DL, [0.71"
    )
    assert check.message.endswith("; at most 0.9 is allowed. Left out as too small: carrier missing.")


@pytest.mark.parametrize(("most", "verdict"), [(0.99, Verdict.PASS), (0.9, Verdict.INCONCLUSIVE), (0.3, Verdict.FAIL)])
def test_a_gap_passes_fails_or_is_inconclusive_by_its_interval(flights, most, verdict):
    check, _ = judged(flights, most=most)
    assert check.verdict is verdict
    assert bool(check.fix) == (verdict is not Verdict.PASS)


def test_equalized_odds_fails_if_either_rate_does(flights):
    check, _ = judged(flights, "equalized_odds", most=0.86)
    assert set(check.evidence["measures"]) == {"true_positive_rate", "false_positive_rate"}
    assert check.observed == max(each[0] for each in check.evidence["measures"].values())
    assert check.verdict is Verdict.FAIL


def test_a_group_with_too_few_positive_rows_is_left_out_by_name(flights):
    lucky = flights.frame.filter((flights.frame["carrier"] != "DL") | ~flights.frame["late"])
    check, _ = judged(flights.with_frame(lucky))
    assert "carrier=DL" in check.evidence["left_out"]
    assert "carrier=DL" in check.message


@pytest.mark.parametrize("groups", [1, 0])
def test_fewer_than_two_groups_are_inconclusive(flights, groups):
    frame = flights.frame.filter(pl.col("carrier") == "UA") if groups else flights.frame.head(50)
    check, _ = judged(flights.with_frame(frame))
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "two groups are needed" in check.message
    assert check.observed is None


def test_scores_that_are_no_numbers_are_inconclusive(flights):
    poisoned = replace(flights, predictor=replace(flights.predictor, poison=float("nan")))
    check, _ = judged(poisoned)
    assert check.verdict is Verdict.INCONCLUSIVE


def test_groups_may_be_crossed_and_ranges_of_numbers(flights):
    check, report = judged(flights, by=("carrier", "distance"), most=1.0)
    assert "carrier=EV & distance" in check.message
    assert {row["by"] for row in report.table("fairness").records()} == {"carrier, distance"}


def test_the_table_has_every_rate_of_every_group_with_its_interval(flights):
    _, report = judged(flights)
    rows = report.table("fairness").records()
    assert {row["measure"] for row in rows} == {"selection_rate", "true_positive_rate", "false_positive_rate"}
    assert {row["group"] for row in rows} == {"carrier=UA", "carrier=B6", "carrier=EV", "carrier=DL"}
    assert all(row["low"] <= row["rate"] <= row["high"] for row in rows)
    assert "carrier missing" in report.table("fairness").note


rates = st.integers(20, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(st.lists(rates, min_size=2, max_size=8))
def test_the_gap_is_between_the_extreme_groups_and_inside_its_limits(found):
    every = [Rate(f"g{number}", hits, trials) for number, (hits, trials) in enumerate(found)]
    gap = disparity(every, "selection_rate")
    values = [rate.value for rate in every]
    assert gap.gap == pytest.approx(max(values) - min(values))
    assert 0 <= gap.low <= gap.gap + 1e-12
    assert gap.gap <= gap.high + 1e-12 <= 1 + 1e-12


@pytest.mark.parametrize("true_gap", [0.0, 0.1])
def test_the_interval_holds_the_true_gap_of_many_groups(true_gap):
    random = np.random.default_rng(3)
    shares = np.full(8, 0.3)
    shares[0] += true_gap
    held = []
    for _ in range(300):
        gap = disparity(
            [Rate(str(k), int(random.binomial(200, share)), 200) for k, share in enumerate(shares)], "selection_rate"
        )
        held.append(gap.low <= true_gap <= gap.high)
    assert np.mean(held) >= 0.95
