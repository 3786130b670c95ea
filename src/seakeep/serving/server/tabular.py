"""Tabular: an answer as a table, as batch scoring writes it: the prediction, each class's probability, and the row's id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Task
from seakeep.serving.served import class_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.serving.served import Served
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import HeaderList

PREDICTION, PROBABILITY, ID = "prediction", "probability_", "prediction_id"


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
    if answered.prediction_id is not None:
        made.append((ID, [f"{answered.prediction_id}.{row}" for row in range(rows)]))
    return made
