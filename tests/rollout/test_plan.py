"""Plans: what cannot be followed is refused, and alpha is shared out whole."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import plugins
from seakeep.core.errors import UsageError
from seakeep.rollout import Plan, Rules, Step, make_plan
from seakeep.rollout.errors import BadPlan
from seakeep.rollout.settings import known_settings

STEP = Step("canary", 0.1, 100, 60.0)


@given(
    st.sampled_from(["canary", "experiment"]),
    st.floats(0.001, 0.2),
    st.sampled_from([None, 0.1]),
    st.integers(0, 500),
)
def test_the_parts_of_alpha_sum_to_alpha(name, alpha, limit, copies):
    given_settings = {"alpha": alpha, "disagree_at_most": limit} | ({"copies": copies} if name == "canary" else {})
    plan = make_plan(name, given_settings)
    assert math.isclose(sum(plan.level(test) for test in plan.tests), alpha)


def test_what_an_experiment_measures_does_not_roll_it_back():
    for measure in ("errors", "latency", "goal"):
        assert measure not in make_plan("experiment", {"measure": measure}).tests


def test_a_plan_without_a_split_judges_no_split_and_no_latency():
    plan = Plan("shadow", (Step("shadow", 0.0, 10, 1.0),), Rules(disagree_at_most=0.1))
    assert plan.tests == ("errors", "goal", "shadow")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"alpha": 0}, "alpha"),
        ({"alpha": 0.5}, "alpha"),
        ({"margin": -0.1}, "margin"),
        ({"margin": 0.02}, "tolerance"),
        ({"tolerance": 1}, "tolerance"),
        ({"goal_tolerance": 0}, "goal_tolerance"),
        ({"longest_seconds": 0}, "longest_seconds"),
        ({"labelled": -1}, "labelled"),
        ({"slow_ms": 0}, "slow_ms"),
        ({"loss_range": -1}, "loss_range"),
        ({"disagree_at_most": 1}, "disagree_at_most"),
        ({"shares": "5"}, "shares"),
        ({"shares": "0"}, "shares"),
        ({"shares": "1"}, "shares"),
        ({"requests": 0}, "requests"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": 100_000}, "seconds"),
    ],
)
def test_numbers_outside_of_their_range_are_refused_by_name(settings, name):
    with pytest.raises(BadPlan) as caught:
        make_plan("canary", settings)
    assert caught.value.name == name
    assert "expected" in caught.value.found
    assert caught.value.fix == f"Change it: --set {name}=…"


def test_a_shadow_has_no_share():
    with pytest.raises(BadPlan, match=r"share of a shadow is 0\.1, expected at least 0 and at most 0"):
        Plan("x", (Step("shadow", 0.1, 1, 1.0),))


def test_shares_that_shrink_are_refused():
    with pytest.raises(BadPlan, match=r"the shares are 0.5, 0.1, expected each at least the one before"):
        make_plan("canary", {"shares": "0.5,0.1", "copies": 0})


@pytest.mark.parametrize(("name", "settings"), [("immediate", {}), ("immediate", {"reason": " "})])
def test_nothing_takes_over_without_evidence_or_reason(name, settings):
    with pytest.raises(BadPlan, match="has no steps and no reason") as caught:
        make_plan(name, settings)
    assert "--plan immediate" in caught.value.fix


def test_a_canary_without_steps_is_refused_too():
    with pytest.raises(BadPlan, match="has no steps and no reason"):
        make_plan("canary", {"shares": (), "copies": 0})


def test_settings_are_read_from_text_as_from_values():
    written = {"shares": "0.1, 0.5", "requests": "7", "slow_ms": "none", "otherwise": "roll_back", "alpha": "0.01"}
    given_values = {"shares": [0.1, 0.5], "requests": 7.0, "slow_ms": None, "otherwise": "roll_back", "alpha": 0.01}
    plan = make_plan("canary", written)
    assert plan == make_plan("canary", given_values)
    assert [step.title for step in plan.steps] == ["shadow", "canary 10 %", "canary 50 %"]
    assert plan.rules.slow_ms is None
    assert make_plan("canary", {"slow_ms": "250"}).rules.slow_ms == 250.0


def test_an_unknown_plan_and_setting_name_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'canary'"):
        make_plan("canari")
    with pytest.raises(BadPlan, match="has no setting 'tolerence'") as caught:
        make_plan("canary", {"tolerence": 1})
    assert caught.value.nearest == "tolerance"
    assert "Did you mean 'tolerance'?" in caught.value.cause
    with pytest.raises(BadPlan) as caught:
        make_plan("immediate", {"zzz": 1})
    assert (caught.value.cause, caught.value.nearest) == ("", None)


@pytest.mark.parametrize(
    ("plan", "name", "value", "expected"),
    [
        ("canary", "requests", "many", "a whole number"),
        ("canary", "requests", 1.5, "a whole number"),
        ("canary", "requests", True, "a whole number"),
        ("canary", "alpha", "nan", "a number"),
        ("canary", "alpha", None, "a number"),
        ("canary", "shares", "0.1;0.5", "numbers with commas between, for example 0.05,0.25"),
        ("canary", "shares", 5, "numbers with commas between, for example 0.05,0.25"),
        ("canary", "slow_ms", "fast", "a number, or none"),
        ("canary", "otherwise", "wait", "one of hold, roll_back"),
        ("experiment", "measure", "joy", "one of errors, latency, goal"),
    ],
)
def test_values_that_a_setting_cannot_have_are_refused(plan, name, value, expected):
    with pytest.raises(BadPlan) as caught:
        make_plan(plan, {name: value})
    assert caught.value.found == f"setting {name} is {value!r}, expected {expected}"
    assert (caught.value.plan, caught.value.fix) == (plan, f"--set {name}=…")


@pytest.mark.parametrize("name", plugins.names("rollout.plans"))
def test_every_plan_makes_itself_and_tells_its_settings(name):
    plan = make_plan(name, {"reason": "a test"} if name == "immediate" else {})
    assert plan.name == name
    assert {"alpha", "margin"} < set(known_settings(name))
