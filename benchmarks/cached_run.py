"""How long does `seakeep run` take when nothing has changed? Whole processes, medians; and each cached stage.

Usage: python benchmarks/cached_run.py [--repeat 11]

Two projects: the one that `seakeep init` writes (one file, 2,000 rows), and a larger one: 200 Parquet files of 100 rows in 20
folders, 12 columns, and 100 modules of sources. Target: 0.6 s for the process, 2 ms for a stage. The bare interpreter stands
beside, since it is part of every figure.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = [sys.executable, "-c", "from seakeep.cli import main; main()"]
PIPELINE = """
from pathlib import Path

import seakeep
from seakeep.features import Features, number

table = seakeep.Pipeline(
    name="large",
    read=lambda: seakeep.read(Path(__file__).parent / "data", label="label", key="key"),
    features=Features(*(number(f"x{i}") for i in range(10))),
    estimator=seakeep.estimator("sklearn.ensemble.HistGradientBoostingClassifier", max_iter=20),
    require=[seakeep.at_least("roc_auc", 0.70)],
)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=11)
    repeat = parser.parse_args().repeat
    print(f"{'interpreter alone':<22} {median([sys.executable, '-c', 'pass'], repeat):6.3f} s")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*PROGRAM, "init", f"{folder}/small"], check=True, capture_output=True)
        write_large(Path(folder, "large"))
        for name in ("small", "large"):
            measure(name, Path(folder, name, "pipeline.py"), repeat)


def write_large(folder: Path) -> None:
    """200 tables, 100 modules."""
    import numpy as np
    import polars as pl

    draw = np.random.default_rng(1)
    for number in range(200):
        values = draw.normal(size=(100, 10))
        table = pl.DataFrame({f"x{i}": values[:, i] for i in range(10)})
        keys = [f"{number}-{row}" for row in range(100)]
        table = table.with_columns(key=pl.Series(keys), label=pl.Series(values[:, 0] * values[:, 1] > 0))
        path = folder / "data" / f"part={number % 20}" / f"{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table.write_parquet(path)
    package = folder / "package"
    package.mkdir()
    for number in range(100):
        (package / f"module_{number}.py").write_text(f"VALUE = {number}\n" * 200)
    (folder / "pipeline.py").write_text(PIPELINE)


def measure(name: str, file: Path, repeat: int) -> None:
    """Run once for real, then again and again with nothing to do."""
    command = [*PROGRAM, "run", str(file)]
    started = time.perf_counter()
    first = subprocess.run([*command, "--json"], check=False, capture_output=True, text=True)
    assert first.returncode == 0, first.stdout + first.stderr
    print(f"{name + ', first run':<22} {time.perf_counter() - started:6.3f} s, {work(first.stdout):.3f} s in stages")
    print(f"{name + ', cached run':<22} {median(command, repeat):6.3f} s")
    runs = [subprocess.run([*command, "--json"], check=True, capture_output=True, text=True) for _ in range(repeat)]
    documents = [json.loads(run.stdout) for run in runs]
    assert all(stage["cached"] for document in documents for stage in document["stages"])
    for number, stage in enumerate(documents[0]["stages"]):
        seconds = [document["stages"][number]["wall_seconds"] for document in documents]
        print(f"    {stage['stage']:<18} {statistics.median(seconds) * 1000:6.2f} ms")
    shutil.rmtree(file.parent / ".seakeep")


def work(document: str) -> float:
    """Seconds that the stages took."""
    return sum(stage["wall_seconds"] for stage in json.loads(document)["stages"])


def median(command: list[str], repeat: int) -> float:
    """Median wall seconds of whole processes."""
    taken = []
    for _ in range(repeat):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
