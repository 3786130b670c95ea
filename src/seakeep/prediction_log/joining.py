"""Joining: which label belongs to a prediction, of all the labels that ever came.

The rules, whatever the order in which files and requests brought them:
1. A label given by a prediction's id goes before one given by its key.
2. Of several labels for one id or key the latest arrival wins; of those that arrived at the same time, the greatest as text.
3. A key's label goes to the predictions of that key that were made before it arrived; an id's too, but with a day's
   grace, since the clocks of two machines may differ.
4. A prediction is labelled when the label that counts arrived first; a repetition changes nothing.
Labels are kept as text and become the type of the predictions here, release by release (see classes), since one file may write true
where another writes 1. A text that no release's type can hold hides no other label.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.prediction_log import columns as names
from seakeep.prediction_log.classes import Classes
from seakeep.prediction_log.tables import prediction_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seakeep.prediction_log.frames import Header

GRACE = dt.timedelta(days=1)
_LAST = "@last"
_OF_KEY = "@of_key"
_TRUE, _FALSE = ("true", "1", "1.0"), ("false", "0", "0.0")


@dataclass(frozen=True, slots=True)
class Known:
    """The labels that count: one an id, one a key. Columns: @id or @key, @label as text, @labelled, and @last: when it came
    last.
    """

    by_id: pl.DataFrame
    by_key: pl.DataFrame

    @classmethod
    def of(cls, labels: pl.DataFrame, headers: Iterable[Header] = ()) -> Known:
        """The labels that count of all that came. headers: of every release; a text that suits none of them counts nowhere."""
        if suits := [_typed(Classes.of(header), label_type(prediction_type(header))) for header in headers]:
            labels = labels.filter(pl.any_horizontal(each.is_not_null() for each in suits))
        return cls(latest(labels, names.ID), latest(labels, names.KEY))

    def join(self, table: pl.LazyFrame, classes: Classes, *, shared: bool = False) -> pl.LazyFrame:
        """One release's rows with @label and @labelled; null where there is none yet.

        classes: the release's. shared: whether @label shall have the form that all releases share; else its predictions' type.
        """
        dtype = label_type(table.collect_schema()[names.PREDICTION])
        label = classes.shared(pl.col(names.LABEL)) if shared else _typed(classes, dtype)
        by_id, by_key = (known.lazy().with_columns(label.alias(names.LABEL)) for known in (self.by_id, self.by_key))
        joined = table.join(by_id, on=names.ID, how="left", maintain_order="left")
        joined = joined.with_columns(_counting("", pl.col(_LAST) >= pl.col(names.TIME) - GRACE)).drop(_LAST)
        if not self.by_key.height:
            return joined
        joined = joined.join(by_key, on=names.KEY, how="left", maintain_order="left", suffix=_OF_KEY)
        joined = joined.with_columns(_counting(_OF_KEY, pl.col(_LAST) >= pl.col(names.TIME)))
        unlabelled = pl.col(names.LABELLED).is_null()
        return joined.with_columns(
            pl.when(unlabelled).then(f"{name}{_OF_KEY}").otherwise(name).alias(name)
            for name in (names.LABEL, names.LABELLED)
        ).drop(_LAST, f"{names.LABEL}{_OF_KEY}", f"{names.LABELLED}{_OF_KEY}")


def _typed(classes: Classes, dtype: pl.DataType) -> pl.Expr:
    """The column @label as a release's type: the class that it means, or another value of that type, or null."""
    text = pl.col(names.LABEL)
    return as_type(pl.coalesce(classes.own(text), text), dtype)


def _counting(suffix: str, counts: pl.Expr) -> list[pl.Expr]:
    """A joined label and when it was given, null where it does not count. What came before the prediction did and was
    repeated after it, arrived when it was repeated.
    """
    label, labelled = f"{names.LABEL}{suffix}", f"{names.LABELLED}{suffix}"
    arrived = pl.when(pl.col(labelled) >= pl.col(names.TIME)).then(labelled).otherwise(_LAST)
    return [pl.when(counts).then(label).alias(label), pl.when(counts).then(arrived).alias(labelled)]


def latest(labels: pl.DataFrame, by: str) -> pl.DataFrame:
    """The label that counts for every id, or key, when it arrived first since it last changed, and when it arrived last."""
    given = labels.select(by, names.LABEL, names.LABELLED).drop_nulls()
    ordered = given.sort(by, names.LABELLED, names.LABEL).with_columns(
        pl.col(names.LABELLED).last().over(by).alias(_LAST)
    )
    begins = (pl.col(by) != pl.col(by).shift()) | (pl.col(names.LABEL) != pl.col(names.LABEL).shift())
    return ordered.filter(begins.fill_null(value=True)).unique(by, keep="last", maintain_order=True)


def label_type(prediction: pl.DataType) -> pl.DataType:
    """The type of the labels of predictions of this type: Float64 for a regression's Float32."""
    return pl.Float64() if prediction == pl.Float32 else prediction


def as_type(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A text as this type; null where it is no such value, as 3.7 is no whole number."""
    if dtype == pl.Boolean:
        lower = text.str.to_lowercase()
        return pl.when(lower.is_in(_TRUE)).then(pl.lit(True)).when(lower.is_in(_FALSE)).then(pl.lit(False))
    if dtype == pl.Int64:
        number = text.cast(pl.Float64, strict=False)
        whole = number.cast(pl.Int64, strict=False)
        return pl.coalesce(text.cast(pl.Int64, strict=False), pl.when(whole.cast(pl.Float64) == number).then(whole))
    return text.cast(dtype, strict=False)
