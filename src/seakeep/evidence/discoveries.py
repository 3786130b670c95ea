"""Which of many p-values are discoveries, when at most a share `q` of the discoveries may be false.

Called by monitoring for all columns of a window together: a threshold of 5 % a column would raise an alarm in nearly every window
of a wide table. Benjamini and Hochberg (1995) hold q where the p-values are independent or depend positively; Benjamini and
Yekutieli (2001) hold it however they depend, for a price of about ln(number) in power. Where nothing has changed, the
probability of any alarm at all is at most q under either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Method = Literal["benjamini_hochberg", "benjamini_yekutieli"]


class BadDiscoveries(UsageError):
    """P-values, or the share of them that may be false, mean nothing."""

    @classmethod
    def share(cls, q: float) -> BadDiscoveries:
        return cls(f"q is {q!r}, expected a share above 0 and below 1", fix="q=0.05", q=q)

    @classmethod
    def p_value(cls, p: float) -> BadDiscoveries:
        return cls(
            f"a p-value is {p!r}, expected a number from 0 to 1",
            cause="A distance that was not a number was compared with its null distribution.",
            fix="Leave out the columns that have nothing to compare.",
            p=p,
        )


def adjusted(p_values: Sequence[float], *, method: Method = "benjamini_yekutieli") -> tuple[float, ...]:
    """The smallest q at which each hypothesis would be a discovery, in the order given; 0 to 1. O(n log n).

    >>> [round(p, 3) for p in adjusted([0.01, 0.04, 0.5], method="benjamini_hochberg")]
    [0.03, 0.06, 0.5]
    """
    ranked, order = _ranked(p_values)
    if not len(ranked):
        return ()
    raised = ranked * _price(len(ranked), method) / np.arange(1, len(ranked) + 1)
    falling = np.minimum.accumulate(raised[::-1])[::-1]
    found = np.empty(len(ranked))
    found[order] = np.minimum(falling, 1.0)
    return tuple(found.tolist())


def cutoff(p_values: Sequence[float], *, q: float, method: Method = "benjamini_yekutieli") -> float:
    """The p-value up to which hypotheses are discoveries; where there is none, what the first one would have to reach.

    Raises: BadDiscoveries, for a q outside of (0, 1) or a p-value outside of [0, 1].
    >>> cutoff([0.01, 0.04, 0.5], q=0.06, method="benjamini_hochberg")
    0.04
    """
    if not 0 < q < 1:
        raise BadDiscoveries.share(q)
    ranked, _ = _ranked(p_values)
    steps = q * np.arange(1, len(ranked) + 1) / _price(max(1, len(ranked)), method)
    held = np.flatnonzero(ranked <= steps)
    if not len(held):
        return q / _price(max(1, len(ranked)), method)
    return float(steps[held[-1]])


def _ranked(p_values: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    values = np.asarray(p_values, dtype=np.float64)
    for wrong in values[~((values >= 0) & (values <= 1))]:
        raise BadDiscoveries.p_value(float(wrong))
    order = np.argsort(values, kind="stable")
    return values[order], order


def _price(number: int, method: Method) -> float:
    """What a p-value is multiplied by before it is divided by its rank."""
    dependence = 1.0 if method == "benjamini_hochberg" else float(np.sum(1.0 / np.arange(1, number + 1)))
    return number * dependence
