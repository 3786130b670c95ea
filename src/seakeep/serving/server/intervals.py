"""Intervals: how sure an answer is, where a request asks: `parameters.interval: 0.9`.

The distances were measured when the release was judged, on rows that the model was not fitted on (evaluation.conformal), and lie in its
evaluation. They are read when the first request asks, since most never do. A regression answers with `lower` and `upper`; classes with the
set of those that are not too far from certain, in which the decided one always is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from seakeep.core.kinds import Task
from seakeep.evidence.conformal import THOUSANDTHS, at_level
from seakeep.serving.server.refusals import BadWish

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.serving.served import Served

PARAMETER = "interval"
EVALUATION = "reports/evaluation.json"
_TABLE = "conformal"
Output = tuple[str, str, tuple[int, ...], Sequence[Any]]
"""Name, datatype, shape and values of a tensor."""


class Interval(NamedTuple):
    """What a request asks to know. level: the share of truths that it holds at least, as kept: not below the one asked for.

    distance: of the truth from the prediction, at most. classes: of the model; empty for regression.
    """

    level: float
    distance: float
    classes: Sequence[Any] = ()

    def outputs(self, scores: Sequence[float], decisions: Sequence[int]) -> list[Output]:
        """The tensors to add to an answer: lower and upper; or set, a row of a flag a class."""
        if not self.classes:
            shape = (len(scores),)
            return [
                ("lower", "FP64", shape, [score - self.distance for score in scores]),
                ("upper", "FP64", shape, [score + self.distance for score in scores]),
            ]
        return [("set", "BOOL", (len(decisions), len(self.classes)), self._flags(scores, decisions))]

    def rows(self, scores: Sequence[float], decisions: Sequence[int]) -> list[dict[str, Any]]:
        """What to add to each row's answer: its interval, or the classes in its set."""
        if not self.classes:
            return [{"interval": [score - self.distance, score + self.distance]} for score in scores]
        width, flags = len(self.classes), self._flags(scores, decisions)
        return [
            {"set": [name for name, flag in zip(self.classes, flags[begin : begin + width], strict=True) if flag]}
            for begin in range(0, len(flags), width)
        ]

    def _flags(self, scores: Sequence[float], decisions: Sequence[int]) -> list[bool]:
        """Whether each class is in its row's set, in row order."""
        flags = [1 - score <= self.distance for score in scores]
        for row, decision in enumerate(decisions):
            flags[row * len(self.classes) + decision] = True
        return flags


class _Table(msgspec.Struct):
    name: str
    rows: list[Any]


class _Report(msgspec.Struct):
    tables: list[_Table] = []


class Intervals:
    """What is known of how far a release's answers are off. Parameters: served: the release."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._kept: dict[int, float] | None = None

    @property
    def highest(self) -> float:
        """The highest level that may be asked for, 0 where none may."""
        return max(self._distances(), default=0) / 1000

    def asked(self, parameters: Mapping[str, Any]) -> Interval | None:
        """The interval that a request's parameters ask for, None where they ask for none. Raises Refusal."""
        level = parameters.get(PARAMETER)
        if level is None:
            return None
        if isinstance(level, bool) or not isinstance(level, int | float) or not THOUSANDTHS[0] / 1000 <= level < 1:
            raise BadWish.interval(level)
        kept = self._distances()
        found = at_level(level, sorted(kept))
        if not kept:
            raise BadWish.not_calibrated(self._served.name, self._served.version)
        if found is None:
            raise BadWish.level_too_high(level, max(kept) / 1000)
        classes = () if self._served.model.task is Task.REGRESSION else self._served.model.classes
        return Interval(found / 1000, kept[found], classes)

    def _distances(self) -> dict[int, float]:
        """Distances by level, in thousandths; empty where the release has none."""
        if self._kept is None:
            content = self._served.document(EVALUATION)
            report = msgspec.json.decode(content, type=_Report) if content else _Report()
            rows = next((table.rows for table in report.tables if table.name == _TABLE), [])
            self._kept = {round(level * 1000): distance for level, distance in rows}
        return self._kept
