"""Lengths of time as people write them: "7d", "12h", "30m", "45s"; in settings and declarations.

One unit, as a number without a sign. Months and years are left out, since they have no fixed length.
"""

from __future__ import annotations

import math
import re

EXAMPLE = '"7d", "12h", "30m" or "45s"'
UNITS = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])", re.ASCII)


def seconds(text: str) -> float | None:
    """Seconds, more than 0 and finite; None where `text` is no length of time.

    >>> seconds("12h"), seconds("1.5m"), seconds("0d"), seconds("a week")
    (43200.0, 90.0, None, None)
    """
    found = _FORM.fullmatch(text.strip())
    length = float(found[1]) * UNITS[found[2]] if found else 0.0
    return length if 0 < length < math.inf else None


def text(length: float) -> str:
    """Seconds in the largest unit below weeks that they fill: "36h" is "1.5d".

    >>> text(86400.0), text(5400.0), text(0.25)
    ('1d', '1.5h', '0.25s')
    """
    unit = next((name for name in "dhm" if length >= UNITS[name]), "s")
    return f"{length / UNITS[unit]:.3g}{unit}"
