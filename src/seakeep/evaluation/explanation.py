"""`explain`: why the model answered what it did, row by row, in the raw columns a person knows.

Exact Shapley values for trees, coefficient times distance from the mean for linear models, both on the raw score (log odds, say),
where they add up: expected + the sum of contributions = raw, and link(raw) = score. Features made of one column are summed under its
name; a feature made of several (a cross) stands under their names together, since no fair way divides it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.codec import Scalar  # noqa: TC001  (the codec reads annotations when the program runs)
from seakeep.core.kinds import Task
from seakeep.evaluation.explainer import Linear, Link, Trees, linked, load
from seakeep.evaluation.tree_shap import contributions

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from seakeep.core.model import Model
    from seakeep.core.prediction import Predictor

JOINED = " × "


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one raw column, or several together ("origin × dest"), added to the raw score; value: what the row holds there."""

    column: str
    value: Scalar
    contribution: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row explained. contributions: largest size first; expected plus their sum is raw.

    target: the class explained (its label), None for regression. raw: on the scale where contributions add (log odds for
    "sigmoid"); score: what the model answers, a probability or value, link(raw) up to rounding. gap: score less link(expected + sum).
    """

    contributions: tuple[Contribution, ...]
    expected: float
    raw: float
    score: float
    link: Link
    target: Scalar = None
    gap: float = 0.0


def explain(model: Model, predictor: Predictor, frame: pl.DataFrame) -> tuple[Explanation, ...]:
    """Explain every row of `frame`: of two classes the second one, of several the decided one.

    Parameters: frame: raw rows with the model's input columns.
    Raises: BadExplanation, where the model has no explanation file or it cannot be used; what the predictor raises.
    Cost: for trees, rows · leaves · depth squared / 2 operations: 10 ms for one row, 2.5 ms a row
        for many, with 200 trees of 31 leaves.
    """
    explainer = load(model)
    found, expected = contributions_of(explainer, predictor.features(frame))
    scores = predictor.predict(frame).scores.astype(np.float64)
    raw = expected + found.sum(axis=1)
    told = told_scores(raw, explainer.link, classes=scores.shape[1])
    columns, grouped = _by_column(model, found)
    return tuple(
        Explanation(
            _sorted(columns, frame.row(row, named=True), grouped[row, :, output]),
            float(expected[output]),
            float(raw[row, output]),
            float(scores[row, k]),
            explainer.link,
            model.classes[k] if model.classes else None,
            float(scores[row, k] - told[row, k]),
        )
        for row, (output, k) in enumerate(_explained(model.task, scores, raw.shape[1]))
    )


def contributions_of(
    explainer: Trees | Linear, features: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Contributions (rows, features, outputs) to the raw score, and the expected raw score (outputs,)."""
    if isinstance(explainer, Trees):
        return contributions(explainer, features)
    centred = features.astype(np.float64) - explainer.mean
    expected = explainer.intercept + (explainer.mean[:, None] * explainer.coefficients).sum(axis=0)
    return centred[:, :, None] * explainer.coefficients, expected


def told_scores(raw: NDArray[np.float64], link: Link, *, classes: int) -> NDArray[np.float64]:
    """What the raw scores (rows, outputs) say the model answers, (rows, classes): one output of two classes is the second's."""
    told = linked(raw, link)
    return np.column_stack([1 - told, told]) if (told.shape[1], classes) == (1, 2) else told


def _explained(task: Task, scores: NDArray[np.float64], outputs: int) -> list[tuple[int, int]]:
    """For each row the output and the score that are explained."""
    if task is Task.MULTICLASS:
        return [(k, k) for k in scores.argmax(axis=1).tolist()]
    return [(outputs - 1, scores.shape[1] - 1)] * len(scores)


def _by_column(model: Model, found: NDArray[np.float64]) -> tuple[list[tuple[str, ...]], NDArray[np.float64]]:
    """The raw columns that features come from, and the features' contributions summed over them."""
    sources = [model.sources.get(name) or (name,) for name in model.features]
    columns = list(dict.fromkeys(sources))
    place = {source: index for index, source in enumerate(columns)}
    belongs = np.zeros((len(sources), len(columns)))
    belongs[np.arange(len(sources)), [place[source] for source in sources]] = 1.0
    return columns, np.einsum("rfo,fc->rco", found, belongs)


def _sorted(
    columns: list[tuple[str, ...]], row: dict[str, object], parts: NDArray[np.float64]
) -> tuple[Contribution, ...]:
    found = [
        Contribution(JOINED.join(source), _value([row.get(name) for name in source]), float(part))
        for source, part in zip(columns, parts.tolist(), strict=True)
    ]
    return tuple(sorted(found, key=lambda each: (-abs(each.contribution), each.column)))


def _value(values: list[object]) -> Scalar:
    if len(values) == 1:
        return _scalar(values[0])
    return JOINED.join("missing" if value is None else str(_scalar(value)) for value in values)


def _scalar(value: object) -> Scalar:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
