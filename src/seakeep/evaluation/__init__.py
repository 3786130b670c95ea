"""Judge predictions: metrics with intervals, slices, fairness, explanations, requirements.

Each name is imported when first used, so that a pipeline file can state its requirements without loading NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_HOMES = {
    "CODES": "codes",
    "Contribution": "explanation",
    "Explanation": "explanation",
    "Requirement": "requirements",
    "at_least": "requirements",
    "at_most": "requirements",
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
    from seakeep.evaluation.requirements import Requirement, at_least, at_most, gap_at_most, no_worse_than


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'seakeep.evaluation' has no attribute {name!r}")
    return getattr(importlib.import_module(f"seakeep.evaluation.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
