"""Confident learning held against cleanlab, on many data sets of several classes, sizes and shares of wrong labels."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from seakeep.data.quality.confident import confident

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".platforms" / "quality" / "bin" / "python"
PROGRAM = ROOT / "tests" / "integrations" / "foreign" / "confident.py"


def drawn(classes: int, rows: int, wrong: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which a share is wrong, and probabilities as a model gives them that has seen through most of it."""
    draw = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(classes), draw.integers(0, classes, rows - classes)])
    scores = draw.normal(size=(rows, classes))
    scores[np.arange(rows), truth] += 3
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    labels = np.where(draw.random(rows) < wrong, draw.integers(0, classes, rows), truth)
    labels[:classes] = np.arange(classes)
    return labels, probabilities


CASES = [
    (classes, rows, wrong)
    for classes in (2, 3, 7)
    for rows, wrong in ((60, 0.2), (500, 0.0), (2000, 0.05), (2000, 0.3))
]


@pytest.fixture(scope="module")
def oracle() -> list[dict[str, list[int]]]:
    """What cleanlab says of every case, asked in one process."""
    given = [
        dict(
            zip(("labels", "probabilities"), map(np.ndarray.tolist, drawn(*case, seed=case[0] * case[1])), strict=True)
        )
        for case in CASES
    ]
    command = [PYTHON, "-W", "ignore", PROGRAM]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.platform
@pytest.mark.parametrize("number", range(len(CASES)))
def test_joint_and_suspects_are_cleanlabs(number, oracle) -> None:
    classes, rows, wrong = CASES[number]
    labels, probabilities = drawn(classes, rows, wrong, seed=classes * rows)
    ours, theirs = confident(labels, probabilities), oracle[number]
    suspects = np.flatnonzero(ours.suspects).tolist()
    assert suspects == sorted(theirs["suspects"])
    off = ~np.eye(classes, dtype=bool)
    assert ours.joint[off].tolist() == np.array(theirs["joint"])[off].tolist()
    assert set(theirs["issues"]) <= set(suspects)
