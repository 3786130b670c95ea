"""What a release promised, as rules can hold it: shares of missing and outside values by column, and gates on metrics.

Read from the release's own folder: its schema and its evaluation. Slices' gates are left out, since the control server tells of metrics
over all rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from seakeep.core import Report
from seakeep.evaluation.estimate import metrics_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seakeep.core import ColumnSchema, Model
    from seakeep.pipeline.exports import ReleaseFacts

EVALUATION = "evaluation.json"
_GATES: dict[str, Literal["least", "most"]] = {"metric.at_least": "least", "metric.at_most": "most"}


@dataclass(frozen=True, slots=True)
class Gate:
    """A metric that the release had to reach over all rows: at least or at most a value."""

    metric: str
    bound: Literal["least", "most"]
    value: float


@dataclass(frozen=True, slots=True)
class Contract:
    """The promises of one release. missing: by column, the largest share that may be missing. outside: the same of values
    outside of the column's values or bounds, for the columns that have any. classes: as text.
    """

    name: str
    missing: Mapping[str, float] = field(default_factory=dict)
    outside: Mapping[str, float] = field(default_factory=dict)
    gates: tuple[Gate, ...] = ()
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, release: ReleaseFacts, *, name: str = "") -> Contract:
        """The contract of a release. name: that it is served by; its own by default."""
        model = release.model
        columns = {
            each.name: model.schema.columns[each.name] for each in model.inputs if each.name in model.schema.columns
        }
        return cls(
            name or release.name,
            {key: column.missing_at_most for key, column in columns.items() if column.missing_at_most < 1},
            {key: column.others_at_most for key, column in columns.items() if _bounded(column)},
            _gates(release.folder / "reports" / EVALUATION, model),
            tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in model.classes),
        )


def _bounded(column: ColumnSchema) -> bool:
    limits = (column.values, column.minimum, column.maximum, column.length_at_least, column.length_at_most)
    return any(limit is not None for limit in limits)


def _gates(path: Path, model: Model) -> tuple[Gate, ...]:
    """The gates over all rows, each once; none where the release was never evaluated."""
    if not path.is_file():
        return ()
    known = metrics_of(model.task)
    found = {
        (check.subject, _GATES[check.code]): float(check.threshold)
        for check in Report.load(path).checks
        if check.code in _GATES and check.subject in known and isinstance(check.threshold, int | float)
    }
    return tuple(Gate(metric, bound, value) for (metric, bound), value in found.items())
