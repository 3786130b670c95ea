"""Labels as numbers: class indices under the model's classes, or finite values. Called by `collect`, batch by batch.

What is hard is what does not fit: a missing label (excluded and counted) differs from one the model was never trained on
(excluded too, but a finding), and 1, 1.0 and true are one class, however the file at hand writes it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.errors import SchemaMismatch
from seakeep.core.kinds import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.model import Model

MISSING, UNKNOWN = -1, -2


class LabelMismatch(SchemaMismatch):
    """A label column cannot hold this model's labels."""

    @classmethod
    def not_numbers(cls, column: str, dtype: pl.DataType, model: str) -> LabelMismatch:
        return cls(
            f"label column {column!r} is {dtype}, expected numbers",
            where=f"model {model} predicts a number",
            cause="The column holds numbers as text, or another column is the label.",
            fix=f'Convert it on reading: seakeep.read(…, derive={{"{column}": polars.col("{column}").cast(polars.Float64)}}).',
            column=column,
            dtype=dtype,
        )


class LabelReader:
    """Turns label columns into arrays and counts what cannot be judged.

    missing: rows without a label. unknown: number of rows by label value (as text) that the model cannot answer.
    """

    def __init__(self, model: Model, column: str) -> None:
        self.missing = 0
        self.unknown: Counter[str] = Counter()
        self._model, self._column = model, column
        self._codes = {value: index for index, value in enumerate(model.classes)}

    def read(self, series: pl.Series) -> tuple[NDArray[np.int64] | NDArray[np.float64], NDArray[np.bool_]]:
        """Labels of one batch, (rows,), and which of them can be judged; the others' values mean nothing."""
        if self._model.task is Task.REGRESSION:
            return self._values(series)
        codes = self._indices(series)
        self.missing += int((codes == MISSING).sum())
        return codes, codes >= 0

    def _indices(self, series: pl.Series) -> NDArray[np.int64]:
        if not len(series):
            return np.empty(0, np.int64)
        plain = _comparable(series).rename("value")
        counts = plain.value_counts(name="rows")
        values = counts["value"].to_list()
        codes = [self._code(value) for value in values]
        for value, rows, code in zip(values, counts["rows"].to_list(), codes, strict=True):
            if code == UNKNOWN:
                self.unknown[str(value)] += rows
        coded = counts.select("value", code=pl.Series(codes, dtype=pl.Int64))
        joined = plain.to_frame().join(coded, on="value", how="left", nulls_equal=True, maintain_order="left")
        return joined["code"].to_numpy().astype(np.int64)

    def _code(self, value: object) -> int:
        if value is None or value != value:  # noqa: PLR0124  (NaN)
            return MISSING
        return self._codes.get(value, UNKNOWN) if isinstance(value, bool | int | float | str) else UNKNOWN

    def _values(self, series: pl.Series) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        if not (series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null)):
            raise LabelMismatch.not_numbers(self._column, series.dtype, self._model.name)
        values = series.cast(pl.Float64).to_numpy()
        missing = np.isnan(values)
        self.missing += int(missing.sum())
        for value in values[np.isinf(values)]:
            self.unknown[str(value)] += 1
        return values, np.isfinite(values)


def _comparable(series: pl.Series) -> pl.Series:
    """Values as the model's classes are written: text, numbers, booleans; anything else as its text."""
    if series.dtype.is_decimal():
        return series.cast(pl.Float64)
    if series.dtype.is_nested() or series.dtype == pl.Binary:
        return pl.Series([None if value is None else repr(value) for value in series.to_list()], dtype=pl.String)
    plain = series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null, pl.String)
    return series if plain else series.cast(pl.String)
