"""Readiness for production: the 28 tests of the ML Test Score, each answered by what is on record, never by a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Attestation": "manual",
    "BadReadiness": "errors",
    "Finding": "findings",
    "Piece": "findings",
    "Score": "scoring",
    "Test": "rubric",
    "TESTS": "rubric",
    "assess": "verbs",
    "attest": "verbs",
    "prove": "verbs",
    "report": "reporting",
    "score": "scoring",
}

__all__ = [
    "TESTS",
    "Attestation",
    "BadReadiness",
    "Finding",
    "Piece",
    "Score",
    "Test",
    "assess",
    "attest",
    "prove",
    "report",
    "score",
]

if TYPE_CHECKING:
    from seakeep.pipeline.readiness.errors import BadReadiness
    from seakeep.pipeline.readiness.findings import Finding, Piece
    from seakeep.pipeline.readiness.manual import Attestation
    from seakeep.pipeline.readiness.reporting import report
    from seakeep.pipeline.readiness.rubric import TESTS, Test
    from seakeep.pipeline.readiness.scoring import Score, score
    from seakeep.pipeline.readiness.verbs import assess, attest, prove

__getattr__, __dir__ = lazily(__name__, _HOMES)
