"""The ML Test Score: points summed within each section, and the least of the four sums. Pure.

The minimum is the point: infrastructure that is tested to perfection does not make up for a model that nobody watches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.pipeline.readiness.rubric import BY_ID, SECTIONS, TESTS, Section, band

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.pipeline.readiness.findings import Finding


@dataclass(frozen=True, slots=True)
class Score:
    """sections: points of each, 0 to 7. total: the least of them. weakest: the sections that have it, in the rubric's order."""

    sections: Mapping[Section, float]

    @property
    def total(self) -> float:
        """The score."""
        return min(self.sections.values())

    @property
    def weakest(self) -> tuple[Section, ...]:
        """The sections that hold the score down."""
        return tuple(section for section in SECTIONS if self.sections[section] == self.total)

    @property
    def band(self) -> str:
        """What the score means."""
        return band(self.total)


def score(findings: Mapping[str, Finding]) -> Score:
    """The score of findings by test id; a test without a finding earns nothing.

    >>> score({}).total
    0.0
    """
    return of_points({name: finding.points for name, finding in findings.items()})


def of_points(points: Mapping[str, float]) -> Score:
    """The score of points by test id. Raises KeyError for an id that is none."""
    sums: dict[Section, float] = dict.fromkeys(SECTIONS, 0.0)
    for name, earned in points.items():
        sums[BY_ID[name].section] += earned
    return Score(sums)


assert all(sum(test.section == section for test in TESTS) == 7 for section in SECTIONS)
