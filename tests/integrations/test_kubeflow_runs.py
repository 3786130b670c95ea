"""The exported pipeline, compiled by kfp and run under its local subprocess runner: real stages, each in processes of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from seakeep.cli._main import code_of

from .facts import IMAGE

pytestmark = pytest.mark.platform

PYTHON = Path(__file__).parents[2] / ".platforms" / "kubeflow" / "bin" / "python"
DRIVER = Path(__file__).parent / "foreign" / "kubeflow_local.py"
FLIGHTS = Path(code_of.__code__.co_filename).parent / "_demo" / "project"
STAGES = ["read", "profile", "validate", "train", "evaluate"]


def seakeep(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [PYTHON, "-m", "seakeep", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


@dataclass(frozen=True)
class Ran:
    """A pipeline that ran locally. tasks: in the order in which they ended, with whether each succeeded; outputs: by task."""

    error: str
    seconds: float
    log: str
    tasks: list[tuple[str, bool]]
    outputs: dict[str, Any]

    def metadata(self, task: str, artifact: str) -> dict[str, Any]:
        return self.artifact(task, artifact)["metadata"]

    def artifact(self, task: str, artifact: str) -> dict[str, Any]:
        return self.outputs[task]["artifacts"][artifact]["artifacts"][0]


def exported(project: Path, to: Path, **options: object) -> Path:
    """The folder of the exported pipeline of a project."""
    settings = [part for key, value in options.items() for part in ("--set", f"{key}={value}")]
    ended = seakeep("export", "kubeflow", project / "pipeline.py", "-o", to, "--set", f"image={IMAGE}", *settings)
    assert ended.returncode == 0, ended.stderr
    return to


def ran(source: Path, root: Path, project: Path, **arguments: object) -> Ran:
    """Run a pipeline with a home beside its project."""
    given = {"project": str(project / "pipeline.py"), "home": str(project / ".seakeep"), **arguments}
    command = [PYTHON, DRIVER, source, root, json.dumps(given)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    log = re.sub(r"\x1b\[\d+m", "", ended.stdout)
    assert ended.returncode == 0, log[-3000:]
    told = json.loads(next(line for line in reversed(log.splitlines()) if line.startswith('{"error"')))
    tasks = re.findall(r"Task '([\w-]+)' finished with status (\w+)", log)
    outputs = {path.parent.name: json.loads(path.read_text()) for path in root.glob("*/*/executor_output.json")}
    return Ran(told["error"], told["seconds"], log, [(name, state == "SUCCESS") for name, state in tasks], outputs)


@pytest.fixture(scope="module")
def flights(tmp_path_factory) -> Path:
    """The demo's project with half a year of real flights, run in its own folder by `seakeep run`."""
    folder = tmp_path_factory.mktemp("own") / "flights"
    shutil.copytree(FLIGHTS, folder)
    subprocess.run([PYTHON, "-c", "import flights; flights.prepare()"], cwd=folder, check=True)
    (folder / "arrived").mkdir()
    for path in sorted((folder / "data").iterdir())[:6]:
        shutil.copy2(path, folder / "arrived")
    ended = seakeep("run", folder / "pipeline.py", "--json")
    assert ended.returncode == 0, ended.stderr
    (folder / "run.json").write_text(ended.stdout)
    return folder


def elsewhere(project: Path, folder: Path) -> Path:
    """The same project in another folder, where nothing ran; its contract is there."""
    copy = folder / "elsewhere"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".seakeep", "data-*"))
    return copy


@pytest.fixture(scope="module")
def life(flights, tmp_path_factory) -> tuple[Path, Path, Ran]:
    """The compiled pipeline, the copy of the project that it ran on, and how it ran."""
    folder = tmp_path_factory.mktemp("kubeflow")
    project = elsewhere(flights, folder)
    compiled = exported(project, folder / "out", retry_seconds=0) / "pipeline.yaml"
    return compiled, project, ran(compiled, folder / "root", project)


def test_the_compiled_pipeline_makes_the_release_of_seakeep_run(flights, life) -> None:
    _, project, done = life
    assert done.error == ""
    assert done.tasks == [(name, True) for name in (*STAGES, "register", "conclude")]
    expected = json.loads((flights / "run.json").read_text())["release"]
    assert done.metadata("register", "release")["digest"] == expected
    assert (project / ".seakeep" / "releases" / expected / "release.json").is_file()


