"""Statistics to TFX's and back: what comes back, what is told to be lost, and statistics that cannot be."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seakeep
from seakeep.core import Kind, Statistics
from seakeep.integrations import tfx
from seakeep.integrations._tfx.files import protos

TABLE = pl.DataFrame(
    {
        "n": [1.5, 2.5, None, -4.0, 0.0],
        "i": [1, 2, 3, None, 0],
        "s": ["a", "äöü", None, "a", ""],
        "b": [True, False, None, True, True],
        "l": [[1, 2], [], None, [3], [4]],
        "p": [{"x": 1, "y": "a"}] * 5,
        "g": [[[1], [2, 3]], [[4]], None, [[5]], [[6]]],
        "t": pl.Series([0, 1, 2, None, 4], dtype=pl.Datetime("us")),
        "none": pl.Series([None] * 5, dtype=pl.Null),
    },
    strict=False,
)


def of(table: pl.DataFrame, **given_: Any) -> Statistics:
    return seakeep.profile(seakeep.read(table), **given_)


def back(statistics: Statistics, **given_: Any) -> tfx.Carried[Statistics]:
    kinds = tfx.kinds_of(statistics)
    return tfx.statistics_from_proto(tfx.statistics_to_proto(statistics).value, kinds=kinds, **given_)


def test_counts_extremes_and_sums_come_back() -> None:
    before, after = of(TABLE), back(of(TABLE)).value
    for name, column in before.columns.items():
        found = after[name]
        assert found.kind is (Kind.NULL if name == "none" else column.kind), name
        assert (found.rows, found.missing, found.nan) == (column.rows, column.missing, column.nan), name
        if column.kind.is_numeric:
            assert (found.minimum, found.maximum, found.zeros) == (column.minimum, column.maximum, column.zeros)
            assert found.mean == pytest.approx(column.mean)
            assert found.std == pytest.approx(column.std)
    assert after["s"].top == before["s"].top
    assert after["s"].lengths == before["s"].lengths
    assert after["b"].mean == before["b"].mean
    assert after["l"].lengths is not None
    assert (after["l"].lengths.minimum, after["l"].lengths.maximum, after["l"].lengths.total) == (0, 2, 4)
    assert after["g"].items is not None
    assert after["g"].items.items is not None
    assert after["g"].items.items.rows == 6
    assert after["p"].fields["y"].top.values == ("a",)


def test_an_exported_column_of_text_is_in_bytes_as_tfdv_measures_it() -> None:
    message = tfx.statistics_to_proto(of(TABLE)).value
    text = next(each for each in message.datasets[0].features if list(each.path.step) == ["s"])
    assert text.string_stats.avg_length == (1 + 6 + 1 + 0) / 4


def test_infinite_and_nan_values_come_back_counted() -> None:
    column = pl.Series([1.0, math.inf, -math.inf, math.nan, None, 2.0])
    after = back(of(pl.DataFrame({"c": column}))).value["c"]
    assert (after.positive_infinity, after.negative_infinity, after.nan, after.missing) == (1, 1, 1, 1)
    assert (after.minimum, after.maximum) == (1.0, 2.0)


def test_squares_of_the_largest_numbers_beside_infinite_ones_do_not_overflow() -> None:
    carried = back(of(pl.DataFrame({"c": [math.inf, -math.inf, 0.0, 5e-324, 1.7e308] * 10})))
    assert carried.value["c"].rows == 50
    assert "mean and deviation" in {each.what for each in carried.lost}


@given(st.lists(st.one_of(st.none(), st.floats(width=32), st.just(math.nan)), max_size=60))
@settings(max_examples=40, deadline=None)
def test_numbers_of_any_kind_go_out_and_come_back(values: list[float | None]) -> None:
    before = of(pl.DataFrame({"c": pl.Series(values, dtype=pl.Float64)}))
    after = back(before).value
    found, column = after["c"], before["c"]
    assert (found.rows, found.missing, found.nan) == (column.rows, column.missing, column.nan)
    assert found.finite == column.finite
    assert found.histogram.total == column.finite
    if column.finite:
        assert (found.minimum, found.maximum) == (column.minimum, column.maximum)


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=40))
@settings(max_examples=30, deadline=None)
def test_text_of_any_kind_goes_out_and_comes_back(values: list[str | None]) -> None:
    before = of(pl.DataFrame({"c": pl.Series(values, dtype=pl.String)}))
    after = back(before).value["c"]
    assert after.top == before["c"].top
    assert after.missing == before["c"].missing


def test_quantiles_are_within_their_bucket_and_it_is_told() -> None:
    before = of(pl.DataFrame({"c": [x * x / 7 for x in range(5000)]}))
    carried = back(before)
    for share in (0.05, 0.25, 0.5, 0.9):
        told = carried.value["c"].quantile(share)
        assert told is not None
        assert abs(before["c"].histogram.share_below(told) - share) <= 0.11
    assert not carried.value["c"].histogram.is_exact
    assert {each.what for each in carried.lost} == {"distribution", "different and frequent values"}


def test_a_list_of_values_in_an_imported_column_of_integers_is_inconclusive() -> None:
    after = back(of(pl.DataFrame({"c": [1, 2, 3] * 50}))).value
    column = seakeep.core.schema.ColumnSchema(Kind.INTEGER, values=(1, 2, 3), unique=True, distinct_at_least=2)
    contract = seakeep.core.Schema("t", {"c": column}, label="c")
    checks = {check.code: check.verdict.value for check in seakeep.validate(after, contract).checks}
    for code in ("domain", "unique", "distinct", "label_classes"):
        assert checks[f"schema.{code}"] == "inconclusive", code


def test_slices_are_datasets_beside_all_examples() -> None:
    table = pl.DataFrame({"carrier": ["UA", "B6", "UA"], "n": [1, 2, 3]})
    before = of(table, slices=["carrier"])
    message = tfx.statistics_to_proto(before).value
    assert [each.name for each in message.datasets] == ["All Examples", "carrier_B6", "carrier_UA"] or sorted(
        each.name for each in message.datasets
    ) == ["All Examples", "carrier_B6", "carrier_UA"]
    after = back(before)
    assert after.value.slices.keys() == before.slices.keys()
    assert after.value.slices["carrier=UA"]["n"].mean == 2.0
    assert tfx.statistics_from_proto(message, dataset="carrier_B6").value.rows == 1


def test_weights_are_weighted_statistics() -> None:
    table = pl.DataFrame({"n": [1.0, 2.0, None], "w": [1.0, 3.0, 4.0], "s": ["a", "b", "b"]})
    before = of(table, weight="w")
    message = tfx.statistics_to_proto(before).value
    number = message.datasets[0].features[0].num_stats
    assert message.datasets[0].weighted_num_examples == 8.0
    assert number.common_stats.weighted_common_stats.num_missing == 4.0
    assert number.weighted_numeric_stats.mean == 1.75
    after = back(before)
    assert after.value["n"].weighted is not None
    assert after.value["n"].weighted.mean == pytest.approx(1.75)
    assert "the column of weights" in {each.what for each in after.lost}


def message(text: str) -> Any:
    from google.protobuf import text_format

    return text_format.Parse(text, protos("statistics_pb2").DatasetFeatureStatisticsList())


def feature(text: str, rows: int = 10) -> Any:
    return message(f"datasets {{ num_examples: {rows} features {{ {text} }} }}")


def test_a_categorical_integer_of_tfdv_has_its_values_listed() -> None:
    text = """path { step: "zip" } type: INT string_stats { common_stats { num_non_missing: 10 min_num_values: 1
        max_num_values: 1 tot_num_values: 10 } unique: 2 rank_histogram {
        buckets { label: "7" sample_count: 6 } buckets { label: "-1" sample_count: 4 } } }"""
    found = tfx.statistics_from_proto(feature(text)).value["zip"]
    assert (found.kind, found.minimum, found.maximum, found.mean) == (Kind.INTEGER, -1, 7, 3.8)
    assert found.top.as_dict() == {7: 6, -1: 4}


def test_cross_and_custom_statistics_are_told() -> None:
    text = """datasets { num_examples: 1 features { name: "a" type: STRING string_stats { common_stats { num_missing: 1 } }
        custom_stats { name: "mine" num: 3 } } cross_features { count: 1 } }"""
    lost = tfx.statistics_from_proto(message(text)).lost
    assert {each.what for each in lost} == {"custom statistic 'mine'", "1 cross features"}


def test_a_feature_that_is_named_and_not_at_a_path_is_read() -> None:
    found = tfx.statistics_from_proto(
        feature('name: "old" type: STRING string_stats { common_stats { num_missing: 10 } }')
    )
    assert found.value["old"].missing == 10


@pytest.mark.parametrize(
    ("given_", "match"),
    [
        ("", "holds no statistics at all"),
        ('datasets { name: "a" } datasets { name: "b" }', "none of them is the whole table: a, b"),
        ('datasets { features { name: "a" string_stats { } } features { name: "a" string_stats { } } }', "'a' occurs twice"),
        (
            'datasets { num_examples: 1 features { name: "a" string_stats { common_stats { num_non_missing: 5 } } } }',
            "5 rows hold a value and there are 1 rows",
        ),
        (
            """datasets { num_examples: 1 features { name: "a" num_stats { common_stats { num_non_missing: 1 min_num_values: 1
            max_num_values: 1 tot_num_values: 1 } histograms { num_nan: 4 } } } }""",
            "more NaN and infinite values than values",
        ),
    ],
)  # fmt: skip
def test_statistics_that_cannot_be_are_refused(given_: str, match: str) -> None:
    with pytest.raises(tfx.BadProto, match=match):
        tfx.statistics_from_proto(message(given_))


def test_a_dataset_that_is_not_there_proposes_the_nearest() -> None:
    with pytest.raises(tfx.BadProto, match="no statistics of a dataset 'trian'") as caught:
        tfx.statistics_from_proto(message('datasets { name: "train" }'), dataset="trian")
    assert "train" in caught.value.cause


def test_an_empty_table_goes_out_and_comes_back() -> None:
    empty = of(TABLE.clear())
    assert back(empty).value.rows == 0
    assert tfx.statistics_to_proto(Statistics()).value.datasets[0].num_examples == 0


def test_a_saved_import_is_a_file_like_others(tmp_path: Path) -> None:
    after = back(of(TABLE)).value
    after.save(tmp_path / "a.json")
    assert Statistics.load(tmp_path / "a.json") == after


def test_means_of_the_label_are_told() -> None:
    statistics = of(pl.DataFrame({"a": ["x", "y"], "late": [True, False]}), label="late")
    assert [each.where for each in tfx.statistics_to_proto(statistics).lost] == ["table"]


INF, BIG = math.inf, 1.7e308
OVERFLOWING = (
    (
        [(-INF, -INF, 1.0), (-INF, -BIG, 0.5), (-BIG, -BIG, 0.5), (-BIG, 0.0, 1.0), (0.0, 1.0, 0.5), (1.0, 1.0, 0.5),
         (1.0, BIG, 0.5), (BIG, BIG, 0.5), (BIG, INF, 0.5), (INF, INF, 0.5)], -INF, 6, (1, 1),
    ),
    (
        [(-BIG, -BIG, 5.0), (-BIG, 0.0, 2.5), (0.0, 0.0, 2.5), (0.0, 1.0, 5.0), (1.0, BIG, 2.5), (BIG, BIG, 2.5),
         (BIG, INF, 2.5), (INF, INF, 2.5), (INF, INF, 2.5), (INF, INF, 2.5)], -BIG, 30, (0, 10),
    ),
)  # fmt: skip
"""Deciles that TFDV 1.16.1 wrote of ±1.7e308, 0 and 1 beside infinities; its histogram of equal widths is empty, since their width overflows."""


@pytest.mark.parametrize(("buckets", "least", "rows", "expected"), OVERFLOWING)
def test_infinite_values_beside_the_largest_numbers_come_from_tfdvs_deciles(buckets, least, rows, expected) -> None:
    message = tfx.statistics_to_proto(of(pl.DataFrame({"c": [1.0] * rows}))).value
    stats = message.datasets[0].features[0].num_stats
    stats.min, stats.max, stats.mean, stats.std_dev = least, INF, math.nan, math.nan
    del stats.histograms[:]
    stats.histograms.add(type=0)
    deciles = stats.histograms.add(type=1)
    for low, high, count in buckets:
        deciles.buckets.add(low_value=low, high_value=high, sample_count=count)
    carried = tfx.statistics_from_proto(message)
    found = carried.value["c"]
    assert (found.negative_infinity, found.positive_infinity) == expected
    assert (found.minimum, found.maximum) == (-BIG, BIG)
    assert found.finite == rows - sum(expected)
    assert "number of infinite values" in {lost.what for lost in carried.lost}


def test_one_infinite_value_among_many_is_counted_where_the_extreme_shows_it() -> None:
    message = tfx.statistics_to_proto(of(pl.DataFrame({"c": [1.0] * 100}))).value
    stats = message.datasets[0].features[0].num_stats
    stats.min, stats.max = -BIG, INF
    del stats.histograms[:]
    deciles = stats.histograms.add(type=1)
    for _ in range(9):
        deciles.buckets.add(low_value=-BIG, high_value=BIG, sample_count=10)
    deciles.buckets.add(low_value=BIG, high_value=INF, sample_count=10)
    found = tfx.statistics_from_proto(message).value["c"]
    assert (found.negative_infinity, found.positive_infinity, found.finite) == (0, 1, 99)
