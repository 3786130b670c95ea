"""Rules drawn at random, on rows drawn at random: Polars gives what plain Python gives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from seakeep.core.kinds import Kind
from seakeep.data.rows.expression import Expression

from . import oracle

TYPES = {
    "i": pl.Int64(),
    "small": pl.UInt8(),
    "wide": pl.UInt64(),
    "f": pl.Float64(),
    "odd name": pl.Float32(),
    "s": pl.String(),
    "cat": pl.Categorical(),
    "b": pl.Boolean(),
    "late": pl.Boolean(),
    "at": pl.Datetime("us"),
    "day": pl.Date(),
    "zoned": pl.Datetime("ms", "America/New_York"),
    "d": pl.Duration("us"),
    "clock": pl.Time(),
}
KINDS = {
    "I": Kind.INTEGER,
    "N": Kind.NUMBER,
    "S": Kind.STRING,
    "B": Kind.BOOLEAN,
    "T": Kind.TIMESTAMP,
    "D": Kind.DURATION,
}
ROWS = st.fixed_dictionaries(
    {
        "i": st.integers(-3, 3) | st.sampled_from([(1 << 53) + 1, -(1 << 63), (1 << 63) - 1]),
        "small": st.integers(0, 255),
        "wide": st.integers(0, 3) | st.just((1 << 64) - 1),
        "f": st.floats(-3, 3) | st.sampled_from([float("nan"), float("inf"), float("-inf"), 0.5, 2.5, 1e300, -0.0]),
        "odd name": st.sampled_from([float("nan"), 0.0, 0.5, -1.5, 3.0]),
        "s": st.sampled_from(oracle.TEXTS),
        "cat": st.sampled_from(oracle.TEXTS),
        "b": st.booleans(),
        "late": st.booleans(),
        "at": st.integers(-(10**15), 10**15),
        "day": st.integers(-10_000, 40_000).map(lambda days: days * 86_400_000_000),
        "zoned": st.integers(-(10**12), 10**12).map(lambda milliseconds: milliseconds * 1000),
        "d": st.integers(-(10**12), 10**12),
        "clock": st.integers(0, 86_399).map(lambda seconds: seconds * 1_000_000),
    }
)


@st.composite
def tables(draw):
    rows = draw(st.lists(ROWS, min_size=1, max_size=8))
    holes = draw(
        st.lists(
            st.lists(st.booleans(), min_size=len(TYPES), max_size=len(TYPES)), min_size=len(rows), max_size=len(rows)
        )
    )
    return [
        {name: None if hole else value for (name, value), hole in zip(row.items(), gone, strict=True)}
        for row, gone in zip(rows, holes, strict=True)
    ]


def frame(rows) -> pl.DataFrame:
    """The rows as a table of the types above; times are microseconds in the rows."""

    def series(name, dtype):
        values = [row[name] for row in rows]
        if name == "day":
            return pl.Series(
                name,
                [None if value is None else date(1970, 1, 1) + timedelta(microseconds=value) for value in values],
                dtype,
            )
        if name == "zoned":
            return (
                pl.Series(name, [None if value is None else value // 1000 for value in values], pl.Int64)
                .cast(pl.Datetime("ms", "UTC"))
                .cast(dtype)
            )
        if name == "clock":
            return pl.Series(name, [None if value is None else value * 1000 for value in values], pl.Int64).cast(dtype)
        if name in ("at", "d"):
            return pl.Series(name, values, pl.Int64).cast(dtype)
        return pl.Series(name, values, dtype)

    return pl.DataFrame([series(name, dtype) for name, dtype in TYPES.items()])


LOST = ("=", "B", ("value", "D", 0), ("coalesce", "D", ("column", "D", "d"), ("value", "D", 0)))


@given(oracle.made("B", 3).filter(oracle.mentions), tables())
@example(LOST, [dict.fromkeys(TYPES) | {"d": given_} for given_ in (0, 0, None, None)])
@example(("=", "B", ("column", "I", "wide"), ("column", "I", "i")), [dict.fromkeys(TYPES) | {"wide": 1, "i": 1}])
def test_rules_mean_what_plain_python_says(rule, rows):
    text = oracle.text(rule)
    expression = Expression.of(text)
    table = frame(rows)
    kinds = {name: KINDS[kind] for name, kind in oracle.COLUMNS.items()}
    found = table.lazy().select(expression.polars(table.schema, kinds).alias("answer")).collect(engine="streaming")
    assert found["answer"].to_list() == [oracle.answer(rule, row) for row in rows], text
    again = Expression.of(str(expression))
    assert again.tree == expression.tree
    assert str(again) == str(expression)


def test_a_moment_of_a_zone_is_compared_in_utc():
    table = pl.DataFrame({"at": [datetime(2013, 1, 1, 5, tzinfo=UTC)]}).with_columns(
        pl.col("at").dt.convert_time_zone("America/New_York")
    )
    rule = Expression.of('at = "2013-01-01T05:00:00Z" and at = "2013-01-01T00:00:00-05:00" and hour(at) = 5')
    assert table.select(rule.polars(table.schema, {})).item() is True
