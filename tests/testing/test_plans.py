"""The built-in plans pass the suite that others must pass, and the suite finds what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from seakeep.core import plugins
from seakeep.rollout import Rules
from seakeep.rollout.plans import canary
from seakeep.testing import check_plan

NEEDED = {"immediate": {"reason": "the champion is broken"}}


@pytest.mark.parametrize("name", plugins.names("rollout.plans"))
def test_built_in_plans_conform(name):
    check_plan(name, NEEDED.get(name))


@pytest.mark.parametrize("measure", ["errors", "latency", "goal"])
def test_experiments_of_every_measure_conform(measure):
    check_plan("experiment", {"measure": measure})


@dataclass
class Thawed:
    shares: tuple[float, ...] = (0.1,)


@dataclass(frozen=True)
class Unset:
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Ruled:
    alpha: float = 0.5


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        ({"__doc__": ""}, "the module says what the plan does"),
        ({"Settings": Thawed}, "Settings is a frozen dataclass"),
        ({"Settings": Unset}, "every setting has a default"),
        ({"Settings": Ruled}, "no setting is called as a rule"),
        ({"plan": lambda given, rules: replace(canary.plan(given, rules), name="other")}, "a Plan of its own name"),
        ({"plan": lambda given, _: canary.plan(given, Rules())}, "every rule is kept as it was set"),
    ],
)
def test_what_is_wrong_is_found_by_its_law(monkeypatch, changes, law):
    broken = SimpleNamespace(**{**vars(canary), **changes})
    monkeypatch.setattr(plugins, "load", lambda group, name: broken)
    with pytest.raises(AssertionError, match=law):
        check_plan("canary")
