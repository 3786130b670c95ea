"""Moments: microseconds since 1970 UTC, as every room counts time, and the standard library's datetimes in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999


def moment(microseconds: int) -> datetime:
    """The moment in UTC; one before the year 1 or after the year 9999 becomes the calendar's first or last.

    >>> moment(1_356_998_400_000_000).isoformat(), moment(-(2**63)).year, moment(2**63 - 1).year
    ('2013-01-01T00:00:00+00:00', 1, 9999)
    """
    return EPOCH + timedelta(microseconds=min(max(microseconds, _FIRST), _LAST))


def microseconds(seconds: float) -> int:
    """Unix seconds as microseconds.

    >>> microseconds(0.25)
    250000
    """
    return round(seconds * 1e6)
