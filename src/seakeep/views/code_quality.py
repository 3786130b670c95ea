"""Findings as GitLab's code-quality report, which a merge request shows beside the changed lines.

A finding's fingerprint says whether it is the one of the pipeline before, so it is made of what it is about and not of what was
measured. Source: docs.gitlab.com, "Code Quality", import of a report of one's own (description, check_name, fingerprint,
severity, location).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.views.findings import Finding

_SEVERITIES = {Verdict.FAIL: "critical", Verdict.INCONCLUSIVE: "minor"}


def render(findings: Sequence[Finding]) -> str:
    """JSON: an array with an object a finding that did not pass."""
    shown = [_issue(each) for each in findings if each.check.verdict in _SEVERITIES]
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


def _issue(finding: Finding) -> dict[str, object]:
    check = finding.check
    about = f"{finding.path}\0{finding.group}\0{check.code}\0{check.subject}"
    return {
        "description": figures.visible(f"{finding.group}: {check.subject}: {check.message}"),
        "check_name": check.code,
        "fingerprint": hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest(),
        "severity": _SEVERITIES[check.verdict],
        "location": {"path": finding.path, "lines": {"begin": finding.line}},
    }
