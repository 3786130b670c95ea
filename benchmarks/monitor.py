"""What does watching cost, and what does it see? One tick over a large window, and simulations of quiet and shifted columns.

Usage: python benchmarks/monitor.py [--rows 1000000] [--columns 20] [--windows 100] [--window-rows 2000] [--repeat 3]

The tick: a registry with one release, a prediction log of one hour in its own format (Parquet parts), and `Monitor.tick` from opening the
log to the window, its report and its page on record; measured in a process that has imported everything, first with nothing
calibrated yet, then with the next window. Target: under 2 s. The simulations judge Statistics of drawn windows as a tick does, against a
reference of 50,000 rows: how many of 100 quiet windows of 20 columns alarm; and for each size of shift, in one column of 20, the share
of windows in which that column fails, the mean number of windows until it first does, and the alarms in the other columns.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time

import msgspec
import numpy as np
import polars as pl

from seakeep.core import Check, ColumnSchema, Input, Model, Report, Schema, Statistics, Table, Task, Verdict
from seakeep.data import profile, read
from seakeep.monitoring import Monitor, MonitorSettings
from seakeep.monitoring.drift import judge_drift
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.frames import Header
from seakeep.prediction_log.layout import Layout
from seakeep.prediction_log.tables import schema_of
from seakeep.registry import Registry

NAME = "bench"
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
SHIFTS = (0.1, 0.2, 0.3, 0.5, 1.0)
REFERENCE = 50_000
FOLLOWED = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--windows", type=int, default=100)
    parser.add_argument("--window-rows", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores")
    tick(given.rows, given.columns, given.repeat)
    quiet(given.windows, given.columns, given.window_rows)
    shifted(given.columns, given.window_rows)


def table(rows: int, columns: int, seed: int, *, shift: float = 0.0) -> pl.DataFrame:
    """Columns of several kinds and shapes; the first, a normal one, is moved by `shift` standard deviations."""
    random = np.random.default_rng(seed)
    makers = (
        lambda: random.normal(size=rows),
        lambda: random.lognormal(0, 1, rows).round(2),
        lambda: random.integers(0, 2400, rows),
        lambda: random.poisson(1.3, rows),
        lambda: random.choice([f"value {i}" for i in range(40)], rows, p=WEIGHTS),
        lambda: random.random(rows) < 0.2,
    )
    made = {f"column_{i:02}": pl.Series(makers[i % len(makers)]()) for i in range(columns)}
    made["column_00"] = made["column_00"] + shift
    return pl.DataFrame(made)


WEIGHTS = np.arange(40, 0, -1) / np.arange(40, 0, -1).sum()


def model(columns: int) -> Model:
    training = table(REFERENCE, columns, 1)
    statistics = profile(read(training))
    kinds = {name: column.kind for name, column in statistics.columns.items()}
    schema = Schema(NAME, {name: ColumnSchema(kind) for name, kind in kinds.items()})
    inputs = tuple(Input(name, kind) for name, kind in kinds.items())
    return Model(NAME, Task.BINARY, b"graph", inputs, schema, statistics, classes=(False, True))


def tick(rows: int, columns: int, repeat: int) -> None:
    made = model(columns)
    metrics = Table(
        "metrics",
        "Metrics",
        ("slice", "metric", "value", "low", "high", "rows"),
        (("all", "roc_auc", 0.8, 0.79, 0.81, 9000),),
    )
    evaluation = Report("evaluation", "Evaluation", NAME, (Check("x", "x", Verdict.PASS, ""),), (metrics,))
    print(f"\none tick, a window of {rows:,} predictions of {columns} columns")
    for number in range(repeat):
        with tempfile.TemporaryDirectory() as folder, Registry(folder) as registry:
            release = registry.register(NAME, made, [evaluation], made_from={})
            for hour in range(2):
                write(registry, made, release.release.digest, table(rows, columns, 10 + hour), hour)
            monitor = Monitor(registry, NAME, MonitorSettings(window="1h", grace="1s"))
            taken = []
            for hour in range(2):
                started, worked = time.perf_counter(), time.process_time()
                found = monitor.tick((START + dt.timedelta(hours=hour + 1, minutes=1)).timestamp())
                taken.append((time.perf_counter() - started, time.process_time() - worked))
                assert [each.rows for each in found] == [rows], found
        which = "nothing calibrated" if number == 0 else "calibrated by the run before"
        print(f"  run {number + 1} ({which}): {told(taken[0])}, the next window {told(taken[1])}")


def told(taken: tuple[float, float]) -> str:
    return f"{taken[0]:.2f} s ({taken[1]:.2f} s of processor time)"


def write(registry: Registry, made: Model, digest: str, frame: pl.DataFrame, hour: int) -> None:
    """One hour of the log, as a server's converter leaves it: a part for every 125,000 rows."""
    layout = Layout.of(registry.home, NAME)
    header = Header.of(made, name=NAME, release=digest, version=1)
    folder = layout.parts / f"date={START:%Y-%m-%d}" / f"hour={hour:02}" / f"release={digest[: names.RELEASE_DIGITS]}"
    folder.mkdir(parents=True)
    layout.releases.mkdir(exist_ok=True)
    (layout.releases / f"{digest[: names.RELEASE_DIGITS]}.json").write_bytes(msgspec.json.encode(header))
    rows = frame.height
    random = np.random.default_rng(hour)
    positive = random.random(rows)
    at = START + dt.timedelta(hours=hour)
    own = {
        names.ID: pl.int_range(rows, eager=True).cast(pl.String) + f"-{hour}.0",
        names.TIME: pl.Series(np.linspace(0, 3_599_000_000, rows).astype(np.int64)).cast(pl.Duration("us")) + at,
        names.PREDICTION: positive > 0.5,
        "@probability_false": 1 - positive,
        "@probability_true": positive,
    }
    constant = {names.RELEASE: digest, names.VERSION: 1, names.ROLE: "champion", names.REVISION: 1, names.LATENCY: 1.0}
    constant |= {names.OUTCOME: "answered"}
    schema = schema_of(header)
    whole = frame.with_columns(**own, **{name: pl.lit(value) for name, value in constant.items()})
    whole = whole.with_columns(pl.lit(None, schema[name]).alias(name) for name in schema if name not in whole.columns)
    whole = whole.select(list(schema)).cast(schema)  # type: ignore[arg-type]
    for number, part in enumerate(whole.iter_slices(125_000)):
        part.write_parquet(folder / f"segment-{number}.parquet", compression="zstd")


