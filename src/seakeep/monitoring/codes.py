"""Every check code that monitoring adds, with its meaning when it passes. Drift and schema codes are those of data.validation.anomalies."""

from __future__ import annotations

from seakeep.core import plugins

CODES = {
    "reference.windows": "The training rows span enough windows of the declared length to say how far such windows lie apart.",
    "monitoring.rows": "The window holds answered rows; an empty window is inconclusive, never a pass.",
    "monitoring.answered": "At most 5 % of the window's rows were refused or failed.",
    "monitoring.release": "The release that answered is on record, so that its rows can be compared with its training.",
    "monitoring.predictions": "The predictions are distributed as in the release's earlier windows.",
    **{
        f"decay.{name}": f"On the window's labelled rows, {name} is not worse than at release by more than the margin."
        for name in plugins.names("evaluation.metrics")
    },
}
