"""Who is in charge of a name. Called by `text`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.pipeline.control.metrics.families import CHAMPION, CHAMPION_MADE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.pipeline.control.metrics.families import Told
    from seakeep.registry import Registry


def tell(registry: Registry, name: str) -> Iterator[Told]:
    """The champion; nothing where no release passed yet."""
    found = registry.champion(name)
    if found is not None:
        labels = (name, str(found.version), found.release.digest[:12], found.release.verdict.value)
        yield CHAMPION, labels, 1
        yield CHAMPION_MADE, (name,), found.registered
