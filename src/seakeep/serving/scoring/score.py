"""The verb: a table's rows are answered, and kept unit by unit in one output, with what was wrong, profiled and logged beside it.

What is hard is that a run may end at any moment and go on later: everything that a unit leaves is kept before the unit counts as
done, and everything is shown to readers only when all units are.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.addresses import redacted, scheme
from seakeep.core.errors import UsageError
from seakeep.data.engines import connected, known_counts
from seakeep.serving.scoring.asked import Asked
from seakeep.serving.scoring.identity import check_unchanged, sights_of
from seakeep.serving.scoring.logbook import LogTo, open_log
from seakeep.serving.scoring.outputs import open_output
from seakeep.serving.scoring.planning import Places, plan_of, second_plan
from seakeep.serving.scoring.predictors import Predictors
from seakeep.serving.scoring.run import Run
from seakeep.serving.scoring.units import Note
from seakeep.serving.served import Served

if TYPE_CHECKING:
    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.core.statistics import Statistics
    from seakeep.data.engines import Engine
    from seakeep.serving.scoring.asked import Broken, Keep
    from seakeep.serving.scoring.outputs import Plan
    from seakeep.serving.scoring.predictors import Trees

Progress = Callable[[int, int, float], None]
PART_ROWS = 1 << 19


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What `score` did.

    path: where the answers are; the address, where it is none of a file. rows: that are there. seconds: wall time. columns: of them.
    release: digest. parts: that the output consists of. resumed_parts, resumed_rows: of an earlier run that was killed, among them.
    broken: rows of the table by the rule that they break. quarantine: where those are that were set aside, and quarantined: how many.
    statistics: of inputs and answers, where they were asked for. logged: rows that the prediction log gained. job: digest of what the run
    depended on, by which it is known when it goes on.
    """

    path: Path | str
    rows: int
    seconds: float
    columns: tuple[str, ...]
    release: str
    parts: int = 1
    resumed_parts: int = 0
    resumed_rows: int = 0
    broken: Mapping[str, int] = field(default_factory=dict)
    quarantine: Path | str | None = None
    quarantined: int = 0
    statistics: Statistics | None = field(default=None, repr=False)
    logged: int = 0
    job: str = ""

    @property
    def rows_per_second(self) -> float:
        """Rows of the table that this run looked at, by wall second."""
        own = self.rows + self.quarantined - self.resumed_rows
        return own / self.seconds if self.seconds else 0.0


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
    parts: str = "",
    part_rows: int = PART_ROWS,
    broken: Broken | None = None,
    quarantine: Path | str | None = None,
    statistics: bool = False,
    log: LogTo | None = None,
    resumed: Callable[[int, int], None] | None = None,
) -> ScoreSummary:
    """Predict every row of `dataset` and write the answers to `out`, in the table's order.

    Columns: the dataset's key, or `row` (number from 0) where it has none; or all of the table's with keep="all". Then
    `prediction` (the class, or the value) and for classification one float32 `probability_<class>` each. A Parquet file says
    in its metadata, under "seakeep.release", which release (or model) answered.
    Parameters: model: a model, or the folder of one or of a release. out: a file (.parquet, .csv, .arrow or .jsonl by its ending),
        which appears whole or not at all; or a folder (ends in "/", or is one, or `parts` names its format) of a file for every
        `part_rows` rows, which a run that was killed goes on with when it is called again as it was.
        chunk_rows: rows answered at once. threads: by default the CPUs this process may use. progress: called as (rows done, rows in
        all, seconds) after each chunk, without those of an earlier run. engine: where rows are predicted, an address or an engine
        (see data.engines); what is written is the same. trees: what adds up a model's trees, to the same bits: "compiled" (native
        code), "onnxruntime", or "auto", which compiles for tables of more than 2^18 rows where llvmlite is installed.
        broken: what becomes of rows that break the model's contract as it is served: "accept" (the default: scored, and counted),
        "reject" (the run ends at the first), "quarantine" (written to `quarantine`, and not scored), "mark" (scored, and a column
        `broken` names the rules) or "impute" (as mark, and what training had most of is scored instead). statistics: whether to
        profile inputs and answers. log: where rows are logged as served ones are. resumed: called with (parts, rows) where an
        earlier run's are gone on with.
    Memory: some (threads + 2) chunks, whatever the table's length; with parts, statistics or a log two parts more.
    Raises: CannotScore; BadValue (a SchemaMismatch), if the table is not one for this model; BrokenRow; CannotWrite (a full disk);
        what connecting to the engine raises.
    """
    started = time.perf_counter()
    served, places = Served.of(model), Places(out, quarantine, parts, part_rows, overwrite)
    if chunk_rows < 1:
        raise UsageError(f"chunk_rows must be at least 1, it is {chunk_rows}", fix="score(…, chunk_rows=65_536)")
    asked = Asked(keep, dataset.key, places.broken(broken), trees, chunk_rows, statistics)
    sights = sights_of(dataset)
    plan = plan_of(served, dataset, asked, places, sights, logs=log is not None)
    wanted = served.model if asked.broken != "impute" else replace(served.model, statistics=served.statistics)
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(connected(engine)) if engine else None
        elsewhere = connection if connection is not None and connection.is_remote else None
        who = elsewhere or Predictors(wanted, trees)  # made before anything is written
        output = stack.enter_context(contextlib.closing(open_output(out, plan)))
        aside = None
        if quarantine is not None:
            second = second_plan(plan, served, dataset, asked, places, resumable=output.resumable)
            aside = stack.enter_context(contextlib.closing(open_output(quarantine, second)))
        notes = {number: Note.of(note) for number, note in output.done().items()}
        before = (len(notes), sum(note.rows for note in notes.values()))
        if notes and resumed:
            resumed(*before)
        book = None if log is None else open_log(served, log, plan.job, goes_on=bool(notes))
        run = Run(
            wanted,
            dataset,
            asked if book is None else replace(asked, log=book.logged),
            output,
            aside,
            None if book is None else book.folder,
            part_rows if output.resumable else max(1, PART_ROWS // chunk_rows) * chunk_rows,
            notes,
            _telling(progress, dataset, before[1], started),
        )
        run.work(who, threads or len(os.sched_getaffinity(0)))
        check_unchanged(sights)
        if book is not None:
            book.show()
        run.publish()
        if book is not None:
            book.forget()
    return _summary(run, plan, places, before, time.perf_counter() - started)


def _summary(run: Run, plan: Plan, places: Places, before: tuple[int, int], seconds: float) -> ScoreSummary:
    """What a run did. before: parts and rows of an earlier one."""
    total = run.total()
    return ScoreSummary(
        _shown(places.out),
        total.written,
        seconds,
        tuple(plan.columns),
        plan.release,
        len(run.notes) if run.output.resumable else 1,
        *before,
        dict(sorted(total.broken.items())),
        None if places.quarantine is None else _shown(places.quarantine),
        total.rows - total.written,
        total.statistics,
        0 if run.folder is None else total.written,
        plan.job,
    )


def _telling(progress: Progress | None, dataset: Dataset, before: int, started: float) -> Callable[[int], None]:
    """What tells how far the run is, without the rows of an earlier one; nothing, where nobody listens."""
    if progress is None:
        return lambda _: None
    total, done = max(_count(dataset) - before, 0), 0

    def tell(rows: int) -> None:
        nonlocal done
        done += rows
        progress(done, total, time.perf_counter() - started)

    return tell


def _shown(place: Path | str) -> Path | str:
    """A path as one, an address without its secrets."""
    return redacted(str(place)) if scheme(str(place)) else Path(place)


def _count(dataset: Dataset) -> int:
    counts = known_counts(dataset)
    if counts is None:
        counted = pl.collect_all([piece.select(pl.len()) for piece in dataset.pieces()])
        counts = tuple(int(count.item()) for count in counted)
    return sum(counts)
