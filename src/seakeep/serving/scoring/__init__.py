"""`score`: a table in, a table of predictions out, through the predict path that the server uses.

`score` does the run, `answers` predicts the rows in order on this machine or an engine, `columns` says what is written of each,
and `outputs` holds where to, one module a kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "CannotScore": "errors",
    "Keep": "columns",
    "Progress": "score",
    "ScoreSummary": "score",
    "prediction_columns": "columns",
    "score": "score",
}

__all__ = ["CannotScore", "Keep", "Progress", "ScoreSummary", "prediction_columns", "score"]

if TYPE_CHECKING:
    from seakeep.serving.scoring.columns import Keep, prediction_columns
    from seakeep.serving.scoring.errors import CannotScore
    from seakeep.serving.scoring.score import Progress, ScoreSummary, score

__getattr__, __dir__ = lazily(__name__, _HOMES)
