"""`score`: a table in, a table of predictions out, through the predict path that the server uses.

Batches are read in order, predicted by several threads and written as they come, so that memory does not grow with the
table. The file appears whole or not at all. What is hard: Polars writes by pulling from a scan, so the batches are
offered to it as one, and an error in a batch must come out as it went in and not as Polars' own.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from polars.io.plugins import register_io_source

from seakeep.core.codec import to_json
from seakeep.core.errors import UsageError
from seakeep.core.files import replacing
from seakeep.core.kinds import Task
from seakeep.data.engines import connected, each, files_of, model_of, once, packed, unpacked
from seakeep.data.frames import batches, schema_of
from seakeep.features.nulls import feeds
from seakeep.serving.runtimes.onnx import OnnxPredictor
from seakeep.serving.served import Served, class_text

if TYPE_CHECKING:
    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.core.prediction import Predictions
    from seakeep.data.engines import Call, Engine

Keep = Literal["key", "all"]
Progress = Callable[[int, int, float], None]
ROW, PREDICTION, PROBABILITY = "row", "prediction", "probability_"
PARQUET, CSV = ".parquet", ".csv"
RELEASE = "seakeep.release"
_CHUNKS = 8


class CannotScore(UsageError):
    """The output cannot be written as asked; nothing was written."""

    @classmethod
    def ending(cls, out: Path) -> CannotScore:
        return cls(
            f"{out.name!r} ends in {out.suffix!r}, expected {PARQUET} or {CSV}",
            cause="The ending says what to write.",
            fix=f"Name it {out.stem}.parquet.",
            path=str(out),
        )

    @classmethod
    def exists(cls, out: Path) -> CannotScore:
        return cls(
            f"{out} exists already",
            cause="It may hold an earlier run's predictions.",
            fix="Name another file, or pass overwrite=True (--overwrite).",
            path=str(out),
        )

    @classmethod
    def own_input(cls, out: Path, table: str) -> CannotScore:
        return cls(
            f"{out} is a file of the table that is to be scored",
            where=table,
            cause="Overwriting it would leave the predictions and lose the rows that they are for.",
            fix=f"Name another file: -o {out.with_name(f'{out.stem}-scored{out.suffix}')}",
            path=str(out),
        )

    @classmethod
    def taken(cls, names: Sequence[str], table: str) -> CannotScore:
        return cls(
            f"the table has a column {names[0]!r} already, which is the name of a predicted one",
            where=table,
            cause="The predictions stand beside the columns that are kept.",
            fix="Pass keep='key', or drop the column on reading: seakeep.read(…, drop=[…]).",
            names=tuple(names),
        )


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
) -> ScoreSummary:
    """Predict every row of `dataset` and write the answers to `out` (Parquet or CSV by its ending), in the table's order.

    Columns: the dataset's key, or `row` (number from 0) where it has none; or all of the table's with keep="all". Then
    `prediction` (the class, or the value) and for classification one float32 `probability_<class>` each. A Parquet file says
    in its metadata, under "seakeep.release", which release (or model) answered.
    Parameters: model: a model, or the folder of one or of a release. chunk_rows: rows read at once. threads: by default
        the CPUs this process may use. progress: called as (rows done, rows in all, seconds) after each chunk. engine: where
        rows are predicted, an address or an engine (see data.engines); the file is written here, and is the same.
    Memory: some (threads + 2) chunks, whatever the table's length.
    Raises: CannotScore; BadValue (a SchemaMismatch), if the table is not one for this model; CannotWrite (a full disk);
        what connecting to the engine raises.
    """
    started = time.perf_counter()
    served, path = Served.of(model), Path(out)
    _check_out(path, dataset, overwrite=overwrite)
    with contextlib.ExitStack() as stack:
        run = _Run(
            served.model,
            dataset,
            keep,
            _output_schema(served.model, dataset, keep),
            chunk_rows=chunk_rows,
            threads=threads or len(os.sched_getaffinity(0)),
            progress=progress,
            rows_total=_count(dataset) if progress else 0,
            started=started,
            release=served.release,
            engine=stack.enter_context(connected(engine)) if engine else None,
        )
        run.write(path)
    seconds = time.perf_counter() - started
    return ScoreSummary(path, run.rows_done, seconds, tuple(run.schema), served.release)


def _check_out(path: Path, dataset: Dataset, *, overwrite: bool) -> None:
    if path.suffix.lower() not in (PARQUET, CSV):
        raise CannotScore.ending(path)
    if path.exists() and any(path.samefile(file) for file in dataset.source.files()):
        raise CannotScore.own_input(path, dataset.description)
    if path.exists() and not overwrite:
        raise CannotScore.exists(path)


@dataclass(slots=True)
class _Run:
    """One pass over a dataset: reads, predicts in threads, hands on in order, counts.

    schema: of the output. release: digest of what answers. rows_total: for the progress. error: what went wrong in a batch, as
    it was raised.
    """

    model: Model
    dataset: Dataset
    keep: Keep
    schema: dict[str, pl.DataType]
    chunk_rows: int
    threads: int
    progress: Progress | None
    rows_total: int
    started: float
    release: str
    engine: Engine | None = None
    rows_done: int = 0
    error: BaseException | None = None

    def write(self, path: Path) -> None:
        """Write the answers to `path`, whole or not at all."""
        scan = register_io_source(self._source, schema=self.schema)
        with replacing(path) as temporary:
            try:
                if path.suffix.lower() == PARQUET:
                    scan.sink_parquet(temporary, metadata={RELEASE: self.release})
                else:
                    scan.sink_csv(temporary)
            except pl.exceptions.PolarsError:
                if self.error is not None:
                    raise self.error from None
                raise

    def _source(self, *_: object) -> Iterator[pl.DataFrame]:
        try:
            if self.engine is None or not self.engine.is_remote:
                yield from self._answers()
            else:
                yield from self._answers_of(self.engine)
        except BaseException as error:
            self.error = error
            raise

    def _answers(self) -> Iterator[pl.DataFrame]:
        predictor = OnnxPredictor(self.model, threads=1)
        under_way: deque[Future[pl.DataFrame]] = deque()
        with ThreadPoolExecutor(self.threads) as pool:
            begin = 0
            for batch in batches(self.dataset, rows=self.chunk_rows, columns=self._columns()):
                under_way.append(pool.submit(self._answer, predictor, batch, begin))
                begin += batch.height
                if len(under_way) > self.threads:
                    yield self._done(under_way.popleft().result())
            while under_way:
                yield self._done(under_way.popleft().result())

    def _answers_of(self, engine: Engine) -> Iterator[pl.DataFrame]:
        """The same frames, made by an engine's workers: some chunks at a time, as opening a piece costs."""
        given = to_json([self.keep, self.dataset.key], indent=None)
        rows, files = _CHUNKS * self.chunk_rows, files_of(self.model)
        answers = each(engine, self.dataset, scored, rows=rows, columns=self._columns(), given=given, files=files)
        with contextlib.closing(answers):
            for frame in map(unpacked, answers):
                for begin in range(0, frame.height, self.chunk_rows):
                    yield self._done(frame[begin : begin + self.chunk_rows])

    def _answer(self, predictor: OnnxPredictor, batch: pl.DataFrame, begin: int) -> pl.DataFrame:
        return _beside(predictor.predict(batch), batch, self.model, begin=begin, keep=self.keep, key=self.dataset.key)

    def _done(self, frame: pl.DataFrame) -> pl.DataFrame:
        self.rows_done += frame.height
        if self.progress:
            self.progress(self.rows_done, self.rows_total, time.perf_counter() - self.started)
        # Polars cuts row groups where chunks end, and those are the input files' or the engine's.
        return frame.rechunk()

    def _columns(self) -> list[str] | None:
        if self.keep == "all":
            return None
        names = [column.name for column in self.model.inputs]
        return list(dict.fromkeys([*names, self.dataset.key] if self.dataset.key else names))


