"""The rows that parity is judged on: real ones, broken ones, and ones beside every split.

Called by `parity` and by the benchmark. What is hard is to reach a split: a row with a feature set to a threshold tells nothing
if it leaves the tree further up, so each split is tried with a real row that arrives there. All choices are by position,
so that two runs judge the same rows.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from seakeep.core.model import Input
    from seakeep.features import FittedFeatures
    from seakeep.training.ensemble import Ensemble

REAL_ROWS = 5_000
SPLIT_ROWS = 12_000
MOST_CELLS = 20_000_000
_ROUTED = 400_000
_BASES = 3
_F32 = float(np.finfo(np.float32).max)
_UTC = dt.UTC

_NUMBERS = (
    *(
        None,
        float("nan"),
        0.0,
        -0.0,
        1.0,
        -1.0,
        1e-35,
        -1e-35,
        1e-45,
        0.1,
        1e8,
        1e8 + 1,
        16_777_217.0,
        2.0**53,
        2.0**53 + 2,
    ),
    *(1e15, -1e15, 1.7e9, _F32, 1e300, -1e300, float("inf"), float("-inf")),
)
_INTEGERS = (None, 0, 1, -1, 10**8, 10**8 + 1, 2**24 + 1, 2**31, 1_700_000_001, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))
_TEXTS = (None, "", " ", "None", "nan", "0", "never seen before ⚓", "x" * 1000)
_TIMES = (
    None,
    dt.datetime(1970, 1, 1, tzinfo=_UTC),
    dt.datetime(1, 1, 1, tzinfo=_UTC),
    dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=_UTC),
    dt.datetime(2024, 2, 29, 23, 59, 59, tzinfo=_UTC),
    dt.datetime(2100, 2, 28, tzinfo=_UTC),
    dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=_UTC),
)
ODD: dict[Kind, tuple[tuple[object, ...], pl.DataType]] = {
    Kind.NUMBER: (_NUMBERS, pl.Float64()),
    Kind.INTEGER: (_INTEGERS, pl.Int128()),
    Kind.BOOLEAN: ((None, True, False), pl.Boolean()),
    Kind.STRING: (_TEXTS, pl.String()),
    Kind.TIMESTAMP: (_TIMES, pl.Datetime("us", "UTC")),
}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Raw rows, and for each what it is there for: "real", "distance is null"."""

    frame: pl.DataFrame
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """Feature vectors (rows, features) at and beside splits, and how many of the ensemble's splits they try."""

    vectors: NDArray[np.float32]
    tried: int
    splits: int


def sampled(
    frames: Iterable[pl.DataFrame], total: int, inputs: Sequence[Input], *, rows: int = REAL_ROWS
) -> pl.DataFrame:
    """At most `rows` of `total` rows, evenly spaced, with the columns of `inputs` as the contract's types."""
    wanted = np.unique(np.linspace(0, total - 1, min(rows, total)).astype(np.int64))
    kept, start = [], 0
    for frame in frames:
        inside = wanted[(wanted >= start) & (wanted < start + frame.height)] - start
        kept.append(frame.select(_typed(column) for column in inputs)[inside])
        start += frame.height
    return pl.concat(kept)


def raw_rows(real: pl.DataFrame, features: FittedFeatures, thresholds: dict[int, NDArray[np.float32]]) -> Rows:
    """Real rows, then some with one odd value each, one with none at all, and some beside thresholds of bare columns."""
    parts, why = [real], ["real"] * real.height
    for column in features.inputs:
        values, dtype = ODD[column.kind]
        for value in values:
            parts.append(_changed(real, column.name, [value] * _BASES, dtype))
            why += [f"{column.name} is {_shown(value)}"] * _BASES
    parts.append(real.head(1).select(pl.lit(None, dtype).alias(name) for name, dtype in real.schema.items()))
    why.append("every column is null")
    for name, values_beside in _bare_columns(features, thresholds):
        dtype = real.schema[name]
        kept = values_beside if dtype == pl.Float64 else np.unique(np.floor(values_beside))
        parts.append(_changed(real, name, kept.tolist(), dtype))
        why += [f"{name} is at or beside a threshold"] * len(kept)
    return Rows(pl.concat(parts), tuple(why))


