"""Folders of releases: what is written into one, under which name, and whether one that is there is whole."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from seakeep.core import Release, Verdict
from seakeep.core.files import write_text
from seakeep.core.release import MANIFEST_FILE
from seakeep.registry.errors import BadReference, TornRelease

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from seakeep.core import Model, Report


DESCRIPTIONS = ("reference",)
"""Kinds of reports that describe the training data for later comparisons, and judge nothing about the model."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def checked_name(name: str) -> str:
    """`name`, if it can name a release: it must not be taken for a reference or a path. Raises BadReference."""
    if not _NAME.fullmatch(name):
        raise BadReference.bad_name(name)
    return name


def check_folder(folder: Path, digest: str) -> Release:
    """The manifest of the release in `folder`, after comparing every file with it. Raises TornRelease. Reads all files."""
    try:
        release = Release.load(folder)
    except FileNotFoundError as error:
        raise TornRelease.absent(folder) from error
    if release.digest != digest:
        raise TornRelease.differs(folder / MANIFEST_FILE, digest, release.digest)
    for name, expected in release.files.items():
        path = folder / name
        found = _file_digest(path) if path.is_file() else ""
        if found != expected:
            raise TornRelease.differs(path, expected, found)
    return release


def write_folder(
    folder: Path,
    name: str,
    model: Model,
    reports: Sequence[Report],
    *,
    made_from: Mapping[str, str],
    texts: Mapping[str, str],
) -> Release:
    """Write a release's files and manifest into `folder`."""
    model.save(folder)
    for number, report in enumerate(reports):
        earlier = sum(report.kind == other.kind for other in reports[:number])
        report.save(folder / "reports" / f"{report.kind}{f'-{earlier + 1}' if earlier else ''}.json")
    for file, text in texts.items():
        if text:
            write_text(folder / file, text)
    files = {str(path.relative_to(folder)): _file_digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    verdict = Verdict.worst(tuple(report.verdict for report in reports if report.kind not in DESCRIPTIONS))
    release = Release(name, files, verdict, dict(made_from))
    release.save(folder)
    return release


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
