"""What a run asks of every row, as it goes to whoever answers: a thread here, or a worker elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seakeep.serving.scoring.predictors import Trees  # noqa: TC001  (the codec reads annotations when the program runs)

Keep = Literal["key", "all"]
Broken = Literal["accept", "reject", "quarantine", "mark", "impute"]


@dataclass(frozen=True, slots=True)
class Hidden:
    """What of logged rows is not written as it is: see serving.server.keeping."""

    redact: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()
    hash_key_file: str = ""


@dataclass(frozen=True, slots=True)
class Logged:
    """How rows are logged. folder: where a unit's rows are written. batch, time: its id, and when it began. release, version: of the model.

    name: the model's. hidden: what is.
    """

    folder: str
    batch: str
    time: int
    name: str
    release: str
    version: int
    hidden: Hidden


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run asks of every row.

    keep: the columns beside a prediction. key: the table's, or None. broken: what becomes of rows that break the contract: "accept"
    (scored and counted), "reject" (the run ends at the first), "quarantine" (set aside), "mark" (scored, and a column says what is
    wrong) or "impute" (as mark, and what training had most of is scored instead). trees: what adds up a model's trees.
    chunk_rows: rows that are answered at once. statistics: whether inputs and answers are profiled. log: how they are logged, or None.
    """

    keep: Keep
    key: str | None
    broken: Broken
    trees: Trees
    chunk_rows: int
    statistics: bool = False
    log: Logged | None = None
