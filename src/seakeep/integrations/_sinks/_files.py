"""The files that a sink of whole files gets for one that is finished: itself, and once how its release's rows are to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.prediction_log.columns import RELEASE_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from seakeep.prediction_log.layout import Layout
    from seakeep.prediction_log.outbox import Parcel


class Descriptions:
    """Remembers which releases of which models the sink knows already."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()

    def before(self, log: Layout, parcel: Parcel) -> Iterator[tuple[str, Path]]:
        """Place and path of the description, where the sink has not got it from this process yet; it may have changed since."""
        path = log.description(parcel.release[:RELEASE_DIGITS])
        if not parcel.is_labels and (log.name, parcel.release) not in self._known and path.exists():
            yield f"releases/{path.name}", path
            self._known.add((log.name, parcel.release))
