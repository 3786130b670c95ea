"""What alpha promises, held by simulation: a whole canary of a release as good as the champion, looked at after every batch."""

from __future__ import annotations

import numpy as np
import pytest

from seakeep.evidence.intervals import clopper_pearson
from seakeep.rollout import Look, Rollout, Stratum, Tally, make_plan, observe

from .courses import begun

SETTINGS = {"copies": 1000, "shadow_seconds": 60, "requests": 500, "seconds": 300, "tolerance": 0.01, "slow_ms": 100}


def course(draw: np.random.Generator, *, error: tuple[float, float], drift: bool, minutes: int = 60) -> Rollout:
    """A canary at 200 requests a second in all, looked at each minute. drift: rates of both arms double from hour to hour."""
    rollout = begun(make_plan("canary", SETTINGS))
    for minute in range(minutes):
        step = rollout.present
        if step is None:
            break
        worse = 1 + minute / minutes if drift else 1.0
        ours = int(draw.binomial(12_000, step.share)) if step.share else 12_000
        theirs = 12_000 - ours if step.share else 12_000
        champion, challenger = (
            Tally(
                rows,
                int(draw.binomial(rows, rate * worse)),
                rows,
                int(draw.binomial(rows, 0.01 * worse)),
                rows,
                tuple(draw.beta(2, 8, size=40 if rows == theirs else max(1, 40 * rows // theirs)) * worse / 2),
            )
            for rows, rate in ((theirs, error[0]), (ours, error[1]))
        )
        copies = 0 if step.share else ours
        rollout = observe(rollout, Look((Stratum(champion, challenger),), copies, copies // 50), at=60.0 * (minute + 1))
    return rollout


def rolled_back(runs: int, seed: int, *, error: tuple[float, float] = (0.005, 0.005), drift: bool = False) -> int:
    draw = np.random.default_rng(seed)
    return sum(course(draw, error=error, drift=drift).phase == "rolled_back" for _ in range(runs))


@pytest.mark.parametrize("drift", [False, True])
def test_a_release_as_good_as_the_champion_is_seldom_rolled_back(drift):
    assert clopper_pearson(rolled_back(40, 3, drift=drift), 40)[0] <= 0.05


def test_a_release_with_twice_the_errors_is_rolled_back():
    assert rolled_back(10, 4, error=(0.01, 0.02)) == 10


@pytest.mark.slow
@pytest.mark.parametrize("drift", [False, True])
def test_a_release_as_good_as_the_champion_is_seldom_rolled_back_in_many_runs(drift):
    found = rolled_back(2000, 5, drift=drift)
    print(f"drift={drift}: {found} of 2000 rolled back")
    assert found / 2000 <= 0.05
