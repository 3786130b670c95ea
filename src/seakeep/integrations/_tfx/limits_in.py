"""Thresholds of TFMD's schema as ours: pairs of limits, shares, and the comparators' distances. Called by `schema_in`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from seakeep.core import plugins
from seakeep.integrations._tfx.carried import Lost
from seakeep.integrations._tfx.errors import BadProto

if TYPE_CHECKING:
    from seakeep.core.kinds import Kind

DISTANCES = {
    "infinity_norm": "l_infinity",
    "jensen_shannon_divergence": "jensen_shannon",
    "normalized_abs_difference": "normalised_absolute_difference",
}
"""TFMD's comparators and our distances. Our Jensen–Shannon distance is the root of TFDV's divergence."""


def distances(comparator: Any, kind: Kind, where: str, *, lost: list[Lost]) -> dict[str, float]:
    """Thresholds by the name of our distance; what has none here is added to `lost`."""
    found = {}
    for field, name in DISTANCES.items():
        if not comparator.HasField(field) or not getattr(comparator, field).HasField("threshold"):
            continue
        threshold = limit(getattr(comparator, field), "threshold", where)
        if name not in plugins.names("evidence.distances"):
            lost.append(Lost(where, f"{field}: {threshold:g}", "There is no such distance here.", "notimpl"))
        elif kind not in plugins.load("evidence.distances", name).KINDS:
            lost.append(Lost(where, f"{field}: {threshold:g}", f"{name} does not compare {kind.value} columns."))
        else:
            found[name] = threshold**0.5 if name == "jensen_shannon" else threshold
    return found


def limits(count: Any, where: str) -> tuple[int | None, int | None]:
    """The least and the most that a proto with `min` and `max` allows; None for no limit."""
    return limit(count, "min", where), limit(count, "max", where)


def limit(message: Any, field: str, where: str) -> Any:
    """A limit that is set, or None. Raises BadProto for one below 0, or that is no number."""
    if not message.HasField(field):
        return None
    value = getattr(message, field)
    if not (value >= 0 and math.isfinite(value)):
        raise BadProto.contradiction(where, f"{field} is {value}, a number of at least 0 is expected")
    return value


def rest_of(share: float) -> float:
    """1 - share, without the last bits' noise: 1 - 0.9 is 0.1."""
    return round(1 - share, 12)