def beside_splits(ensemble: Ensemble, vectors: NDArray[np.float32], *, rows: int = SPLIT_ROWS) -> Beside:
    """Four rows a split: its feature at the threshold, at the float32 after and before it, and NaN; the rest of a real row
    that reaches the split, where one of those looked at does.

    Parameters: vectors: real rows (rows, features). rows: at most so many in all; splits are then taken evenly spaced.
    """
    splits = np.flatnonzero(~ensemble.is_leaf)
    most = max(1, min(rows, MOST_CELLS // vectors.shape[1]) // 4)
    tried = splits if len(splits) <= most else splits[np.linspace(0, len(splits) - 1, most).astype(np.int64)]
    visitor = _visitors(ensemble, vectors)[tried]
    base = np.where(visitor < 0, np.arange(len(tried)) % len(vectors), visitor)
    threshold, infinity = ensemble.threshold[tried], np.float32(np.inf)
    with np.errstate(over="ignore", under="ignore"):
        after, before = np.nextafter(threshold, infinity), np.nextafter(threshold, -infinity)
    result = np.tile(vectors[base], (4, 1))
    values = np.concatenate([threshold, after, before, np.full(len(tried), np.nan, dtype=np.float32)])
    result[np.arange(len(result)), np.tile(ensemble.feature[tried], 4)] = values
    return Beside(result, len(tried), len(splits))


def _visitors(ensemble: Ensemble, vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each node a row that reaches it, -1 where none of the rows looked at does."""
    trees = len(ensemble.root)
    looked = min(len(vectors), max(16, min(2000, _ROUTED // trees)))
    visitor, is_leaf = np.full(len(ensemble.feature), -1, dtype=np.int64), ensemble.is_leaf
    rows, node = np.repeat(np.arange(looked), trees), np.tile(ensemble.root, looked)
    while len(node):
        visitor[node] = rows
        inner = ~is_leaf[node]
        rows, node = rows[inner], node[inner]
        value = vectors[rows, ensemble.feature[node]]
        goes_left = (value <= ensemble.threshold[node]) | (np.isnan(value) & ensemble.missing_left[node])
        node = np.where(goes_left, ensemble.left[node], ensemble.right[node])
    return visitor


def _bare_columns(
    features: FittedFeatures, thresholds: dict[int, NDArray[np.float32]]
) -> list[tuple[str, NDArray[np.float64]]]:
    """Numeric columns that are features as they are, with doubles at and beside up to 200 of their thresholds."""
    found, place = [], 0
    kinds = {column.name: column.kind for column in features.inputs}
    for feature in features.fitted:
        bare = not feature.operations and kinds[feature.sources[0]] in (Kind.NUMBER, Kind.INTEGER)
        if bare and place in thresholds:
            found.append((feature.sources[0], _beside(thresholds[place])))
        place += len(feature.names)
    return found


def _beside(thresholds: NDArray[np.float32]) -> NDArray[np.float64]:
    finite = thresholds[np.isfinite(thresholds)]
    chosen = finite[np.unique(np.linspace(0, len(finite) - 1, min(200, len(finite))).astype(np.int64))]
    double = chosen.astype(np.float64)
    with np.errstate(over="ignore", under="ignore"):
        single = [np.nextafter(chosen, np.float32(side)).astype(np.float64) for side in (np.inf, -np.inf)]
    return np.unique(np.concatenate([double, np.nextafter(double, np.inf), np.nextafter(double, -np.inf), *single]))


def _typed(column: Input) -> pl.Expr:
    """The column as one type a kind, so that odd values of any size fit beside real ones."""
    if column.kind is Kind.TIMESTAMP:
        return pl.col(column.name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return pl.col(column.name).cast(ODD[column.kind][1])


def _changed(real: pl.DataFrame, name: str, values: Sequence[Any], dtype: pl.DataType) -> pl.DataFrame:
    """As many rows as values, real but for one column; the base rows are taken in turn."""
    base = real[np.arange(len(values)) * 7 % real.height]
    return base.with_columns(pl.Series(name, list(values), dtype=dtype, strict=False))


def _shown(value: object) -> str:
    if value is None:
        return "null"
    text = value.isoformat() if isinstance(value, dt.datetime) else repr(value)
    return text if len(text) <= 40 else f"{text[:30]}… ({len(text)} long)"
