"""Exported files against the typed models of Katib, Kubeflow Trainer and Argo Workflows: no field is unknown to them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from seakeep.integrations import argo_workflows, katib, trainer

from .facts import IMAGE
from .workers import remote

pytestmark = pytest.mark.platform

PYTHON = Path(__file__).parents[2] / ".platforms" / "kubeflow-models" / "bin" / "python"
CHECK = Path(__file__).parent / "foreign" / "strict_models.py"
TARGETS = {"katib": katib, "trainer": trainer, "argo_workflows": argo_workflows}
MISSPELT = (
    ("katib", "objectiveMetricName", "objectiveMetric", "Experiment.spec.objective.objectiveMetric"),
    ("katib", "backoffLimit", "backOffLimit", "Job.spec.backOffLimit"),
    ("trainer", "numNodes", "nodes", "TrainingRuntime.spec.mlPolicy.nodes"),
    ("argo_workflows", "retryPolicy", "retrypolicy", "retryStrategy.retrypolicy"),
)


def checked(*paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PYTHON, CHECK, *paths], capture_output=True, text=True, check=False)


def written(target: str, root: Path, **options: str) -> dict[str, str]:
    module = TARGETS[target]
    return dict(module.files(remote(root), module.Options(image=IMAGE, **options)))


def test_no_field_is_unknown_to_the_systems_own_models(tmp_path) -> None:
    paths = []
    for number, options in enumerate(({}, {"data_claim": "arrivals", "worker_digest": f"sha256:{'ab' * 32}"})):
        for target in TARGETS:
            for name, text in written(target, tmp_path, **options).items():
                paths.append(tmp_path / f"{number}-{target}-{name}")
                paths[-1].write_text(text)
    found = checked(*paths)
    assert len(paths) == 10
    assert (found.returncode, found.stdout) == (0, "nothing is lost\n"), found.stderr


def test_every_misspelt_field_is_found(tmp_path) -> None:
    paths = []
    for number, (target, right, wrong, _) in enumerate(MISSPELT):
        text = next(iter(written(target, tmp_path).values()))
        assert right in text
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(text.replace(right, wrong))
    found = checked(*paths)
    assert found.returncode == 1
    for path, (*_, told) in zip(paths, MISSPELT, strict=True):
        assert any(line.startswith(f"{path}: ") and told in line for line in found.stdout.splitlines()), found.stdout
