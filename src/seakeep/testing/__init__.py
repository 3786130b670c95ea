"""Conformance suites that plug-ins must pass; the built-in ones pass them too."""

from __future__ import annotations

from seakeep.testing.columns import column_of, table_of
from seakeep.testing.distances import check_distance
from seakeep.testing.sequential import check_sequential_test

__all__ = ["check_distance", "check_sequential_test", "column_of", "table_of"]
