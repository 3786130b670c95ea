"""What may be under way follows what answers cost, so that they are in time."""

from __future__ import annotations

import random
import time

import pytest

from seakeep.serving.server.traffic.governor import LEAST, Governor


class Clock:
    """Wall and processor time that a test moves."""

    def __init__(self, monkeypatch):
        self.wall = self.spent = 0.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.wall)
        monkeypatch.setattr(time, "thread_time", lambda: self.spent)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def simulated(governor, clock, cost, *, answers, pauses=0.0, seed=1):
    """Answers of one server, first come first served, with as many under way as the governor lets in (there are always more).

    Returns each answer's seconds. pauses: share of the answers before which the machine stands still for 40 ms.
    """
    chance, ends, found = random.Random(seed), [], []
    for _ in range(answers):
        begun = ends[-int(governor.most)] if len(ends) >= governor.most else 0.0
        took = cost * chance.uniform(0.5, 1.5)
        clock.spent += took
        clock.wall += took + (0.04 if chance.random() < pauses else 0.0)
        ends.append(clock.wall)
        governor.refused += 2
        found.append(clock.wall - begun)
        governor.took(found[-1])
    return found


@pytest.mark.parametrize("cost", [40e-6, 400e-6, 2e-3])
def test_99_of_100_answers_are_within_the_target_under_overload(clock, cost):
    governor = Governor(0.05)
    seconds = simulated(governor, clock, cost, answers=20_000)[10_000:]
    assert sorted(seconds)[len(seconds) * 99 // 100] < 0.05
    assert governor.most * cost > 0.005  # and yet work is waiting, so that nothing of the capacity is lost


def test_the_bound_follows_a_cost_that_changes(clock):
    governor = Governor(0.05)
    simulated(governor, clock, 1e-4, answers=20_000)
    cheap = governor.most
    simulated(governor, clock, 1e-3, answers=5_000)
    assert governor.most == pytest.approx(cheap / 10, rel=0.3)
    simulated(governor, clock, 1e-4, answers=20_000)
    assert governor.most == pytest.approx(cheap, rel=0.3)


def test_a_pause_of_the_machine_turns_nobody_away_afterwards(clock):
    governor = Governor(0.05)
    for _ in range(100):
        clock.wall, clock.spent = clock.wall + 0.01, clock.spent + 1e-4
        governor.took(1e-4)
    before = governor.most
    clock.wall += 5.0  # as another process had the processor
    for _ in range(64):
        clock.wall, clock.spent = clock.wall + 0.01, clock.spent + 1e-4
        governor.took(1e-4)
    assert governor.most == pytest.approx(before)


def test_a_machine_that_stands_still_now_and_then_is_given_less(clock):
    governor = Governor(0.05)
    simulated(governor, clock, 4e-4, answers=5_000)
    steady = governor.most
    simulated(governor, clock, 4e-4, answers=5_000, pauses=0.01)
    assert governor.most < 0.8 * steady


def test_a_model_slower_than_the_target_is_asked_all_the_same(clock):
    governor = Governor(0.01)
    simulated(governor, clock, 0.1, answers=500)
    assert governor.most == LEAST


def looked(governor, clock, *, refused):
    """One look of the governor, with so many refused for each answer."""
    for _ in range(64):
        clock.wall, clock.spent = clock.wall + 0.001, clock.spent + 4e-4
        governor.refused += refused
        governor.took(0.005)
    return governor.is_hammered


def test_callers_that_ask_again_at_once_are_told_from_ones_that_are_too_many(clock):
    governor = Governor(0.05)
    assert not looked(governor, clock, refused=2)
    assert looked(governor, clock, refused=8)
    assert looked(governor, clock, refused=1)  # they are slowed down, which is why they are fewer
    assert not looked(governor, clock, refused=0)
