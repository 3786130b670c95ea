"""Patterns matched in plain Python mean what Polars means, in time linear in the text."""

from __future__ import annotations

import time
import tracemalloc
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.data.rows.automaton import MOST_PLACES, MOST_STEPS, matcher
from seakeep.data.rows.patterns import whole
from seakeep.data.rows.regular import Unread

PATTERNS = [
    "a.*",
    "[A-Z]{3}",
    "",
    "a|b|",
    r"\w+ ?b?",
    "(?i)jfk",
    "(?i)[^k]+",
    r"\d{4}-\d{2}(-\d{2})?",
    r"[^@\s]+@[^@\s]+\.[a-z]{2,}",
    r"N\d{1,5}[A-Z]{0,2}",
    "(a+)+b",
    "^a$|^$",
    "(?P<x>a)(?:b|c){2,}?",
    "(?s).{2}",
    r"[\w.-]+",
    r"\p{Lu}\P{L}\pN",
    "[[:alpha:]]+[[:^digit:]]",
    "(?i:a)b(?s-i).",
    "(a|b)*a(a|b){3}",
    r"\x41\u{e9}?\u00e9",
    "a{0}b",
    "(a?){3}$",
    "[]a]+",
    r"[a\-z]+[x-]",
    "a$b",
    r"\S\W\D[\d\s]",
    r"\Aa\z",
    r"\t\.\/",
    "[a-c-]",
    "[a-c-e]",
]
ALPHABET = "-aAbBcjfkKFK\u212aſsxz019٣ \n\t\x1céÉ@.-_/J]ı"


@given(pattern=st.sampled_from(PATTERNS), text=st.text(ALPHABET, max_size=8) | st.text(max_size=4))
def test_a_matcher_says_what_polars_says(pattern, text):
    expected = pl.Series([text]).str.contains(whole(pattern)).item()
    assert matcher(pattern)(text) is expected


@pytest.mark.parametrize("pattern", [r"\w", "(?i)[a-z]"])
def test_every_character_of_the_basic_plane_is_of_the_same_class(pattern):
    characters = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    expected = pl.Series(characters).str.contains(whole(pattern)).to_list()
    matches = matcher(pattern)
    others = [one for one, fits in zip(characters, expected, strict=True) if matches(one) is not fits]
    assert len(others) < 100  # characters that one of the two Unicode tables does not know yet
    assert all(ord(one) > 0x500 for one in others)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bword",
        "[a[bc]]",
        "[a-z&&[^b]]",
        r"\p{Greek}",
        "(?x)a b",
        "(?m)^a",
        "a{,3}",
        "a)",
        "(a",
        "[a",
        "a\\",
        r"\08",
        "(?i)é",
        r"(?i)\p{Lu}",
        "[[:nope:]]",
        "*a",
        r"\x{zz}",
        "(" * 60 + ")" * 60,
        "a" + "*" * 60,
        f"a{{0,{MOST_PLACES + 1}}}",
    ],
)
def test_what_is_not_read_is_said(pattern):
    with pytest.raises(Unread):
        matcher(pattern)


def test_a_text_that_would_make_other_engines_go_back_forever_takes_no_time():
    matches, text = matcher("(a*)*(a|b)*c"), "a" * 100_000
    started = time.process_time()
    assert matches(text) is False
    assert matches(text + "c") is True
    assert time.process_time() - started < 2


def test_texts_of_every_character_do_not_fill_the_memory():
    matches = matcher("(?s).*x")
    assert all(matches(chr(code) + "x") for code in range(0x20, 0x8000))
    assert sum(map(len, matches.__self__._kept.values())) <= MOST_STEPS


def test_sets_of_many_places_do_not_fill_the_memory():
    """Each step of such a text leads to another set of hundreds of places: what counts is how many are held."""
    matches, random = matcher("[ab]*a[ab]{400}"), Random(3)
    tracemalloc.start()
    try:
        for _ in range(12):
            matches("".join(random.choices("ab", k=500)))
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(matches.__self__._kept) > 100
    assert used < 25_000_000
