"""Labels as the estimator learns them: class indices 0, 1, … or finite numbers, and the rows that have one.

Called by `trainer` before anything is fitted. A label that is null has not arrived yet: its row is left out and counted. A
label that is NaN or infinite is a broken computation and refused. What is hard is telling a class from a number: the
estimator says which it learns, and a label of the other sort is refused instead of being reinterpreted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind, Task
from seakeep.data import collect, kind_of
from seakeep.training.errors import CannotTrain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.dataset import Dataset
    from seakeep.training.estimators import Prepared

MOST_CLASSES = 1000
_CLASS_KINDS = (Kind.BOOLEAN, Kind.INTEGER, Kind.STRING)
_NO_LABEL = (Kind.LIST, Kind.STRUCT, Kind.BINARY)
_NUMBER_KINDS = (Kind.INTEGER, Kind.NUMBER)


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """classes: values by index, sorted; empty for regression. kept: bool (rows,), rows with a label. codes: of those rows,
    int64 class index or float64 value.
    """

    task: Task
    classes: tuple[bool | int | str, ...]
    kept: NDArray[np.bool_]
    codes: NDArray[np.int64] | NDArray[np.float64]

    @property
    def left_out(self) -> int:
        """Rows without a label."""
        return int((~self.kept).sum())


def read_labels(dataset: Dataset, prepared: Prepared) -> Labels:
    """The label column in memory. Raises: CannotTrain, see the module."""
    if dataset.label is None:
        raise CannotTrain.no_label(dataset.description)
    series = collect(dataset, columns=[dataset.label]).get_column(dataset.label)
    kind = kind_of(series.dtype)
    if kind in _NO_LABEL:
        raise CannotTrain.no_label_kind(dataset.label, kind.value, dataset.description)
    present = series.drop_nulls()
    if not len(present):
        raise CannotTrain.label_absent(dataset.label, dataset.description)
    if prepared.is_classifier:
        return _classes(series, present, kind, dataset.label, prepared.class_name)
    return _numbers(series, present, kind, dataset.label, prepared.class_name)


def _classes(series: pl.Series, present: pl.Series, kind: Kind, label: str, estimator: str) -> Labels:
    if kind not in _CLASS_KINDS:
        near = estimator.replace("Classifier", "Regressor") if "Classifier" in estimator else "Ridge"
        raise CannotTrain.not_a_class(label, kind.value, estimator, near)
    plain = present.cast(pl.String) if kind is Kind.STRING else present
    values = sorted(plain.unique().to_list())
    if len(values) == 1:
        raise CannotTrain.one_class(label, values[0], len(present))
    if len(values) > MOST_CLASSES:
        raise CannotTrain.too_many_classes(label, len(values), MOST_CLASSES)
    codes = plain.replace_strict(values, list(range(len(values))), return_dtype=pl.Int64).to_numpy()
    task = Task.BINARY if len(values) == 2 else Task.MULTICLASS
    return Labels(task, tuple(values), series.is_not_null().to_numpy(), codes.astype(np.int64))


def _numbers(series: pl.Series, present: pl.Series, kind: Kind, label: str, estimator: str) -> Labels:
    if kind not in _NUMBER_KINDS:
        raise CannotTrain.not_a_number(label, kind.value, estimator)
    values = present.cast(pl.Float64).to_numpy().astype(np.float64)
    broken = int((~np.isfinite(values)).sum())
    if broken:
        raise CannotTrain.label_not_finite(label, broken, len(series))
    return Labels(Task.REGRESSION, (), series.is_not_null().to_numpy(), values)
