"""Frames: any values come back, and whatever happens to a file, only the frames that were hit are lost."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Kind, Task
from seakeep.prediction_log import Header, Label, Record, frames

from .examples import LATE, NOON, ONE, asked

INT64 = st.integers(-(2**63), 2**63 - 1)
VALUES = st.none() | st.booleans() | INT64 | st.floats(allow_nan=False) | st.text()
RECORDS = st.builds(
    Record,
    time=INT64,
    id=st.text(),
    release=st.text(),
    role=st.sampled_from(["champion", "shadow"]),
    revision=INT64,
    latency_ms=st.floats(allow_nan=False),
    rows=st.integers(1, 5),
    outcome=st.sampled_from(["answered", "refused", "failed"]),
    columns=st.lists(st.lists(VALUES, max_size=3), max_size=4),
    scores=st.binary() | st.lists(st.floats(allow_nan=False), max_size=4),
    decisions=st.lists(st.integers(0, 9), max_size=3),
    keys=st.none() | st.lists(st.none() | st.text() | INT64, max_size=3),
    reason=st.none() | st.text(),
)
HEADERS = st.builds(
    Header,
    name=st.text(),
    release=st.text(),
    version=INT64,
    task=st.text(),
    inputs=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
    classes=st.lists(st.booleans() | INT64 | st.text(), max_size=3).map(tuple),
)
LABELS = st.builds(
    Label, time=INT64, by=st.sampled_from(["id", "key"]), name=st.text(), label=st.booleans() | st.text()
)
FRAMES = st.lists(RECORDS | HEADERS | LABELS, max_size=6)


def content(items: list[frames.Frame]) -> bytes:
    return b"".join(map(frames.encode, items))


@given(FRAMES)
def test_frames_come_back_as_they_went(items):
    assert frames.read(content(items)) == (items, [], False)


@given(FRAMES, st.data())
def test_a_file_cut_at_any_byte_gives_a_prefix_of_its_frames(items, data):
    whole = content(items)
    cut = data.draw(st.integers(0, len(whole)))
    reading = frames.read(whole[:cut])
    assert reading.frames == items[: len(reading.frames)]
    kept = len(content(reading.frames))
    assert sum(gap.length for gap in reading.gaps) == cut - kept
    assert reading.tail == (cut > kept)
    assert kept + len(frames.encode(items[len(reading.frames)])) > cut if len(reading.frames) < len(items) else True


@given(FRAMES.filter(bool), st.data())
def test_a_damaged_byte_costs_the_frame_that_it_is_in_and_no_other(items, data):
    whole = bytearray(content(items))
    hit = data.draw(st.integers(0, len(whole) - 1))
    whole[hit] ^= data.draw(st.integers(1, 255))
    begins = [len(content(items[:number])) for number in range(len(items) + 1)]
    lost = max(number for number in range(len(items)) if begins[number] <= hit)
    reading = frames.read(bytes(whole))
    assert reading.frames == items[:lost] + items[lost + 1 :]
    assert [gap[:2] for gap in reading.gaps] == [(begins[lost], begins[lost + 1] - begins[lost])]


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_read_without_an_exception(junk):
    reading = frames.read(junk)
    assert sum(gap.length for gap in reading.gaps) == (len(junk) if not reading.frames else 0)


def test_zeros_at_the_end_as_a_lost_power_leaves_them_are_a_torn_tail():
    reading = frames.read(content([LATE, asked(1)]) + bytes(4096))
    assert reading.frames == [LATE, asked(1)]
    assert reading.tail
    assert reading.gaps[0].reason == "no frame begins here"


def test_a_frame_within_a_text_is_never_taken_for_one():
    smuggled = frames.encode(asked(2)).decode("latin-1")
    whole = frames.encode(asked(1, reason=smuggled))
    assert frames.read(whole[:-1]).frames == []


def test_a_lone_surrogate_becomes_the_replacement_sign_and_pairs_are_joined():
    record = asked(1, columns=[["a\ud800b", "\ud83d\ude00"]], reason="\udfff")
    found = frames.read(frames.encode(record)).frames[0]
    assert isinstance(found, Record)
    assert (found.columns, found.reason) == ([["a\ufffdb", "\U0001f600"]], "\ufffd")


def test_integers_beyond_64_bits_become_the_nearest_float():
    found = frames.read(frames.encode(asked(1, columns=[[2**64, -(2**63) - 1, 10**400, -(10**400), 2**63]]))).frames[0]
    assert isinstance(found, Record)
    assert found.columns == [[2.0**64, -(2.0**63), math.inf, -math.inf, 2**63]]


def test_scores_that_are_not_finite_come_back():
    found = frames.read(frames.encode(asked(1, scores=[math.nan, math.inf]))).frames[0]
    assert isinstance(found, Record)
    assert str(found.scores) == "[nan, inf]"


def test_a_value_that_no_request_holds_is_refused_and_leaves_the_buffer_as_it_was():
    buffer = bytearray(b"before")
    with pytest.raises(TypeError):
        frames.append(buffer, asked(1, columns=[[object()]]))
    assert buffer == b"before"


def test_a_refused_value_beside_a_surrogate_leaves_the_buffer_as_it_was():
    buffer = bytearray(b"before")
    with pytest.raises(TypeError):
        frames.append(buffer, asked(1, columns=[["\ud800", object()]]))
    assert buffer == b"before"


def test_a_payload_of_another_version_is_passed_over_with_the_reason():
    import msgspec

    strange = bytearray(frames.encode(LATE))
    payload = msgspec.msgpack.encode(["z", 1])
    strange[:] = frames._HEAD.pack(frames.MARK, len(payload), frames.crc32(payload)) + payload
    reading = frames.read(bytes(strange) + frames.encode(asked(1)))
    assert reading.frames == [asked(1)]
    assert reading.gaps[0].reason.startswith("written by another version")


def test_a_header_is_made_of_what_a_model_is():
    class Model:
        inputs = (type("Input", (), {"name": "x", "kind": Kind.NUMBER})(),)
        task = Task.BINARY
        classes = (False, True)

    header = Header.of(Model(), name="late", release=ONE, version=4)  # type: ignore[arg-type]
    assert header == Header("late", ONE, 4, "binary", (("x", "number"),), (False, True))
    assert (header.width, Header("late", ONE, 4, "regression", ()).width) == (2, 1)


def test_writing_frames_loads_no_polars():
    program = (
        "import sys; from seakeep.prediction_log import Spool, Record, Header, Label, Layout; "
        "print('polars' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


class Kept(list):
    """A list of another name, as the door makes them."""


def test_values_that_came_as_bytes_are_written_as_numbers():
    columns = [np.array([1.5, 2.5]), Kept(["a", "b"]), np.array([1, 2]), np.array([True, False]), (NOON, NOON)]
    record = Record(NOON, "q1", ONE, "champion", 3, 0.5, 2, columns=columns)
    (found,) = frames.read(frames.encode(record)).frames
    assert found.columns == [[1.5, 2.5], ["a", "b"], [1, 2], [True, False], [NOON, NOON]]
    broken = Record(NOON, "q1", ONE, "champion", 3, 0.5, 1, columns=[np.array([2**64 - 1], np.uint64), ["\ud800"]])
    (found,) = frames.read(frames.encode(broken)).frames
    assert found.columns == [[2**64 - 1], ["\ufffd"]]
    with pytest.raises(TypeError, match="a object cannot be written down"):
        frames.encode(asked(1, columns=[object()]))
