"""Fit an estimator, export it to ONNX, prove that both agree.

Names are imported when first used: naming an estimator must not load a training library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_HOMES = {"Estimator": "estimators", "Trained": "trainer", "estimator": "estimators", "train": "trainer"}

__all__ = ["Estimator", "Trained", "estimator", "train"]

if TYPE_CHECKING:
    from seakeep.training.estimators import Estimator, estimator
    from seakeep.training.trainer import Trained, train


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'seakeep.training' has no attribute {name!r}")
    return getattr(importlib.import_module(f"seakeep.training.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
