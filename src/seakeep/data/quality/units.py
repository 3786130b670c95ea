"""Whether one sample of numbers is another one in a different unit: by the known factors between units, and °C and °F.

Used by `unit_change`. data.validation.guesses compares deciles of statistics; here both samples are at hand, so that the comparison is
of whole distributions: the largest gap between their cumulative shares (Kolmogorov–Smirnov), as they are and after conversion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seakeep.data.validation.guesses import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FEWEST, MOST = 100, 20_000
LEAST_APART, NEAR = 0.2, 0.04


@dataclass(frozen=True, slots=True)
class Change:
    """after = before · factor + offset. words: what that says. apart, left: the gap before and after conversion."""

    factor: float
    offset: float
    words: str
    apart: float
    left: float


def changed_unit(before: NDArray[np.float64], after: NDArray[np.float64]) -> Change | None:
    """The conversion that makes one sample of the other; None where they are near as they are, or none makes them so.

    The gap must be LEAST_APART at least before, and after conversion at most what chance gives (1 %) or NEAR, and a fifth of it.
    """
    if min(len(before), len(after)) < FEWEST:
        return None
    before, after = _sorted(before), _sorted(after)
    apart = gap(before, after)
    if apart < LEAST_APART or before[0] == before[-1]:
        return None
    size = len(before) * len(after) / (len(before) + len(after))
    limit = min(max(1.63 / np.sqrt(size), NEAR), apart / 4)
    tried = ((gap(before * factor + offset, after), factor, offset, words) for factor, offset, words in _conversions())
    left, factor, offset, words = min(tried)
    return Change(factor, offset, words, apart, left) if left <= limit else None


def gap(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The largest gap between the cumulative shares of two sorted samples."""
    points = np.concatenate([first, second])
    shares = [np.searchsorted(each, points, "right") / len(each) for each in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def _sorted(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sort(values[:: max(1, len(values) // MOST)])


def _conversions() -> Iterator[tuple[float, float, str]]:
    yield 1.8, 32.0, "degrees Celsius became Fahrenheit"
    yield 1 / 1.8, -32 / 1.8, "degrees Fahrenheit became Celsius"
    for factor, words in UNITS.items():
        yield factor, 0.0, words
        yield 1 / factor, 0.0, f"the reverse of: {words}"
