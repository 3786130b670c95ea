"""Kill -9 of `seakeep run` at random moments: the next run ends at the files of an undisturbed one, and at no others."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seakeep.core import Verdict
from seakeep.registry import Registry

RUN = [sys.executable, "-c", "from seakeep.cli import main; main()", "run"]
QUICK = "import seakeep.serving\nseakeep.serving.OnnxPredictor = lambda model: model\n"


def undisturbed(folder: Path, copy: Path) -> tuple[Path, float]:
    """A copy of a project, run to its end; and how long that took."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".seakeep", "*.log", "*.schema.yaml"))
    started = time.perf_counter()
    subprocess.run([*RUN, str(copy / "pipeline.py")], check=True, capture_output=True)
    return copy, time.perf_counter() - started


def killed(folder: Path, copy: Path, moments: list[float]) -> Path:
    """A copy of a project whose run is killed at each of these moments (seconds), then left to end."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".seakeep", "*.log", "*.schema.yaml"))
    command = [*RUN, str(copy / "pipeline.py")]
    for moment in moments:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        process.kill()
        process.wait()
    subprocess.run(command, check=True, capture_output=True)
    return copy


def files(project: Path) -> set[str]:
    """What is there, by content-addressed names; locks and the database's own files aside."""
    folders = [project / ".seakeep" / name for name in ("objects", "releases", "reports")]
    inside = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(project)) for path in inside} | {path.name for path in project.glob("*.yaml")}


def check_same(whole: Path, other: Path) -> None:
    assert files(other) == files(whole)
    assert not list(other.rglob(".tmp-*"))
    with Registry(whole / ".seakeep") as first, Registry(other / ".seakeep") as second:
        assert second.verify().verdict is Verdict.PASS
        releases = [[each.release.digest for each in registry.releases()] for registry in (first, second)]
    assert releases[0] == releases[1]
    assert len(releases[0]) == 1


@pytest.fixture
def quick(project) -> Path:
    """The project of the other tests, whose stages take no time, as a process of its own can run it."""
    project.file.write_text(project.file.read_text().replace("import seakeep\n", "import seakeep\n" + QUICK))
    return project.folder


def test_a_killed_run_goes_on_to_the_same_release(quick, tmp_path_factory) -> None:
    copies = tmp_path_factory.mktemp("copies")
    whole, seconds = undisturbed(quick, copies / "whole")
    draw = random.Random(5)
    check_same(whole, killed(quick, copies / "killed", [draw.uniform(0.2, 1) * seconds for _ in range(3)]))


def test_two_runs_at_once_do_the_work_once(quick, tmp_path_factory) -> None:
    copies = tmp_path_factory.mktemp("copies")
    whole, _ = undisturbed(quick, copies / "whole")
    shutil.copytree(quick, copies / "shared", ignore=shutil.ignore_patterns(".seakeep", "*.log", "*.schema.yaml"))
    command = [*RUN, str(copies / "shared" / "pipeline.py")]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(3)]
    errors = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], errors
    check_same(whole, copies / "shared")
    assert (copies / "shared" / "calls.log").read_text().split().count("train") == 1


@pytest.mark.slow
def test_forty_kills_of_a_quick_pipeline(quick, tmp_path_factory) -> None:
    copies = tmp_path_factory.mktemp("copies")
    whole, seconds = undisturbed(quick, copies / "whole")
    draw = random.Random(6)
    for number in range(10):
        moments = [draw.uniform(0.2, 1) * seconds for _ in range(4)]
        check_same(whole, killed(quick, copies / f"killed-{number}", moments))


@pytest.mark.slow
def test_twenty_kills_of_a_real_run(tmp_path) -> None:
    subprocess.run([*RUN[:-1], "init", str(tmp_path / "trips")], check=True, capture_output=True)
    whole, seconds = undisturbed(tmp_path / "trips", tmp_path / "whole")
    draw = random.Random(7)
    for number in range(10):
        moments = [draw.uniform(0.05, 1) * seconds for _ in range(2)]
        check_same(whole, killed(tmp_path / "trips", tmp_path / f"killed-{number}", moments))
