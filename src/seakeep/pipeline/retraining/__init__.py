"""Retraining: when to train again, what arrived, what is under way, and the service that looks and acts.

Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Look": "attending",
    "RetrainBusy": "service",
    "retrain": "service",
    "serve": "service",
}

__all__ = ["Look", "RetrainBusy", "retrain", "serve"]

if TYPE_CHECKING:
    from seakeep.pipeline.retraining.attending import Look
    from seakeep.pipeline.retraining.service import RetrainBusy, retrain, serve

__getattr__, __dir__ = lazily(__name__, _HOMES)
