"""Judge predictions: metrics with intervals, slices, fairness, explanations, requirements.

Each name is imported when first used, so that a pipeline file can state its requirements without loading NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "CODES": "codes",
    "Contribution": "explanation",
    "Explanation": "explanation",
    "Requirement": "requirements",
    "at_least": "requirements",
    "at_most": "requirements",
    "check_names": "requirements",
    "check_requirements": "checking",
    "evaluate": "judge",
    "explain": "explanation",
    "gap_at_most": "requirements",
    "no_worse_than": "requirements",
}

__all__ = [
    "CODES",
    "Contribution",
    "Explanation",
    "Requirement",
    "at_least",
    "at_most",
    "check_names",
    "check_requirements",
    "evaluate",
    "explain",
    "gap_at_most",
    "no_worse_than",
]

if TYPE_CHECKING:
    from seakeep.evaluation.checking import check_requirements
    from seakeep.evaluation.codes import CODES
    from seakeep.evaluation.explanation import Contribution, Explanation, explain
    from seakeep.evaluation.judge import evaluate
    from seakeep.evaluation.requirements import (
        Requirement,
        at_least,
        at_most,
        check_names,
        gap_at_most,
        no_worse_than,
    )

__getattr__, __dir__ = lazily(__name__, _HOMES)
