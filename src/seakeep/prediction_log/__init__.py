"""What was asked and answered, with labels as they arrive: written by workers, read as one more dataset.

Names are imported when first used: a server's worker writes frames to a spool without Polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "BadLabels": "labels",
    "Conversion": "parts",
    "Counts": "spool",
    "FoundPrediction": "log",
    "Header": "frames",
    "Label": "frames",
    "LabelSummary": "labels",
    "Layout": "layout",
    "PredictionLog": "log",
    "Record": "frames",
    "Spool": "spool",
    "convert": "parts",
    "find": "log",
}

__all__ = [
    "BadLabels",
    "Conversion",
    "Counts",
    "FoundPrediction",
    "Header",
    "Label",
    "LabelSummary",
    "Layout",
    "PredictionLog",
    "Record",
    "Spool",
    "convert",
    "find",
]

if TYPE_CHECKING:
    from seakeep.prediction_log.frames import Header, Label, Record
    from seakeep.prediction_log.labels import BadLabels, LabelSummary
    from seakeep.prediction_log.layout import Layout
    from seakeep.prediction_log.log import FoundPrediction, PredictionLog, find
    from seakeep.prediction_log.parts import Conversion, convert
    from seakeep.prediction_log.spool import Counts, Spool

__getattr__, __dir__ = lazily(__name__, _HOMES)
