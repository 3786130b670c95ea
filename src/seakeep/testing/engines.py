"""The conformance suite of engines: what everything relies on that is computed on one, wherever its workers are.

    def test_my_engine_conforms(tmp_path):
        with connected("mine://127.0.0.1:4000") as engine:
            check_engine(engine, tmp_path)

An engine that gives an answer twice makes a profile of rows that there are not, one that gives answers as they come makes
other bits tomorrow, and one that swallows a killed worker's rows loses them without a word. The suite works on tables that it
knows, kills workers itself (SIGKILL, once each), and compares all with what `local` says.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.codec import digest
from seakeep.core.errors import DataError, SeakeepError
from seakeep.data.engines import BadEngine, EngineBroke, connected, each, fold, map_batches, packed
from seakeep.data.engines._job import Job, Unit, name_of
from seakeep.data.reading.read import read
from seakeep.data.statistics.profile import profile
from seakeep.testing.laws import hold
from seakeep.testing.sources import ordinary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seakeep.core.dataset import Dataset
    from seakeep.data.engines import Call, Engine

_ROWS = 7
_FILES = 3
_MANY = 4000


def check_engine(engine: Engine, folder: Path) -> None:
    """Hold an engine to the laws; raises AssertionError naming the first that it breaks.

    Parameters: engine: connected. folder: empty, and seen by all workers under this path. Workers must be able to import
        seakeep.testing. Where they are other processes than this one (`is_remote`), some are killed.
    """
    with connected("local") as local:
        for name, dataset in _tables(folder).items():
            _check_equal(engine, local, dataset, name)
        dataset = _tables(folder)["Parquet"]
        _check_parts(engine, local, dataset, folder)
        _check_lazy(engine)
        _check_errors(engine, folder)
        if engine.is_remote:
            _check_killed(engine, local, dataset, folder)


def _tables(folder: Path) -> dict[str, Dataset]:
    """The same rows from several places, and tables with few rows."""
    table = ordinary(60)
    for number in range(_FILES):
        table[number * 20 : number * 20 + 20].write_parquet(folder / f"table-{number}.parquet", row_group_size=8)
    table.write_csv(folder / "table.csv", datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    table.clear().write_parquet(folder / "none.parquet")
    table[:1].write_parquet(folder / "one.parquet")
    every = str(folder / "table-*.parquet")
    return {
        "Parquet": read(every, key="count"),
        "CSV": read(folder / "table.csv"),
        "filtered": read(every, derive={"twice": pl.col("number") * 2}, where=pl.col("number") > 0, drop=["flag"]),
        "emptied": read(every, where=pl.col("number") > 1e9),
        "in memory": read(table),
        "without rows": read(folder / "none.parquet"),
        "of one row": read(folder / "one.parquet"),
    }


def _check_equal(engine: Engine, local: Engine, dataset: Dataset, name: str) -> None:
    expected = list(each(local, dataset, rows_told, rows=_ROWS))
    found = list(each(engine, dataset, rows_told, rows=_ROWS))
    hold(found == expected, f"answers for a table ({name}) come once each, in its order", found)
    joined = fold(engine, dataset, rows_told, lambda total, value: total + value, zero=b"", rows=_ROWS)
    hold(joined == b"".join(expected), f"answers for a table ({name}) are added in its order", joined)
    ours, theirs = profile(dataset, engine=engine).digest, profile(dataset).digest
    hold(ours == theirs, f"statistics of a table ({name}) are equal to the bit", ours)
    ours, theirs = (profile(dataset, slices=["word"], label="number", engine=which).digest for which in (engine, None))
    hold(ours == theirs, f"statistics of a table ({name}) by slices are equal to the bit", ours)


def _check_parts(engine: Engine, local: Engine, dataset: Dataset, folder: Path) -> None:
    found, expected = (
        map_batches(which, dataset, turned, folder / name, rows=_ROWS)
        for which, name in ((engine, "parts"), (local, "expected"))
    )
    hold([each.name for each in found] == [each.name for each in expected], "parts are named by their numbers", found)
    for ours, theirs in zip(found, expected, strict=True):
        hold(ours.read_bytes() == theirs.read_bytes(), "parts are equal to the bit", ours.name)
    _check_only(folder / "parts", found)


def _check_only(folder: Path, parts: tuple[Path, ...]) -> None:
    beside = sorted(set(folder.iterdir()) - set(parts))
    hold(not beside, "there is nothing beside the parts", beside)


def _check_lazy(engine: Engine) -> None:
    """Units are taken as there is room: a table of any length must not be on its way at once."""
    taken = 0

    def units() -> Iterator[Unit]:
        nonlocal taken
        for taken in range(_MANY):
            yield Unit(taken, taken, 1, content=packed(pl.DataFrame({"row": [taken]})))

    answers = engine.each(Job(name_of(rows_told), "", "lazy"), units())
    first = next(answers).opened()
    answers.close()
    hold(taken < _MANY - 1, "units are taken as there is room", taken)
    hold(first.endswith(b"0:1"), "the first answer is the first unit's", first)


def _check_errors(engine: Engine, folder: Path) -> None:
    torn = folder / "torn.parquet"
    ordinary(200).write_parquet(torn)
    dataset = read([folder / "table-0.parquet", torn])
    torn.write_bytes(torn.read_bytes()[:300] + bytes(100) + torn.read_bytes()[400:])
    error = _raised(lambda: profile(dataset, engine=engine))
    hold(isinstance(error, DataError) and str(torn) in str(error), "a torn file is named", error)
    whole = read(folder / "table-0.parquet")
    error = _raised(lambda: list(each(engine, whole, broken)))
    hold(isinstance(error, EngineBroke) and "KeyError" in str(error), "what a function raises is told", error)
    error = _raised(lambda: list(each(engine, whole, lambda _frame, _call: b"")))
    hold(isinstance(error, BadEngine), "a function without a name is refused", error)
    error = _raised(lambda: map_batches(engine, whole, broken, folder / "never"))
    hold(isinstance(error, EngineBroke), "what a function raises is told", error)
    left = [path.name for path in folder.iterdir() if "never" in path.name]
    hold(not left, "nothing is published of work that failed", left)


def _check_killed(engine: Engine, local: Engine, dataset: Dataset, folder: Path) -> None:
    given = str(folder)
    expected = list(each(local, dataset, rows_told, rows=_ROWS))
    found = list(each(engine, dataset, killed_once, rows=_ROWS, given=given))
    hold((folder / "killed-3").exists(), "a worker was killed", sorted(folder.iterdir()))
    hold(found == expected, "no row is lost or doubled where a worker is killed", found)
    (folder / "killed-3").unlink()
    parts = map_batches(engine, dataset, killed_after_writing, folder / "after", rows=_ROWS, given=given)
    rows = pl.concat([pl.read_parquet(part) for part in parts])
    whole = pl.concat([piece.collect() for piece in dataset.pieces()]).reverse()
    hold(rows.sort("moment").equals(whole.sort("moment")), "no row is written twice where a worker is killed", rows)
    _check_only(folder / "after", parts)
    error = _raised(lambda: list(each(engine, dataset, always_killed, rows=60)))
    hold(isinstance(error, EngineBroke), "work that kills every worker is given up, and said so", error)
    again = list(each(engine, dataset, rows_told, rows=_ROWS))
    hold(again == expected, "an engine that lost workers goes on", again)


def _raised(work: Callable[[], object]) -> SeakeepError | None:
    try:
        work()
    except SeakeepError as error:
        return error
    return None


def rows_told(frame: pl.DataFrame, call: Call) -> bytes:
    """What is in these rows, and which they are."""
    return f"{digest(str(frame.to_dicts()))} {call.begin}:{frame.height}".encode()


def worker_of(_frame: pl.DataFrame, _call: Call) -> bytes:
    """The number of the process that works."""
    return str(os.getpid()).encode()


def turned(frame: pl.DataFrame, _call: Call) -> bytes:
    """The rows, the last first."""
    return packed(frame.reverse())


def broken(frame: pl.DataFrame, call: Call) -> bytes:
    """A function with a mistake in it."""
    raise KeyError(f"{frame.height} rows of unit {call.number}")


def killed_once(frame: pl.DataFrame, call: Call) -> bytes:
    """As rows_told; the worker that is the first to come to unit 3 kills itself there."""
    _kill_once(call)
    return rows_told(frame, call)


def killed_after_writing(frame: pl.DataFrame, call: Call) -> bytes:
    """As turned, but the worker that is the first to come to unit 3 leaves half a file and is killed."""
    if call.number == 3:
        making = next(path for path in Path(call.given).iterdir() if path.name.startswith(".tmp-"))
        (making / ".tmp-half").write_bytes(b"PAR1")
    _kill_once(call)
    return turned(frame, call)


def always_killed(_frame: pl.DataFrame, _call: Call) -> bytes:
    """Kills every worker that comes to it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def _kill_once(call: Call) -> None:
    mark = Path(call.given) / f"killed-{call.number}"
    if call.number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
