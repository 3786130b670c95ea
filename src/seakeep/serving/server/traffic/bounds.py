"""Bounds: what a server promises its callers about waiting. A part of a server's settings, validated once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from seakeep.core.errors import UsageError

_MOST_MS = 600_000.0
_TURNS = 16


class BadBound(UsageError):
    """A bound of a server's traffic has a value that it cannot have."""

    @classmethod
    def of(cls, name: str, found: float, expected: str) -> BadBound:
        return cls(
            f"serve.{name} is {found:g}, expected {expected}",
            cause="Above such a bound requests are refused with 429 instead of being left to wait.",
            fix=f"Change it in seakeep.toml: [serve] {name} = …",
            name=name,
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait.

    target_ms: 99 of 100 answers shall take no longer, of those that are let in; what would wait for longer is refused (429). 0
    leaves everything to wait. concurrency: requests that a worker has under way of one model; more are refused (429). 0 for
    any number. Raises: BadBound.
    """

    target_ms: float = 0.0
    concurrency: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.target_ms) and 0 <= self.target_ms <= _MOST_MS and not 0 < self.target_ms < 1):
            raise BadBound.of("latency_target_ms", self.target_ms, f"0, or 1 to {_MOST_MS:g} milliseconds")
        if self.concurrency < 0:
            raise BadBound.of("concurrency", self.concurrency, "0, or a number of requests")

    @property
    def turn_seconds(self) -> float:
        """How long runs of the model may keep the event loop before others have their turn: short, where latency is promised; else
        as long as they like, since turns cost some of the throughput.
        """
        return self.target_ms / 1e3 / _TURNS if self.target_ms else math.inf

    @property
    def holds(self) -> bool:
        """Whether anything is bounded."""
        return self.target_ms > 0 or self.concurrency > 0
