"""The state of monitor, rollouts and retraining of a registry, told to Prometheus by the control server.

Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {"FAMILIES": "families", "text": "text"}

__all__ = ["FAMILIES", "text"]

if TYPE_CHECKING:
    from seakeep.pipeline.control.metrics.families import FAMILIES
    from seakeep.pipeline.control.metrics.text import text

__getattr__, __dir__ = lazily(__name__, _HOMES)
