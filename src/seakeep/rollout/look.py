"""Look: what was seen since the last look. Counts and losses per arm; the only evidence a rollout gets.

The two arms of a stratum answered at the same time under the same shares, so comparing within strata stays fair when traffic or
the world changes in time while the shares grow: pooled over steps, the challenger would be judged mostly on the later hours.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """One arm's part of a stratum.

    requests: that this arm was to answer. errors: of them, failed, or refused by this release's own contract. timed: of them,
    those whose latency was compared with the limit; slow: those above it. units: keys seen for the first time in this rollout
    (requests without a key count each), which is what was dealt out by chance. losses: of requests whose labels arrived now,
    each in [0, 1].
    """

    requests: int = 0
    errors: int = 0
    timed: int = 0
    slow: int = 0
    units: int = 0
    losses: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Stratum:
    """What both arms did under one revision of the route. present: whether that is the route of the present step."""

    champion: Tally = Tally()
    challenger: Tally = Tally()
    present: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """Everything since the last look.

    copies: requests that both the champion and a shadow dealt with within the present step; disagreements: of them, those
    where they answered differently. champion_p99_ms: 99th percentile of all the champion's latencies since the rollout began,
    needed only until the limit of slow requests is known.
    """

    strata: tuple[Stratum, ...] = ()
    copies: int = 0
    disagreements: int = 0
    champion_p99_ms: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was seen."""
        return self.copies == 0 and all(
            tally.requests == 0 and not tally.losses
            for each in self.strata
            for tally in (each.champion, each.challenger)
        )