def test_artifacts_are_typed_and_say_what_they_stand_for(life) -> None:
    compiled, _, done = life
    components = next(YAML(typ="safe").load_all(compiled.read_text()))["components"]
    kinds = {
        ("read", "training"): "system.Dataset",
        ("train", "model"): "system.Model",
        ("evaluate", "metrics"): "system.Metrics",
        ("evaluate", "curves"): "system.ClassificationMetrics",
        ("evaluate", "evaluation"): "system.HTML",
        ("register", "card"): "system.Markdown",
    }
    for (task, artifact), kind in kinds.items():
        made = components[f"comp-{task}"]["outputDefinitions"]["artifacts"][artifact]
        assert made["artifactType"]["schemaTitle"] == kind
    for task, artifact in (("read", "training"), ("read", "held_out"), ("train", "model"), ("validate", "contract")):
        assert re.fullmatch("[0-9a-f]{64}", done.metadata(task, artifact)["digest"])


def test_the_curves_and_metrics_are_those_of_the_report_on_record(life) -> None:
    _, project, done = life
    digest = done.metadata("evaluate", "evaluation")["digest"]
    noun = json.loads(seakeep("show", digest, "--json", "--home", project / ".seakeep").stdout)["noun"]
    tables = {table["name"]: table["rows"] for table in noun["tables"]}
    metrics, curves = done.metadata("evaluate", "metrics"), done.metadata("evaluate", "curves")
    assert metrics["roc_auc"] == pytest.approx(
        next(row[2] for row in tables["metrics"] if row[:2] == ["all", "roc_auc"])
    )
    points = [(each["falsePositiveRate"], each["recall"]) for each in curves["confidenceMetrics"]]
    assert points == [tuple(row[:2]) for row in tables["roc"]]
    assert all(isinstance(each["confidenceThreshold"], float) for each in curves["confidenceMetrics"])
    matrix = curves["confusionMatrix"]
    assert [each["displayName"] for each in matrix["annotationSpecs"]] == ["False", "True"]
    assert [cell for row in matrix["rows"] for cell in row["row"]] == [row[2] for row in tables["confusion"]]


def test_reports_are_pages_and_the_release_is_a_folder_that_serves(life) -> None:
    done = life[2]
    for task, artifact in (("profile", "statistics"), ("validate", "validation"), ("evaluate", "evaluation")):
        assert Path(done.artifact(task, artifact)["uri"]).read_text("utf-8").lower().startswith("<!doctype html")
    release = Path(done.artifact("register", "release")["uri"])
    ended = seakeep("show", done.metadata("register", "release")["digest"], "--home", life[1] / ".seakeep")
    assert (release / "model.onnx").is_file()
    assert "flight-delay@1" in ended.stdout


def test_a_second_run_finds_every_stage_and_a_changed_parameter_waits_for_its_rollout(life, tmp_path) -> None:
    """The loaded YAML runs again; a pipeline parameter passes through; what passed beside a champion begins its rollout."""
    compiled, project, _ = life
    done = ran(compiled, tmp_path, project, overrides=["estimator.num_leaves=24"])
    assert done.error == ""
    assert done.tasks == [(name, True) for name in (*STAGES, "register", "roll-out", "conclude")]
    cached = {
        task: done.metadata(task, name)["cached"]
        for task, name in (
            ("read", "training"),
            ("profile", "statistics"),
            ("validate", "validation"),
            ("train", "model"),
        )
    }
    assert cached == {"read": True, "profile": True, "validate": True, "train": False}
    shown = seakeep("show", "flight-delay@2", "--home", project / ".seakeep")
    assert "estimator.num_leaves=24" in shown.stdout
    status = json.loads(seakeep("rollout", "status", "flight-delay", "--json", "--home", project / ".seakeep").stdout)
    assert (status["challenger"]["version"], status["outcome"]) == (2, None)


def test_exporting_again_gives_the_same_bytes_and_the_definition_compiles_by_itself(life, tmp_path) -> None:
    compiled, project, _ = life
    again = exported(project, tmp_path / "out", retry_seconds=0)
    for name in ("pipeline.py", "pipeline.yaml"):
        assert (again / name).read_bytes() == (compiled.parent / name).read_bytes()
    subprocess.run([PYTHON, "-W", "ignore", "pipeline.py", tmp_path / "own.yaml"], cwd=again, check=True)
    assert (tmp_path / "own.yaml").read_bytes() == compiled.read_bytes()
    assert str(project) not in compiled.read_text()


