"""Columns of what `score` writes: those that are kept of a row, and its prediction beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core.kinds import Task
from seakeep.data.frames import schema_of
from seakeep.features.nulls import feeds
from seakeep.serving.scoring.errors import CannotScore
from seakeep.serving.served import class_text

if TYPE_CHECKING:
    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.core.prediction import Predictions
    from seakeep.serving.scoring.asked import Keep

ROW, PREDICTION, PROBABILITY, BROKEN = "row", "prediction", "probability_", "broken"
ROW_NUMBER, QUARANTINED = "@row", "@broken"
"""Of a quarantine: the row's number in the table, and the rules that it breaks."""


def read_columns(model: Model, dataset: Dataset, keep: Keep) -> list[str] | None:
    """Columns of the table that a run reads; None for all."""
    if keep == "all":
        return None
    names = [column.name for column in model.inputs]
    return list(dict.fromkeys([*names, dataset.key] if dataset.key else names))


def beside(
    predictions: Predictions, batch: pl.DataFrame, model: Model, *, numbers: pl.Series, keep: Keep, key: str | None
) -> pl.DataFrame:
    """The predictions beside the columns that are kept of their rows. numbers: of the rows in the table."""
    predicted = prediction_columns(predictions, model)
    if keep == "all":
        return batch.hstack(predicted)
    return pl.DataFrame([batch[key] if key else numbers.alias(ROW), *predicted])


def output_schema(model: Model, dataset: Dataset, keep: Keep, *, marks: bool = False) -> pl.Schema:
    """Columns of the output. marks: whether one says what is wrong with a row.

    Raises CannotScore, if two have one name; BadValue, if the table is not one for this model.
    """
    table = schema_of(dataset)
    feeds(pl.DataFrame(schema=table), model.inputs)  # refuses a table that is not one for this model
    predicted: dict[str, pl.DataType] = {series.name: series.dtype for series in prediction_columns(None, model)}
    if marks:
        predicted[BROKEN] = pl.String()
    kept = dict(table) if keep == "all" else {dataset.key: table[dataset.key]} if dataset.key else {ROW: pl.Int64()}
    both = [name for name in predicted if name in kept]
    if both:
        raise CannotScore.taken(both, dataset.description)
    return pl.Schema({**kept, **predicted})


def quarantine_schema(model: Model, dataset: Dataset, keep: Keep) -> pl.Schema:
    """Columns of a quarantine: those that a run reads, and what is wrong. Raises CannotScore, if two have one name."""
    table = schema_of(dataset)
    names = read_columns(model, dataset, keep)
    kept = dict(table) if names is None else {name: table[name] for name in names}
    both = [name for name in (ROW_NUMBER, QUARANTINED) if name in kept]
    if both:
        raise CannotScore.taken(both, dataset.description)
    return pl.Schema({**kept, ROW_NUMBER: pl.Int64(), QUARANTINED: pl.String()})


def prediction_columns(predictions: Predictions | None, model: Model) -> list[pl.Series]:
    """Predictions as named columns: `prediction`, then `probability_<class>` each; empty columns for None."""
    if model.task is Task.REGRESSION:
        values: Any = predictions.scores[:, 0] if predictions else []
        return [pl.Series(PREDICTION, values, dtype=pl.Float32)]
    decided: Any = predictions.decisions if predictions and predictions.decisions is not None else []
    classes = pl.Series(PREDICTION, list(model.classes))
    chosen = classes.gather(pl.Series(decided, dtype=pl.Int64))
    return [chosen, *(_probability(predictions, i, name) for i, name in enumerate(model.classes))]


def _probability(predictions: Predictions | None, index: int, name: object) -> pl.Series:
    values: Any = predictions.scores[:, index] if predictions else []
    return pl.Series(f"{PROBABILITY}{class_text(name)}", values, dtype=pl.Float32)
