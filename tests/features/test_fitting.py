"""fit: from statistics where they say all, in one pass for what is left, equal to independent oracles."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

import seakeep.data
from seakeep.core.errors import ModelError, UsageError
from seakeep.core.kinds import Kind
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.data import profile, read
from seakeep.features import Features, boolean, category, cross, fit, number, timestamp
from seakeep.features.errors import BadFeature, CannotFit
from seakeep.features.nulls import MISSING_TEXT

RNG = np.random.default_rng(11)
LONG = pl.DataFrame({"x": RNG.gamma(2, 300, 20_000), "y": RNG.normal(size=20_000), "k": np.arange(20_000)})


def state(fitted, step=-1, feature=0):
    return fitted.fitted[feature].states[step]


def counting_passes(monkeypatch):
    """Counts passes over the data."""
    passes = []
    original = seakeep.data.batches

    def counted(*args, **kwargs):
        passes.append(kwargs["columns"])
        return original(*args, **kwargs)

    monkeypatch.setattr(seakeep.data, "batches", counted, raising=False)
    return passes


def test_standardize_is_scikit_learns(fitted_on):
    scaler = StandardScaler().fit(LONG.select("x").to_numpy())
    fitted = state(fitted_on(LONG, number("x").standardize()))
    assert fitted.center == pytest.approx(scaler.mean_[0], rel=1e-14)
    assert fitted.scale == pytest.approx(scaler.scale_[0], rel=1e-13)


def test_min_max_is_scikit_learns(answers):
    expected = MinMaxScaler().fit_transform(LONG.select("x").to_numpy()).astype(np.float32)
    np.testing.assert_allclose(answers(LONG, number("x").min_max()), expected, rtol=2e-7, atol=1e-9)


def test_one_hot_is_scikit_learns_with_two_more_columns(answers, table):
    words = table.filter(pl.col("text").is_not_null())
    expected = OneHotEncoder(sparse_output=False).fit_transform(words.select("text").to_numpy())
    answer = answers(table, category("text").one_hot(), on=words)
    np.testing.assert_array_equal(answer[:, :-2], expected)
    assert not answer[:, -2:].any()


def test_after_another_operation_figures_are_of_what_comes_out(answers):
    for features in ([number("x").log1p().standardize()], [number("x").clip(100, 900).log1p().standardize()]):
        answer = answers(LONG, *features).astype(np.float64)
        assert answer.mean() == pytest.approx(0, abs=1e-7)
        assert answer.std() == pytest.approx(1, abs=1e-7)


def test_figures_from_value_counts_equal_those_of_a_pass(fitted_on):
    few = pl.DataFrame({"x": [None if v > 30 else float(v) for v in range(40)] * 9 + [float("nan")]})
    exact = few.with_columns(pl.col("x").log1p())
    assert state(fitted_on(few, number("x").log1p().standardize())).center == pytest.approx(
        exact["x"].drop_nans().mean()
    )
    many = pl.concat([few, pl.DataFrame({"x": np.linspace(0, 1, 5000)})])
    center = many["x"].drop_nulls().drop_nans().log1p().mean()
    assert state(fitted_on(many, number("x").log1p().standardize())).center == pytest.approx(center, rel=1e-13)


def test_no_row_is_read_where_statistics_say_all(monkeypatch, table):
    passes = counting_passes(monkeypatch)
    dataset = read(table)
    features = Features(
        number("number").fill("median").log1p().standardize(),
        number("number").bucketize(4).one_hot(),
        category("text").one_hot(),
        boolean("flag").fill("mean"),
        timestamp("time").hour().cyclic(24),
        timestamp("time").weekday().one_hot(),
        timestamp("time").year().min_max(),
        category("word").hash(16),
    )
    fit(features, profile(dataset), dataset)
    assert passes == []


def test_one_pass_serves_all_features_that_need_one(monkeypatch):
    passes = counting_passes(monkeypatch)
    dataset = read(LONG.with_columns(pl.col("k").cast(pl.String), other=pl.lit("a")))
    features = Features(
        number("x").log1p().standardize(),
        number("y").clip(-1, 1).min_max(),
        cross("k", "other").one_hot(max_size=3),
        category("k").one_hot(max_size=2),
    )
    fitted = fit(features, profile(dataset), dataset)
    assert len(passes) == 1
    assert sorted(passes[0]) == ["k", "other", "x", "y"]
    assert [feature.names[0] for feature in fitted.fitted[2:]] == ["k×other=0\x1fa", "k=0"]


def test_fitting_does_not_depend_on_the_order_of_rows(fitted_on):
    features = [number("x").log1p().standardize(), number("y").fill("median"), number("x").bucketize(7)]
    assert fitted_on(LONG, *features).digest == fitted_on(LONG.reverse(), *features).digest


def test_counts_beyond_the_statistics_are_exact(fitted_on):
    words = [f"w{i:04}" for i in range(3000)] + ["rare"] * 2 + ["often"] * 5
    fitted = state(fitted_on(pl.DataFrame({"w": words}), category("w").one_hot(min_count=2)))
    assert fitted.words == ("often", "rare")


def test_the_most_frequent_words_are_kept_and_ties_fall_to_the_smaller(fitted_on):
    frame = pl.DataFrame({"w": ["b", "a", "c", "c"]})
    assert state(fitted_on(frame, category("w").one_hot(max_size=2))).words == ("a", "c")


def test_quantiles_cut_into_ranges_of_equal_weight(answers):
    counts = np.unique(answers(LONG, number("k").bucketize(4)), return_counts=True)[1]
    assert counts.max() - counts.min() <= 40  # within one bucket of the statistics' histogram


def test_equal_quantiles_are_one_edge(fitted_on):
    frame = pl.DataFrame({"x": [0.0] * 90 + list(range(10))})
    assert state(fitted_on(frame, number("x").bucketize(4))).edges == (0.0,)


def test_a_constant_column_becomes_zero(answers):
    frame = pl.DataFrame({"x": [7.5, 7.5, None]})
    answer = answers(frame, number("x").standardize(), number("x").min_max())
    np.testing.assert_array_equal(answer, [[0, 0], [0, 0], [np.nan, np.nan]])


def test_inputs_are_the_columns_in_order_of_first_use(fitted_on, table):
    fitted = fitted_on(table, category("text"), number("number"), cross("text", "word").hash(4))
    assert [(item.name, item.kind) for item in fitted.inputs] == [
        ("text", Kind.STRING),
        ("number", Kind.NUMBER),
        ("word", Kind.STRING),
    ]


def test_one_column_may_be_a_number_and_a_category(answers):
    frame = pl.DataFrame({"m": [1, 2, None]})
    answer = answers(frame, number("m"), category("m"))
    np.testing.assert_array_equal(answer, [[1, 1, 0, 0, 0], [2, 0, 1, 0, 0], [np.nan, 0, 0, 0, 1]])


REFUSED = {
    "a misspelt column": (
        number("distanse"),
        {"distance": [1.0]},
        {},
        UsageError,
        r"there is no column 'distanse' \(number\(\"distanse\"\)\)[\s\S]*Did you mean 'distance'",
    ),
    "the label": (number("y"), {"y": [1.0]}, {"label": "y"}, CannotFit, "'y', which is the label"),
    "an output's name": (number("value"), {"value": [1.0]}, {}, CannotFit, "name of one of the graph's outputs"),
    "text as a number": (
        number("x"),
        {"x": ["a"]},
        {},
        CannotFit,
        r"'x' is string, expected integer or number[\s\S]*category",
    ),
    "a time as a number": (
        number("x"),
        {"x": [date(2020, 1, 1)]},
        {},
        CannotFit,
        r"is timestamp[\s\S]*timestamp\(\"x\"\)",
    ),
    "a number as a category": (category("x"), {"x": [1.5]}, {}, CannotFit, r"is number, expected string or integer"),
    "a number as a boolean": (boolean("x"), {"x": [1]}, {}, CannotFit, "is integer, expected boolean"),
    "text as a time": (timestamp("x").hour(), {"x": ["2020"]}, {}, CannotFit, "is string, expected timestamp"),
    "a list": (number("x"), {"x": [[1]]}, {}, CannotFit, r"is list[\s\S]*Leave it out"),
    "only nulls": (number("x"), {"x": [None]}, {}, CannotFit, "no value in it at all"),
    "no number to be scaled by": (
        number("x").standardize(),
        {"x": pl.Series([None, float("nan")], dtype=pl.Float64)},
        {},
        CannotFit,
        r"standardize has no finite value[\s\S]*fill\(0.0\)",
    ),
    "no number to take the mean of": (
        number("x").fill("mean"),
        {"x": pl.Series([None], dtype=pl.Float64)},
        {},
        CannotFit,
        r"fill\('mean'\) has no finite value",
    ),
    "no number to rank": (
        number("x").bucketize(3),
        {"x": pl.Series([None], dtype=pl.Float64)},
        {},
        CannotFit,
        "bucketize has no finite",
    ),
    "no number to bound": (number("x").min_max(), {"x": [float("inf")]}, {}, CannotFit, "min_max has no finite"),
    "numbers too far apart": (number("x").min_max(), {"x": [-1.7e308, 1.7e308]}, {}, CannotFit, "min_max overflows"),
    "log of -1": (
        number("x").log1p(),
        {"x": [-1, 5]},
        {},
        CannotFit,
        r"found -1 among the values[\s\S]*clip\(0, None\)",
    ),
    "large integers": (category("x"), {"x": [2**53]}, {}, CannotFit, r"holds 9007199254740992[\s\S]*polars.String"),
    "large integers crossed": (
        cross("x", "z"),
        {"x": [-(2**60)], "z": ["a"]},
        {},
        CannotFit,
        "expected integers within",
    ),
    "rare words": (
        category("x").one_hot(min_count=5),
        {"x": ["a", "b", "a"]},
        {},
        CannotFit,
        r"no value occurs 5 times; the most frequent, 'a', 2",
    ),
    "no words": (
        category("x"),
        {"x": pl.Series([None], dtype=pl.String)},
        {},
        CannotFit,
        "every value of the category is missing",
    ),
    "the reserved text": (category("x"), {"x": [MISSING_TEXT]}, {}, CannotFit, "reserved for missing values"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_cannot_be_fitted_is_refused_by_name(case):
    feature, columns, roles, kind, message = REFUSED[case]
    dataset = read(pl.DataFrame(columns), **roles)
    with pytest.raises(kind, match=message) as caught:
        fit(Features(feature), profile(dataset), dataset)
    assert caught.value.fix


def test_a_column_from_after_the_prediction_is_refused():
    dataset = read(pl.DataFrame({"arr_delay": [1.0]}))
    for column in (
        ColumnSchema(Kind.NUMBER, available="after"),
        ColumnSchema(Kind.NUMBER, not_in=("serving",)),
        ColumnSchema(Kind.NUMBER, in_=("training",)),
    ):
        with pytest.raises(
            CannotFit, match=r"'arr_delay', which is not known when a prediction is asked for"
        ) as caught:
            fit(Features(number("arr_delay")), profile(dataset), dataset, schema=Schema("t", {"arr_delay": column}))
        assert isinstance(caught.value, ModelError)


def test_a_deprecated_column_is_refused():
    dataset = read(pl.DataFrame({"fee": [1.0]}))
    schema = Schema("t", {"fee": ColumnSchema(Kind.NUMBER, required=False, deprecated="part of fare")})
    with pytest.raises(CannotFit, match="'fee', which is deprecated") as caught:
        fit(Features(number("fee")), profile(dataset), dataset, schema=schema)
    assert "part of fare" in str(caught.value)


def test_items_of_two_columns_may_not_share_a_name(fitted_on):
    frame = pl.DataFrame({"a": ["b", "c"], "a=b": [1.0, 2.0]})
    with pytest.raises(BadFeature, match=r"two items of the feature vector are called 'a=b'[\s\S]*named"):
        fitted_on(frame, category("a"), number("a=b"))


def test_a_table_without_rows_fits_what_needs_no_value():
    dataset = read(pl.DataFrame(schema={"x": pl.Float64, "t": pl.Datetime("us")}))
    fitted = fit(Features(number("x").fill(0), timestamp("t").hour()), profile(dataset), dataset)
    assert fitted.names == ("x.fill", "t.hour")


def test_times_beyond_the_doubles_integers_are_measured_by_a_pass(fitted_on):
    frame = pl.DataFrame({"t": [datetime(9999, 12, 31), datetime(1, 1, 1), None]})
    scaled = state(fitted_on(frame, timestamp("t").year().min_max()))
    assert (scaled.center, scaled.scale) == (1.0, 9998.0)
