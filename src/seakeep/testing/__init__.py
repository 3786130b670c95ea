"""Conformance suites that plug-ins must pass; the built-in ones pass them too. Each is imported when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "check_distance": "distances",
    "check_engine": "engines",
    "check_exporter": "exporters",
    "check_finding": "findings",
    "check_inference_server": "inference_server",
    "check_operation": "operations",
    "check_plan": "plans",
    "check_runtime": "runtimes",
    "check_sequential_test": "sequential",
    "check_source": "sources",
    "check_store": "stores",
    "column_of": "columns",
    "table_of": "columns",
}

__all__ = [
    "check_distance",
    "check_engine",
    "check_exporter",
    "check_finding",
    "check_inference_server",
    "check_operation",
    "check_plan",
    "check_runtime",
    "check_sequential_test",
    "check_source",
    "check_store",
    "column_of",
    "table_of",
]

if TYPE_CHECKING:
    from seakeep.testing.columns import column_of, table_of
    from seakeep.testing.distances import check_distance
    from seakeep.testing.engines import check_engine
    from seakeep.testing.exporters import check_exporter
    from seakeep.testing.findings import check_finding
    from seakeep.testing.inference_server import check_inference_server
    from seakeep.testing.operations import check_operation
    from seakeep.testing.plans import check_plan
    from seakeep.testing.runtimes import check_runtime
    from seakeep.testing.sequential import check_sequential_test
    from seakeep.testing.sources import check_source
    from seakeep.testing.stores import check_store

__getattr__, __dir__ = lazily(__name__, _HOMES)
