"""Rates: how often a token may ask, all workers of a server together.

The generic cell rate algorithm keeps one number a token: the moment at which the token would be even, were it to ask no more. Each request
moves it by 1 / rate; where it lies further ahead than the burst, the request comes too soon. The number lies in a file that
every worker maps, since a client's connection stays with one worker: rates that were dealt out among workers would hold it to its
share. Two workers that write it in the same fraction of a microsecond count one request for two, which lets a few in a
thousand more through, and nobody waits for a lock.
"""

from __future__ import annotations

import mmap
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_WORD = 8
_SUFFIX = ".rate"
_ROUNDING_SECONDS = 1e-6


class Rate:
    """One token's limit. Parameters: path: of its file, which all workers share. rate: requests a second, above 0.

    burst_seconds: so much of the rate may come at once.
    """

    __slots__ = ("_ahead", "_each", "_even")

    def __init__(self, path: Path, rate: float, burst_seconds: float) -> None:
        self._each = 1.0 / rate
        self._ahead = max(0.0, burst_seconds - self._each)
        with path.open("a+b") as file:
            file.truncate(_WORD)
            self._even = memoryview(mmap.mmap(file.fileno(), _WORD)).cast("d")

    def wait(self) -> float:
        """0 where a request may come in, which is counted; else the seconds until one may."""
        now = time.monotonic()
        even = max(self._even[0], now)
        early = even - now - self._ahead
        if early > _ROUNDING_SECONDS:
            return early
        self._even[0] = even + self._each
        return 0.0

    def charge(self, requests: float) -> None:
        """Count so many requests more; whatever comes before they are even has to wait."""
        self._even[0] = max(self._even[0], time.monotonic()) + requests * self._each


def rate_file(folder: Path, token_id: str) -> Path:
    """Where a token's number lies. folder: the server's."""
    return folder / f"{token_id}{_SUFFIX}"
