"""Drift of predictions: against earlier windows, beyond what is usual between them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from seakeep.core import Input, Kind, Model, Schema, Statistics, Task, Verdict
from seakeep.data.statistics.profile import profile_frame
from seakeep.monitoring.predictions import FEWEST, judge_predictions, usual_of, watched

NAME = "@probability_true"


def answers(seed: int, *, mean: float = 0.0, rows: int = 2000) -> Statistics:
    random = np.random.default_rng(seed)
    return profile_frame(pl.DataFrame({NAME: 1 / (1 + np.exp(-random.normal(mean, 1, rows)))}))


def verdicts(earlier, current) -> list[Verdict]:
    return [check.verdict for check in judge_predictions(earlier, current, q=0.05)]


def test_few_earlier_windows_judge_nothing():
    earlier = [answers(seed) for seed in range(FEWEST - 1)]
    assert verdicts(earlier, answers(9, mean=3.0)) == []


def test_like_answers_pass_and_others_fail():
    earlier = [answers(seed) for seed in range(6)]
    assert verdicts(earlier, answers(9)) == [Verdict.PASS]
    assert verdicts(earlier, answers(9, mean=0.8)) == [Verdict.FAIL]


def test_what_is_usual_between_windows_does_not_alarm():
    earlier = [answers(seed, mean=0.4 * np.sin(seed)) for seed in range(12)]
    found = [verdicts(earlier, answers(100 + seed, mean=0.4 * np.sin(seed + 0.5))) for seed in range(12)]
    assert found == [[Verdict.PASS]] * 12
    assert verdicts(earlier, answers(9, mean=2.5)) == [Verdict.FAIL]


def test_the_fewer_windows_the_further_their_largest_is_carried():
    few, many = usual_of([0.1, 0.1, 0.2]), usual_of([0.1] * 40 + [0.2])
    assert few.largest > many.largest >= 0.2


def test_the_message_is_about_predictions():
    (check,) = judge_predictions([answers(seed) for seed in range(6)], answers(9, mean=0.8), q=0.05)
    assert (check.code, check.subject) == ("monitoring.predictions", NAME)
    assert check.message.startswith("The predictions '@probability_true' moved: the mean went from 0.4989 to 0.6641")


@pytest.mark.parametrize(
    ("task", "classes", "names"),
    [
        (Task.BINARY, (False, True), (NAME,)),
        (Task.MULTICLASS, ("a", "b", "c"), ("@probability_a", "@probability_b", "@probability_c")),
        (Task.REGRESSION, (), ("@prediction",)),
    ],
)
def test_every_task_has_its_answers(task, classes, names):
    model = Model("x", task, b"", (Input("zone", Kind.STRING),), Schema("x"), Statistics(), classes=classes)
    assert watched(model) == names
