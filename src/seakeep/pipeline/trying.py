"""`seakeep serve --check`: a release is tried in a process of its own, and the verdict put on record where rollouts find it.

A release cannot hold the verdict: it is what is judged, and the machine that judges is another one each time. So it stands in the registry
beside it, the latest by the release's digest, and every one in the journal.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.report import Report, Verdict
from seakeep.pipeline.answering import place_of
from seakeep.pipeline.settings import load_settings
from seakeep.pipeline.verbs import find_registry
from seakeep.serving.checking import Limits
from seakeep.serving.checking import check as judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.registry import Registered, Registry

KIND = "serving_check"
"""Of the documents, by a release's digest, and of the journal's lines, by a model's name."""


def check(references: Sequence[str | Path], *, home: Path | str | None = None) -> Report:
    """Serve each release for a trial, one after another, within the limits of the section [check].

    references: "name" (its champion), "name@3", a digest, or a folder. The verdicts of a registry's releases are put on record.
    Raises: BadReference, TornRelease, UnreadableRegistry.
    """
    limits = _limits()
    reports = [_checked(reference, home, limits) for reference in references]
    if len(reports) == 1:
        return reports[0]
    named = ", ".join(report.subject for report in reports)
    return Report(
        reports[0].kind, f"{named}, served for a trial", named, tuple(each for one in reports for each in one.checks)
    )


def verdict_of(registry: Registry, digest: str) -> Verdict | None:
    """The verdict of a release's latest trial, None where there was none."""
    found = registry.documents.get(KIND, digest)
    return Verdict(found.content["verdict"]) if found and isinstance(found.content, dict) else None


def _limits() -> Limits:
    own = load_settings(Path.cwd()).check
    return Limits(own.start_seconds, own.p99_ms, own.memory_mb)


def _checked(reference: str | Path, home: Path | str | None, limits: Limits) -> Report:
    place = place_of(reference)
    if isinstance(place, Path):
        return judge(place, str(reference), limits)
    with find_registry(home) as registry:
        registered = registry.resolve(str(reference), check=True)
    report = judge(registered.folder, registered.label, limits)
    with find_registry(home) as registry:
        _record(registry, registered, report)
    return report


def _record(registry: Registry, registered: Registered, report: Report) -> None:
    now, digest = time.time(), registered.release.digest
    told = {"release": digest, "version": registered.version, "verdict": report.verdict, "checks": report.checks}
    with registry.transaction():
        revision = registry.documents.revision(KIND, digest)
        registry.documents.put(KIND, digest, {**told, "at": now}, expected=revision)
        registry.journal.append(KIND, registered.release.name, told, at=now)
