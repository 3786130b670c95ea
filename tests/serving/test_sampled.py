"""A worker's sample of each minute: periods of the clock that no clock can stretch, and weights that give the traffic's own figures."""

from __future__ import annotations

import math
import random
import statistics
from types import SimpleNamespace

import pytest

from seakeep.prediction_log.frames import Record
from seakeep.serving.server.sampled import Sample

ARMS = ("a" * 64, "b" * 64)


def asked(identity, release, value):
    return Record(0, identity, release, "champion", 0, 1.0, 1, columns=[[value]])


@pytest.fixture
def clocks():
    return SimpleNamespace(passed=500.0, wall=1_700_000_030.0)


@pytest.fixture
def sample(clocks):
    return Sample(10, 60, passed=lambda: clocks.passed, clock=lambda: clocks.wall)


def go(clocks, seconds, *, jump=0.0):
    clocks.passed += seconds
    clocks.wall += seconds + jump


def test_periods_are_the_clocks_minutes(sample, clocks):
    assert clocks.wall % 60 == 50
    go(clocks, 9.9)
    assert not sample.is_over
    go(clocks, 0.2)
    assert sample.is_over
    list(sample.drain())
    go(clocks, 59.8)
    assert not sample.is_over
    go(clocks, 0.2)
    assert sample.is_over


@pytest.mark.parametrize("jump", [-7200.0, 3.15e8])
def test_a_clock_that_is_set_makes_no_period_longer_than_it_is(sample, clocks, jump):
    go(clocks, 5, jump=jump)
    assert not sample.is_over
    go(clocks, 5)
    assert sample.is_over
    list(sample.drain())
    go(clocks, 60)
    assert sample.is_over


def test_weights_give_the_traffics_own_figures_over_a_thousand_minutes(clocks):
    """Under changing load, of three workers that may begin anew within a minute, with two arms that differ: the sum of the weights is
    the number of requests in every minute, and the weighted mean has the truth within four standard errors.
    """
    chance, errors = random.Random(7), []
    for minute in range(1000):
        asked_for, truth, kept, weighed = 0, 0.0, 0.0, 0.0
        for worker in range(3):
            sample, began_anew = Sample(10, 60, passed=lambda: 0.0), chance.random() < 0.3
            for number in range(chance.randint(0, chance.choice((3, 30, 60)))):
                release = ARMS[chance.random() < 0.2]
                value = chance.gauss(10.0 if release == ARMS[0] else 3.0, 4.0)
                identity = f"{minute:x}{worker}-{number:x}"
                asked_for, truth = asked_for + 1, truth + value
                arm = sample.arm(release, "champion")
                if arm.wants(identity):
                    arm.keep(asked(identity, release, value))
                if began_anew and number == 12:
                    found = [(1 / (one.sampled or 1.0), one.columns[0][0]) for one in sample.drain()]
                    kept, weighed = kept + sum(w for w, _ in found), weighed + sum(w * y for w, y in found)
            found = [(1 / (one.sampled or 1.0), one.columns[0][0]) for one in sample.drain()]
            kept, weighed = kept + sum(w for w, _ in found), weighed + sum(w * y for w, y in found)
        assert kept == pytest.approx(asked_for)
        if asked_for:
            errors.append((weighed - truth) / asked_for)
    standard_error = statistics.stdev(errors) / math.sqrt(len(errors))
    assert standard_error < 0.05
    assert abs(statistics.mean(errors)) < 4 * standard_error
