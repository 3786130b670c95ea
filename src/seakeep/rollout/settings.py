"""Plans by name: settings as a person writes them, checked and turned into a `Plan`.

Every plan's own settings are a frozen dataclass in its file and the rules are shared, so what can be set is what has a field: the
command line, seakeep.toml and the API give names and values, and an unknown name is answered with the nearest.
"""

from __future__ import annotations

import math
import types
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from seakeep.core import plugins
from seakeep.rollout.errors import BadPlan
from seakeep.rollout.plan import Plan, Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP = "rollout.plans"
S = TypeVar("S")


class PlanModule(Protocol):
    """What a file of `rollout/plans` offers."""

    Settings: type

    def plan(self, settings: Any, rules: Rules) -> Plan:
        """The plan of these settings."""


def make_plan(name: str, settings: Mapping[str, object] | None = None) -> Plan:
    """The plan called `name`. settings: values by name; texts are converted ("0.05,0.25" is two shares, "none" nothing).

    Raises: UsageError, for an unknown plan (nearest name); BadPlan, for an unknown setting or a value it cannot have.
    """
    module = cast("PlanModule", plugins.load(GROUP, name))
    given = dict(settings or {})
    known = known_settings(name)
    for key in given:
        if key not in known:
            raise BadPlan.unknown_setting(name, key, known)
    return module.plan(_read(module.Settings, given, name), _read(Rules, given, name))


def known_settings(name: str) -> tuple[str, ...]:
    """Names of the settings of the plan called `name`: its own, then the rules'."""
    module = cast("PlanModule", plugins.load(GROUP, name))
    return tuple(each.name for kind in (module.Settings, Rules) for each in fields(kind))


def _read(kind: type[S], given: Mapping[str, object], plan: str) -> S:
    hints = get_type_hints(kind)
    return kind(**{name: _converted(plan, name, given[name], hint) for name, hint in hints.items() if name in given})


def _converted(plan: str, name: str, value: object, hint: Any) -> Any:
    try:
        return _as(hint, value)
    except (ValueError, TypeError) as error:
        raise BadPlan.wrong_setting(plan, name, value, _expected(hint)) from error


def _as(hint: Any, value: object) -> Any:
    """`value` as the type `hint`. Raises ValueError or TypeError where it is none."""
    if get_origin(hint) in (Union, types.UnionType):
        return None if value is None or value == "none" else _as(get_args(hint)[0], value)
    if get_origin(hint) is tuple:
        items = value.split(",") if isinstance(value, str) else value
        return tuple(_as(get_args(hint)[0], item) for item in cast("tuple[object, ...]", items))
    if get_origin(hint) is Literal:
        return get_args(hint)[get_args(hint).index(value)]
    return str(value) if hint is str else _number(hint, value)


def _number(hint: type[int | float], value: object) -> float:
    """A finite number; whole where `hint` says so. True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(value)
    number = float(value)
    if not math.isfinite(number) or (hint is int and not number.is_integer()):
        raise ValueError(value)
    return hint(number)


def _expected(hint: Any) -> str:
    if get_origin(hint) in (Union, types.UnionType):
        return f"{_expected(get_args(hint)[0])}, or none"
    if get_origin(hint) is tuple:
        return "numbers with commas between, for example 0.05,0.25"
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(get_args(hint))
    return "a whole number" if hint is int else "a number"
