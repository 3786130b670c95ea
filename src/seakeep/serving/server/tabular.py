"""Tabular: an answer as a table, as batch scoring writes it: the prediction, each class's probability, the row's id, and what it
breaks of the contract where that is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Task
from seakeep.serving.served import class_text
from seakeep.serving.server.marks import by_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.serving.served import Served
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList

PREDICTION, PROBABILITY, BROKEN, ID = "prediction", "probability_", "broken", "prediction_id"


def about(served: Served, answered: Answered) -> HeaderList:
    """Headers that say what an answer's body has no place for."""
    told = [("seakeep-release", served.release), ("seakeep-version", served.version)]
    prediction_id = answered.prediction_id
    return told if prediction_id is None else [*told, ("seakeep-prediction-id", prediction_id)]


def answer_columns(served: Served, answered: Answered) -> list[tuple[str, Sequence[Any]]]:
    """Names and values of the columns."""
    rows, scores = answered.ask.rows, answered.scores
    if served.model.task is Task.REGRESSION:
        made: list[tuple[str, Sequence[Any]]] = [(PREDICTION, scores)]
    else:
        classes = served.model.classes
        width = len(classes)
        made = [(PREDICTION, [classes[decision] for decision in answered.decisions])]
        made += [(PROBABILITY + class_text(name), scores[place::width]) for place, name in enumerate(classes)]
    if answered.ask.marks:
        made.append((BROKEN, by_row(answered.ask.marks, rows)))
    if answered.prediction_id is not None:
        made.append((ID, [f"{answered.prediction_id}.{row}" for row in range(rows)]))
    return made
