"""Nouns as JSON and back: equal, strict, and with errors that name the path."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.codec import GAINED, BadDocument, Json, Scalar, digest, from_json, from_plain, to_json, to_plain


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    values: tuple[float, ...]
    pair: tuple[int, str] = (1, "a")


@dataclass(frozen=True, slots=True)
class Everything:
    text: str
    number: float
    whole: int
    flag: bool
    content: bytes
    colour: Colour
    mode: Literal["a", "b"]
    inner: Inner
    maybe: Inner | None = None
    scalar: Scalar = None
    bound: int | float | None = None
    items: dict[str, int] = field(default_factory=dict)
    anything: Any = None
    plain: Json = None


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())


@given(
    st.text(),
    st.floats(allow_nan=False),
    st.integers(),
    st.booleans(),
    st.binary(),
    st.lists(st.floats(allow_nan=False)),
    scalars,
    st.one_of(st.none(), st.integers(), st.floats(allow_nan=False)),
    st.dictionaries(st.text(), st.integers()),
)
def test_what_is_written_is_read_back_equal(text, number, whole, flag, content, values, scalar, bound, items):
    value = Everything(
        text, number, whole, flag, content, Colour.RED, "b", Inner(tuple(values)), Inner(()), scalar, bound, items
    )
    assert from_json(Everything, to_json(value)) == value
    assert digest(from_plain(Everything, to_plain(value))) == digest(value)


def test_nan_and_infinities_survive():
    back = from_json(Inner, to_json(Inner((math.nan, math.inf, -math.inf))))
    assert math.isnan(back.values[0])
    assert back.values[1:] == (math.inf, -math.inf)


def test_a_scalar_nan_survives_among_other_types():
    plain = to_plain(math.nan)
    assert plain == {"float": "nan"}
    assert math.isnan(from_plain(Everything, {**_document(), "scalar": plain}).scalar)


def _document() -> dict[str, Json]:
    value = Everything("t", 1.0, 2, True, b"x", Colour.RED, "a", Inner((1.0,)))
    plain = to_plain(value)
    assert isinstance(plain, dict)
    return plain


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"text": 1}, "Everything.text"),
        ({"number": "1"}, "Everything.number"),
        ({"number": True}, "Everything.number"),
        ({"number": {"float": "one"}}, "Everything.number"),
        ({"whole": 1.5}, "Everything.whole"),
        ({"whole": True}, "Everything.whole"),
        ({"flag": 1}, "Everything.flag"),
        ({"content": 3}, "Everything.content"),
        ({"content": "not base64!"}, "Everything.content"),
        ({"colour": "blue"}, "Everything.colour"),
        ({"colour": ["red"]}, "Everything.colour"),
        ({"mode": "c"}, "Everything.mode"),
        ({"inner": []}, "Everything.inner"),
        ({"inner": {"values": 3}}, "Everything.inner.values"),
        ({"inner": {"values": [1, "x"]}}, "Everything.inner.values[1]"),
        ({"inner": {"values": [], "pair": [1]}}, "Everything.inner.pair"),
        ({"inner": {"values": [], "pair": ["a", 1]}}, "Everything.inner.pair[0]"),
        ({"maybe": 3}, "Everything.maybe"),
        ({"items": []}, "Everything.items"),
        ({"items": {"a": "b"}}, "Everything.items.a"),
        ({"unknown": 1}, "Everything.unknown"),
    ],
)
def test_a_wrong_value_is_refused_and_its_path_named(change, path):
    with pytest.raises(BadDocument) as caught:
        from_plain(Everything, {**_document(), **change})
    assert caught.value.where == path
    assert "expected" in caught.value.found
    assert caught.value.fix


def test_an_absent_field_is_refused_and_named():
    document = _document()
    del document["text"]
    with pytest.raises(BadDocument, match=r"Everything\.text"):
        from_plain(Everything, document)


def test_a_field_that_is_no_object_is_refused():
    with pytest.raises(BadDocument, match="an object"):
        from_plain(Everything, [])


def test_torn_json_names_the_file():
    with pytest.raises(BadDocument, match=r"schema\.json"):
        from_json(Everything, '{"text": "a', path="schema.json")


def test_a_type_without_plain_form_is_refused():
    with pytest.raises(TypeError, match="set has no plain form"):
        to_plain({1})


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest([1, 2]) != digest([2, 1])


def test_a_digest_of_a_lone_surrogate_exists():
    assert len(digest("\ud800")) == 64


@dataclass(frozen=True, slots=True)
class Grown:
    text: str
    count: int | None = field(default=None, metadata=GAINED)
    shares: dict[str, float] = field(default_factory=dict, metadata=GAINED)


@given(st.none() | st.integers(), st.dictionaries(st.text(), st.floats(0, 1)))
def test_fields_that_came_later_are_left_out_while_usual_and_read_back_equal(count, shares):
    value = Grown("a", count, shares)
    plain = to_plain(value)
    assert ("count" in plain, "shares" in plain) == (count is not None, bool(shares))
    assert from_plain(Grown, plain) == value


def test_a_noun_keeps_its_digest_when_it_grows():
    assert digest(Grown("a")) == digest({"text": "a"})
