"""Declared features: immutable, named by what they do, and refused at once where they could never work."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from seakeep.core.errors import UsageError
from seakeep.features import Feature, Features, boolean, category, cross, number, timestamp
from seakeep.features.errors import BadFeature, UnknownOperation


def test_the_design_pages_example_is_declared_as_it_stands():
    features = Features(
        number("distance").log1p().standardize(),
        category("carrier").one_hot(min_count=50),
        cross("origin", "dest").hash(512),
        timestamp("scheduled").hour().cyclic(24),
    )
    assert features.columns == ("distance", "carrier", "origin", "dest", "scheduled")
    assert [feature.label for feature in features.declared] == [
        "distance.log1p.standardize",
        "carrier",
        "origin×dest",
        "scheduled.hour",
    ]


def test_a_feature_reads_as_it_was_written():
    feature = cross("origin", "dest").hash(512).named("route")
    assert str(feature) == 'cross("origin", "dest").hash(512).named(\'route\')'
    assert str(Features(number("x").clip(0, None))) == 'Features(number("x").clip(low=0, high=None))'


def test_a_feature_is_immutable_and_each_method_gives_another():
    first = number("distance")
    assert first.log1p() is not first
    assert first.chain == ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.sources = ("other",)  # type: ignore[misc]


def test_equal_declarations_are_equal():
    assert Features(number("x").clip(0, 1)) == Features(number("x").clip(0, 1))
    assert Features(number("x").clip(0, 1)) != Features(number("x").clip(0, 2))
    assert number("x").bucketize([1, 2]) == number("x").bucketize(np.array([1.0, 2.0]))


def test_a_bare_category_is_one_hot_encoded():
    assert Features(category("carrier")) == Features(category("carrier").one_hot())
    assert Features(cross("a", "b")) == Features(cross("a", "b").one_hot())


@pytest.mark.parametrize(
    ("feature", "missing"),
    [
        (number("x"), True),
        (number("x").fill(0), False),
        (number("x").fill(0).log1p(), True),
        (number("x").fill(0).clip(0).log1p(), False),
        (number("x").fill(0).clip(-5).log1p(), True),
        (number("x").log1p().fill(0), False),
        (number("x").fill("mean").standardize(), False),
        (number("x").bucketize(4), True),
        (number("x").bucketize(4).one_hot(), False),
        (category("x").hash(4), False),
        (timestamp("x").hour(), True),
        (timestamp("x").hour().fill(12).cyclic(24), False),
        (timestamp("x").missing_flag(), False),
        (cross("x", "y"), False),
    ],
)
def test_it_is_known_whether_an_item_can_be_nan(feature, missing):
    assert feature.may_be_missing is missing


FOLLOWS = "Each operation takes what the one before it gives"
REFUSED = {
    "one_hot of a number": (
        lambda: number("x").one_hot(),
        r"one_hot cannot follow number\(\"x\"\), which gives a number[\s\S]*bucketize\(10\).one_hot\(\)",
    ),
    "log1p of a category": (lambda: category("x").log1p(), r"log1p cannot follow category[\s\S]*Declare a number"),
    "standardize of a category": (lambda: category("x").standardize(), r"standardize cannot follow[\s\S]*Leave it out"),
    "fill of a category": (lambda: category("x").fill(0), r"fill cannot follow[\s\S]*missing is a state of its own"),
    "fill of a time": (lambda: timestamp("x").fill(0), r"fill cannot follow[\s\S]*hour\(\).fill\(12\)"),
    "cyclic of a time": (lambda: timestamp("x").cyclic(24), r"cyclic cannot follow[\s\S]*hour\(\).cyclic\(24\)"),
    "hour of a number": (lambda: number("x").hour(), r"hour cannot follow[\s\S]*Declare the column a time"),
    "hash of a number": (lambda: number("x").hash(8), r"hash cannot follow[\s\S]*category\(\"flight\"\).hash"),
    "more after one_hot": (
        lambda: category("x").one_hot().standardize(),
        r"standardize cannot follow category\(\"x\"\).one_hot\(\), which gives a finished feature",
    ),
    "more after cyclic": (lambda: number("x").cyclic(7).fill(0), r"fill cannot follow[\s\S]*last operation"),
    "fill twice": (
        lambda: number("x").fill(0).fill(1),
        r"fill after number\(\"x\"\).fill\(0\) never has anything to do",
    ),
    "flag after fill": (lambda: number("x").fill(0).missing_flag(), r"missing_flag after[\s\S]*feature of its own"),
    "a cross of outputs": (
        lambda: cross(category("x").one_hot(), category("y").one_hot()),  # type: ignore[arg-type]
        r"cross\(category[\s\S]*Outputs of operations do not cross",
    ),
    "a cross of one": (lambda: cross("x"), r"cross\(x\) cannot be made"),
    "a cross with itself": (lambda: cross("x", "x"), r"cross\(x, x\) cannot be made"),
    "a cross within a chain": (lambda: category("x").then("cross"), r"cross\(category\(\"x\"\)\) cannot be made"),
    "a misspelt method": (lambda: number("x").standardise(), r"no operation 'standardise'[\s\S]*mean 'standardize'"),
    "an unknown operation": (lambda: number("x").then("sqrt"), r"no operation 'sqrt'[\s\S]*Known: bucketize, clip"),
    "no features": (Features, r"Features\(\) declares no feature[\s\S]*number\(\"distance\"\)"),
    "a bare name": (lambda: Features("x"), r"found 'x', expected a declared feature[\s\S]*number\(\"x\"\)"),  # type: ignore[arg-type]
    "a bare time": (lambda: Features(timestamp("x")), r"is a point in time[\s\S]*timestamp\(\"x\"\).hour"),
    "the same twice": (lambda: Features(number("x"), number("x")), r"two features are called 'x'[\s\S]*named"),
    "the same name": (
        lambda: Features(number("x").clip(0, 1), number("x").clip(0, 2)),
        r"two features are called 'x.clip'",
    ),
    "an empty name": (lambda: number(""), r"found '', expected the name of a column"),
    "a name that is a feature": (lambda: number(number("x")), r"expected the name of a column[\s\S]*chained"),  # type: ignore[arg-type]
    "an empty given name": (lambda: number("x").named(""), r"found '', expected the name"),
    "clip without bounds": (lambda: number("x").clip(), r"found clip\(None, None\), expected a lower bound"),
    "clip upside down": (lambda: number("x").clip(5, 0), r"found clip\(5, 0\)"),
    "clip at nan": (lambda: number("x").clip(float("nan"), 0), r"found clip\(nan, 0\)"),
    "fill with nan": (lambda: number("x").fill(float("nan")), r"found nan, expected a finite number"),
    "fill with a word": (lambda: number("x").fill("mode"), r"found 'mode', expected a finite number, 'mean'"),  # type: ignore[arg-type]
    "bucketize into one": (lambda: number("x").bucketize(1), r"found 1, expected ascending finite edges"),
    "bucketize out of order": (lambda: number("x").bucketize([2, 1]), r"found \(2.0, 1.0\), expected ascending"),
    "bucketize at nothing": (lambda: number("x").bucketize([]), r"found \(\), expected ascending"),
    "bucketize at inf": (lambda: number("x").bucketize([0, float("inf")]), "expected ascending finite"),
    "one_hot of none": (lambda: category("x").one_hot(max_size=0), r"found max_size=0, expected a whole number"),
    "hash into one": (lambda: category("x").hash(1), r"found 1, expected a number of buckets from 2"),
    "hash into half": (lambda: category("x").hash(2.5), r"found 2.5, expected a number of buckets"),  # type: ignore[arg-type]
    "a period of none": (lambda: number("x").cyclic(0), r"found 0, expected a period above 0"),
    "a wrong parameter": (
        lambda: number("x").then("clip", 1, 2, 3),
        r"found 1, 2, 3, expected parameters that fit",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_could_never_work_is_refused_with_what_to_write(case):
    declare, message = REFUSED[case]
    with pytest.raises(BadFeature, match=message) as caught:
        declare()
    assert isinstance(caught.value, UsageError)
    assert caught.value.found
    assert caught.value.fix


def test_a_missing_method_is_an_attribute_error_too():
    assert not hasattr(number("x"), "sqrt")
    assert issubclass(UnknownOperation, AttributeError)


def test_one_feature_under_two_names_is_allowed():
    features = Features(number("x").clip(0, 1).named("low"), number("x").clip(0, 2).named("high"))
    assert [feature.label for feature in features.declared] == ["low", "high"]


def test_declaring_imports_no_heavy_library():
    program = (
        "import sys; from seakeep.features import Features, boolean, number\n"
        "Features(number('x').log1p().standardize(), boolean('y'))\n"
        "print(sorted({'polars', 'onnx', 'onnxruntime', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_bare_columns_pass_through():
    assert Features(number("x"), boolean("y")).declared == (number("x"), boolean("y"))
    assert isinstance(number("x"), Feature)
