"""Answers of a model, whatever runs it."""

from __future__ import annotations

import dataclasses

import pytest

from seakeep.core.prediction import Predictions


def test_regression_has_scores_and_no_decisions() -> None:
    found = Predictions(scores=[[1.5], [2.5]])  # type: ignore[arg-type]
    assert found.decisions is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.decisions = found.scores  # type: ignore[assignment, misc]
