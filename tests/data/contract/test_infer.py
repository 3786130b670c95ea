"""The inferred contract: what it promises, what it does not, and the tables that keep it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Kind, Statistics, Verdict
from seakeep.core.errors import UsageError
from seakeep.data.contract.infer import infer_column, infer_schema, round_up, seen_twice
from seakeep.data.validation.validate import validate
from seakeep.testing import column_of, table_of

ROWS = 400
VALUES = {
    "integer": st.integers(-(2**60), 2**60),
    "number": st.floats(allow_nan=True, allow_infinity=True),
    "string": st.sampled_from(["a", "b", "", "ü", "no", "nan"]),
    "boolean": st.booleans(),
}


def columns(kind: str):
    return st.lists(st.none() | VALUES[kind], min_size=1, max_size=60)


@given(st.data())
def test_a_table_keeps_the_contract_inferred_from_it(data):
    found = {kind: data.draw(columns(kind)) for kind in VALUES}
    rows = min(len(values) for values in found.values())
    statistics = table_of({kind: values[:rows] for kind, values in found.items()})
    report = validate(statistics, infer_schema(statistics))
    assert not report.failed
    assert report.verdict is Verdict.PASS


def test_roles_are_kept_and_the_label_is_not_expected_in_serving():
    statistics = table_of(
        {"id": [1, 2, 3], "at": [1, 2, 3], "x": [1.0, 2.0, 3.0], "landed": [4, 5, 6], "y": [True, False, True]}
    )
    schema = infer_schema(statistics, name="trips", label="y", time="at", key="id", after=["landed"])
    assert (schema.name, schema.label, schema.time, schema.key) == ("trips", "y", "at", "id")
    assert list(schema.columns) == ["id", "at", "x", "landed", "y"]
    assert list(schema.expected("serving")) == ["id", "at", "x"]
    assert schema["landed"].available == schema["y"].available == "after"
    assert schema["id"].unique


@pytest.mark.parametrize("role", ["label", "time", "key", "after"])
def test_a_role_that_names_no_column_is_refused_with_the_nearest(role):
    wrong = ["fair"] if role == "after" else "fair"
    with pytest.raises(UsageError, match="there is no column 'fair'") as error:
        infer_schema(table_of({"fare": [1.0]}), **{role: wrong})
    assert "Did you mean 'fare'?" in str(error.value)


def test_a_column_that_was_never_missing_must_not_be():
    assert infer_column(column_of([1] * ROWS)).missing_at_most == 0


def test_missing_values_get_an_allowance_for_sampling_and_seasons():
    allowed = infer_column(column_of([None] * 40 + [1] * 360)).missing_at_most
    assert 0.2 < allowed < 0.3
    large = column_of([None] * 4000 + [1] * 36000)
    assert 0.18 < infer_column(large).missing_at_most < 0.2


def test_the_missing_allowance_holds_on_the_next_sample():
    generator = np.random.default_rng(0)
    broken = 0
    for _ in range(300):
        first, second = ([None if gone else 1 for gone in generator.random(200) < 0.05] for _ in range(2))
        if any(value is None for value in first):
            broken += column_of(second).missing_rate > infer_column(column_of(first)).missing_at_most
    assert broken == 0


def test_a_column_without_values_promises_nothing():
    contract = infer_column(column_of([None, None]))
    assert (contract.kind, contract.required, contract.missing_at_most) == (Kind.NULL, False, 1.0)


def test_few_strings_become_a_domain_with_a_tolerance():
    contract = infer_column(column_of(["EWR", "JFK"] * 5000))
    assert contract.values == ("EWR", "JFK")
    assert 0.001 <= contract.others_at_most < 0.003


def test_long_lists_may_grow():
    assert infer_column(column_of([f"A{i % 50}" for i in range(50_000)])).others_at_most == 0.01


def test_many_strings_do_not_become_a_domain():
    assert infer_column(column_of([f"N{i % 300}" for i in range(30_000)])).values is None
    assert infer_column(column_of([f"N{i % 50}" for i in range(500)])).values is None


def test_strings_that_keep_bringing_new_values_do_not_become_a_domain():
    often = ["a"] * 1000
    assert infer_column(column_of(often)).values == ("a",)
    assert infer_column(column_of(often + [f"x{i}" for i in range(49)])).values is None


def test_a_label_of_few_classes_is_closed():
    contract = infer_column(column_of([0, 1, 2] * 100), is_label=True)
    assert contract.values == (0, 1, 2)
    assert contract.others_at_most == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([float(x) for x in range(200)], (0.0, 398.0)),
        (list(range(200)) * 2, (0, 398)),
        (list(range(-100, 100)) * 2, (-299, 298)),
        ([x / 200 for x in range(200)], (0.0, 1.0)),
        ([7] * 200, (0, None)),
        ([-7.0] * 200, (None, None)),
        (list(range(200)), (0, None)),
        ([1.0, 2.0, 3.0], (None, None)),
        ([-x / 10 for x in range(200)], (-39.8, 0.0)),
        ([-1e308, 1e308] * 100, (None, None)),
    ],
    ids=[
        "positive",
        "integers",
        "both signs",
        "share",
        "constant",
        "negative constant",
        "identifier",
        "few",
        "negative",
        "huge",
    ],
)
def test_bounds_follow_the_stated_policy(values, expected):
    contract = infer_column(column_of(values))
    assert (contract.minimum, contract.maximum) == expected


def test_timestamps_and_keys_have_no_bounds():
    values = list(range(0, 4000, 10))
    assert infer_column(column_of(values, Kind.TIMESTAMP)).maximum is None
    assert infer_column(column_of(values * 2), is_key=True).maximum is None


def test_infinities_that_were_seen_are_allowed():
    assert infer_column(column_of([1.0, math.inf])).infinite
    assert not infer_column(column_of([1.0, 2.0])).infinite


def test_a_key_seen_twice_is_not_promised_unique():
    statistics = table_of({"id": [1, 2, 2]})
    assert not infer_schema(statistics, key="id")["id"].unique


def test_a_key_of_many_values_is_judged_within_the_sketchs_error():
    assert not seen_twice(column_of([float(x) for x in range(6000)]))
    assert seen_twice(column_of([float(x) for x in range(5000)] + [0.0] * 2500))


def test_an_empty_table_has_an_empty_contract():
    assert infer_schema(Statistics()).columns == {}


@given(st.floats(0, 1))
def test_rounding_up_never_goes_down(value):
    assert value <= round_up(value) <= value * 1.0101 + 1e-300
