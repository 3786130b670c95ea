"""Continuous integration, delivery and training: what `seakeep ci` does for a pull request, after a merge, and on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "CannotCheck": "errors",
    "Checked": "results",
    "Delivered": "results",
    "Part": "results",
    "Retrained": "results",
    "check": "checking",
    "deliver": "delivering",
    "retrain": "delivering",
    "write_folder": "writing",
}

__all__ = [
    "CannotCheck",
    "Checked",
    "Delivered",
    "Part",
    "Retrained",
    "check",
    "deliver",
    "retrain",
    "write_folder",
]

if TYPE_CHECKING:
    from seakeep.pipeline.ci.checking import check
    from seakeep.pipeline.ci.delivering import deliver, retrain
    from seakeep.pipeline.ci.errors import CannotCheck
    from seakeep.pipeline.ci.results import Checked, Delivered, Part, Retrained
    from seakeep.pipeline.ci.writing import write_folder

__getattr__, __dir__ = lazily(__name__, _HOMES)
