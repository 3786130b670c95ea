"""Batch scoring in whole processes: Seakeep beside Polars, pyarrow and Spark with ONNX Runtime by hand, on the same graph and rows.

Usage: python benchmarks/serving/batch.py [--times 10] [--repeat 3] [--kill] [--folder DIR] [WAY …]

The rows are the 12 columns of benchmarks/serving/model.py out of flights10 (3,367,760 rows; --times 30 for 10,103,280) in one Parquet file;
every way reads that file and writes one of predictions. A way is a process of its own, with the Python that has what it needs (scripts/platforms
spark, ray), and ways take turns. Told are medians: seconds from start to end, imports and engines' starts among them, CPU seconds and the
largest memory of the process with all that it started (resident, looked at ten times a second). In the same run every way's answers must be
those of the first, Seakeep's own to the bit and the others' to 1e-6, row by row. With --kill, engines are run once more and one of their
workers is killed (SIGKILL) in the middle, and so is Seakeep's own process, which is started again; seakeep-parts then goes on. What is hard
is to be fair: those by hand are the quickest forms that were found in thirty lines each, one session of one thread run by two threads, and
write the same columns.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
BATCH_ROWS, GROUP_ROWS, THREADS = 65_536, 1 << 18, 2
TOLERANCE = 1e-6
LATE = 0.75  # of a run on an engine, whose start is not to be killed
OUTPUTS = ("probabilities", "decision")
Columns = tuple[Any, Any, Any]
Arrays = dict[str, "NDArray[Any]"]


def seakeep(rows: Path, model: Path, out: Path, **how: Any) -> None:
    from seakeep.data import read
    from seakeep.serving import score

    score(model, read(rows), out, **how)


def seakeep_plain(rows: Path, model: Path, out: Path) -> None:
    seakeep(rows, model, out, trees="onnxruntime")


def seakeep_compiled(rows: Path, model: Path, out: Path) -> None:
    seakeep(rows, model, out, trees="compiled")


def seakeep_parts(rows: Path, model: Path, out: Path) -> None:
    seakeep(rows, model, out, parts="parquet")


def seakeep_processes(rows: Path, model: Path, out: Path) -> None:
    seakeep(rows, model, out, trees="onnxruntime", engine="local[2]")


def seakeep_ray(rows: Path, model: Path, out: Path) -> None:
    seakeep(rows, model, out, trees="onnxruntime", engine="ray://local[2]")


def seakeep_spark(rows: Path, model: Path, out: Path) -> None:
    seakeep(rows, model, out, trees="onnxruntime", engine="spark://local[2]")


def polars(rows: Path, model: Path, out: Path) -> None:
    """Batches in order out of Polars' streaming engine, answered by threads and offered to it again, to be written."""
    import polars as pl
    from polars.io.plugins import register_io_source

    session = session_of(model)

    def answer(frame: pl.DataFrame) -> pl.DataFrame:
        late, negative, positive = answered(
            session, {name: frame[name].fill_null(float("nan")).to_numpy() for name in frame.columns}
        )
        return pl.DataFrame({"prediction": late, "probability_false": negative, "probability_true": positive})

    def source(*_: object) -> Iterator[pl.DataFrame]:
        yield from in_order(pl.scan_parquet(rows).collect_batches(chunk_size=BATCH_ROWS), answer)

    schema = {"prediction": pl.Boolean, "probability_false": pl.Float32, "probability_true": pl.Float32}
    register_io_source(source, schema=schema).sink_parquet(out)


