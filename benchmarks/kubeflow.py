"""The exported Kubeflow pipeline under kfp's local subprocess runner, against `seakeep run`, on half a year of real flights.

Run by hand, after scripts/platforms kubeflow: python benchmarks/kubeflow.py [ROUNDS]
Both do the same six stages and make the same release. What the pipeline adds is interpreters: a task starts a shell, kfp's
executor, and Seakeep as a process; so the starts are measured apart, and the rest of the pipeline's time is held to 1.5 times
that of `seakeep run`. CPU seconds stand beside, since they hold on a machine that does other things as well.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".platforms" / "kubeflow" / "bin" / "python"
DRIVER = ROOT / "tests" / "integrations" / "kubeflow_local.py"
PROJECT = ROOT / "src" / "seakeep" / "cli" / "_demo" / "project"
IMAGE = "image=registry.example.com/team/flights"
TASKS, PROCESSES = 7, 9
"""Six stages and the conclusion; Seakeep is started once for each, for the evaluation's report, and to list the releases."""


@dataclass(frozen=True)
class Cost:
    """Of a process and its children. wall, cpu: seconds. out: what it wrote."""

    wall: float
    cpu: float
    out: str


def main(rounds: int) -> None:
    """Print the medians over the rounds."""
    with tempfile.TemporaryDirectory(prefix="seakeep-kubeflow-") as name:
        folder = Path(name)
        project = flights(folder / "flights")
        own, pipelines, exports, releases = [], [], [], set()
        for number in range(rounds + 1):  # the first writes the contract and fills the disk's caches
            shutil.rmtree(project / ".seakeep", ignore_errors=True)
            own.append(cost(PYTHON, "-m", "seakeep", "run", project / "pipeline.py", "--json"))
            releases.add(json.loads(own[-1].out)["release"])
            shutil.rmtree(project / ".seakeep")
            exports.append(
                cost(PYTHON, "-m", "seakeep", "export", "kubeflow", project, "-o", folder / "out", "--set", IMAGE)
            )
            pipelines.append(pipeline(folder, project, folder / f"root-{number}"))
            releases.add(release_of(folder / f"root-{number}"))
        report(own[1:], pipelines[1:], exports[1:], releases)


def pipeline(folder: Path, project: Path, root: Path) -> Cost:
    """The compiled pipeline, run from nothing."""
    given = json.dumps({"project": str(project / "pipeline.py"), "home": str(project / ".seakeep")})
    found = cost(PYTHON, DRIVER, folder / "out" / "pipeline.yaml", root, given)
    assert not json.loads(found.out.splitlines()[-1])["error"], found.out
    return found


def release_of(root: Path) -> str:
    """The digest of the release that a run of the pipeline made."""
    told = json.loads(next(root.glob("*/register/executor_output.json")).read_text())
    return str(told["artifacts"]["release"]["artifacts"][0]["metadata"]["digest"])


def report(own: list[Cost], pipelines: list[Cost], exports: list[Cost], releases: set[str]) -> None:
    """What was measured."""
    kfp = [cost(PYTHON, "-c", "import kfp, kfp.local, kfp.components") for _ in own]
    executor = [cost("env", "_KFP_RUNTIME=true", PYTHON, "-c", "import kfp.dsl.executor_main") for _ in own]
    bare = [cost(PYTHON, "-c", "import seakeep.pipeline.runner, polars, numpy") for _ in own]
    for what in ("wall", "cpu"):
        run, whole, one, task, start = (median(costs, what) for costs in (own, pipelines, kfp, executor, bare))
        starts = one + TASKS * task + PROCESSES * start
        print(f"in seconds of {what}:")
        print(f"  {'seakeep run':30} {run:8.2f}")
        print(f"  {'the pipeline under kfp.local':30} {whole:8.2f}   {whole / run:.2f} times")
        print(f"  {'interpreter starts':30} {starts:8.2f}   kfp {one:.2f}, executors {TASKS} x {task:.2f}, "
              f"seakeep {PROCESSES} x {start:.2f}")  # fmt: skip
        print(
            f"  {'the pipeline without them':30} {whole - starts:8.2f}   {(whole - starts) / run:.2f} times, at most 1.50"
        )
        print(f"  {'seakeep export kubeflow':30} {median(exports, what):8.2f}")
    print(f"releases: {len(releases)} ({', '.join(sorted(digest[:12] for digest in releases))})")


def median(costs: list[Cost], what: str) -> float:
    """Of one of a cost's figures."""
    return statistics.median(getattr(each, what) for each in costs)


def flights(folder: Path) -> Path:
    """The demo's project, with the first six months of flights arrived."""
    shutil.copytree(PROJECT, folder)
    subprocess.run([PYTHON, "-c", "import flights; flights.prepare()"], cwd=folder, check=True)
    (folder / "arrived").mkdir()
    for path in sorted((folder / "data").iterdir())[:6]:
        shutil.copy2(path, folder / "arrived")
    return folder


def cost(*command: object) -> Cost:
    """What a command costs."""
    before, began = os.times(), time.perf_counter()
    ended = subprocess.run(
        list(map(str, command)), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    wall, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, cpu, ended.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
