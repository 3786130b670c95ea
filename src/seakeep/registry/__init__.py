"""Remember: content-addressed artifacts, executions, lineage and releases.

Names are imported when first used: a server that follows no route lives without a registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Artifact": "artifacts",
    "Document": "documents",
    "DocumentChanged": "documents",
    "Edge": "lineage",
    "Entry": "documents",
    "Execution": "executions",
    "Lineage": "lineage",
    "Registered": "releases",
    "Registry": "registry",
    "Sight": "executions",
    "arm_of": "charge",
}

__all__ = [
    "Artifact",
    "Document",
    "DocumentChanged",
    "Edge",
    "Entry",
    "Execution",
    "Lineage",
    "Registered",
    "Registry",
    "Sight",
    "arm_of",
]

if TYPE_CHECKING:
    from seakeep.registry.artifacts import Artifact
    from seakeep.registry.charge import arm_of
    from seakeep.registry.documents import Document, DocumentChanged, Entry
    from seakeep.registry.executions import Execution, Sight
    from seakeep.registry.lineage import Edge, Lineage
    from seakeep.registry.registry import Registry
    from seakeep.registry.releases import Registered

__getattr__, __dir__ = lazily(__name__, _HOMES)
