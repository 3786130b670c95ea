"""Top values: exact while few, else within the error they carry."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import counters
from seakeep.core.counters import TopValues

values = st.integers(-20, 20) | st.text(max_size=2) | st.sampled_from([2**53, 2**53 + 1, 2**70, 2**70 + 1])
streams = st.lists(values, max_size=200)


@pytest.fixture
def limit_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "LIMIT", 5)


def top(stream: list[object]) -> TopValues:
    return TopValues.of(Counter(stream))


@given(streams, streams)
def test_few_values_add_to_exact_counts(a: list[object], b: list[object]) -> None:
    both = top(a) + top(b)
    assert both == top(a + b)
    assert both.is_exact
    assert both.as_dict() == Counter(a + b)


@given(st.permutations([2**53, 2**53 + 1, 2**53 + 2, -1, "b", "a", 0.5]))
def test_ties_are_broken_by_value_even_where_doubles_cannot_tell(order: list[object]) -> None:
    assert top(order).values == (-1, 0.5, 2**53, 2**53 + 1, 2**53 + 2, "a", "b")


@pytest.mark.usefixtures("limit_of_five")
@given(st.lists(st.lists(st.integers(0, 30), max_size=40), min_size=1, max_size=8), st.randoms())
def test_counts_stay_within_their_error_under_any_merge_tree(streams: list[list[int]], random: object) -> None:
    parts = [top(stream) for stream in streams]
    while len(parts) > 1:
        first = parts.pop(random.randrange(len(parts)))
        second = parts.pop(random.randrange(len(parts)))
        parts.append(first + second)
    true = Counter(value for stream in streams for value in stream)
    listed = parts[0].as_dict()
    assert len(listed) <= 5
    assert parts[0].error <= true.total() / (5 + 1)
    for value, count in true.items():
        assert listed.get(value, 0) <= count <= listed.get(value, 0) + parts[0].error
    assert parts[0].is_exact == (len(true) <= 5)


@pytest.mark.usefixtures("limit_of_five")
def test_the_first_value_left_out_is_taken_from_all() -> None:
    found = TopValues.of({"a": 9, "b": 5, "c": 4, "d": 3, "e": 2, "f": 2, "g": 1})
    assert found == TopValues(("a", "b", "c", "d"), (7, 3, 2, 1), 2)


def test_no_values_are_exact() -> None:
    assert TopValues() == TopValues.of({})
    assert TopValues().is_exact
