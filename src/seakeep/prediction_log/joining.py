"""Joining: which label belongs to a prediction, of all the labels that ever came.

The rules, whatever the order in which files and requests brought them:
1. A label given by a prediction's id goes before one given by its key.
2. Of several labels for one id or key the latest arrival wins; of those that arrived at the same time, the greatest as text.
3. A key's label goes to the predictions of that key that were made before it arrived.
Labels are kept as text and become the type of the predictions here, since one file may write true where another writes 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from seakeep.prediction_log import columns as names

_BY_KEY, _KEY_TIME = "@label_by_key", "@labelled_by_key"
_TRUE, _FALSE = ("true", "1", "1.0"), ("false", "0", "0.0")


@dataclass(frozen=True, slots=True)
class Known:
    """The labels that count: one an id, one a key. Columns: @id or @key, @label as text, @labelled."""

    by_id: pl.DataFrame
    by_key: pl.DataFrame

    @classmethod
    def of(cls, labels: pl.DataFrame) -> Known:
        """The labels that count of all that came."""
        return cls(latest(labels, names.ID), latest(labels, names.KEY))

    def join(self, table: pl.LazyFrame) -> pl.LazyFrame:
        """The rows with @label, of the type that suits their predictions, and @labelled; null where there is none yet."""
        dtype = label_type(table.collect_schema()[names.PREDICTION])
        by_key = self.by_key.rename({names.LABEL: _BY_KEY, names.LABELLED: _KEY_TIME}).lazy()
        joined = table.join(self.by_id.lazy(), on=names.ID, how="left", maintain_order="left")
        if self.by_key.height:
            joined = joined.join(by_key, on=names.KEY, how="left", maintain_order="left")
            mine = pl.col(names.LABELLED).is_null() & (pl.col(_KEY_TIME) >= pl.col(names.TIME))
            joined = joined.with_columns(
                pl.when(mine).then(_BY_KEY).otherwise(names.LABEL).alias(names.LABEL),
                pl.when(mine).then(_KEY_TIME).otherwise(names.LABELLED).alias(names.LABELLED),
            ).drop(_BY_KEY, _KEY_TIME)
        return joined.with_columns(as_type(dtype))


def latest(labels: pl.DataFrame, by: str) -> pl.DataFrame:
    """The label that counts for every id, or key."""
    given = labels.select(by, names.LABEL, names.LABELLED).drop_nulls()
    ordered = given.sort(by, names.LABELLED, names.LABEL)
    return ordered.unique(by, keep="last", maintain_order=True)


def label_type(prediction: pl.DataType) -> pl.DataType:
    """The type of the labels of predictions of this type: Float64 for a regression's Float32."""
    return pl.Float64() if prediction == pl.Float32 else prediction


def as_type(dtype: pl.DataType) -> pl.Expr:
    """The column @label, which is text, as this type; null where the text is no such value."""
    text = pl.col(names.LABEL)
    if dtype == pl.Boolean:
        lower = text.str.to_lowercase()
        return pl.when(lower.is_in(_TRUE)).then(True).when(lower.is_in(_FALSE)).then(False).alias(names.LABEL)
    if dtype == pl.Int64:
        return text.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
    return text.cast(dtype, strict=False)
