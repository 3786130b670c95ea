"""The conformance suite itself: it must refuse what breaks its rules."""

from __future__ import annotations

import dataclasses
import sys
import types
from typing import ClassVar

import numpy as np
import pytest

from seakeep.core import plugins
from seakeep.features import number
from seakeep.features.block import stacked
from seakeep.features.operation import NUMERIC, Form, Operation, State
from seakeep.testing.operations import check_operation


class Point:
    """An entry point that gives a module, as an installed package's would."""

    def __init__(self, module: types.ModuleType) -> None:
        self.load = lambda: module


def module(*, wrong: str = "") -> types.ModuleType:
    """A third party's operation that doubles a number, or gets something wrong."""

    @dataclasses.dataclass(frozen=True, slots=True)
    class Double(State, Operation):
        takes: ClassVar = NUMERIC
        gives: ClassVar = Form.NUMBER

        def fit(self, _incoming, /):
            return self

        def leaves_missing(self, before, _previous, /):
            return before and wrong != "missing"

        def reference(self, values):
            return values * (3 if wrong == "graph" else 2)

        @classmethod
        def lower(cls, builder, block, states):
            x = block.rows(builder)
            if wrong == "batch":
                x = builder.node("CumSum", [x, builder.constant(np.array(1))])
            return stacked(builder.node("Add", [x, x]), len(states))

    made = types.ModuleType("double", "" if wrong == "docstring" else "double: twice the number.")
    made.DECLARATION = made.STATE = Double  # type: ignore[attr-defined]
    sys.modules.setdefault(Double.__module__, made)
    return made


@pytest.fixture
def installed(monkeypatch):
    def install(wrong: str = "") -> None:
        point = Point(module(wrong=wrong))
        monkeypatch.setattr(plugins, "_third_party", lambda group: {"double": point})

    return install


def test_a_third_partys_operation_that_keeps_the_rules_passes(installed):
    installed()
    check_operation("double", number("number").then("double"), number("number").fill(0).then("double").standardize())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("docstring", "no docstring"),
        ("graph", "graph .* reference"),
        ("missing", "NaN, which the operations do not announce"),
    ],
)
def test_an_operation_that_breaks_a_rule_is_refused(installed, wrong, message):
    installed(wrong)
    with pytest.raises(AssertionError, match=message):
        check_operation("double", number("number").then("double"))


def test_an_operation_that_looks_at_other_rows_is_refused(installed):
    installed("batch")
    with pytest.raises(AssertionError):
        check_operation("double", number("whole").fill(0).then("double"))


def test_features_that_do_not_use_the_operation_prove_nothing():
    with pytest.raises(AssertionError, match="does not use clip"):
        check_operation("clip", number("number").log1p())