def test_the_compiled_pipeline_says_what_a_cluster_is_to_do(life) -> None:
    specification, platform = YAML(typ="safe").load_all(life[0].read_text())
    executors = specification["deploymentSpec"]["executors"]
    train = executors["exec-train"]["container"]
    assert train["image"] == f"{IMAGE}-worker:{train['image'].rpartition(':')[2]}"
    assert train["resources"]["resourceMemoryLimit"] == "4096Mi"
    tasks = specification["components"]["comp-exit-handler-1"]["dag"]["tasks"]
    assert tasks["train"]["retryPolicy"]["maxRetryCount"] == 2
    assert not any(task.get("cachingOptions", {}).get("enableCache") for task in tasks.values())
    pod = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-train"]
    assert pod["pvcMount"][0]["mountPath"] == "/var/lib/seakeep"
    assert pod["secretAsEnv"][0]["keyToEnv"] == [{"envVar": "SEAKEEP_DATABASE", "secretKey": "url"}]
    assert pod["secretAsEnv"][0]["optional"] is True


@pytest.fixture
def trips(tmp_path) -> Path:
    """A small project with its contract."""
    folder = tmp_path / "trips"
    assert seakeep("init", folder).returncode == 0
    for stage in ("read", "profile", "validate"):
        assert seakeep("run", folder / "pipeline.py", "--stage", stage).returncode == 0
    shutil.rmtree(folder / ".seakeep")
    return folder


def edit(project: Path, old: str, new: str) -> None:
    file = project / "pipeline.py"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_failing_gate_ends_the_run_before_a_release_is_made(trips, tmp_path) -> None:
    edit(trips, 'at_least("roc_auc", 0.70)', 'at_least("roc_auc", 0.99)')
    done = ran(exported(trips, tmp_path / "out", retries=0) / "pipeline.py", tmp_path / "root", trips)
    assert done.tasks == [*((name, True) for name in STAGES), ("refuse", False), ("conclude", True)]
    assert "refuse" in done.error
    assert "no release: roc_auc over all rows is" in done.log
    assert "at least 0.99 is required" in done.log
    assert "No release is registered yet" in seakeep("releases", "--home", trips / ".seakeep").stdout


def test_a_step_that_broke_once_is_tried_again(trips, tmp_path) -> None:
    broken = (
        'DATA = Path(__file__).parent / "data" / "parcels.csv"\n'
        'if not DATA.with_name("tried").exists():\n'
        '    DATA.with_name("tried").touch()\n'
        '    raise ConnectionError("the network is away")'
    )
    edit(trips, 'DATA = Path(__file__).parent / "data" / "parcels.csv"', broken)
    (trips / "data" / "tried").touch()
    compiled = exported(trips, tmp_path / "out", retry_seconds=0) / "pipeline.yaml"
    (trips / "data" / "tried").unlink()
    done = ran(compiled, tmp_path / "root", trips)
    assert done.error == ""
    assert "the network is away" in done.log
    assert done.tasks[:2] == [("read", False), ("read", True)]
    assert done.tasks[-1] == ("conclude", True)


def test_rows_that_break_the_contract_end_the_run_before_training(trips, tmp_path) -> None:
    compiled = exported(trips, tmp_path / "out", retries=0) / "pipeline.yaml"
    data = trips / "data" / "parcels.csv"
    data.write_text(data.read_text().replace(",coast,", ",atlantis,"))
    done = ran(compiled, tmp_path / "root", trips)
    assert done.tasks == [("read", True), ("profile", True), ("validate", False), ("conclude", True)]
    assert "its checks failed" in done.log
    assert "atlantis" in done.log


def test_what_kfp_refuses_is_told_in_its_words(trips, tmp_path) -> None:
    ended = seakeep(
        "export",
        "kubeflow",
        trips / "pipeline.py",
        "-o",
        tmp_path,
        "--set",
        f"image={IMAGE}",
        "--set",
        "retry_seconds=x",
    )
    assert ended.returncode == 3
    assert "retry_seconds is 'x'; expected a whole number" in ended.stderr
