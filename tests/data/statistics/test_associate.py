"""Associations: exact co-moments, information as other libraries give it, symmetrical, adding to the bit."""

from __future__ import annotations

import math
from fractions import Fraction
from math import isfinite

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import association
from sklearn.metrics import mutual_info_score

from seakeep.core.associations import Associations, Bins, BinsDiffer, CoMoments
from seakeep.core.codec import from_json, to_json
from seakeep.core.errors import UsageError
from seakeep.data import associate, profile, read
from seakeep.data.statistics.associate import TooManyColumns, associations_of
from seakeep.data.statistics.comoments import Block

values = st.floats() | st.sampled_from([0.0, -0.0, 1.0, 1e300, 5e-324, 0.1, 2.0**53])


@given(st.lists(st.tuples(values, values, values), max_size=8))
def test_co_moments_are_the_exact_sums(rows: list[tuple[float, float, float]]) -> None:
    columns = [np.array([row[i] for row in rows], np.float64) for i in range(3)]
    for i, j, found in Block(columns).pairs():
        both = [(Fraction(row[i]), Fraction(row[j])) for row in rows if isfinite(row[i]) and isfinite(row[j])]
        assert found.rows == len(both)
        assert found.x.fraction() == sum((x for x, _ in both), Fraction())
        assert found.y.fraction() == sum((y for _, y in both), Fraction())
        assert found.xx.fraction() == sum((x * x for x, _ in both), Fraction())
        assert found.yy.fraction() == sum((y * y for _, y in both), Fraction())
        assert found.xy.fraction() == sum((x * y for x, y in both), Fraction())


def flights(rows: int = 20_000) -> pl.DataFrame:
    random = np.random.default_rng(7)
    distance = random.lognormal(6, 1, rows)
    carrier = random.choice(["UA", "B6", "EV"], rows, p=[0.5, 0.3, 0.2])
    return pl.DataFrame(
        {
            "distance": distance,
            "hours": np.where(random.random(rows) < 0.1, np.nan, distance / 500 + random.normal(size=rows)),
            "carrier": carrier,
            "fleet": np.where(random.random(rows) < 0.8, carrier, "XX"),
            "noise": random.normal(size=rows),
            "late": random.random(rows) < 0.2,
        }
    )


def test_correlation_agrees_with_numpy_on_the_rows_where_both_are_there() -> None:
    frame = flights()
    found = associate(read(frame))
    both = frame.filter(pl.col("hours").is_not_nan())
    expected = np.corrcoef(both["distance"], both["hours"])[0, 1]
    assert found.between("distance", "hours").correlation == pytest.approx(expected, rel=1e-12)
    assert found.between("hours", "distance") == found.between("distance", "hours")
    assert found.between("carrier", "distance").correlation is None


def test_information_and_cramers_v_agree_with_other_libraries() -> None:
    frame = flights()
    found = associate(read(frame)).between("carrier", "fleet")
    table = frame.pivot("fleet", index="carrier", values="late", aggregate_function="len").fill_null(0)
    assert found.plug_in == pytest.approx(mutual_info_score(frame["carrier"], frame["fleet"]), rel=1e-12)
    assert found.cramers_v == pytest.approx(association(table.drop("carrier").to_numpy(), method="cramer"), rel=1e-12)
    cells, bins = np.count_nonzero(table.drop("carrier").to_numpy()), 3 + 4
    assert found.plug_in - found.mutual_information == pytest.approx((cells - bins + 1) / (2 * frame.height), rel=1e-9)


def test_independent_columns_tell_nothing_of_each_other() -> None:
    found = associate(read(flights()))
    told = found.between("noise", "late")
    assert told.mutual_information < 0.0005 < found.between("distance", "hours").mutual_information
    assert told.cramers_v is not None
    assert told.cramers_v < 0.05


