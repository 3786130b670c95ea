"""Where in the sources a check can be mended: a column's line in the contract, a gate's line in the pipeline's file.

Found by reading the text, so nothing is loaded; where nothing is found it is the file's first line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seakeep.views.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.core import Check
    from seakeep.pipeline.ci.results import Checked

_OF_CONTRACT = ("schema.", "contract.", "drift.", "span.")


def findings(checked: Checked, root: Path) -> tuple[Finding, ...]:
    """Every check of every part with its place. root: of the repository."""
    texts = {path: _lines(root / path) for path in (checked.file, checked.schema)}
    found = [(check, part.title) for part in checked.parts if part.report for check in part.report.checks]
    return tuple(_finding(check, title, checked, texts) for check, title in found)


def place_of_error(where: str, root: Path, folder: Path) -> tuple[str, int]:
    """The place that an error names ("pipeline.py:12 in read_trips"), relative to the repository; ("", 1) for none."""
    found = re.match(r"(?P<path>[^:\n]+\.py):(?P<line>\d+)", where)
    if found is None:
        return "", 1
    path = (folder / found["path"]).resolve()
    return (
        (path.relative_to(root.resolve()).as_posix(), int(found["line"]))
        if path.is_relative_to(root.resolve())
        else ("", 1)
    )


def _finding(check: Check, title: str, checked: Checked, texts: dict[str, list[str]]) -> Finding:
    if check.code.startswith(_OF_CONTRACT) and texts[checked.schema]:
        return Finding(check, title, checked.schema, _column_line(texts[checked.schema], check.subject))
    return Finding(check, title, checked.file, _gate_line(texts[checked.file], check))


def _column_line(lines: list[str], column: str) -> int:
    from seakeep.data.contract.writing import scalar

    wanted = {f"{name}:" for name in (column, scalar(column))}
    return next((number for number, line in enumerate(lines, start=1) if line.strip() in wanted), 1)


def _gate_line(lines: list[str], check: Check) -> int:
    """The line that states a requirement: that of its function and metric, else of its metric."""
    kind, metric = check.code.rpartition(".")[2], check.subject.partition("[")[0]
    for wanted in ((kind, metric), (metric,)):
        for number, line in enumerate(lines, start=1):
            if metric and all(word in line for word in wanted):
                return number
    return 1


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
