"""A release and a project as facts, the same on every machine; and a project that was really run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seakeep.cli._main import code_of
from seakeep.core import Verdict
from seakeep.pipeline.exports import ProjectFacts, ReleaseFacts, Subject
from seakeep.pipeline.measured import Measured
from seakeep.pipeline.settings import Settings
from seakeep.testing.example_models import example_model

DIGEST = "4f" * 32
IMAGE = "registry.example.com/team/flights"
GOLDEN = Path(__file__).parent / "golden"


def release(**changes: object) -> ReleaseFacts:
    """Release 3 of flight-delay, that passed and was measured."""
    found = ReleaseFacts(
        label="flight-delay@3",
        name="flight-delay",
        version=3,
        digest=DIGEST,
        verdict=Verdict.PASS,
        folder=Path("/nowhere/of/this/machine"),
        model=example_model(name="flight-delay"),
        measured=Measured(server_mib=120, scribe_mib=80, requests_per_core=2000, requests=6000),
    )
    return replace(found, **changes)


def project(**changes: object) -> ProjectFacts:
    """The project that it comes of."""
    found = ProjectFacts(
        file="pipeline.py",
        name="flight-delay",
        root=Path("/nowhere/of/this/machine"),
        code="c0de" * 16,
        spans=True,
        schema_file="flight-delay.schema.yaml",
        stages=("read", "profile", "validate", "train", "evaluate", "register"),
        extras=("lightgbm",),
        requirements=(),
        data=("data/*.parquet",),
    )
    return replace(found, **changes)


def subject(**changes: object) -> Subject:
    """Both."""
    found = Subject("flight-delay", Settings(), project=project(), release=release())
    return replace(found, **changes)


def golden(name: str, text: str) -> None:
    """`text` is what the golden file says; a file that is absent is written, to be reviewed."""
    path = GOLDEN / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        pytest.fail(f"{path} was written: review it and run again")
    assert text == path.read_text()


def finished(folder: Path) -> Path:
    """A project made by `seakeep init` and run in `folder`; its champion is trips@1."""
    place = folder / "trips"
    assert code_of(["init", str(place)]) == 0
    assert code_of(["run", str(place / "pipeline.py")]) == 0
    return place
