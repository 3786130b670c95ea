"""YAML for people: read back it is what was written, and it is written as people write it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from seakeep.integrations import _yaml

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x85\u2028\u2029\ufeff\ufffe\uffff"))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**9), 10**9), texts, st.just("a: b\n  c\n"), st.just("yes")
)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=12)


@given(st.dictionaries(texts.filter(bool), values, min_size=1))
def test_what_is_read_back_is_what_was_written(value):
    assert YAML(typ="safe", pure=True).load(_yaml.document(value)) == value


def test_long_texts_are_blocks_and_keys_keep_their_order():
    written = _yaml.document({"b": 1, "a": ["x", {"script": "one\ntwo\n"}], "long": "word " * 60}, head="Why.\n\nHow.")
    assert written.startswith("# Why.\n#\n# How.\nb: 1\na:\n  - x\n  - script: |\n")
    assert len([line for line in written.splitlines() if line.startswith("long:")]) == 1


def test_the_same_object_twice_has_no_anchor():
    shared = {"cpu": "1"}
    assert "&" not in _yaml.document({"requests": shared, "limits": shared})


def test_documents_are_divided():
    text = _yaml.documents([{"a": 1}, {"b": 2}], head="Two.")
    assert text == "# Two.\na: 1\n---\nb: 2\n"


@pytest.mark.parametrize(
    "text",
    ["yes", "No", "On", "OFF", "y", "12:30", "1:2:3.5", "1_000", "0b1", "0x1F", "017", "1e3", "=", "<<", "~", "null"],
)
def test_a_text_is_a_text_to_readers_of_yaml_1_1_too(text):
    assert yaml.safe_load(_yaml.document({"namespace": text, "list": [{text: text}]})) == {
        "namespace": text,
        "list": [{text: text}],
    }


def test_a_key_is_quoted_but_for_the_one_that_workflows_begin_with():
    assert _yaml.document({"off": 1}) == "'off': 1\n"
    assert _yaml.document({"on": "push"}) == "on: push\n"
