"""Labels that the other columns contradict where they are sure of all the others: wrong ones, most likely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.data.quality.confident import confident
from seakeep.data.quality.finding import ROW, Found
from seakeep.data.quality.predicting import target
from seakeep.data.quality.small_model import ROWS, installed, out_of_fold
from seakeep.data.quality.telling import EXAMPLES
from seakeep.evidence.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seakeep.data.quality.finding import Look, Table

MEANING = "No label is contradicted by the other columns where they are sure of the others."
COST = "rows"
NEEDS: tuple[str, ...] = ("label",)
LEAST_ROWS = 500
LEAST_SHARE, STEADY, MOST_WRONG, MOST_DIFFERENT, SKILL = 0.01, 1.6, 0.25, 0.9, 0.5


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Confident learning on out-of-fold probabilities, where the errors are those of labels and not of chance.

    A label that is partly chance (a flight is late or not) is contradicted too, the more the less sure the model is. Wrong labels
    are found among the surest half of the rows as often as among the surest quarter; chance is not. So it is told only where at
    least 1 % of the surest quarter are contradicted, and the next quarter by less than STEADY times as many; and only by a model
    that is wrong at most SKILL times as often as guessing the most frequent label is, since one without skill contradicts at random.
    """
    goal = target(table)
    names = [
        name
        for name, column in table.features(Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.STRING, Kind.TIMESTAMP).items()
        if column.kind is not Kind.STRING or column.distinct < MOST_DIFFERENT * column.present
    ]
    if goal is None or goal.classes < 2 or not names:
        return
    if not installed():
        message = "Wrong labels were not looked for: scikit-learn is not installed."
        yield Found(str(table.label), message, fix="pip install 'seakeep[train]'", inconclusive=True)
        return
    step = max(1, goal.rows.height // ROWS)
    rows, labels = goal.rows[::step], goal.values[::step].astype(np.int64)
    if np.bincount(labels, minlength=goal.classes).min() < 10:
        return
    probabilities = out_of_fold(rows, labels, names)
    guessing = 1 - np.bincount(labels).max() / len(labels)
    if (probabilities.argmax(axis=1) != labels).mean() > SKILL * guessing:
        return
    judged = confident(labels, probabilities)
    first, second = _surest(labels, probabilities)
    low, _ = wilson(first[0], first[1])
    if low < LEAST_SHARE or first[0] > MOST_WRONG * first[1] or second[0] > STEADY * first[0]:
        return
    suspects = np.flatnonzero(judged.suspects)
    surest = suspects[np.argsort(probabilities[suspects, labels[suspects]], kind="stable")][:EXAMPLES]
    share = len(suspects) / len(labels)
    numbers = [int(number) for number in rows[ROW].to_numpy()[surest]]
    message = f"About {share:.1%} of the labels {table.label!r} are contradicted by the other columns, first of all in rows {numbers}."
    fix = "Look at these rows; correct their labels or leave them out of training, and judge on labels that somebody has checked."
    evidence = {
        "rows": numbers,
        "suspects": len(suspects),
        "looked_at": len(labels),
        "joint": [[int(count) for count in line] for line in judged.joint],
        "surest_quarter": list(first),
        "next_quarter": list(second),
    }
    yield Found(str(table.label), message, share, LEAST_SHARE, fix, evidence)


def _surest(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Contradicted labels and rows among the quarter of the rows that the model is surest of, and among the next quarter."""
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    wrong = (probabilities.argmax(axis=1) != labels)[order]
    quarter = max(1, len(labels) // 4)
    return (int(wrong[:quarter].sum()), quarter), (int(wrong[quarter : 2 * quarter].sum()), quarter)
