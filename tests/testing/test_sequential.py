"""The built-in sequential tests pass the suite, and the suite finds what is wrong with others."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from seakeep.core import plugins
from seakeep.evidence.arms import Arm
from seakeep.evidence.sequential import betting, difference, sample_ratio
from seakeep.testing import check_sequential_test


@pytest.mark.parametrize("name", plugins.names("evidence.sequential"))
def test_built_in_tests_conform(name):
    check_sequential_test(name)


def check(monkeypatch, module, **changes) -> None:
    broken = SimpleNamespace(**{**vars(module), **changes})
    monkeypatch.setattr(plugins, "load", lambda group, name: broken)
    check_sequential_test("broken")


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows, sum and squares of each arm: all that a z-test needs."""

    margin: float = 0.0
    challenger: tuple[float, float, float] = (0.0, 0.0, 0.0)
    champion: tuple[float, float, float] = (0.0, 0.0, 0.0)


def z_test(**changes) -> SimpleNamespace:
    """A z-test at level 5 % that is looked at after every batch, as if each look were the only one."""

    def start(*, margin=0.0):
        return Sums(betting.start(margin=margin).margin)

    def seen(state, *arms):
        if not all(arm.rows for arm in arms):
            return state
        sums = [
            tuple(a + b for a, b in zip(old, (arm.rows, arm.total, arm.squares(0.0)), strict=True))
            for old, arm in zip((state.challenger, state.champion), arms, strict=True)
        ]
        return Sums(state.margin, *sums)

    def log_e_value(state):
        arms = (state.challenger, state.champion)
        if not all(rows for rows, _, _ in arms):
            return 0.0
        means = [total / rows for rows, total, _ in arms]
        variance = sum((squares / rows - (t / rows) ** 2) / rows for rows, t, squares in arms)
        z = (means[0] - means[1] - state.margin) / math.sqrt(max(variance, 1e-12))
        return math.log(20) if z > 1.645 else 0.0

    parts = {
        "SOURCE": "this file",
        "COMPARES": "means",
        "State": Sums,
        "start": start,
        "update": lambda state, x, y: seen(state, Arm.of_values(x, "x"), Arm.of_values(y, "y")),
        "update_counts": lambda state, x, y: seen(state, Arm.of_counts(x, "x"), Arm.of_counts(y, "y")),
        "log_e_value": log_e_value,
    }
    return SimpleNamespace(**{**parts, **changes})


def test_a_z_test_that_is_peeked_at_fails(monkeypatch):
    with pytest.raises(AssertionError, match=r"rejects what H0 allows in at most 5% of runs \(rare errors\)"):
        check(monkeypatch, z_test())


def greedy(state, challenger, champion):
    """Bets on the batch's own outcome: the stake that won is chosen afterwards."""
    after = betting.update_counts(state, challenger, champion)
    return replace(after, log_wealth=(max(after.log_wealth),) * len(after.log_wealth))


def clipped(state, challenger, champion):
    values = [np.nan_to_num(np.clip(arm, 0, 1)) for arm in (challenger, champion)]
    return betting.update(state, *values)


def forgetful(state, challenger, champion):
    return betting.update_counts(replace(betting.start(margin=state.margin)), challenger, champion)


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        ({"SOURCE": ""}, "SOURCE says where"),
        ({"COMPARES": "medians"}, "COMPARES is one of means, shares, interval"),
        ({"start": lambda *, margin: replace(betting.start(), margin=margin)}, "a margin is between -1 and 1"),
        ({"log_e_value": lambda state: betting.log_e_value(state) + 0.1}, "the e-value is 1 at the start"),
        ({"update": clipped}, r"a value outside \[0, 1\] is refused"),
        ({"update_counts": lambda state, x, y: betting.update_counts(state, y, x)}, "finds a planted difference"),
        ({"update_counts": forgetful}, "a batch that lacks an arm changes nothing"),
        ({"update_counts": greedy}, "a challenger that is lower|a batch that lacks an arm|rejects what H0 allows"),
        ({"log_e_value": lambda state: betting.log_e_value(state) * 2}, "rejects what H0 allows"),
        (
            {"log_e_value": lambda state: math.nan if state.information > 1e7 else betting.log_e_value(state)},
            "no batch makes the answer NaN",
        ),
        ({"State": difference.State}, "State is a frozen dataclass"),
    ],
)
def test_a_broken_law_of_means_is_named(monkeypatch, changes, law):
    with pytest.raises(AssertionError, match=law):
        check(monkeypatch, betting, **changes)


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        ({"start": lambda shares: sample_ratio.State(tuple(shares), (0,) * len(shares))}, "shares are above 0"),
        ({"log_e_value": lambda state: -1.0}, "the e-value is 1 at the start"),
        ({"log_e_value": lambda state: 0.0}, "finds an arm that loses"),
        (
            {"update": lambda state, counts, shares=None: sample_ratio.update(state, counts)},
            "rejects true shares",
        ),
    ],
)
def test_a_broken_law_of_shares_is_named(monkeypatch, changes, law):
    with pytest.raises(AssertionError, match=law):
        check(monkeypatch, sample_ratio, **changes)


def halved(state, level=0.95):
    low, high = difference.interval(state, level)
    middle, half = (low + high) / 2, (high - low) / 5
    return (low, high) if high - low == 2 else (middle - half, middle + half)


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        ({"interval": lambda state, level: (-0.5, 0.5)}, "nothing is known at the start"),
        ({"interval": lambda state, level: difference.interval(state, 0.95)}, "a level is a share"),
        ({"interval": halved}, "misses the difference"),
        (
            {"interval": lambda state, level: (difference.interval(state, level), (-1.0, 1.0))[1]},
            "finds a planted difference",
        ),
    ],
)
def test_a_broken_law_of_intervals_is_named(monkeypatch, changes, law):
    with pytest.raises(AssertionError, match=law):
        check(monkeypatch, difference, **changes)


def test_an_error_that_does_not_say_what_to_do_is_no_refusal(monkeypatch):
    def update(state, challenger, champion):
        if not all(0 <= value <= 1 for value in (*challenger, *champion)):
            raise ValueError("bad")
        return betting.update(state, challenger, champion)

    with pytest.raises(ValueError, match="bad"):
        check(monkeypatch, betting, update=update)
