"""Cost: the seconds that a run of the model takes by its rows: a fixed part and one a row. Measured when a release is loaded."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_TRIES, _ENOUGH_SECONDS = 3, 0.05


class Cost(NamedTuple):
    """fixed: seconds of a run. each: more for every row."""

    fixed: float = 0.0
    each: float = 0.0

    def of(self, rows: int) -> float:
        """Seconds that so many rows take.

        >>> Cost(0.25, 0.5).of(3)
        1.75
        """
        return self.fixed + self.each * rows


def measured(run: Callable[[int], object], small: int, large: int) -> Cost:
    """The cost of `run(rows)`, from the quickest of some runs of each size: whatever else the machine does only adds.

    A model that is slow is run once of each size: nobody shall wait for the measuring.
    """
    few, many = _quickest(run, small), _quickest(run, large)
    each = max(0.0, (many - few) / (large - small))
    return Cost(max(0.0, few - each * small), each)


def _quickest(run: Callable[[int], object], rows: int) -> float:
    found, began = float("inf"), time.perf_counter()
    for _ in range(_TRIES):
        start = time.perf_counter()
        run(rows)
        end = time.perf_counter()
        found = min(found, end - start)
        if end - began > _ENOUGH_SECONDS:
            break
    return found