def scored(frame: pl.DataFrame, call: Call) -> bytes:
    """On an engine's worker: these rows' output, in Arrow's IPC format."""
    predictor = once(call, "predictor", lambda: OnnxPredictor(model_of(call), threads=1))
    keep, key = json.loads(call.given)
    return packed(_beside(predictor.predict(frame), frame, predictor.model, begin=call.begin, keep=keep, key=key))


def _beside(
    predictions: Predictions, batch: pl.DataFrame, model: Model, *, begin: int, keep: Keep, key: str | None
) -> pl.DataFrame:
    """The predictions beside the columns that are kept of their rows, the first of which is row `begin`."""
    predicted = prediction_columns(predictions, model)
    if keep == "all":
        return batch.hstack(predicted)
    if key:
        return pl.DataFrame([batch[key], *predicted])
    rows = pl.Series(ROW, range(begin, begin + batch.height), dtype=pl.Int64)
    return pl.DataFrame([rows, *predicted])


def _output_schema(model: Model, dataset: Dataset, keep: Keep) -> dict[str, pl.DataType]:
    table = schema_of(dataset)
    feeds(pl.DataFrame(schema=table), model.inputs)  # refuses a table that is not one for this model
    predicted = {series.name: series.dtype for series in prediction_columns(None, model)}
    kept = dict(table) if keep == "all" else {dataset.key: table[dataset.key]} if dataset.key else {ROW: pl.Int64()}
    both = [name for name in predicted if name in kept]
    if both:
        raise CannotScore.taken(both, dataset.description)
    return {**kept, **predicted}


def prediction_columns(predictions: Predictions | None, model: Model) -> list[pl.Series]:
    """Predictions as named columns: `prediction`, then `probability_<class>` each; empty columns for None."""
    if model.task is Task.REGRESSION:
        values: Any = predictions.scores[:, 0] if predictions else []
        return [pl.Series(PREDICTION, values, dtype=pl.Float32)]
    decided: Any = predictions.decisions if predictions and predictions.decisions is not None else []
    classes = pl.Series(PREDICTION, list(model.classes))
    chosen = classes.gather(pl.Series(decided, dtype=pl.Int64))
    return [chosen, *(_probability(predictions, i, name) for i, name in enumerate(model.classes))]


def _probability(predictions: Predictions | None, index: int, name: object) -> pl.Series:
    values: Any = predictions.scores[:, index] if predictions else []
    return pl.Series(f"{PROBABILITY}{class_text(name)}", values, dtype=pl.Float32)


def _count(dataset: Dataset) -> int:
    counts = pl.collect_all([piece.select(pl.len()) for piece in dataset.pieces()])
    return sum(int(count.item()) for count in counts)
