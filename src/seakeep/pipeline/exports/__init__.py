"""Exports: a project or a release as the files that a foreign system expects; the systems are plug-ins of `integrations`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "BadExport": "errors",
    "Exported": "verbs",
    "ProjectFacts": "subject",
    "ReleaseFacts": "subject",
    "Subject": "subject",
    "Target": "targets",
    "export": "verbs",
    "targets": "targets",
}

__all__ = ["BadExport", "Exported", "ProjectFacts", "ReleaseFacts", "Subject", "Target", "export", "targets"]

if TYPE_CHECKING:
    from seakeep.pipeline.exports.errors import BadExport
    from seakeep.pipeline.exports.subject import ProjectFacts, ReleaseFacts, Subject
    from seakeep.pipeline.exports.targets import Target, targets
    from seakeep.pipeline.exports.verbs import Exported, export

__getattr__, __dir__ = lazily(__name__, _HOMES)
