"""Rollouts of a project's releases: what a person calls, what is kept of one, what it looks at, what can go wrong.

Names are imported when first used, since looking needs Polars and asking how it stands does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Status": "record",
    "abort": "verbs",
    "advance": "verbs",
    "rollback": "verbs",
    "serve": "verbs",
    "start": "verbs",
    "status": "verbs",
}

__all__ = ["Status", "abort", "advance", "rollback", "serve", "start", "status"]

if TYPE_CHECKING:
    from seakeep.pipeline.rollouts.record import Status
    from seakeep.pipeline.rollouts.verbs import abort, advance, rollback, serve, start, status

__getattr__, __dir__ = lazily(__name__, _HOMES)
