"""Means of the label by value: adding, too many values, and buckets of unlike depth."""

from __future__ import annotations

from functools import reduce
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import conditional
from seakeep.core.conditional import Conditional, Group
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import key_of


def group(*labels: float) -> Group:
    return Group(len(labels), reduce(add, map(ExactSum.of, labels), ExactSum()))


def by_number(labels: dict[float, float]) -> Conditional:
    merged: dict[int, Group] = {}
    for value, label in labels.items():
        merged[key_of(value)] = merged.get(key_of(value), Group()) + group(label)
    return Conditional.of_keys(group(*labels.values()), Group(), merged, 0)


def test_a_mean_is_rounded_once_and_no_rows_have_none() -> None:
    assert group(0.1, 0.2, 0.3).mean == 0.2
    assert Group().mean is None


def test_values_add_and_are_in_order() -> None:
    first = Conditional.of_values(group(1, 0), Group(), {"b": group(1), "a": group(0)})
    second = Conditional.of_values(group(1), group(1), {"b": group(1)})
    both = first + second
    assert list(both.values) == ["a", "b"]
    assert (both.values["b"], both.whole, both.missing) == (group(1, 1), group(1, 0, 1), group(1))


def test_too_many_values_leave_the_whole_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditional, "LIMIT", 2)
    first = Conditional.of_values(group(1, 0), Group(), {"a": group(1), "b": group(0)})
    key = first + Conditional.of_values(group(1), Group(), {"c": group(1)})
    assert (key.too_many, key.values, key.whole) == (True, {}, group(1, 0, 1))
    assert (key + first).too_many


@given(st.dictionaries(st.integers(-50, 50).map(float), st.integers(0, 1).map(float), min_size=1), st.integers(0, 50))
def test_numbers_add_to_the_bit_wherever_they_are_cut(labels: dict[float, float], at: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conditional, "LIMIT", 8)
        items = list(labels.items())
        parts = by_number(dict(items[:at])), by_number(dict(items[at:]))
        whole = by_number(labels)
        assert parts[0] + parts[1] == parts[1] + parts[0] == whole
        assert len(whole.keys) <= 8
        assert sum(each.rows for each in whole.groups) == len(labels)
        assert all(
            any(low <= value <= high for value in labels) for low, high in map(whole.bounds, range(len(whole.keys)))
        )
