"""Answers of a table in its order: by threads of this process, or by an engine's workers.

Rows are read chunk by chunk and predicted by several threads, so that memory does not grow with the table.
"""

from __future__ import annotations

import contextlib
import json
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.codec import to_json
from seakeep.data.engines import each, files_of, model_of, once, packed, unpacked
from seakeep.data.frames import batches
from seakeep.serving.scoring.columns import beside, read_columns
from seakeep.serving.scoring.predictors import Predictors

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import polars as pl

    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.data.engines import Call, Engine
    from seakeep.serving.runtimes.onnx import OnnxPredictor
    from seakeep.serving.scoring.columns import Keep
    from seakeep.serving.scoring.predictors import Trees

_CHUNKS = 8


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of whom: chunks of `chunk_rows` rows of a table, answered by a model in so many threads.

    trees: what adds up the model's trees (see predictors).
    """

    model: Model
    dataset: Dataset
    keep: Keep
    chunk_rows: int
    threads: int
    trees: Trees = "auto"


def answers(asking: Asking, engine: Engine | None) -> Generator[pl.DataFrame]:
    """The output's rows, chunk by chunk. Raises what reading and predicting raise."""
    if engine is None or not engine.is_remote:
        yield from _here(asking)
    else:
        yield from _elsewhere(asking, engine)


def _here(asking: Asking) -> Iterator[pl.DataFrame]:
    predictors = Predictors(asking.model, asking.trees)
    columns = read_columns(asking.model, asking.dataset, asking.keep)
    under_way: deque[Future[pl.DataFrame]] = deque()
    with ThreadPoolExecutor(asking.threads) as pool:
        begin = 0
        for batch in batches(asking.dataset, rows=asking.chunk_rows, columns=columns):
            under_way.append(pool.submit(_answer, predictors.at(begin), batch, begin, asking.keep, asking.dataset.key))
            begin += batch.height
            if len(under_way) > asking.threads:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _elsewhere(asking: Asking, engine: Engine) -> Iterator[pl.DataFrame]:
    """The same frames, made by an engine's workers: some chunks at a time, as opening a piece costs."""
    given = to_json([asking.keep, asking.dataset.key, asking.trees], indent=None)
    columns = read_columns(asking.model, asking.dataset, asking.keep)
    rows, files = _CHUNKS * asking.chunk_rows, files_of(asking.model)
    made = each(engine, asking.dataset, scored, rows=rows, columns=columns, given=given, files=files)
    with contextlib.closing(made):
        for frame in map(unpacked, made):
            for begin in range(0, frame.height, asking.chunk_rows):
                yield frame[begin : begin + asking.chunk_rows]


def scored(frame: pl.DataFrame, call: Call) -> bytes:
    """On an engine's worker: these rows' output, in Arrow's IPC format."""
    keep, key, trees = json.loads(call.given)
    predictors = once(call, "predictors", lambda: Predictors(model_of(call), trees))
    return packed(_answer(predictors.at(call.begin), frame, call.begin, keep, key))


def _answer(predictor: OnnxPredictor, batch: pl.DataFrame, begin: int, keep: Keep, key: str | None) -> pl.DataFrame:
    return beside(predictor.predict(batch), batch, predictor.model, begin=begin, keep=keep, key=key)
