"""The conformance suite of rollout plans: what a rollout relies on, whoever wrote the plan.

A plan that forgets a rule rolls back good releases more often than it says, and one that is not read back as it was leaves a
rollout that nobody can go on with. So a plan is made as the command line makes it, written, read, and led through a bad
release; a broken law raises AssertionError with the law and what was found.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from seakeep.core import plugins
from seakeep.core.codec import from_json, to_json
from seakeep.rollout import Look, Party, Plan, Rollout, Rules, Stratum, Tally, begin, make_plan, observe, route
from seakeep.rollout.settings import GROUP
from seakeep.testing.laws import hold

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOKS = 50
_CHAMPION, _CHALLENGER = Party("a" * 64, 1), Party("b" * 64, 2)
_RULES = {"alpha": 0.03, "margin": 0.002, "tolerance": 0.03, "goal_tolerance": 0.04, "slow_ms": 80.0, "labelled": 7}


def check_plan(name: str, settings: Mapping[str, object] | None = None) -> None:
    """Hold the plan called `name` to the laws; raises AssertionError naming the first that it breaks.

    Parameters: settings: those without which it cannot be made (a reason, say); every other one must have a default.
    The module must offer Settings, a frozen dataclass, and plan(settings, rules) -> Plan; see `seakeep.rollout.plans`.
    """
    module = plugins.load(GROUP, name)
    given = dict(settings or {})
    _check_settings(module, name, given)
    plan = make_plan(name, given)
    _check_plan(plan, name, given)
    _check_course(plan)


def _check_settings(module: Any, name: str, given: Mapping[str, object]) -> None:
    kind = module.Settings
    hold(bool(module.__doc__), "the module says what the plan does", module.__doc__)
    frozen = dataclasses.is_dataclass(kind) and getattr(kind, "__dataclass_params__").frozen  # noqa: B009
    hold(frozen, "Settings is a frozen dataclass", kind)
    own = dataclasses.fields(kind)
    unset = [each.name for each in own if each.default is dataclasses.MISSING]
    hold(not unset, "every setting has a default", unset)
    taken = sorted({each.name for each in own} & {each.name for each in dataclasses.fields(Rules)})
    hold(not taken, "no setting is called as a rule", taken)
    values = {each.name: getattr(kind(), each.name) for each in own} | dict(given)
    texts = {key: _text(value) for key, value in values.items()}
    hold(
        make_plan(name, texts) == make_plan(name, values), "settings are the same when they are written as text", texts
    )


def _check_plan(plan: Plan, name: str, given: Mapping[str, object]) -> None:
    hold(isinstance(plan, Plan) and plan.name == name, "plan gives a Plan of its own name", plan)
    hold(make_plan(name, given) == plan, "the same settings give the same plan", plan)
    ruled = make_plan(name, {**_RULES, **given})
    kept = {rule: getattr(ruled.rules, rule) for rule in _RULES if rule not in given}
    hold(kept == {rule: _RULES[rule] for rule in kept}, "every rule is kept as it was set", kept)
    levels = sum(plan.level(test) for test in plan.tests)
    hold(math.isclose(levels, plan.rules.alpha), "alpha is shared out over the tests in force", levels)
    again = from_json(Plan, to_json(plan))
    hold(again == plan, "a plan reads back equal from JSON", again)


def _check_course(plan: Plan) -> None:
    """A release that fails every request is never let in by evidence, and whatever stands is read back and has a route."""
    rollout = _checked(begin(plan, name="m", champion=_CHAMPION, challenger=_CHALLENGER, at=0.0))
    if not plan.steps:
        hold(rollout.phase == "promoted" and bool(plan.reason), "a plan without steps has a reason", plan.reason)
        return
    for _ in range(LOOKS):
        rollout = _checked(observe(rollout, _failing(rollout), at=rollout.last + plan.rules.longest_seconds / LOOKS))
    hold(rollout.phase != "promoted", "a release that fails every request is not let in", rollout.phase)
    hold(rollout.ended or rollout.phase == "held", f"it is found within {LOOKS} looks", rollout.phase)


def _failing(rollout: Rollout) -> Look:
    """A thousand requests of each arm; the champion answers all of them, the challenger none."""
    present = rollout.present
    share = present.share if present is not None and present.share else 0.5
    champion = Tally(
        round(2000 * (1 - share)), 0, round(2000 * (1 - share)), 0, round(2000 * (1 - share)), (0.0,) * 100
    )
    challenger = Tally(round(2000 * share), round(2000 * share), 0, 0, round(2000 * share), (1.0,) * 100)
    return Look((Stratum(champion, challenger),), copies=0 if present and present.share else 1000, champion_p99_ms=50.0)


def _checked(rollout: Rollout) -> Rollout:
    again = from_json(Rollout, to_json(rollout))
    hold(again == rollout, "a rollout reads back equal from JSON", again.phase)
    shares = sum(arm.share for arm in route(rollout).arms)
    hold(math.isclose(shares, 1.0), "the arms of a route have all requests", shares)
    return rollout


def _text(value: object) -> str:
    return ",".join(map(_text, value)) if isinstance(value, tuple) else str(value)
