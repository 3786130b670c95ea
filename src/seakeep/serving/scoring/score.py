"""The run: rows are answered in order and written as they come, to one output, with progress told."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.codec import digest
from seakeep.data.engines import connected
from seakeep.serving.scoring.answers import Asking, answers
from seakeep.serving.scoring.columns import output_schema
from seakeep.serving.scoring.outputs import Plan, open_output
from seakeep.serving.served import Served

if TYPE_CHECKING:
    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.data.engines import Engine
    from seakeep.serving.scoring.columns import Keep
    from seakeep.serving.scoring.predictors import Trees

Progress = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What `score` did. path: the file written; rows: of it; seconds: wall time; columns: of it; release: digest."""

    path: Path
    rows: int
    seconds: float
    columns: tuple[str, ...]
    release: str

    @property
    def rows_per_second(self) -> float:
        """Rows by wall second."""
        return self.rows / self.seconds if self.seconds else 0.0


def score(
    model: Model | Served | Path | str,
    dataset: Dataset,
    out: Path | str,
    *,
    keep: Keep = "key",
    overwrite: bool = False,
    chunk_rows: int = 65_536,
    threads: int | None = None,
    progress: Progress | None = None,
    engine: str | Engine | None = None,
    trees: Trees = "auto",
) -> ScoreSummary:
    """Predict every row of `dataset` and write the answers to `out` (Parquet, CSV, Arrow or JSON lines by its ending), in the table's order.

    Columns: the dataset's key, or `row` (number from 0) where it has none; or all of the table's with keep="all". Then
    `prediction` (the class, or the value) and for classification one float32 `probability_<class>` each. A Parquet file says
    in its metadata, under "seakeep.release", which release (or model) answered.
    Parameters: model: a model, or the folder of one or of a release. chunk_rows: rows read at once. threads: by default
        the CPUs this process may use. progress: called as (rows done, rows in all, seconds) after each chunk. engine: where
        rows are predicted, an address or an engine (see data.engines); the file is written here, and is the same. trees:
        what adds up a model's trees, to the same bits: "compiled" (native code), "onnxruntime", or "auto", which compiles
        for tables of more than 2^18 rows where llvmlite is installed.
    Memory: some (threads + 2) chunks, whatever the table's length.
    Raises: CannotScore; BadValue (a SchemaMismatch), if the table is not one for this model; CannotWrite (a full disk);
        what connecting to the engine raises.
    """
    started = time.perf_counter()
    served = Served.of(model)
    columns = output_schema(served.model, dataset, keep)
    plan = Plan(
        digest([served.release, keep]),
        columns,
        served.release,
        tuple(dataset.source.files()),
        dataset.description,
        overwrite,
    )
    asking = Asking(served.model, dataset, keep, chunk_rows, threads or len(os.sched_getaffinity(0)), trees)
    total, done, number = _count(dataset) if progress else 0, 0, 0
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(contextlib.closing(open_output(out, plan)))
        connection = stack.enter_context(connected(engine)) if engine else None
        made = stack.enter_context(contextlib.closing(answers(asking, connection)))
        for number, frame in enumerate(made, start=1):
            output.write(number - 1, frame, b"")
            done += frame.height
            if progress:
                progress(done, total, time.perf_counter() - started)
        output.publish(number)
    return ScoreSummary(Path(out), done, time.perf_counter() - started, tuple(columns), served.release)


def _count(dataset: Dataset) -> int:
    counts = pl.collect_all([piece.select(pl.len()) for piece in dataset.pieces()])
    return sum(int(count.item()) for count in counts)
