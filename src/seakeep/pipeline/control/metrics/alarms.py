"""How many alerts that Alertmanager told are firing. Called by `text`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.pipeline.control.alerts import firing
from seakeep.pipeline.control.metrics.families import ALERTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.pipeline.control.metrics.families import Told
    from seakeep.registry import Registry


def tell(registry: Registry, name: str) -> Iterator[Told]:
    """Their number; none is told of as well, so that an end is seen."""
    yield ALERTS, (name,), len(firing(registry, name))
