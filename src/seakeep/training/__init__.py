"""Fit an estimator, export it to ONNX, prove that both agree.

Names are imported when first used: naming an estimator must not load a training library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {"Estimator": "estimators", "Trained": "trainer", "estimator": "estimators", "train": "trainer"}

__all__ = ["Estimator", "Trained", "estimator", "train"]

if TYPE_CHECKING:
    from seakeep.training.estimators import Estimator, estimator
    from seakeep.training.trainer import Trained, train

__getattr__, __dir__ = lazily(__name__, _HOMES)
