"""32-bit floats, in which TFMD holds the bounds of numbers: 10.1 goes out as 10.100000381469727 and must come back as 10.1."""

from __future__ import annotations

import math
import struct

_LARGEST = 3.4028234663852886e38
_DIGITS = 9
"""Significant digits that tell any 32-bit float from its neighbours."""


def narrowed(value: float) -> float:
    """The nearest 32-bit float; the largest finite one beyond them.

    >>> narrowed(10.1), narrowed(-1e300)
    (10.100000381469727, -3.4028234663852886e+38)
    """
    try:
        found: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(_LARGEST, value)
    return found


def shortest(value: float) -> float:
    """The number of fewest digits that narrows to the 32-bit float `value`.

    >>> shortest(10.100000381469727), shortest(0.5)
    (10.1, 0.5)
    """
    for digits in range(1, _DIGITS):
        found = float(f"{value:.{digits}g}")
        if narrowed(found) == value:
            return found
    return value
