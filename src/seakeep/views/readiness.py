"""The figures of a readiness report: points by section, the score, and what it means in a sentence.

Everything is read from the report's tables, so a saved report is shown as a fresh one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.codec import Scalar
    from seakeep.core.report import Report

KIND = "readiness"


def sections(report: Report) -> dict[str, float]:
    """Points by section."""
    return {figures.scalar(row["section"]): number(row["points"]) for row in rows(report)}


def score(report: Report) -> float:
    """The ML Test Score: the least of the sections' points; 0 where there are none."""
    return min(sections(report).values(), default=0.0)


def summary(report: Report) -> str:
    """The score, what it means, and which sections hold it down."""
    found = sections(report)
    note = next((table.note for table in report.tables if table.name == "readiness"), "")
    weakest = [name.lower() for name, points in found.items() if points == score(report)]
    held = f" Held down by {' and '.join(weakest)}." if found and len(weakest) < len(found) else ""
    return f"{note}{held}"


def rows(report: Report, name: str = "readiness") -> Sequence[Mapping[str, Scalar]]:
    """The rows of one of its tables; none where it lacks it."""
    return next((table.records() for table in report.tables if table.name == name), ())


def number(value: object) -> float:
    """A cell as a number; 0 where it is none."""
    return float(value) if isinstance(value, int | float) else 0.0
