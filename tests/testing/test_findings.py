"""Every kind of finding that is shipped keeps the suite's laws; a kind that breaks one is told which."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from seakeep.core import plugins
from seakeep.data.quality.finding import GROUP, Found
from seakeep.testing import check_finding


@pytest.mark.parametrize("name", plugins.names(GROUP))
def test_shipped_kinds_keep_the_laws(name):
    check_finding(name)


def kind(**changes):
    given = {
        "MEANING": "All is well.",
        "COST": "statistics",
        "NEEDS": (),
        "LEAST_ROWS": 1,
        "find": lambda table, look: (),
    }
    return SimpleNamespace(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "law"),
    [
        ({"MEANING": "no sentence"}, "MEANING is a sentence"),
        ({"COST": "much"}, "COST is one of"),
        ({"NEEDS": ("colour",)}, "NEEDS holds some of"),
        ({"LEAST_ROWS": 0}, "LEAST_ROWS is a number of rows"),
        ({"look": lambda table: None}, "who needs statistics alone sees no rows"),
        ({"find": lambda table, look: [Found("a", "It is so.")]}, "a fact says what to do"),
        ({"find": lambda table, look: [Found("", "It is so.", fix="Do.")]}, "a fact has a subject and a sentence"),
    ],
)
def test_a_broken_law_is_named(changes, law, monkeypatch):
    broken = kind(**changes)
    load = plugins.load
    monkeypatch.setattr(plugins, "load", lambda group, name: broken if group == GROUP else load(group, name))
    with pytest.raises(AssertionError, match=law):
        check_finding("constant")
