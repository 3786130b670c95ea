"""`score`: a table in, a table of predictions out, through the predict path that the server uses.

`score` is the run. `answering` makes answers of rows, with the contract (`contract`), the model and what is logged of them; `here` does so
in threads and `elsewhere` on an engine's workers. Rows are kept in `units`, and `outputs` holds where, one module a kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "CannotScore": "errors",
    "BrokenRow": "errors",
    "Broken": "asked",
    "Hidden": "asked",
    "Keep": "asked",
    "LogTo": "logbook",
    "Progress": "score",
    "ScoreSummary": "score",
    "prediction_columns": "columns",
    "score": "score",
}

__all__ = [
    "Broken",
    "BrokenRow",
    "CannotScore",
    "Hidden",
    "Keep",
    "LogTo",
    "Progress",
    "ScoreSummary",
    "prediction_columns",
    "score",
]

if TYPE_CHECKING:
    from seakeep.serving.scoring.asked import Broken, Hidden, Keep
    from seakeep.serving.scoring.columns import prediction_columns
    from seakeep.serving.scoring.errors import BrokenRow, CannotScore
    from seakeep.serving.scoring.logbook import LogTo
    from seakeep.serving.scoring.score import Progress, ScoreSummary, score

__getattr__, __dir__ = lazily(__name__, _HOMES)
