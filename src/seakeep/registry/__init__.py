"""Remember: content-addressed artifacts, executions, lineage and releases."""

from __future__ import annotations

from seakeep.registry.artifacts import Artifact
from seakeep.registry.charge import arm_of
from seakeep.registry.documents import Document, DocumentChanged, Entry
from seakeep.registry.executions import Execution, Sight
from seakeep.registry.lineage import Edge, Lineage
from seakeep.registry.registry import Registry
from seakeep.registry.releases import Registered

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
