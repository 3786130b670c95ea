"""Operations on categories: every kind of value has its own state, and hashes are mmh3's."""

from __future__ import annotations

import mmh3
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.features import category, cross
from seakeep.features.murmur import murmur3

TRAINING = pl.DataFrame(
    {"w": ["b", "a", "b", None, ""], "i": [3, -1, None, 3, 0], "f": [True, None, False, True, True]}
)


@given(st.binary(max_size=40), st.integers(0, 2**32 - 1))
def test_murmur3_is_mmh3s(content, seed):
    assert murmur3(content, seed=seed) == mmh3.hash(content, seed, signed=False)


def test_one_hot_has_a_state_for_each_word_for_others_and_for_missing(answers, fitted_on):
    on = pl.DataFrame({"w": ["a", "b", "", "A", "None", "nan", None, "é" * 5000]})
    assert fitted_on(TRAINING, category("w")).names == ("w=", "w=a", "w=b", "w other", "w missing")
    positions = answers(TRAINING, category("w"), on=on).argmax(axis=1)
    assert positions.tolist() == [1, 2, 0, 3, 3, 3, 4, 3]
    assert (answers(TRAINING, category("w"), on=on).sum(axis=1) == 1).all()


def test_words_left_out_of_the_vocabulary_are_others(answers):
    answer = answers(TRAINING, category("w").one_hot(min_count=2))
    np.testing.assert_array_equal(answer, [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]])


def test_integers_and_booleans_are_categories_too(answers, fitted_on):
    assert fitted_on(TRAINING, category("i"), category("f")).names == (
        *("i=-1", "i=0", "i=3", "i other", "i missing"),
        *("f=0", "f=1", "f other", "f missing"),
    )
    on = pl.DataFrame({"i": [3, 4, None, -1], "f": [True, False, None, True]})
    answer = answers(TRAINING, category("i"), category("f"), on=on)
    assert answer[:, :5].argmax(axis=1).tolist() == [2, 3, 4, 0]
    assert answer[:, 5:].argmax(axis=1).tolist() == [1, 0, 3, 1]


def test_hash_is_mmh3_modulo_buckets_and_missing_is_in_none(answers):
    words = ["JFK", "", "None", "日本語", "x" * 3000, "a\x00b", None]
    answer = answers(TRAINING, category("w").hash(64), on=pl.DataFrame({"w": words}))
    assert answer[:-1].argmax(axis=1).tolist() == [mmh3.hash(word, signed=False) % 64 for word in words[:-1]]
    assert answer.sum(axis=1).tolist() == [1, 1, 1, 1, 1, 1, 0]


def test_whole_numbers_are_hashed_as_their_digits(answers):
    on = pl.DataFrame({"i": [0, -7, 2**53, None]})
    answer = answers(TRAINING, category("i").hash(100), on=on)
    expected = [mmh3.hash(text, signed=False) % 100 for text in ("0", "-7", str(2**53))]
    assert answer[:-1].argmax(axis=1).tolist() == expected
    assert not answer[-1].any()


def test_a_cross_is_the_hash_of_the_joined_parts_and_is_never_missing(answers):
    on = pl.DataFrame({"w": ["a", None, None], "i": [3, 3, None]})
    answer = answers(TRAINING, cross("w", "i").hash(50), on=on)
    missing = "\ufdd0missing\ufdd0"
    joined = ["a\x1f3", f"{missing}\x1f3", f"{missing}\x1f{missing}"]
    assert answer.argmax(axis=1).tolist() == [mmh3.hash(text, signed=False) % 50 for text in joined]
    assert answer.sum(axis=1).tolist() == [1, 1, 1]


def test_a_cross_may_have_a_vocabulary(answers, fitted_on):
    frame = pl.DataFrame({"a": ["x", "x", "y"], "b": ["1", "2", "1"]})
    fitted = fitted_on(frame, cross("a", "b"))
    assert fitted.names == ("a×b=x\x1f1", "a×b=x\x1f2", "a×b=y\x1f1", "a×b other", "a×b missing")
    on = pl.DataFrame({"a": ["x", "y", "y"], "b": ["2", "1", "2"]})
    assert answers(frame, cross("a", "b"), on=on).argmax(axis=1).tolist() == [1, 2, 3]


def test_missing_flag_of_a_text_knows_empty_from_missing(answers):
    answer = answers(TRAINING, category("w").missing_flag(), category("i").missing_flag().named("i"))
    np.testing.assert_array_equal(answer, [[0, 0], [0, 0], [0, 1], [1, 0], [0, 0]])


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["a", "b", ""])])
def test_categorical_columns_are_as_text(answers, dtype):
    typed = TRAINING.with_columns(pl.col("w").cast(dtype))
    np.testing.assert_array_equal(answers(typed, category("w")), answers(TRAINING, category("w")))
