"""Whether contributions add up to what the model answers, and a few rows explained. Called by `evaluate`.

An explanation that does not sum to the answer explains another model. Each of up to ROWS sampled rows is explained, and link(expected + sum
of contributions) compared with the served score, which also tests that the explanation file and the graph are the same model.
What is hard is forests of deep trees: the number of rows is cut so that the work stays bounded, and told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.report import Check, Table, Verdict
from seakeep.evaluation.explainer import BadExplanation, Linear, Trees, load
from seakeep.evaluation.explanation import Explanation, contributions_of, explain, told_scores
from seakeep.evaluation.tree_shap import cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from seakeep.core.codec import Scalar
    from seakeep.core.model import Model
    from seakeep.core.prediction import Predictor
    from seakeep.evaluation.collect import Raw

ROWS = 100
EXAMPLES = 5
TOLERANCE = 1e-5
WORK = 20_000_000
WORK_A_ROW = 300_000_000
CODE = "explain.additivity"


def additivity(predictor: Predictor, model: Model, raw: Raw) -> tuple[tuple[Check, ...], tuple[Table, ...]]:
    """The check explain.additivity and the table contributions; neither where the model has no explanation or there are no rows."""
    if not model.explanation or not raw.frame.height or not raw.sample.is_finite:
        return (), ()
    try:
        explainer = load(model)
    except BadExplanation as error:
        return (Check(CODE, model.name, Verdict.FAIL, error.found, fix=error.fix),), ()
    rows = _affordable(explainer)
    if not rows:
        message = "The ensemble is too large to be explained row by row within the time allowed."
        fix = "Explain single rows: seakeep.evaluation.explain(model, predictor, frame.head(1))."
        return (Check(CODE, model.name, Verdict.INCONCLUSIVE, message, fix=fix),), ()
    check = _check(predictor, model, explainer, raw.frame.head(rows))
    chosen = _examples(raw.sample.scores[:, -1], min(EXAMPLES, rows))
    examples = explain(model, predictor, raw.frame[chosen])
    labels = raw.sample.labels[chosen].tolist()
    named = [model.classes[label] if model.classes else label for label in labels]
    return (check,), (_table(examples, named),)


def _affordable(explainer: Trees | Linear) -> int:
    """How many rows can be explained within WORK, at least one unless a single row takes more than WORK_A_ROW."""
    if isinstance(explainer, Linear):
        return ROWS
    each = max(1, cost(explainer))
    return 0 if each > WORK_A_ROW else max(1, min(ROWS, WORK // each))


def _check(predictor: Predictor, model: Model, explainer: Trees | Linear, frame: pl.DataFrame) -> Check:
    found, expected = contributions_of(explainer, predictor.features(frame))
    scores = predictor.predict(frame).scores.astype(np.float64)
    told = told_scores(expected + found.sum(axis=1), explainer.link, classes=scores.shape[1])
    if told.shape != scores.shape:
        message = f"The explanation speaks of {told.shape[1]} scores a row and the model answers {scores.shape[1]}."
        return Check(CODE, model.name, Verdict.FAIL, message, fix="Train the model again.")
    # Two digits: the others are rounding, which may differ between processors and must not reach the report's digest.
    worst = float(f"{(np.abs(told - scores) / np.maximum(1.0, np.abs(scores))).max():.2g}")
    adds = worst <= TOLERANCE
    says = "sum to" if adds else "do not sum to"
    message = f"Contributions {says} the model's answer on {frame.height} rows; the largest difference is {worst:.2g} (scaled)."
    fix = "" if adds else "Train the model again, so that graph and explanation are of one model."
    verdict = Verdict.PASS if adds else Verdict.FAIL
    return Check(CODE, model.name, verdict, message, worst, TOLERANCE, fix, {"rows": frame.height})


def _examples(scores: NDArray[np.float64], count: int) -> list[int]:
    """Rows spread evenly over the scores, from the lowest to the highest, each once."""
    order = np.argsort(scores, kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, count).round().astype(np.int64))
    chosen: list[int] = order[places].tolist()
    return chosen


def _table(examples: Sequence[Explanation], labels: Sequence[Scalar]) -> Table:
    rows: list[tuple[Scalar, ...]] = [
        (number, part.column, _text(part.value), part.contribution, each.expected, each.score, each.target, label)
        for number, (each, label) in enumerate(zip(examples, labels, strict=True), start=1)
        for part in each.contributions
    ]
    columns = ("row", "column", "value", "contribution", "expected", "score", "target", "label")
    link = examples[0].link if examples else "identity"
    note = f"Contributions and what was expected sum to the raw score; its {link} link is the score."
    return Table("contributions", "Rows explained", columns, tuple(rows), note)


def _text(value: Scalar) -> Scalar:
    return value if isinstance(value, str) or value is None else str(value)
