"""Declared feature operations, fitted in few passes and lowered to one ONNX graph over raw columns.

Names are imported when first used: a server's worker needs the null contract and the session, and lives without the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Feature": "declaration",
    "Features": "declaration",
    "FittedFeatures": "fitted",
    "GraphBuilder": "graph",
    "Session": "session",
    "boolean": "declaration",
    "category": "declaration",
    "cross": "declaration",
    "feeds": "nulls",
    "fit": "fitting",
    "number": "declaration",
    "tensor": "nulls",
    "timestamp": "declaration",
}

__all__ = [
    "Feature",
    "Features",
    "FittedFeatures",
    "GraphBuilder",
    "Session",
    "boolean",
    "category",
    "cross",
    "feeds",
    "fit",
    "number",
    "tensor",
    "timestamp",
]

if TYPE_CHECKING:
    from seakeep.features.declaration import Feature, Features, boolean, category, cross, number, timestamp
    from seakeep.features.fitted import FittedFeatures
    from seakeep.features.fitting import fit
    from seakeep.features.graph import GraphBuilder
    from seakeep.features.nulls import feeds, tensor
    from seakeep.features.session import Session

__getattr__, __dir__ = lazily(__name__, _HOMES)
