"""Watch what is served: windows of the prediction log judged for drift, data quality and decay, with a record of incidents.

Names are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Incident": "incidents",
    "Monitor": "monitor",
    "MonitorSettings": "settings",
    "Window": "windows",
    "WindowResult": "ledger",
    "natural_variation": "natural",
}

__all__ = ["Incident", "Monitor", "MonitorSettings", "Window", "WindowResult", "natural_variation"]

if TYPE_CHECKING:
    from seakeep.monitoring.incidents import Incident
    from seakeep.monitoring.ledger import WindowResult
    from seakeep.monitoring.monitor import Monitor
    from seakeep.monitoring.natural import natural_variation
    from seakeep.monitoring.settings import MonitorSettings
    from seakeep.monitoring.windows import Window

__getattr__, __dir__ = lazily(__name__, _HOMES)
