"""Findings: checks with the place in the sources where a person can mend them; what a platform shows beside a change.

Rendered by `annotations` (GitHub), `code_quality` (GitLab) and `junit` (both).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seakeep.core.report import Check


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and its place. group: of what it is part ("Gates"). path: relative to the repository. line: from 1."""

    check: Check
    group: str
    path: str
    line: int = 1
