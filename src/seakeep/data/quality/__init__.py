"""Faults that a table may have without breaking its contract: found by `inspect`, one kind a file in `findings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {"Finding": "finding", "Found": "finding", "Look": "finding", "Table": "finding", "inspect": "inspect"}

__all__ = ["Finding", "Found", "Look", "Table", "inspect"]

if TYPE_CHECKING:
    from seakeep.data.quality.finding import Finding, Found, Look, Table
    from seakeep.data.quality.inspect import inspect

__getattr__, __dir__ = lazily(__name__, _HOMES)
