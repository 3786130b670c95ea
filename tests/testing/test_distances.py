"""The conformance suite of distances catches the mistakes it is there for."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from seakeep.core import Kind, plugins
from seakeep.evidence.aligned import comparable
from seakeep.testing import check_distance

KINDS = frozenset({Kind.STRING, Kind.BOOLEAN})


def share(column) -> float:
    counts = sorted(column.top.as_dict().items(), key=str)
    return counts[-1][1] / column.finite if len(counts) > 1 else 1.0


def good(reference, current) -> float:
    comparable("good", KINDS, reference, current)
    return abs(share(reference) - share(current))


def distance(**changes) -> SimpleNamespace:
    parts = {
        "distance": good,
        "noise": lambda reference, current, *, probability: (
            -math.log(probability) / min(reference.finite, current.finite)
        ),
        "KINDS": KINDS,
        "THRESHOLD": 0.1,
        "FLOOR": 0.05,
        "LARGEST": 1.0,
        "SYMMETRIC": True,
        "SOURCE": "this file",
    }
    return SimpleNamespace(**{**parts, **changes})


def check(monkeypatch, module) -> None:
    monkeypatch.setattr(plugins, "load", lambda group, name: module)
    check_distance("example")


def test_a_good_distance_passes(monkeypatch):
    check(monkeypatch, distance())


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        ({"SOURCE": ""}, "SOURCE says where"),
        ({"SOURCE": None}, "SOURCE is a str"),
        ({"THRESHOLD": 2.0}, "THRESHOLD lies between 0 and LARGEST"),
        ({"FLOOR": 0.2}, "FLOOR lies between 0 and THRESHOLD"),
        ({"FLOOR": None}, "FLOOR is a float"),
        ({"KINDS": frozenset()}, "KINDS holds kinds"),
        ({"KINDS": frozenset({"string"})}, "KINDS holds kinds"),
        ({"distance": lambda a, b: good(a, b) * 10}, "0 <= distance <= LARGEST"),
        ({"distance": lambda a, b: good(a, b) * math.nan}, "0 <= distance <= LARGEST"),
        ({"distance": lambda a, b: good(a, b) / 2 + 0.1}, "a column to itself is 0"),
        ({"distance": lambda a, b: good(a, b) * share(a)}, "symmetric, as claimed"),
        ({"distance": lambda a, b: good(a, b) * (1 - good(a, b)) ** 9}, "a larger change is never nearer"),
        ({"distance": lambda a, b: good(a, b) * (1 - 1 / a.finite) ** 400}, "8 times the rows"),
        (
            {"distance": lambda a, b: abs(share(a) - share(b)) if a.finite and b.finite else 0.0},
            "without rows is refused",
        ),
        ({"KINDS": KINDS - {Kind.BOOLEAN}}, "other kinds are refused"),
        ({"noise": lambda a, b, *, probability: probability}, "a rarer noise is larger"),
        ({"noise": lambda a, b, *, probability: a.finite - probability}, "more rows bring less noise"),
    ],
)
def test_a_broken_law_is_named(monkeypatch, changes, law):
    with pytest.raises(AssertionError, match=law):
        check(monkeypatch, distance(**changes))
