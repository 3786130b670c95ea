"""Requests are held for company where that was found to pay, and nowhere else."""

from __future__ import annotations

import random
import time

import pytest

from seakeep.serving.server.traffic.holding import Holding, longest

MOST = 0.001


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


def served(holding, clock, seconds, *, plain, held, seed=1, noise=0.02):
    """Serve for a while at these rates, without waiting and with it. Returns the share of the time that requests were held."""
    chance, end, waited = random.Random(seed), clock[0] + seconds, 0
    steps = 0
    while clock[0] < end:
        rate = (held if holding.seconds else plain) * chance.uniform(1 - noise, 1 + noise)
        waited += holding.seconds > 0
        steps += 1
        clock[0] += 0.005
        holding.ran(round(rate * 0.005))
    return waited / steps


def test_waiting_stays_where_it_answers_more(clock):
    holding = Holding(MOST)
    served(holding, clock, 2, plain=16_000, held=19_000)
    assert holding.seconds == MOST
    assert served(holding, clock, 60, plain=16_000, held=19_000) > 0.95


def test_waiting_is_left_where_it_answers_fewer_or_as_many(clock):
    for held in (7_000, 10_000, 10_300):
        holding = Holding(MOST)
        served(holding, clock, 2, plain=10_000, held=held)
        assert holding.seconds == 0
        assert served(holding, clock, 600, plain=10_000, held=held) < 0.01


def test_a_few_requests_are_never_held(clock):
    holding = Holding(MOST)
    assert served(holding, clock, 60, plain=2_000, held=9_000) == 0


def test_a_load_that_goes_away_ends_the_waiting_at_once(clock):
    holding = Holding(MOST)
    served(holding, clock, 2, plain=16_000, held=19_000)
    served(holding, clock, 0.11, plain=100, held=100)
    assert holding.seconds == 0


def test_a_load_that_changes_is_tried_again(clock):
    holding = Holding(MOST)
    served(holding, clock, 20, plain=10_000, held=7_000)
    served(holding, clock, 60, plain=16_000, held=19_000)
    assert holding.seconds == MOST


def test_noise_alone_seldom_pays(clock):
    verdicts = []
    for seed in range(60):
        holding = Holding(MOST)
        served(holding, clock, 2, plain=16_000, held=16_000, seed=seed, noise=0.5)
        verdicts.append(holding.seconds > 0)
    assert sum(verdicts) <= 4


def test_no_target_or_a_short_one_holds_nobody():
    assert longest(0.0) == longest(0.01) == 0
    assert longest(1.0) == MOST
