"""Kinds of Polars types."""

from __future__ import annotations

import polars as pl
import pytest

from seakeep.core.kinds import Kind
from seakeep.data import kind_of
from seakeep.data.errors import UnsupportedColumn


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pl.Int128(), Kind.INTEGER), (pl.UInt8(), Kind.INTEGER), (pl.Float32(), Kind.NUMBER), (pl.Decimal(9, 2), Kind.NUMBER),
        (pl.Boolean(), Kind.BOOLEAN), (pl.String(), Kind.STRING), (pl.Categorical(), Kind.STRING), (pl.Enum(["a"]), Kind.STRING),
        (pl.Date(), Kind.TIMESTAMP), (pl.Datetime("ns", "UTC"), Kind.TIMESTAMP), (pl.Duration("ms"), Kind.DURATION),
        (pl.Time(), Kind.DURATION), (pl.Binary(), Kind.BINARY), (pl.List(pl.Int8), Kind.LIST), (pl.Array(pl.Int8, 2), Kind.LIST),
        (pl.Struct({"a": pl.Int8}), Kind.STRUCT), (pl.Null(), Kind.NULL),
    ],
)  # fmt: skip
def test_every_type_has_a_kind(dtype: pl.DataType, kind: Kind) -> None:
    assert kind_of(dtype) is kind


@pytest.mark.parametrize("dtype", [pl.Object(), pl.Unknown()])
def test_types_without_a_meaning_are_refused(dtype: pl.DataType) -> None:
    with pytest.raises(UnsupportedColumn, match="column 'x' is of type"):
        kind_of(dtype, name="x")
