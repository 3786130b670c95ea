"""Distinct sketches: additive to the bit, right within their standard error, hashed the same for ever."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.distinct import REGISTERS, STANDARD_ERROR, DistinctSketch, hash_bytes, hash_number, mix

hashes = st.lists(st.integers(0, 2**64 - 1), max_size=100)


@given(hashes, hashes, hashes)
def test_adding_equals_sketching_together(a: list[int], b: list[int], c: list[int]) -> None:
    one, two, three = map(DistinctSketch.of, (a, b, c))
    assert one + two == two + one == DistinctSketch.of(a + b)
    assert (one + two) + three == one + (two + three)
    assert one + one == one


@pytest.mark.parametrize("count", [0, 1, 10, 1000, 4096, 20_000, 200_000])
def test_the_estimate_is_within_four_standard_errors(count: int) -> None:
    estimate = DistinctSketch.of(map(mix, range(count))).estimate()
    assert abs(estimate - count) <= 4 * STANDARD_ERROR * count


def test_estimates_are_unbiased_over_many_sets() -> None:
    errors = [
        DistinctSketch.of(mix(start * 10**9 + i) for i in range(3000)).estimate() / 3000 - 1 for start in range(1, 41)
    ]
    mean = sum(errors) / len(errors)
    assert abs(mean) < 4 * STANDARD_ERROR / math.sqrt(len(errors))
    spread = math.sqrt(sum(error * error for error in errors) / len(errors))
    assert 0.5 * STANDARD_ERROR < spread < 2 * STANDARD_ERROR


def test_full_registers_have_a_finite_estimate_and_empty_ones_zero() -> None:
    assert DistinctSketch().estimate() == 0.0
    assert DistinctSketch(bytes([53]) * REGISTERS).estimate() == 2.0**64


@pytest.mark.parametrize("full", [1, 100, REGISTERS // 2, REGISTERS - 1])
def test_full_registers_raise_the_estimate_and_never_break_it(full: int) -> None:
    without = DistinctSketch(bytes([40]) * REGISTERS).estimate()
    assert without < DistinctSketch(bytes([53]) * full + bytes([40]) * (REGISTERS - full)).estimate() < 2.0**64


def test_a_hash_of_zeros_has_the_longest_run() -> None:
    assert DistinctSketch.of([0]).registers[0] == 53


def test_mix_is_splitmix64() -> None:
    # The published outputs of splitmix64 seeded with 1234567.
    state, found = 1234567, []
    for _ in range(3):
        found.append(mix(state))
        state = (state + 0x9E3779B97F4A7C15) % 2**64
    assert found == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@given(st.integers(-(2**53), 2**53))
def test_equal_numbers_hash_equally_whatever_their_type(value: int) -> None:
    assert hash_number(value) == hash_number(float(value))


def test_hashes_never_change() -> None:
    # Splits and stored sketches rest on these numbers.
    assert hash_number(0.0) == hash_number(-0.0) == hash_number(0) == hash_number(False)
    assert hash_number(True) == hash_number(1.0)
    assert hash_number(2**53 + 1) != hash_number(float(2**53))
    assert hash_number(2**63 - 1) != hash_number(2**63)
    assert [hash_number(1), hash_number(0.1), hash_number(2**53 + 1)] == [
        9860564707913756141,
        17880386652949523069,
        386430782533759031,
    ]
    assert [hash_bytes(b""), hash_bytes(b"UA"), hash_bytes("Zürich Flughafen".encode())] == [
        16294208416658607535,
        17535511371419832655,
        7232433297712207008,
    ]


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_different_bytes_hash_differently(a: bytes, b: bytes) -> None:
    assert (hash_bytes(a) == hash_bytes(b)) == (a == b)


def test_padding_zeros_and_word_order_count() -> None:
    samples = [b"", b"\0", b"\0\0", b"\0" * 8, b"\0" * 9, b"abcdefgh12345678", b"12345678abcdefgh"]
    assert len({hash_bytes(sample) for sample in samples}) == len(samples)
