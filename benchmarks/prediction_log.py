"""What does logging predictions cost? Writing a record, turning spools into Parquet, and reading a window of a million rows.

Usage: python benchmarks/prediction_log.py [--rows 1000000] [--repeat 3]

One-row records of 16 and of 20 inputs (14 numbers, 4 texts, a time, a boolean), two classes, a key each, written by one worker over an
hour of pretended time. Targets: 2 microseconds to keep a record of 16 inputs in memory, which is what an answer waits for; a
window of a million rows by 20 columns from parts into statistics in 2 s. An hour out of a year of hourly files stands beside.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import shutil
import tempfile
import time
import timeit
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep import data
from seakeep.prediction_log import Header, PredictionLog, Record, Spool

if TYPE_CHECKING:
    from collections.abc import Callable

RELEASE = "a" * 64
START = dt.datetime(2026, 11, 1, 5, tzinfo=dt.UTC)
KINDS = ("number",) * 14 + ("string",) * 4 + ("timestamp", "boolean")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure_append(Path(folder), columns=16, repeat=options.repeat)
        log = PredictionLog.of(folder, "window")
        told("rows appended and written", lambda: write(log, options.rows), 1, rows=options.rows)
        told("rows converted to Parquet", log.convert, 1, rows=options.rows)
        measure_window(log, options.repeat)
        measure_year(log, options.repeat)


def measure_append(folder: Path, *, columns: int, repeat: int) -> None:
    """Microseconds that a record costs between an answer and the next request, the record's making included."""
    spool = Spool(folder / "spool", boot="bench")
    kinds = KINDS[-columns:]
    spool.describe(header(kinds))
    values = drawn(random.Random(1), kinds)
    number = 50_000

    def append() -> None:
        if spool.append(record(1, values)):
            spool.flush()

    def round_() -> float:
        seconds = timeit.timeit(append, number=number)
        spool.flush()
        return seconds

    taken = min(round_() for _ in range(repeat * 3))
    spool.close()
    print(f"{f'append, {columns} inputs':<42} {taken / number * 1e6:8.2f} us   {size(spool):6.0f} bytes a record")


def size(spool: Spool) -> float:
    return spool.counts.bytes / spool.counts.written


def header(kinds: tuple[str, ...]) -> Header:
    inputs = tuple((f"{kind}_{number}", kind) for number, kind in enumerate(kinds))
    return Header("window", RELEASE, 1, "binary", inputs, (False, True))


def drawn(draw: random.Random, kinds: tuple[str, ...]) -> list[list[object]]:
    one: dict[str, Callable[[], object]] = {
        "number": draw.random,
        "string": lambda: draw.choice("abcdefgh") * 3,
        "timestamp": lambda: int(START.timestamp() * 1e6) + draw.randrange(10**9),
        "boolean": lambda: draw.random() < 0.5,
    }
    return [[one[kind]()] for kind in kinds]


def record(number: int, values: list[list[object]], time_us: int = 0) -> Record:
    return Record(
        time_us, f"{number:012x}", RELEASE, "champion", 3, 0.4, 1,
        columns=values, scores=[0.25, 0.75], decisions=[1], keys=[f"key-{number}"],
    )  # fmt: skip


def write(log: PredictionLog, rows: int) -> None:
    """An hour of traffic, flushed and synced as a server does."""
    spool = Spool(log.layout.spool, boot="bench")
    spool.describe(header(KINDS))
    draw = random.Random(1)
    pool = [drawn(draw, KINDS) for _ in range(20_000)]
    begin, step = int(START.timestamp() * 1e6), 3_600_000_000 // rows
    for number in range(rows):
        if spool.append(record(number, pool[number % len(pool)], begin + number * step)):
            spool.flush()
        if number % 10_000 == 0:
            spool.flush()
            spool.sync()
    spool.close()


def measure_window(log: PredictionLog, repeat: int) -> None:
    inputs = [name for name, _ in header(KINDS).inputs]
    window = {"since": START, "until": START + dt.timedelta(hours=1)}
    rows = log.scan(**window).collect().height
    told("window: collected", lambda: log.scan(**window).select(inputs).collect(), repeat, rows=rows)
    told(
        "window: 20 inputs into statistics",
        lambda: data.profile(data.read(log.scan(labels=False, **window).select(inputs))),
        repeat,
        rows=rows,
    )
    told("window: as_dataset into statistics", lambda: data.profile(log.as_dataset(**window)), repeat, rows=rows)
    table = log.scan(labels=False).select("@id", "@prediction").collect()
    told("labels added, one a row", lambda: log.add_labels(table, label="@prediction", id="@id"), 1, rows=rows)
    told("window: collected with labels", lambda: log.scan(**window).collect(), repeat, rows=rows)


def measure_year(log: PredictionLog, repeat: int) -> None:
    """One small file an hour for a year, and one of its hours."""
    source = min(log.layout.parts.rglob("*.parquet"), key=lambda path: path.stat().st_size)
    for hour in range(365 * 24):
        moment = START - dt.timedelta(hours=hour + 1)
        folder = log.layout.parts / f"date={moment:%Y-%m-%d}" / f"hour={moment:%H}" / f"release={RELEASE[:12]}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / "part.parquet") if hour % 1000 == 0 else (folder / "part.parquet").touch()
    since = START - dt.timedelta(hours=1001)
    told(
        "an hour in a year of hours: found, counted",
        lambda: log.scan(since=since, until=since + dt.timedelta(hours=1), labels=False).collect(),
        repeat,
    )


def told(what: str, work: Callable[[], object], repeat: int, *, rows: int = 0) -> None:
    taken = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    best = sorted(taken)[len(taken) // 2]
    rate = f"{rows / best:12,.0f} rows/s" if rows else ""
    print(f"{what:<42} {best:8.3f} s {rate}")


if __name__ == "__main__":
    main()
