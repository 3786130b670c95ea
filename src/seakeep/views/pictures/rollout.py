"""Pictures of a release being let in: its phases and decisions, and the evidence at every look."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.views.pictures.records import Draw

DRAWN: Mapping[str, tuple[tuple[str, ...], Draw]] = {}
