"""total: adds many Statistics at once, as `+` does one by one, to the same bits."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from seakeep.core.statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Iterable


def total(parts: Iterable[Statistics]) -> Statistics:
    """The sum of all parts; the empty table's statistics for none. Raises as adding does."""
    return reduce(add, parts, Statistics())
