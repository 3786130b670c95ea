"""Hashing of sensitive values: equal stays equal, the key decides, and a bad key is told without showing any of it."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.prediction_log import BadLabels, PredictionLog, Spool
from seakeep.prediction_log.hashing import BadHashKey, hashed, hashed_integer, read_key

from .examples import LATE, asked

KEY = b"sixteen bytes at least"


@given(st.text(), st.text())
def test_texts_have_one_hash_each(one, other):
    assert (hashed(one, KEY) == hashed(other, KEY)) == (one == other)
    assert len(hashed(one, KEY)) == 24
    assert hashed(one, KEY) != hashed(one, KEY + b"!")


@given(st.integers(-(2**63), 2**63 - 1))
def test_whole_numbers_become_whole_numbers_that_fit(value):
    assert 0 <= hashed_integer(value, KEY) < 2**63
    assert hashed_integer(value, KEY) != hashed_integer(value + 1, KEY)


def test_text_that_is_not_valid_unicode_is_hashed_too():
    assert hashed("\ud800", KEY) != hashed("\ud801", KEY)


def test_a_key_is_read_without_the_line_end_that_editors_add(tmp_path):
    path = tmp_path / "hash.key"
    path.write_bytes(KEY + b"\n")
    assert read_key(path) == KEY
    path.write_bytes(b"k" * 1000)
    assert len(read_key(path)) == 64


def test_a_key_that_is_too_short_is_refused_without_showing_it(tmp_path):
    path = tmp_path / "hash.key"
    path.write_bytes(b"secret\n")
    with pytest.raises(BadHashKey) as caught:
        read_key(path)
    assert str(caught.value).splitlines()[0] == f"the key in {path} has 6 bytes, expected at least 16"
    assert "Make one: head -c 32 /dev/urandom" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_key_that_is_not_there_is_told_with_its_setting(tmp_path):
    with pytest.raises(BadHashKey, match=r"cannot be read from .*No such file") as caught:
        read_key(tmp_path / "hash.key")
    assert "SEAKEEP_SERVE_HASH_KEY_FILE" in str(caught.value)


def test_labels_by_a_key_that_is_hashed_find_their_predictions(tmp_path):
    log = PredictionLog.of(tmp_path, "late")
    spool = Spool(log.layout.spool, boot="boot")
    spool.describe(msgspec.structs.replace(LATE, hidden=("@key",)))
    spool.append(asked(1, key=hashed("UA-1", KEY)))
    spool.close()
    table = pl.DataFrame({"flight": ["UA-1", None], "late": [True, False]})
    with pytest.raises(BadLabels) as caught:
        log.add_labels(table, label="late", key="flight")
    assert str(caught.value).startswith("the keys in the log of late are hidden, and there is no key to hash")
    assert "SEAKEEP_SERVE_HASH_KEY_FILE" in str(caught.value)
    found = log.add_labels(table, label="late", key="flight", hash_key=KEY)
    assert (found.added, found.empty) == (1, 1)
    assert log.scan().collect()["@label"].to_list() == [True]
