"""The control server beside a project's models: what it tells controllers, alarms and Prometheus.

Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {"CODES": "refusals", "PATHS": "calls", "firing": "alerts", "serve": "service"}

__all__ = ["CODES", "PATHS", "firing", "serve"]

if TYPE_CHECKING:
    from seakeep.pipeline.control.alerts import firing
    from seakeep.pipeline.control.calls import PATHS
    from seakeep.pipeline.control.refusals import CODES
    from seakeep.pipeline.control.service import serve

__getattr__, __dir__ = lazily(__name__, _HOMES)
