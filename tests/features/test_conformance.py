"""Every built-in operation keeps the rules that third parties' must keep; and operations, methods and files agree."""

from __future__ import annotations

import inspect

import pytest

from seakeep.features import Feature, boolean, category, cross, number, timestamp
from seakeep.features.operation import known, module_of
from seakeep.testing.operations import check_operation

CASES = {
    "fill": [
        number("number").fill(3.5),
        number("number").fill("mean"),
        number("whole").fill("median"),
        boolean("flag").fill(0),
        boolean("flag").fill("mean"),
        timestamp("time").hour().fill(12),
        number("number").clip(0, 5).fill("median"),
    ],
    "standardize": [
        number("number").standardize(),
        number("whole").standardize(),
        boolean("flag").standardize(),
        number("number").log1p().standardize(),
        timestamp("time").year().standardize(),
    ],
    "min_max": [number("number").min_max(), number("whole").min_max().clip(0, 1), boolean("flag").min_max()],
    "log1p": [number("number").log1p(), number("number").clip(0, None).log1p(), number("number").fill(0).log1p()],
    "clip": [number("number").clip(0, 5), number("number").clip(None, 5), number("whole").clip(low=-1)],
    "bucketize": [
        number("number").bucketize(4),
        number("number").bucketize([1, 5, 9]),
        number("whole").bucketize(3).one_hot(),
        timestamp("time").hour().bucketize([6, 12]),
    ],
    "one_hot": [
        category("text").one_hot(),
        category("word").one_hot(min_count=3),
        category("whole").one_hot(),
        category("flag").one_hot(),
        cross("text", "word").one_hot(max_size=4),
        timestamp("time").weekday().one_hot(),
        number("number").bucketize(4).one_hot(),
    ],
    "hash": [
        category("text").hash(16),
        category("whole").hash(7),
        category("flag").hash(2),
        cross("text", "word").hash(33),
    ],
    "cross": [cross("text", "word").hash(16), cross("whole", "flag"), cross("text", "whole", "word", "flag").hash(3)],
    "missing_flag": [
        number("number").missing_flag(),
        category("text").missing_flag(),
        category("whole").missing_flag(),
        timestamp("time").missing_flag(),
        timestamp("time").hour().missing_flag(),
    ],
    "cyclic": [
        number("number").cyclic(24),
        number("whole").cyclic(7),
        number("number").cyclic(0.3),
        timestamp("time").hour().cyclic(24),
    ],
    "year": [timestamp("time").year()],
    "month": [timestamp("time").month(), timestamp("time").month().one_hot()],
    "day_of_year": [timestamp("time").day_of_year(), timestamp("time").day_of_year().cyclic(366)],
    "weekday": [timestamp("time").weekday(), timestamp("time").weekday().one_hot()],
    "hour": [timestamp("time").hour(), timestamp("time").hour().one_hot()],
    "minute": [timestamp("time").minute(), timestamp("time").minute().cyclic(60)],
}


@pytest.mark.parametrize("name", known())
def test_operation_keeps_the_rules(name):
    check_operation(name, *CASES[name])


def test_every_operation_but_cross_is_a_method_and_every_such_method_an_operation():
    public = {name for name, _ in inspect.getmembers(Feature, inspect.isfunction) if not name.startswith("_")}
    assert public - {"then", "named"} == set(known()) - {"cross"}


@pytest.mark.parametrize("name", sorted(set(known()) - {"cross"}))
def test_method_takes_the_parameters_of_the_operation(name):
    method = list(inspect.signature(getattr(Feature, name)).parameters)[1:]
    assert method == list(inspect.signature(module_of(name).DECLARATION).parameters)
