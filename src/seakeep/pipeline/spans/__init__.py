"""Spans: a table that arrives in parts, which of them are used, and how one is held to the contract alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Selection": "choosing",
    "Span": "choosing",
    "Spans": "choosing",
    "order": "choosing",
}

__all__ = ["Selection", "Span", "Spans", "order"]

if TYPE_CHECKING:
    from seakeep.pipeline.spans.choosing import Selection, Span, Spans, order

__getattr__, __dir__ = lazily(__name__, _HOMES)
