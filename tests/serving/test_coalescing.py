"""What arrives in one turn of the loop is one run; no answer is lost, mixed or made to wait."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.prediction import Predictions
from seakeep.serving.server.ask import Ask
from seakeep.serving.server.coalescing import ROWS_TOGETHER, Coalescer
from seakeep.serving.server.traffic.aside import Aside


class Doubling:
    """Scores are twice the input and minus it; the decision is the input. Refuses a batch that holds 13."""

    def __init__(self):
        self.sizes = []

    def predict_feeds(self, arrays):
        values = arrays["x"]
        self.sizes.append(len(values))
        if (values == 13).any():
            raise ValueError("13")
        scores = np.stack([values * 2, -values], axis=1).astype(np.float32)
        return Predictions(scores, values.astype(np.int64))


def run(turns):
    """Answers (or errors) of asks by turn of the loop, and the sizes of the runs."""
    predictor = Doubling()

    async def main():
        loop = asyncio.get_running_loop()
        column = SimpleNamespace(name="x", array=lambda values: np.array(values, np.float64))
        runs = SimpleNamespace(observe=lambda rows: None)
        coalescer = Coalescer(predictor, [column], loop=loop, aside=Aside(loop), runs=runs)
        futures = []
        for asks in turns:
            futures += [coalescer.answer(Ask([values], len(values), natural=True)) for values in asks]
            await asyncio.sleep(0)
        return await asyncio.gather(*futures, return_exceptions=True)

    return asyncio.run(main()), predictor.sizes


values = st.integers(0, 1000).filter(lambda value: value != 13)
asks = st.lists(st.lists(values, min_size=1, max_size=ROWS_TOGETHER + 3), max_size=12)


@given(turns=st.lists(asks, max_size=4))
def test_every_ask_gets_its_own_answer(turns):
    answers, sizes = run(turns)
    expected = [values for turn in turns for values in turn]
    assert len(answers) == len(expected)
    for (scores, decisions), own in zip(answers, expected, strict=True):
        assert decisions == own
        assert scores == [score for value in own for score in (2.0 * value, -1.0 * value)]
    assert sum(sizes) == sum(map(len, expected))


def test_what_arrives_in_one_turn_is_one_run():
    assert run([[[1], [2, 3], [4]]])[1] == [4]


def test_what_arrives_later_does_not_wait_and_is_not_waited_for():
    assert run([[[1]], [[2]]])[1] == [1, 1]


def test_a_run_is_not_made_larger_than_its_bound():
    sizes = run([[[1] * 100] * 6])[1]
    assert sum(sizes) == 600
    assert max(sizes) <= ROWS_TOGETHER


def test_a_large_ask_runs_aside_by_itself():
    answers, sizes = run([[[5] * (ROWS_TOGETHER + 1), [1], [2]]])
    assert sorted(sizes) == [2, ROWS_TOGETHER + 1]
    assert [len(decisions) for _, decisions in answers] == [ROWS_TOGETHER + 1, 1, 1]


def test_an_ask_that_cannot_be_run_fails_alone():
    answers, _ = run([[[1], [13], [2, 3]]])
    assert answers[0][1] == [1]
    assert isinstance(answers[1], ValueError)
    assert answers[2][1] == [2, 3]


def test_an_ask_whose_client_went_away_disturbs_nobody():
    predictor = Doubling()

    async def main():
        loop = asyncio.get_running_loop()
        column = SimpleNamespace(name="x", array=lambda values: np.array(values, np.float64))
        runs = SimpleNamespace(observe=lambda rows: None)
        coalescer = Coalescer(predictor, [column], loop=loop, aside=None, runs=runs)
        gone, there = (coalescer.answer(Ask([[value]], 1, natural=True)) for value in (1, 2))
        gone.cancel()
        return await there

    assert asyncio.run(main())[1] == [2]


@pytest.mark.parametrize("count", [1, 2])
def test_a_failure_reaches_every_ask_that_fails(count):
    answers, _ = run([[[13]] * count])
    assert all(isinstance(answer, ValueError) for answer in answers)
