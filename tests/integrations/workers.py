"""A project whose stages can run apart, as facts: its contract is among its files."""

from __future__ import annotations

from pathlib import Path

from seakeep.pipeline.exports import Subject

from .facts import project, subject

REQUIREMENTS = ("roc_auc at least 0.7", "equal_opportunity gap by origin at most 0.2")


def remote(root: Path, **changes: object) -> Subject:
    """The subject, its project standing in `root` with a contract. changes: of the project's facts."""
    found = project(root=root, requirements=REQUIREMENTS, **changes)
    (root / found.schema_file).write_text("name: flight-delay\n")
    return subject(project=found, release=None)
