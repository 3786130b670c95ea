"""The exported Kubeflow pipeline under kfp's local subprocess runner, against `seakeep run`, on half a year of real flights.

Run by hand, after scripts/platforms kubeflow: python benchmarks/kubeflow.py [ROUNDS]
Both do the same six stages and make the same release. What the pipeline adds is interpreters: a task starts a shell, kfp's
executor, and Seakeep as a process; so the starts are measured apart, and the rest of the pipeline's time is held to 1.5 times
that of `seakeep run`.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".platforms" / "kubeflow" / "bin" / "python"
DRIVER = ROOT / "tests" / "integrations" / "kubeflow_local.py"
PROJECT = ROOT / "src" / "seakeep" / "cli" / "_demo" / "project"
TASKS = 7
"""Six stages, and what is said at the end."""
PROCESSES = 8
"""Seakeep is started once a task, and once more for the evaluation's report."""


def main(rounds: int) -> None:
    """Print the medians over the rounds."""
    with tempfile.TemporaryDirectory(prefix="seakeep-kubeflow-") as name:
        folder = Path(name)
        project = flights(folder / "flights")
        timed(
            PYTHON, "-m", "seakeep", "run", project / "pipeline.py", "--json"
        )  # writes the contract, fills caches of the disk
        own, pipelines, exports, releases = [], [], [], set()
        for number in range(rounds):
            shutil.rmtree(project / ".seakeep")
            seconds, told = timed(PYTHON, "-m", "seakeep", "run", project / "pipeline.py", "--json")
            own.append(seconds)
            releases.add(json.loads(told)["release"])
            shutil.rmtree(project / ".seakeep")
            image = ("--set", "image=registry.example.com/team/flights")
            exports.append(
                timed(PYTHON, "-m", "seakeep", "export", "kubeflow", project, "-o", folder / "out", *image)[0]
            )
            given = json.dumps({"project": str(project / "pipeline.py"), "home": str(project / ".seakeep")})
            seconds, told = timed(PYTHON, DRIVER, folder / "out" / "pipeline.yaml", folder / f"root-{number}", given)
            assert not json.loads(told.splitlines()[-1])["error"], told
            pipelines.append(seconds)
            releases.add(json.loads(next(folder.glob(f"root-{number}/*/register/executor_output.json")).read_text())
                         ["artifacts"]["release"]["artifacts"][0]["metadata"]["digest"])  # fmt: skip
        report(own, pipelines, exports, releases)


def report(own: list[float], pipelines: list[float], exports: list[float], releases: set[str]) -> None:
    """What was measured."""
    kfp = statistics.median(timed(PYTHON, "-c", "import kfp, kfp.local")[0] for _ in range(3))
    executor = statistics.median(
        timed("env", "_KFP_RUNTIME=true", PYTHON, "-c", "from kfp.dsl import executor_main")[0] for _ in range(3)
    )
    bare = statistics.median(timed(PYTHON, "-c", "import seakeep.pipeline.runner, polars")[0] for _ in range(3))
    run, pipeline = statistics.median(own), statistics.median(pipelines)
    starts = kfp + TASKS * executor + PROCESSES * bare
    print(f"seakeep run                      {run:6.2f} s")
    print(f"the pipeline under kfp.local     {pipeline:6.2f} s   {pipeline / run:.2f} times")
    print(
        f"  of which interpreter starts    {starts:6.2f} s   kfp {kfp:.2f}, executor {TASKS} x {executor:.2f}, seakeep {PROCESSES} x {bare:.2f}"
    )
    print(
        f"  the rest                       {pipeline - starts:6.2f} s   {(pipeline - starts) / run:.2f} times (at most 1.50)"
    )
    print(f"seakeep export kubeflow          {statistics.median(exports):6.2f} s")
    print(f"releases                         {len(releases)}: {', '.join(digest[:12] for digest in releases)}")


def flights(folder: Path) -> Path:
    """The demo's project, with the first six months of flights arrived."""
    shutil.copytree(PROJECT, folder)
    subprocess.run([PYTHON, "-c", "import flights; flights.prepare()"], cwd=folder, check=True)
    (folder / "arrived").mkdir()
    for path in sorted((folder / "data").iterdir())[:6]:
        shutil.copy2(path, folder / "arrived")
    return folder


def timed(*command: object) -> tuple[float, str]:
    """Seconds of a command, and what it wrote."""
    began = time.perf_counter()
    ended = subprocess.run(
        list(map(str, command)), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return time.perf_counter() - began, ended.stdout


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
