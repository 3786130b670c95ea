"""What arrives in one turn of the loop is one run; no answer is lost, mixed or made to wait."""

from __future__ import annotations

import asyncio
import math
import time
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.prediction import Predictions
from seakeep.serving.server.ask import Ask
from seakeep.serving.server.coalescing import ROWS_TOGETHER, Coalescer
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.traffic.aside import Aside
from seakeep.serving.server.traffic.cost import Cost


class Doubling:
    """Scores are twice the input and minus it; the decision is the input. Refuses a batch that holds 13."""

    def __init__(self):
        self.sizes, self.ran = [], []

    def predict_feeds(self, arrays):
        values = arrays["x"]
        self.sizes.append(len(values))
        if (values == 13).any():
            raise ValueError("13")
        self.ran += values.astype(int).tolist()
        scores = np.stack([values * 2, -values], axis=1).astype(np.float32)
        return Predictions(scores, values.astype(np.int64))


def run(turns):
    """Answers (or errors) of asks by turn of the loop, and the sizes of the runs."""
    predictor = Doubling()

    async def main():
        loop = asyncio.get_running_loop()
        column = SimpleNamespace(name="x", array=lambda values: np.array(values, np.float64))
        runs = SimpleNamespace(observe=lambda rows: None)
        coalescer = Coalescer(predictor, [column], loop=loop, aside=Aside(loop), runs=runs, runs_aside=runs)
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


def test_few_rows_are_run_in_memory_that_is_at_hand():
    predictor, counted = Doubling(), []

    def few(rows):
        def run(columns):
            assert [len(values) for values in columns] == [rows]
            answers = predictor.predict_feeds({"x": np.array(columns[0])})
            return [answers.scores, answers.decisions]

        return SimpleNamespace(run=run)

    async def main():
        loop = asyncio.get_running_loop()
        runs = SimpleNamespace(observe=counted.append)
        column = SimpleNamespace(
            name="x", array=lambda values: pytest.fail("an array was made") if len(values) < 3 else np.array(values)
        )
        coalescer = Coalescer(
            predictor, [column], loop=loop, aside=None, runs=runs, runs_aside=runs, few=[few(1), few(2)]
        )
        answers = []
        for turn in ([[1]], [[2], [3]], [[4], [5, 6]], [[7], [13]]):
            given = [coalescer.answer(Ask([values], len(values), natural=True)) for values in turn]
            answers += await asyncio.gather(*given, return_exceptions=True)
        return answers

    *found, refused = asyncio.run(main())
    assert [decisions for _, decisions in found] == [[1], [2], [3], [4], [5, 6], [7]]
    assert isinstance(refused, ValueError)
    assert counted == [1, 2, 3, 1]


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
        coalescer = Coalescer(predictor, [column], loop=loop, aside=None, runs=runs, runs_aside=runs)
        gone, there = (coalescer.answer(Ask([[value]], 1, natural=True)) for value in (1, 2))
        gone.cancel()
        return await there

    assert asyncio.run(main())[1] == [2]


@pytest.mark.parametrize("count", [1, 2])
def test_a_failure_reaches_every_ask_that_fails(count):
    answers, _ = run([[[13]] * count])
    assert all(isinstance(answer, ValueError) for answer in answers)


class Sent(NamedTuple):
    """An ask as a client sends it."""

    values: list[int]
    priority: int = 2
    is_late: bool = False
    is_gone: bool = False


sent = st.builds(
    Sent,
    st.lists(values, min_size=1, max_size=ROWS_TOGETHER + 3),
    st.sampled_from([1, 2, 2, 3]),
    st.sampled_from([False, False, True]),
    st.sampled_from([False, False, False, True]),
)


def run_urged(turns, **options):
    """Answers of asks by turn of the loop, None of one that was cancelled; and the values in the order in which they were run."""
    predictor = Doubling()

    async def main():
        loop = asyncio.get_running_loop()
        column = SimpleNamespace(name="x", array=lambda values: np.array(values, np.float64))
        runs = SimpleNamespace(observe=lambda rows: None)
        coalescer = Coalescer(predictor, [column], loop=loop, aside=Aside(loop), runs=runs, runs_aside=runs, **options)
        coalescer.cost = Cost(1e-6, 1e-7)
        if options.get("hold_seconds"):
            coalescer._holding.seconds = options["hold_seconds"]
        answers = []
        for turn in turns:
            for one in turn:
                until = time.perf_counter() + (1e-9 if one.is_late else 60)
                answers.append(await_or_raise(coalescer, Ask([one.values], len(one.values), natural=True), until, one))
            await asyncio.sleep(0)
        return await asyncio.gather(*answers, return_exceptions=True)

    return asyncio.run(main()), predictor.ran


def await_or_raise(coalescer, ask, until, one):
    """The answer to come, also where the ask is refused at once."""
    try:
        answer = coalescer.answer(ask, until, one.priority)
    except Refusal as refusal:
        answer = asyncio.get_running_loop().create_future()
        answer.set_exception(refusal)
    if one.is_gone:
        answer.cancel()
    return answer


@given(
    turns=st.lists(st.lists(sent, max_size=8), max_size=4),
    turn_seconds=st.sampled_from([0.0, math.inf]),
    hold_seconds=st.sampled_from([0.0, 0.0005]),
)
def test_no_answer_is_lost_or_mixed_whatever_is_urgent_late_gone_or_held(turns, turn_seconds, hold_seconds):
    answers, ran = run_urged(turns, turn_seconds=turn_seconds, hold_seconds=hold_seconds)
    asked = [one for turn in turns for one in turn]
    for answer, one in zip(answers, asked, strict=True):
        if isinstance(answer, Refusal):
            assert one.is_late
            assert answer.code == "too_late"
        elif isinstance(answer, asyncio.CancelledError):
            assert one.is_gone
        else:
            assert not one.is_late
            assert answer[1] == one.values
    wanted = sorted(value for one in asked if not (one.is_late or one.is_gone) for value in one.values)
    small = [one for one in asked if len(one.values) <= ROWS_TOGETHER]
    assert sorted(ran) == wanted or len(small) < len(
        asked
    )  # what is large and gone may have begun before its client went


def test_what_is_urgent_runs_first_where_not_all_fits_into_a_run():
    turn = [Sent([rank] * 100, priority=rank) for rank in (3, 2, 3, 1, 2, 1)]
    answers, ran = run_urged([turn], turn_seconds=0.0)
    assert [answer[1][0] for answer in answers] == [3, 2, 3, 1, 2, 1]
    assert ran == sorted(ran)


def test_who_comes_while_others_wait_for_their_turn_passes_them_if_more_urgent():
    _, ran = run_urged([[Sent([3] * 200, priority=3)] * 4, [Sent([1], priority=1)]], turn_seconds=0.0)
    assert 1 in ran[:402]


def test_a_late_ask_costs_no_run():
    answers, ran = run_urged([[Sent([5], is_late=True)]])
    assert isinstance(answers[0], Refusal)
    assert ran == []


def test_an_ask_without_urgency_waits_behind_nobody():
    answers, sizes = run([[[1], [2]]])
    assert sizes == [2]
    assert [answer[1] for answer in answers] == [[1], [2]]
