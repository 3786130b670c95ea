"""Operations on numbers against formulas, NumPy and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import KBinsDiscretizer

from seakeep.features import boolean, number, timestamp

NAN = float("nan")


def column(*values: float | None) -> pl.DataFrame:
    return pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})


def test_fill_takes_null_and_nan_for_missing_and_leaves_infinities(answers):
    frame = column(1, 3, None, NAN, math.inf)
    answer = answers(
        frame, number("x").fill("mean"), number("x").fill("median").named("m"), number("x").fill(-9).named("c")
    )
    np.testing.assert_array_equal(answer[2:], [[2, 1, -9], [2, 1, -9], [math.inf] * 3])


def test_a_boolean_is_0_1_or_nan(answers):
    frame = pl.DataFrame({"x": [True, False, None]})
    np.testing.assert_array_equal(answers(frame, boolean("x"), number("x").named("n")), [[1, 1], [0, 0], [NAN, NAN]])


def test_log1p_is_numpys_within_one_unit_in_the_last_place(answers):
    values = np.concatenate([np.linspace(-0.999, 5, 500), np.geomspace(1e-6, 1e300, 500)])
    answer = answers(column(*values), number("x").log1p())[:, 0]
    np.testing.assert_array_max_ulp(answer, np.log1p(values).astype(np.float32), 1)


def test_log1p_below_minus_one_is_missing(answers):
    answer = answers(column(0, 1), number("x").log1p(), on=column(-1, -1.5, -math.inf, math.inf))
    np.testing.assert_array_equal(answer[:, 0], [-math.inf, NAN, NAN, math.inf])


def test_clip_bounds_infinities_and_leaves_missing(answers):
    frame = column(-math.inf, -5, 2, 5, math.inf, None)
    answer = answers(
        frame, number("x").clip(-1, 3), number("x").clip(0).named("low"), number("x").clip(None, 3).named("high")
    )
    expected = [[-1, 0, -math.inf], [-1, 0, -5], [2, 2, 2], [3, 5, 3], [3, math.inf, 3], [NAN] * 3]
    np.testing.assert_array_equal(answer, expected)


def test_bucketize_counts_the_edges_reached(answers):
    frame = column(-math.inf, 0, 1, 1.5, 2, math.inf, None)
    answer = answers(frame, number("x").bucketize([1, 2]), number("x").bucketize([0.5]).named("b"))
    np.testing.assert_array_equal(answer, [[0, 0], [0, 0], [1, 1], [1, 1], [2, 1], [2, 1], [NAN, NAN]])


def test_quantile_buckets_are_scikit_learns_where_values_do_not_tie(answers):
    values = np.random.default_rng(5).permutation(1000).astype(float)
    kbins = KBinsDiscretizer(5, encode="ordinal", quantile_method="inverted_cdf", subsample=None)
    expected = kbins.fit_transform(values[:, None])
    np.testing.assert_array_equal(answers(column(*values), number("x").bucketize(5)), expected)


def test_buckets_are_one_hot_with_a_state_for_missing(answers, fitted_on):
    frame = column(0, 5, None)
    feature = number("x").bucketize([1]).one_hot()
    np.testing.assert_array_equal(answers(frame, feature), [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert fitted_on(frame, feature).names == ("x.bucketize=0", "x.bucketize=1", "x.bucketize missing")


def test_cyclic_is_sine_and_cosine_of_the_reduced_angle(answers):
    values = np.array([0, 6, 12, 18, 24, -6, 5.5, 24e6 + 6])
    answer = answers(column(*values), number("x").cyclic(24))
    angle = 2 * np.pi * np.array([math.fmod(value, 24) for value in values]) / 24
    np.testing.assert_allclose(answer, np.column_stack([np.sin(angle), np.cos(angle)]), rtol=1.2e-7, atol=1e-15)


def test_cyclic_of_infinities_and_missing_is_missing(answers):
    assert np.isnan(answers(column(1, 2), number("x").cyclic(24), on=column(math.inf, -math.inf, None))).all()


def test_missing_flag_is_of_what_reaches_it(answers):
    frame = column(1, None, NAN)
    answer = answers(frame, number("x").missing_flag(), number("x").clip(0).missing_flag(), number("x").fill(0))
    np.testing.assert_array_equal(answer, [[0, 0, 1], [1, 1, 0], [1, 1, 0]])


def test_min_max_beyond_the_training_range_leaves_0_to_1(answers):
    np.testing.assert_array_equal(answers(column(0, 4), number("x").min_max(), on=column(-4, 8)), [[-1], [2]])


def test_values_beyond_float32_become_infinite_and_tiny_ones_round(answers):
    answer = answers(column(1e39, -1e39, 1e-46, 1e-45, 16777217), number("x"))
    np.testing.assert_array_equal(answer[:, 0], np.float32([math.inf, -math.inf, 0, 1e-45, 16777216]))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_many_columns_at_once_are_as_one_by_one(answers, count):
    frame = pl.DataFrame({f"x{i}": np.linspace(i, i + 3, 7) for i in range(count)})
    for made in (
        lambda x: x.log1p(),
        lambda x: x.cyclic(3),
        lambda x: x.bucketize(3),
        lambda x: x.bucketize(3).one_hot(),
        lambda x: x.fill("mean").standardize(),
        lambda x: x.clip(1, 2).min_max(),
    ):
        features = [made(number(name)) for name in frame.columns]
        alone = np.concatenate([answers(frame, feature) for feature in features], axis=1)
        assert answers(frame, *features).tobytes() == np.ascontiguousarray(alone).tobytes()


def test_parts_of_one_time_share_their_nodes(fitted_on, table):
    one = fitted_on(table, timestamp("time").hour()).lower().graph.node
    three = fitted_on(table, timestamp("time").hour(), timestamp("time").minute(), timestamp("time").weekday()).lower()
    assert len(three.graph.node) == len(one) + 1  # the weekday begins at 1


def test_zeros_keep_their_sign_through_clip_whatever_the_batch(answers):
    frame = column(0, 5)
    zeros = [-0.0] * 9
    together = answers(frame, number("x").clip(0, 3), on=column(*zeros))
    alone = [answers(frame, number("x").clip(0, 3), on=column(zero)) for zero in zeros]
    assert together.tobytes() == np.concatenate(alone).tobytes()
