"""Sampling: how many are kept, with which probability, and that what is told of the sample is told of the traffic."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import msgspec
import polars as pl
import pytest

from seakeep.data import profile_frame
from seakeep.prediction_log import PredictionLog, frames
from seakeep.prediction_log.overview import overview
from seakeep.prediction_log.sampling import Reservoir
from seakeep.prediction_log.thinning import evened, evened_by, kept_with, weights

from .examples import MINUTE, NOON, ONE, TWO, asked, written


def offer(reservoir, record):
    arm = reservoir.arm(record.release, record.role)
    if arm.wants(record.id):
        arm.keep(record)


def sample(records, most, **given):
    reservoir = Reservoir(most, **given)
    for record in records:
        offer(reservoir, record)
    return list(reservoir.drain())


def test_few_requests_are_all_kept_and_say_nothing_of_a_probability():
    kept = sample([asked(number) for number in range(20)], 20)
    assert {record.id for record in kept} == {f"q{number}" for number in range(20)}
    assert {record.sampled for record in kept} == {None}


def test_of_many_as_many_are_kept_as_stated_and_their_weights_add_up_to_all():
    kept = sample([asked(number) for number in range(5000)], 100)
    assert len(kept) == 100
    assert sum(1 / record.sampled for record in kept) == pytest.approx(5000)


def test_arms_have_samples_of_their_own():
    records = [asked(number, role="champion" if number % 10 else "challenger") for number in range(2000)]
    kept = sample(records, 50)
    assert {role: sum(one.role == role for one in kept) for role in ("champion", "challenger")} == {
        "champion": 50,
        "challenger": 50,
    }
    assert {one.role: one.sampled for one in kept} == {"champion": 50 / 1800, "challenger": 50 / 200}


def test_a_shadow_is_kept_beside_the_answer_that_it_repeats():
    records = [asked(number, role=role) for number in range(3000) for role in ("champion", "shadow")]
    kept = sample(records, 64)
    ids = [{one.id for one in kept if one.role == role} for role in ("champion", "shadow")]
    assert ids[0] == ids[1]


def test_each_request_has_the_same_chance_wherever_it_comes():
    """Of 40 requests 8 are kept, 4,000 times: each is kept in 800 of them, within five standard deviations."""
    counts = [0] * 40
    for turn in range(4000):
        reservoir = Reservoir(8)
        arm = reservoir.arm(ONE, "champion")
        for number in range(40):
            record = asked(number)
            record.id = f"{turn}-{number:x}"
            if arm.wants(record.id):
                arm.keep(record)
        for record in reservoir.drain():
            counts[int(record.id.rpartition("-")[2], 16)] += 1
    spread = math.sqrt(4000 * 0.2 * 0.8)
    assert all(abs(count - 800) < 5 * spread for count in counts)


def test_a_period_of_large_requests_keeps_fewer_that_stand_for_more():
    records = [asked(number, columns=[[1.0], ["x" * 10_000], [1], [True], [0]]) for number in range(500)]
    kept = sample(records, 400, most_bytes=1_000_000)
    assert 90 <= len(kept) <= 99
    assert sum(map(frames.size, kept)) <= 1_000_000
    assert sum(1 / record.sampled for record in kept) == pytest.approx(500)


def test_one_request_that_is_larger_than_the_budget_is_kept():
    (kept,) = sample([asked(1, columns=[[1.0], ["x" * 10_000], [1], [True], [0]])], 5, most_bytes=10)
    assert kept.sampled is None


def test_the_next_period_begins_anew():
    reservoir = Reservoir(5)
    for number in range(100):
        offer(reservoir, asked(number))
    assert len(list(reservoir.drain())) == 5
    offer(reservoir, asked(1))
    assert [record.sampled for record in reservoir.drain()] == [None]


@dataclass
class Day:
    """A log of busy minutes, in which distances are long, and quiet ones; sampled, and what was really asked."""

    log: PredictionLog
    asked: pl.Series


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    log = PredictionLog.of(tmp_path_factory.mktemp("home"), "late")
    chance, number, all_of = random.Random(5), 0, []
    for minute, (requests, mean) in enumerate([(4000, 900.0), (100, 100.0), (50, 100.0), (2000, 500.0)] * 3):
        made = []
        for _ in range(requests):
            number += 1
            value = chance.gauss(mean, 30)
            all_of.append(value)
            made.append(asked(number, time=NOON + minute * MINUTE, columns=[[value], ["UA"], [1], [True], [0]]))
        written(log, sample(made, 200))
    log.convert()
    return Day(log, pl.Series(all_of))


def test_rows_carry_the_probability_that_they_were_kept_with(day):
    found = day.log.scan().collect()
    assert set(found["@sampled"].unique().to_list()) == {0.05, 0.1, None}
    assert weights(found).sum() == pytest.approx(day.asked.len())


def test_weights_give_the_traffics_own_mean_and_rows_as_they_are_do_not(day):
    found = day.log.scan().collect()
    spread = day.asked.std() / math.sqrt(found.height)
    weighted = (found["distance"] * weights(found)).sum() / weights(found).sum()
    assert abs(weighted - day.asked.mean()) < 4 * spread
    assert abs(found["distance"].mean() - day.asked.mean()) > 20 * spread


def test_an_even_part_is_a_plain_sample_of_the_traffic(day):
    table = day.log.scan()
    part = evened(table, kept_with(table)).collect()
    assert part.height == pytest.approx(day.asked.len() * 0.05, rel=0.15)
    assert abs(part["distance"].mean() - day.asked.mean()) < 4 * day.asked.std() / math.sqrt(part.height)
    assert evened(table, kept_with(table)).collect().equals(part)


def test_a_dataset_of_a_sampled_log_is_the_even_part(day):
    dataset = day.log.as_dataset()
    found = profile_frame(pl.concat([piece.collect() for piece in dataset.source.pieces()]))["distance"]
    assert found.mean == pytest.approx(day.asked.mean(), abs=4 * day.asked.std() / math.sqrt(found.rows))
    assert dataset.source.digest() == day.log.as_dataset().source.digest()


def test_the_overview_says_how_many_rows_the_kept_ones_stand_for(day):
    (group,) = overview(day.log.scan())
    assert (group.rows, group.asked) == (200 * 6 + 150 * 3, day.asked.len())


def test_a_log_that_keeps_everything_is_not_thinned(tmp_path):
    log = PredictionLog.of(tmp_path, "late")
    written(log, [asked(number) for number in range(50)])
    table = log.scan()
    assert kept_with(table) == 1
    assert evened(table, kept_with(table)).collect().height == 50


def test_arms_that_were_sampled_differently_are_evened_to_one_probability_in_each_look():
    rows = [(1, f"a{number}", 1.0) for number in range(4000)] + [(1, f"b{number}", 0.25) for number in range(1000)]
    frame = pl.DataFrame([*rows, (2, "c", 1.0)], schema=["end", "request", "sampled"], orient="row")
    found = evened_by(frame, "end", request="request", probability="sampled")
    assert found.filter(pl.col("request").str.starts_with("a")).height == pytest.approx(1000, abs=5 * math.sqrt(750))
    assert found.filter(pl.col("request").str.starts_with("b")).height == 1000
    assert found.filter(pl.col("end") == 2).height == 1


def test_frames_of_before_there_was_a_probability_are_read():
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(asked(1, release=TWO)))
    content = msgspec.msgpack.encode(fields[:-1])
    assert msgspec.msgpack.decode(content, type=frames.Record).sampled is None
