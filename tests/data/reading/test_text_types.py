"""Types of text: joined in any order, and fitting whatever they were inferred from."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from seakeep.data.reading.text_types import LADDER, NOTHING, TEXT, inferred, joined

types = st.sampled_from([NOTHING, *LADDER, TEXT])
texts = st.none() | st.sampled_from(
    ["1", "-7", "2.5", "nan", "true", "x", "2013-01-01", "2013-01-01 10:00", "99999999999999999999"]
)


@given(types, types, types)
def test_joining_is_a_semilattice(a: object, b: object, c: object) -> None:
    assert joined(a, b) == joined(b, a)
    assert joined(joined(a, b), c) == joined(a, joined(b, c))
    assert joined(a, a) == joined(a, NOTHING) == a
    assert joined(a, TEXT) == TEXT


@given(st.lists(texts, max_size=12), st.integers(0, 12))
def test_what_was_inferred_fits_every_value_whatever_the_pieces(values: list[str | None], cut: int) -> None:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    whole = inferred(frame, {})["x"]
    known = inferred(frame[:cut], {})
    assert inferred(frame[cut:], known)["x"] == whole
    assert frame.select(whole.read(pl.col("x")).alias("x"))["x"].null_count() == frame["x"].null_count()


def test_a_value_beyond_the_sample_counts() -> None:
    frame = pl.DataFrame({"x": ["1"] * 1_000 + ["1.5"], "y": ["true"] * 1_000 + ["no"]})
    assert [found.dtype for found in inferred(frame, {}).values()] == [pl.Float64, pl.String]
