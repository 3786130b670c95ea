"""Permutation importance of raw columns: how much the metric drops when a column's values are dealt to the wrong rows.

Raw columns, not features, since a person can act on those: all features made of a column move together. Breiman 2001; the interval
joins the spread between deals with the sampling error of the rows, from their paired influence. It speaks of this model, not of the
data: of two columns that say the same, each may look unimportant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from seakeep.core.report import Table
from seakeep.evaluation.collect import answered
from seakeep.evaluation.estimate import PRIMARY, SmoothMetric, metric
from seakeep.evaluation.parts import generator, standard_error
from seakeep.evidence.intervals import normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.codec import Scalar
    from seakeep.core.model import Model
    from seakeep.core.prediction import Predictor
    from seakeep.evaluation.collect import Raw
    from seakeep.evaluation.sample import Sample

REPEATS = 3


def importance_table(
    predictor: Predictor, model: Model, raw: Raw, *, level: float = 0.95, seed: int = 0
) -> tuple[Table, ...]:
    """The table importance, largest first; nothing where the task's primary metric is undefined on the sample.

    Cost: REPEATS predictions of the sample for each raw column.
    """
    name = PRIMARY[model.task.value]
    chosen = cast("SmoothMetric", metric(name))
    if raw.sample.rows < 2 or not raw.sample.is_finite or chosen.compute(raw.sample) is None:
        return ()
    random = generator(seed, 1)
    rows: list[tuple[Scalar, ...]] = []
    for each in model.inputs:
        dealt = [_dealt(predictor, model, raw, each.name, random) for _ in range(REPEATS)]
        found = _drop(chosen, raw.sample, dealt, level=level)
        rows += [] if found is None else [(each.name, *found)]
    rows.sort(key=lambda row: (-cast("float", row[1]), str(row[0])))
    way = "Drop" if chosen.GREATER_IS_BETTER else "Rise"
    note = f"{way} of {name} on {raw.sample.rows:,} rows when the column is shuffled, mean of {REPEATS} times."
    return (
        Table("importance", "Importance of raw columns", ("column", "importance", "low", "high"), tuple(rows), note),
    )


def _dealt(predictor: Predictor, model: Model, raw: Raw, column: str, random: np.random.Generator) -> Sample:
    order = random.permutation(raw.frame.height)
    frame = raw.frame.with_columns(raw.frame[column].gather(order))
    return answered(model, predictor.predict(frame), raw.sample.labels)


def _drop(
    chosen: SmoothMetric, base: Sample, dealt: list[Sample], *, level: float
) -> tuple[float, float, float] | None:
    """Mean drop of the metric over the deals, oriented so that above 0 is worse without the column, and its interval."""
    sign = 1.0 if chosen.GREATER_IS_BETTER else -1.0
    values = [chosen.compute(each) for each in dealt if each.is_finite]
    known = [value for value in values if value is not None]
    whole = chosen.compute(base)
    if len(known) < len(dealt) or whole is None:
        return None
    drops = sign * (whole - np.array(known))
    own = chosen.influence(base)
    lost: NDArray[np.float64] = np.mean([own - chosen.influence(each) for each in dealt], axis=0)
    error = float(np.hypot(standard_error(lost), drops.std(ddof=1) / np.sqrt(len(drops))))
    value = float(drops.mean())
    low, high = normal(value, error, level=level)
    return value, low, high