def test_a_column_tells_all_of_itself() -> None:
    frame = flights(2_000).with_columns(copy=pl.col("carrier"))
    found = associate(read(frame), columns=["carrier", "copy", "carrier"]).between("carrier", "copy")
    shares = frame["carrier"].value_counts(normalize=True)["proportion"]
    assert found.plug_in == pytest.approx(-sum(p * math.log(p) for p in shares), rel=1e-12)
    assert found.cramers_v == 1.0


def test_missing_values_can_tell_much() -> None:
    frame = pl.DataFrame({"late": [True, False] * 500, "arrived": [None, 5.0] * 500})
    told = associate(read(frame)).between("late", "arrived")
    assert told.plug_in == pytest.approx(math.log(2), rel=1e-12)
    assert (told.correlation, told.cramers_v) == (None, None)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 60), min_size=3, max_size=3))
def test_associations_add_to_the_bit(cuts: list[int]) -> None:
    frame = flights(60)
    bins = associate(read(frame)).bins
    a, b, c = sorted(cuts)
    parts = [associations_of(part, bins) for part in (frame[:a], frame[a:b], frame[b:c], frame[c:])]
    whole = associations_of(frame, bins)
    assert parts[0] + parts[1] + parts[2] + parts[3] == whole
    assert parts[3] + (parts[1] + parts[2]) + parts[0] == whole


def test_associations_are_saved_and_loaded() -> None:
    found = associate(read(flights(300)))
    assert from_json(Associations, to_json(found)) == found


def test_every_kind_of_column_has_bins_or_is_left_out() -> None:
    frame = pl.DataFrame(
        {
            "wide": pl.Series([2**70, 2**70, None], dtype=pl.Int128),
            "decimal": pl.Series([1, 2, 3]).cast(pl.Decimal(9, 2)),
            "when": pl.Series([0, 1, 2]).cast(pl.Date),
            "list": [[1], [2], []],
            "none": [None] * 3,
            "nan": [float("nan")] * 3,
            "kind": pl.Series(["a", "b", "a"], dtype=pl.Categorical),
        }
    )
    found = associate(read(frame))
    assert list(found.bins) == ["wide", "decimal", "when", "nan", "kind"]
    assert found.between("decimal", "when").correlation == 1.0
    assert found.between("wide", "kind").rows == 3
    assert associate(read(frame[:0])).between("decimal", "when").mutual_information == 0.0


def test_values_beyond_the_most_frequent_share_a_bin() -> None:
    frame = pl.DataFrame({"key": [f"k{i}" for i in range(100)], "half": [True, False] * 50})
    found = associate(read(frame))
    assert found.bins["key"].number == 52
    assert sum(found.pairs["key"]["half"].counts) == 100


def test_mistakes_are_told() -> None:
    frame = flights(50)
    found = associate(read(frame))
    with pytest.raises(UsageError, match="Did you mean 'carrier'"):
        found.between("carier", "late")
    with pytest.raises(UsageError, match="itself are no pair"):
        found.between("late", "late")
    with pytest.raises(UsageError, match="no column 'x'"):
        associate(read(frame), columns=["x"])
    with pytest.raises(BinsDiffer, match="were counted in different bins"):
        _ = found + associate(read(flights(70)))
    with pytest.raises(TooManyColumns, match="associations of 201 columns were asked for"):
        associate(read(pl.DataFrame({f"c{i}": [1] for i in range(201)})))
    assert found.bins == associate(read(flights(70)), statistics=profile(read(frame))).bins


def test_numbers_at_the_edge_of_the_doubles_correlate() -> None:
    frame = pl.DataFrame({"a": [1e300, 1e-300, -1e308], "b": [-1e300, 3.0, 1e308]})
    assert associate(read(frame)).between("a", "b").correlation == pytest.approx(-1.0)


def test_few_rows_have_no_correlation() -> None:
    assert CoMoments().correlation is None
    assert Bins(values=("a",)).number == 3
