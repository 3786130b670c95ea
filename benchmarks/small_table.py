"""What does the whole life of a 15,000-row table cost? Read to register, apart from imports.

Usage: python benchmarks/small_table.py [--repeat 5]

15,000 real flights (every eleventh of January to June 2013), the features and the estimator of the demo. Each run is a process of its own that first
imports every library that training needs (timed apart), then runs the pipeline in an empty registry. Target: 3 s beyond imports.
For comparison, a TFX 1.21 pipeline over its Chicago taxi example, 15,002 rows, took 39.7 s after 8.3 s of imports on the same kind of
machine (2 cores); it was not run here. All runs must end at the same release digest.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import seakeep.cli._demo as demo

ONE = """
import time
started = time.perf_counter()
import lightgbm, numpy, onnx, pandas, polars, sklearn.linear_model, sklearn.tree
import seakeep.cli.run, seakeep.data.statistics.profile, seakeep.evaluation.judge, seakeep.pipeline.runner, seakeep.serving.runtimes.onnx
import seakeep.training.trainer, seakeep.views.html
from seakeep.features.session import Session
imported = time.perf_counter()
result = seakeep.run("pipeline.py")
done = time.perf_counter()
import json
stages = {stage.stage: stage.wall_seconds for stage in result.stages}
print(json.dumps({"imports": imported - started, "work": done - imported, "release": result.release, "stages": stages}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory() as folder:
        write_project(Path(folder))
        runs = [run_once(Path(folder)) for _ in range(repeat + 1)][1:]
    assert len({run["release"] for run in runs}) == 1, "the runs made different releases"
    print(f"{repeat} runs, one release: {runs[0]['release'][:12]}")
    for name in ("imports", "work"):
        taken = [run[name] for run in runs]
        print(f"{name:<10} {statistics.median(taken):6.2f} s  ({min(taken):.2f} to {max(taken):.2f})")
    for stage in runs[0]["stages"]:
        print(f"  {stage:<10} {statistics.median(run['stages'][stage] for run in runs):6.2f} s")


def write_project(folder: Path) -> None:
    """The demo's project over a sample of its rows."""
    import polars as pl

    project = Path(demo.__file__).parent / "project"
    for name in ("flights.py", "pipeline.py"):
        shutil.copy(project / name, folder)
    subprocess.run([sys.executable, "-c", "import flights; flights.prepare()"], cwd=folder, check=True)
    rows = (
        pl.scan_parquet(folder / "data" / "*.parquet").filter(pl.col("month") < 7).collect().gather_every(11)[:15_000]
    )
    shutil.rmtree(folder / "data")
    (folder / "data").mkdir()
    rows.write_parquet(folder / "data" / "flights-2013-01.parquet")
    assert rows.height == 15_000


def run_once(folder: Path) -> dict[str, object]:
    """One process over an empty registry."""
    shutil.rmtree(folder / ".seakeep", ignore_errors=True)
    for contract in folder.glob("*.yaml"):
        contract.unlink()
    done = subprocess.run(
        [sys.executable, "-c", ONE], cwd=folder, check=True, capture_output=True, text=True, env=os.environ
    )
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