def quiet(windows: int, columns: int, rows: int) -> None:
    made = model(columns)
    alarms = noisy = 0
    for number in range(windows):
        drifted = judge_drift(made.statistics, statistics(rows, columns, 1000 + number), schema=made.schema, q=0.05)
        alarms += len(drifted.failed)
        noisy += bool(drifted.failed)
    print(
        f"\n{windows} quiet windows of {rows:,} rows, {columns} columns: {alarms} columns alarmed, in {noisy} windows"
    )


def shifted(columns: int, rows: int) -> None:
    made = model(columns)
    print(f"one column of {columns} shifted, windows of {rows:,} rows ({FOLLOWED} windows a size)")
    print("  standard deviations   detected   delay (windows)   other columns' alarms")
    for shift in SHIFTS:
        found, others = [], 0
        for number in range(FOLLOWED):
            current = statistics(rows, columns, round(shift * 10_000_000) + number, shift=shift)
            failed = judge_drift(made.statistics, current, schema=made.schema, q=0.05).failed
            found.append("column_00" in failed)
            others += len(set(failed) - {"column_00"})
        delays = [place + 1 for place in delays_of(found)]
        delay = f"{np.mean(delays):.1f}" if delays else "never"
        print(f"  {shift:19.1f}   {np.mean(found):8.0%}   {delay:>15}   {others:21}")


def statistics(rows: int, columns: int, seed: int, *, shift: float = 0.0) -> Statistics:
    return profile(read(table(rows, columns, seed, shift=shift)))


def delays_of(found: list[bool]) -> list[int]:
    """From every window on, how many pass before the next one that alarms; those at the end that see none are left out."""
    hits = np.flatnonzero(found)
    return [
        int(hits[np.searchsorted(hits, start)] - start)
        for start in range(len(found))
        if len(hits) and start <= hits[-1]
    ]


if __name__ == "__main__":
    main()
