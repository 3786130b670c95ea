"""The 28 findings as one Report (kind "readiness"): a check a test, and tables of sections, tests and evidence.

The page, the terminal and the badge are views of it. A test's check passes with a full point, is inconclusive below, and fails where
the record says the contrary. The score itself is a check only where somebody asked for at least so much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core import Check, Report, Verdict
from seakeep.core.report import Table
from seakeep.pipeline.readiness.findings import iso
from seakeep.pipeline.readiness.rubric import MOST, SECTIONS, TESTS, TITLES
from seakeep.pipeline.readiness.scoring import Score, score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Scalar
    from seakeep.pipeline.readiness.findings import Finding, Piece
    from seakeep.pipeline.readiness.rubric import Test

KIND = "readiness"


def report(name: str, label: str, findings: Mapping[str, Finding], *, at_least: float | None = None) -> Report:
    """The report of findings by test id. label: of the release in charge, "" for none. at_least: the score that was asked for."""
    found = score(findings)
    checks = tuple(_check(test, findings[test.id]) for test in TESTS)
    asked = (_score_check(found, at_least),) if at_least is not None else ()
    subject = label or name
    return Report(
        KIND,
        f"Readiness of {subject}",
        subject,
        (*asked, *checks),
        (_sections(found, findings), _tests(findings), _evidence(findings)),
    )


def _check(test: Test, finding: Finding) -> Check:
    return Check(
        test.code,
        f"{test.id} {test.title}",
        finding.verdict,
        finding.message,
        observed=finding.points,
        threshold=1.0,
        fix=finding.fix,
        evidence={
            "section": test.section,
            "how": finding.how,
            "evidence": [piece.as_plain() for piece in finding.pieces],
        },
    )


def _score_check(found: Score, at_least: float) -> Check:
    enough = found.total >= at_least
    weakest = ", ".join(TITLES[section].lower() for section in found.weakest)
    said = f"the ML Test Score is {found.total:g}: {found.band}; it is held down by {weakest}"
    return Check(
        "readiness.score",
        "ML Test Score",
        Verdict.PASS if enough else Verdict.FAIL,
        said,
        observed=found.total,
        threshold=at_least,
        fix="" if enough else "Each test below has its next line.",
    )


def _sections(found: Score, findings: Mapping[str, Finding]) -> Table:
    """Points by section, and how many tests earned them how. The least is the score."""
    rows = []
    for section in SECTIONS:
        own = [findings[test.id] for test in TESTS if test.section == section]
        count = {points: sum(finding.points == points for finding in own) for points in (1.0, 0.5, 0.0)}
        rows.append((TITLES[section], found.sections[section], MOST, count[1.0], count[0.5], count[0.0]))
    note = f"The ML Test Score is the least of the four: {found.total:g}, {found.band}."
    return Table(
        "readiness",
        "Score by section",
        ("section", "points", "most", "automatic", "by hand", "nothing"),
        tuple(rows),
        note,
    )


def _tests(findings: Mapping[str, Finding]) -> Table:
    """Every test in the rubric's order."""
    rows = tuple(
        (test.id, TITLES[test.section], test.title, findings[test.id].points, findings[test.id].how) for test in TESTS
    )
    return Table("readiness_tests", "The 28 tests", ("test", "section", "title", "points", "how"), rows)


def _evidence(findings: Mapping[str, Finding]) -> Table:
    """Every piece of evidence that was looked at, by test."""
    rows = [(test.id, *_cells(piece)) for test in TESTS for piece in findings[test.id].pieces]
    return Table("readiness_evidence", "Evidence", ("test", "what", "digest", "date", "count"), tuple(rows))


def _cells(piece: Piece) -> tuple[Scalar, ...]:
    return piece.what, piece.digest[:12], iso(piece.at) if piece.at is not None else "", piece.count