def pyarrow(rows: Path, model: Path, out: Path) -> None:
    """Record batches of pyarrow, answered by threads, one writer."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    session, file = session_of(model), pq.ParquetFile(rows)

    def answer(batch: pa.RecordBatch) -> pa.Table:
        columns = {name: batch[name].to_numpy(zero_copy_only=False) for name in batch.schema.names}
        late, negative, positive = answered(session, columns)
        return pa.table({"prediction": late, "probability_false": negative, "probability_true": positive})

    names = {"prediction": pa.bool_(), "probability_false": pa.float32(), "probability_true": pa.float32()}
    with pq.ParquetWriter(out, pa.schema(names), compression="zstd") as writer:
        for table in in_order(file.iter_batches(BATCH_ROWS), answer):
            writer.write_table(table)


def spark(rows: Path, model: Path, out: Path) -> None:
    """Spark's mapInPandas, a session a task; a folder of parts, as Spark writes."""
    import pandas as pd
    from pyspark.sql import SparkSession

    def answers(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        session = session_of(model)
        for frame in frames:
            late, negative, positive = answered(session, {name: frame[name].to_numpy() for name in frame.columns})
            yield pd.DataFrame({"prediction": late, "probability_false": negative, "probability_true": positive})

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    started = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", BATCH_ROWS).getOrCreate()
    columns = "prediction boolean, probability_false float, probability_true float"
    started.read.parquet(str(rows)).mapInPandas(answers, columns).write.parquet(str(out))
    started.stop()


def session_of(model: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(model / "model.onnx"), options, providers=["CPUExecutionProvider"])


def answered(session: Any, columns: Arrays) -> Columns:
    """The decision, and the probability of each class."""
    probabilities, decision = session.run(OUTPUTS, columns)
    return decision.astype(bool), probabilities[:, 0].copy(), probabilities[:, 1].copy()


def in_order(items: Iterable[Any], answer: Any) -> Iterator[Any]:
    """The answers of threads, in order, few at a time."""
    waiting: deque[Any] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for item in items:
            waiting.append(pool.submit(answer, item))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


WAYS = {
    "seakeep": seakeep_plain,
    "seakeep-compiled": seakeep_compiled,
    "seakeep-parts": seakeep_parts,
    "polars": polars,
    "pyarrow": pyarrow,
    "spark": spark,
    "seakeep-processes": seakeep_processes,
    "seakeep-ray": seakeep_ray,
    "seakeep-spark": seakeep_spark,
}
PYTHONS = {"spark": "spark", "seakeep-spark": "spark", "seakeep-ray": "ray"}
ENGINES = ("seakeep-processes", "seakeep-ray", "seakeep-spark")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ways", nargs="*", help=", ".join(WAYS))
    parser.add_argument("--times", type=int, default=10, choices=(10, 30), help="of 336,776 rows")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "seakeep-tables")
    parser.add_argument("--measure", nargs=3, type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        WAYS[asked.ways[0]](*asked.measure)
        return
    from model import made

    rows, model = rows_of(asked.folder, asked.times), made() / "flights"
    with tempfile.TemporaryDirectory() as scratch:
        results = in_turn(asked.ways or list(WAYS), rows, model, Path(scratch), repeat=asked.repeat)
        checked(results, Path(scratch))
        if asked.kill:
            for way in results:
                kill(way, results[way], rows, model, Path(scratch))
    show(results, rows)


def rows_of(folder: Path, times: int) -> Path:
    """The file of rows, made now if it is not there."""
    path = folder / f"score{times}.parquet"
    if not path.exists():
        import polars as pl
        from model import COLUMNS
        from tables import table

        unfinished = path.with_name(f"{path.stem}.unfinished.parquet")
        flights = pl.scan_parquet(table(f"flights{times}", folder))
        flights.select(pl.col(name).cast(pl.Float64) for name in COLUMNS).sink_parquet(
            unfinished, row_group_size=GROUP_ROWS
        )
        unfinished.rename(path)
    return path


def in_turn(ways: list[str], rows: Path, model: Path, scratch: Path, *, repeat: int) -> dict[str, dict[str, Any]]:
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in ways if python_of(way).exists()}
    for number in range(repeat):
        for way in list(runs):
            out = scratch / f"{way}-{number}.parquet"
            try:
                runs[way].append(Watched(way, rows, model, out).ended())
            except SystemExit as error:
                print(f"  {error}\n  {way} is left out", file=sys.stderr)
                del runs[way]
                continue
            if number:
                subprocess.run(["rm", "-r", str(out)], check=True)
            print(f"  {way}: {runs[way][-1]}", file=sys.stderr)
    return {
        way: {name: statistics.median(run[name] for run in each) for name in ("seconds", "cpu", "mib")}
        for way, each in runs.items()
    }


def python_of(way: str) -> Path:
    """The Python that has what a way needs."""
    return ROOT / ".platforms" / PYTHONS[way] / "bin" / "python" if way in PYTHONS else Path(sys.executable)


