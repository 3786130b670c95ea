"""The same profile on local, Ray and Spark: start-up, seconds, equality to the bit, and what a killed worker costs.

    python benchmarks/engines.py [--rows 10_000_000] [--columns 36] [--folder FOLDER] [ADDRESS …]

With a folder that was filled before, its rows and some of its columns are taken. Each engine is measured in a process of its own, by the Python that has it (.platforms/ray, .platforms/spark, this one). "start" is
connecting until the first task was done; "profile" is one pass; "killed" the same with one worker process killed (SIGKILL) a third
of the way. All digests must be equal. Writes a table, and one JSON line at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from seakeep.core.dataset import Dataset
    from seakeep.data.engines import Engine

ADDRESSES = ("local", "local[2]", "ray://local[2]", "spark://local[2]")
ROWS_A_FILE = 500_000


def make(folder: Path, rows: int, columns: int) -> None:
    """Parquet files of a quarter text and three quarters numbers, some with values missing, some with many different ones."""
    import numpy as np
    import polars as pl

    for number, start in enumerate(range(0, rows, ROWS_A_FILE)):
        random, height = np.random.default_rng(number), min(ROWS_A_FILE, rows - start)
        frame = pl.DataFrame({f"c{at}": column(random, height, at) for at in range(columns)})
        missing = [pl.when(pl.int_range(pl.len()) % 37 != 5).then(pl.col(f"c{at}")) for at in range(0, columns, 5)]
        frame.with_columns(missing).write_parquet(folder / f"part-{number:04}.parquet")


def column(random: np.random.Generator, rows: int, at: int) -> object:
    if at % 4 == 3:
        return [f"t{value}" for value in random.integers(0, (20, 4_000, 100_000)[at // 4 % 3], rows)]
    if at % 4 == 0:
        return random.integers(0, (12, 400, 1_000_000)[at // 4 % 3], rows)
    return random.normal(1e3, 250, rows).round(at % 3 * 2)


def measure(address: str, folder: str, columns: int) -> dict[str, object]:
    import seakeep
    from seakeep.data.engines import connect, each
    from seakeep.testing.engines import worker_of

    began = time.perf_counter()
    engine = connect(address, seconds=300)
    small = seakeep.read(f"{folder}/part-0000.parquet")
    beyond = [name for name in small.pieces()[0].collect_schema() if int(name[1:]) >= columns]
    dataset = seakeep.read(f"{folder}/*.parquet", drop=beyond)
    workers = {int(pid) for pid in each(engine, small, worker_of, rows=20_000, columns=["c0"])}
    started = time.perf_counter()
    try:
        digest, seconds = timed(dataset, engine)
        found: dict[str, object] = {"start": started - began, "profile": seconds, "digest": digest}
        if engine.is_remote:
            timer = threading.Timer(seconds / 3, os.kill, (min(workers), signal.SIGKILL))
            timer.start()
            again, killed = timed(dataset, engine)
            timer.join()
            found |= {"killed": killed, "equal after": again == digest}
    finally:
        engine.close()
    return found


def timed(dataset: Dataset, engine: Engine) -> tuple[str, float]:
    import seakeep

    began = time.perf_counter()
    digest = seakeep.profile(dataset, engine=engine).digest
    return digest, time.perf_counter() - began


def python_of(address: str) -> str:
    """The Python that has an engine."""
    engine = address.partition("://")[0]
    found = Path(__file__).parent.parent / ".platforms" / engine / "bin" / "python"
    return str(found) if found.exists() else sys.executable


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("addresses", nargs="*", default=ADDRESSES)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--columns", type=int, default=36)
    parser.add_argument("--folder", default="")
    parser.add_argument("--measure", action="store_true")
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.addresses[0], asked.folder, asked.columns)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(asked.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.glob("part-*.parquet")):
            make(folder, asked.rows, asked.columns)
        results = {address: run(address, folder, asked.columns) for address in asked.addresses}
    show(results)


def run(address: str, folder: Path, columns: int) -> dict[str, object]:
    """One engine, measured in its own process, niced as this one."""
    command = [python_of(address), __file__, address, "--measure", "--folder", str(folder), "--columns", str(columns)]
    variables = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return {"error": done.returncode}
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    print(f"{address}: {found}", file=sys.stderr)
    return found


def show(results: dict[str, dict[str, object]]) -> None:
    digests = {str(each["digest"]) for each in results.values() if "digest" in each}
    print(f"{'engine':20}{'start s':>9}{'profile s':>11}{'killed s':>10}  load {os.getloadavg()[0]:.1f}")
    for address, each in results.items():
        cells = [f"{each[name]:.1f}" if name in each else "-" for name in ("start", "profile", "killed")]
        print(f"{address:20}{cells[0]:>9}{cells[1]:>11}{cells[2]:>10}")
    print(
        "digests equal:",
        len(digests) == 1,
        "| after the kill:",
        all(each.get("equal after", True) for each in results.values()),
    )
    print(json.dumps(results))


if __name__ == "__main__":
    main()
