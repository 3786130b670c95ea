"""Gates: the rule that decides, what each check rests on, and slices that are too small to be judged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Verdict
from seakeep.evaluation import at_least, at_most, evaluate
from seakeep.evaluation.collect import collect
from seakeep.evaluation.estimate import measure
from seakeep.evaluation.gates import Rules, decide, thresholds
from seakeep.evaluation.slices import named
from seakeep.evidence.intervals import wilson

ordered = st.lists(st.floats(-2, 2), min_size=3, max_size=3).map(sorted)


@given(ordered, st.floats(-2, 2), st.integers(0, 3000), st.booleans())
def test_an_interval_wholly_on_one_side_decides_whatever_the_rows(numbers, threshold, rows, confident):
    low, value, high = numbers
    found = decide(value, (low, high), threshold, rows=rows, confident=confident)
    if low >= threshold:
        assert found is Verdict.PASS
    elif high < threshold:
        assert found is Verdict.FAIL
    elif confident or rows < 1000:
        assert found is Verdict.INCONCLUSIVE
    else:
        assert found is (Verdict.PASS if value >= threshold else Verdict.FAIL)


def test_without_an_interval_many_rows_are_needed():
    assert decide(0.9, None, 0.5, rows=10, confident=False) is Verdict.INCONCLUSIVE
    assert decide(0.9, None, 0.5, rows=1000, confident=False) is Verdict.PASS
    assert decide(0.9, None, 0.5, rows=1000, confident=True) is Verdict.INCONCLUSIVE


@pytest.fixture(scope="module")
def seen(flights):
    return collect(flights.predictor, flights.model, flights.dataset)


def checks(requirement, seen, **rules):
    return list(thresholds(requirement, seen, rules=Rules(**rules)))


def test_a_gate_over_all_rows_says_value_interval_rows_and_threshold(seen):
    (check,) = checks(at_least("roc_auc", 0.6), seen)
    assert (check.code, check.subject, check.verdict) == ("metric.at_least", "roc_auc", Verdict.PASS)
    assert check.message == "roc_auc over all rows is 0.6748 [0.6581, 0.6912] on 4,000 rows; at least 0.6 is required."
    assert check.fix == ""
    assert check.evidence["margin"] == pytest.approx(check.observed - 0.6)
    assert check.evidence["resolution"] == pytest.approx((check.evidence["high"] - check.evidence["low"]) / 2)


@pytest.mark.parametrize(("most", "verdict"), [(0.70, Verdict.PASS), (0.5, Verdict.FAIL)])
def test_at_most_is_at_least_turned_round(seen, most, verdict):
    (check,) = checks(at_most("log_loss", most), seen)
    assert check.verdict is verdict
    assert check.evidence["margin"] == pytest.approx(most - check.observed)


def test_a_confident_gate_near_its_threshold_is_inconclusive_and_says_how_many_rows_it_needs(seen):
    (check,) = checks(at_least("roc_auc", 0.67, confident=True), seen)
    assert check.verdict is Verdict.INCONCLUSIVE
    needed = math.ceil(4000 * (check.evidence["resolution"] / check.evidence["margin"]) ** 2)
    assert check.fix == f"About {needed:,} rows over all rows would settle it."
    assert checks(at_least("roc_auc", 0.67), seen)[0].verdict is Verdict.PASS


def test_so_many_rows_do_about_settle_it(make_binary):
    world = make_binary(200_000)
    (check,) = checks(at_least("accuracy", 0.63), collect(world.predictor, world.model, world.dataset))
    part = collect(world.predictor, world.model, world.with_frame(world.frame.head(2000)).dataset)
    (small,) = checks(at_least("accuracy", 0.63, confident=True), part)
    assert check.verdict is Verdict.PASS
    assert small.evidence["rows_needed"] > 2000


def test_one_slice_is_judged_by_its_own_rows(seen, flights):
    (check,) = checks(at_least("accuracy", 0.5, slice="carrier=EV"), seen)
    rows = named(seen.groups, "carrier=EV").rows
    assert len(rows) == int((flights.frame["carrier"] == "EV").sum())
    assert check.subject == "accuracy[carrier=EV]"
    assert check.observed == measure("accuracy", seen.sample.take(rows)).value


def test_a_cross_is_found_whatever_the_order_of_its_columns(seen):
    first, second = named(seen.groups, "carrier=EV & hour=7"), named(seen.groups, "hour=7 & carrier=EV")
    assert len(first.rows) > 0
    assert first.rows.tolist() == second.rows.tolist()


@pytest.mark.parametrize("name", ["carrier=XX", "carrier missing"])
def test_a_slice_of_no_or_few_rows_is_inconclusive(seen, name):
    (check,) = checks(at_least("accuracy", 0.5, slice=name), seen)
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "too few rows" in check.message
    assert check.observed is None


def test_every_slice_is_judged_at_a_level_that_allows_for_their_number(seen):
    found = checks(at_least("accuracy", 0.5, by="carrier"), seen)
    assert [check.subject for check in found] == [
        "accuracy[carrier=UA]",
        "accuracy[carrier=B6]",
        "accuracy[carrier=EV]",
        "accuracy[carrier=DL]",
        "accuracy[by carrier]",
    ]
    assert {check.evidence["level"] for check in found[:4]} == {1 - 0.05 / 4}
    assert found[4].verdict is Verdict.INCONCLUSIVE
    assert found[4].evidence["too_few_rows"] == ["carrier missing"]
    assert found[4].message == "accuracy was not judged in 1 slice of fewer than 100 rows (carrier missing)."


def test_a_lower_limit_of_rows_judges_the_small_slice_too(seen):
    assert "accuracy[carrier missing]" in [
        check.subject for check in checks(at_least("accuracy", 0.1, by="carrier"), seen, min_rows=10)
    ]


def test_a_metric_that_a_slice_leaves_undefined_is_inconclusive(flights):
    one_class = flights.frame.filter((flights.frame["carrier"] != "EV") | flights.frame["late"])
    seen = collect(flights.predictor, flights.model, flights.with_frame(one_class).dataset)
    (check,) = checks(at_least("roc_auc", 0.5, slice="carrier=EV"), seen)
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "is not known: undefined for these rows" in check.message
    assert check.fix


def test_a_gate_fails_falsely_in_few_of_many_slices_that_are_all_right():
    """Every slice has accuracy 0.7 and 0.65 is required: with Bonferroni, about 1 family in 20 at most has a failing slice."""
    random = np.random.default_rng(0)
    bad = 0
    for _ in range(300):
        rates = random.binomial(400, 0.65, 20) / 400
        limits = [wilson(round(rate * 400), 400, level=1 - 0.05 / 20) for rate in rates]
        bad += any(
            decide(rate, limit, 0.65, rows=400, confident=False) is Verdict.FAIL
            for rate, limit in zip(rates, limits, strict=True)
        )
    assert bad / 300 <= 0.06


def test_gates_reach_the_report(flights):
    report = evaluate(
        flights.predictor, flights.model, flights.dataset, require=[at_least("roc_auc", 0.9)], explain=False
    )
    assert report.verdict is Verdict.FAIL
    assert report.failed[0].fix == 'See where the errors are: report.table("errors").'