class Watched:
    """A process that goes a way, with what it started: memory and CPU seconds, looked at ten times a second."""

    def __init__(self, way: str, rows: Path, model: Path, out: Path) -> None:
        command = [str(python_of(way)), __file__, way, "--measure", str(rows), str(model), str(out)]
        variables = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": str(python_of(way))}
        self.way, self.began, self.peak, self._cpu = way, time.perf_counter(), 0.0, dict[int, float]()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (read when it has ended)
        self.process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=self._errors)
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def ended(self) -> dict[str, float]:
        """Its figures, when it has ended. Raises SystemExit where it failed."""
        self.process.wait()
        seconds = time.perf_counter() - self.began
        self._watching.join()
        if self.process.returncode:
            self._errors.seek(0)
            raise SystemExit(
                f"{self.way} ended with {self.process.returncode}:\n{self._errors.read()[-3000:].decode()}"
            )
        return {"seconds": round(seconds, 2), "cpu": round(sum(self._cpu.values()), 2), "mib": round(self.peak)}

    def _watch(self) -> None:
        while self.process.poll() is None:
            tree = dict(tree_of(self.process.pid))
            self._cpu |= {pid: cpu for pid, (_, cpu) in tree.items()}
            self.peak = max(self.peak, sum(mib for mib, _ in tree.values()))
            time.sleep(0.1)


def tree_of(root: int) -> Iterator[tuple[int, tuple[float, float]]]:
    """MiB and CPU seconds of a process and of all below it, by number."""
    parents, figures = dict[int, int](), dict[int, tuple[float, float]]()
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
                figures[int(entry.name)] = (int(fields[21]) * page / 2**20, (int(fields[11]) + int(fields[12])) / tick)
    for pid in parents:
        above = pid
        while above not in (root, 0):
            above = parents.get(above, 0)
        if above == root:
            yield pid, figures[pid]


def checked(results: dict[str, dict[str, Any]], scratch: Path) -> None:
    """Hold every way's first answers against those of the first way."""
    first = next(iter(results))
    for way, result in results.items():
        result["difference"] = difference(scratch / f"{first}-0.parquet", scratch / f"{way}-0.parquet")
        bound = 0 if way.startswith("seakeep") and first.startswith("seakeep") else TOLERANCE
        assert result["difference"] <= bound, (way, result)


def difference(one: Path, other: Path) -> float:
    """The largest difference of a probability, row by row; infinite where the numbers of rows or a decision differ."""
    import polars as pl

    tables = [pl.read_parquet(sorted(path.glob("part-*.parquet")) if path.is_dir() else path) for path in (one, other)]
    left, right = (table.select("prediction", "probability_true") for table in tables)
    if left.height != right.height or not left["prediction"].cast(pl.Boolean).equals(
        right["prediction"].cast(pl.Boolean)
    ):
        return float("inf")
    return float((left["probability_true"] - right["probability_true"]).abs().max() or 0.0)  # type: ignore[arg-type]


def kill(way: str, result: dict[str, Any], rows: Path, model: Path, scratch: Path) -> None:
    """Kill a worker of an engine while it works, or Seakeep's own process and start it again; the answers must be those of before."""
    out = scratch / f"{way}-killed.parquet"
    watched = Watched(way, rows, model, out)
    time.sleep(result["seconds"] * (LATE if way in ENGINES else 0.5))
    if way in ENGINES:
        os.kill(worker_of(watched.process.pid), signal.SIGKILL)
        again = watched
    elif way.startswith("seakeep"):
        watched.process.kill()
        watched.process.wait()
        again = Watched(way, rows, model, out)
    else:
        watched.ended()
        return
    result["killed"] = again.ended()["seconds"]
    assert difference(scratch / f"{way}-0.parquet", out) == 0


def worker_of(root: int) -> int:
    """The process below one that works most, which is none of an engine's own."""
    busy = {pid: cpu for pid, (_, cpu) in tree_of(root) if pid != root and program_of(pid).startswith("python")}
    return max(busy, key=lambda pid: busy[pid])


def program_of(pid: int) -> str:
    """The program that a process runs, whatever it calls itself."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/exe").readlink().name
    return ""


def show(results: dict[str, dict[str, Any]], rows: Path) -> None:
    import polars as pl

    height = pl.scan_parquet(rows).select(pl.len()).collect().item()
    print(f"{height:,} rows, load {os.getloadavg()[0]:.1f}")
    print("| way | seconds | CPU seconds | MiB | rows a second | largest difference | with a kill |")
    print("|---|---|---|---|---|---|---|")
    for way, each in results.items():
        rate, killed = height / each["seconds"], f"{each['killed']:.1f}" if "killed" in each else "–"
        print(
            f"| {way} | {each['seconds']:.1f} | {each['cpu']:.1f} | {each['mib']:.0f} | {rate:,.0f} | {each['difference']:.1e} | {killed} |"
        )
    print(json.dumps(results))


if __name__ == "__main__":
    sys.path.append(str(ROOT / "benchmarks" / "data"))
    main()
