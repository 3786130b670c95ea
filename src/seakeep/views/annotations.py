"""Annotations: findings as the commands of GitHub Actions that show a message beside a line of a pull request.

A command is one line of a step's output; what would end it or start another one is escaped as GitHub's toolkit does (%25, %0D,
%0A, and in properties %3A, %2C). GitHub shows ten errors and ten warnings of a step, so the worst come first and the rest is counted.
Source: docs.github.com, "Workflow commands for GitHub Actions"; actions/toolkit, packages/core/src/command.ts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.views.findings import Finding

MOST = 10
_LEVELS = {Verdict.FAIL: "error", Verdict.INCONCLUSIVE: "warning"}


def commands(findings: Sequence[Finding]) -> list[str]:
    """One line a finding that did not pass, at most ten of each level; a notice says how many more there are."""
    lines: list[str] = []
    for verdict, level in _LEVELS.items():
        found = [each for each in findings if each.check.verdict is verdict]
        lines += [_command(level, each) for each in found[:MOST]]
        if len(found) > MOST:
            lines.append(f"::notice title=Seakeep::{len(found) - MOST} more like these are in the report")
    return lines


def error(message: str, *, title: str, path: str = "", line: int = 1) -> str:
    """The command for an error that broke everything off. path: relative to the repository, "" for no place."""
    place = f"file={_property(figures.visible(path))},line={line}," if path else ""
    return f"::error {place}title={_property(figures.visible(title))}::{_data(figures.lines(message))}"


def _command(level: str, finding: Finding) -> str:
    check = finding.check
    title = figures.visible(f"{finding.group}: {check.code} {check.subject}")
    message = figures.visible(check.message) + (f"\n{figures.lines(check.fix)}" if check.fix else "")
    place = f"file={_property(figures.visible(finding.path))},line={finding.line}"
    return f"::{level} {place},title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
