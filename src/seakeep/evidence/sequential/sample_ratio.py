"""Anytime-valid test that requests fall on the arms as they were routed (sample-ratio mismatch). Called by `rollout`.

A mismatch means that an arm loses rows (crashes before logging, a cache, a client that retries elsewhere), and then no
comparison of the arms can be trusted, however small its p-value. What is hard is that a rollout changes its shares: counts
of one stretch of equal shares are tested against them, and stretches multiply, since each is a fair bet given the past.
Two Dirichlet priors about the shares are averaged, a wide one that finds a broken arm within few rows and a narrow one that
finds one row in a hundred going astray among many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPARES = "shares"
SOURCE = "Lindon and Malek, Anytime-valid inference for multinomial count data, NeurIPS 2022"
CONCENTRATIONS = (100.0, 10_000.0)


class BadShares(UsageError):
    """Shares or counts that no routing gives."""

    @classmethod
    def not_shares(cls, shares: tuple[float, ...]) -> BadShares:
        return cls(
            f"found the shares {shares!r}, expected at least two above 0 that add up to 1",
            cause="An arm that gets no traffic is no part of the comparison.",
            fix="Leave out arms without traffic, and divide the others by their sum.",
            shares=shares,
        )

    @classmethod
    def not_counts(cls, counts: tuple[object, ...], arms: int) -> BadShares:
        return cls(
            f"found the counts {counts!r}, expected {arms} whole numbers of at least 0, one an arm",
            cause="Counts are of this batch alone, so they never fall below 0.",
            fix="Give one count for each share, in the shares' order.",
            counts=counts,
            arms=arms,
        )


@dataclass(frozen=True, slots=True)
class State:
    """What the test remembers: the shares now, the counts since they were set, and the evidence from before."""

    shares: tuple[float, ...]
    counts: tuple[int, ...]
    log_before: float = 0.0


def start(shares: Sequence[float]) -> State:
    """A test of H0: each row falls on arm i with probability shares[i], independently; its e-value is 1."""
    checked = _checked(shares)
    return State(checked, (0,) * len(checked))


def update(state: State, counts: Sequence[int], *, shares: Sequence[float] | None = None) -> State:
    """The test after one more batch of rows an arm. `shares`: those that the batch was routed by, where they changed.

    Raises: BadShares. Rows must be independent: where routing is sticky, count each key once, when it first comes.
    >>> log_e_value(update(start((0.1, 0.9)), (400, 5600))) >= math.log(1 / 0.001)
    True
    """
    found = tuple(counts)
    now = state.shares if shares is None else _checked(shares)
    whole = all(isinstance(count, int | np.integer) and not isinstance(count, bool) for count in found)
    if len(found) != len(now) or not whole or min(found) < 0:
        raise BadShares.not_counts(found, len(now))
    if now != state.shares:
        state = State(now, (0,) * len(now), log_e_value(state))
    return State(
        now, tuple(before + int(count) for before, count in zip(state.counts, found, strict=True)), state.log_before
    )


def log_e_value(state: State) -> float:
    """Natural logarithm of the evidence against H0: a Dirichlet mixture's likelihood over that of the shares.

    Reject at level alpha, at any look, when >= log(1/alpha).
    """
    ratios = [_log_ratio(state, concentration) for concentration in CONCENTRATIONS]
    largest = max(ratios)
    return state.log_before + largest + math.log(math.fsum(math.exp(r - largest) for r in ratios) / len(ratios))


def _log_ratio(state: State, concentration: float) -> float:
    ratio = math.lgamma(concentration) - math.lgamma(concentration + sum(state.counts))
    for share, count in zip(state.shares, state.counts, strict=True):
        prior = concentration * share
        ratio += math.lgamma(prior + count) - math.lgamma(prior) - count * math.log(share)
    return ratio


def _checked(shares: Sequence[float]) -> tuple[float, ...]:
    found = tuple(float(share) for share in shares)
    if len(found) < 2 or not all(share > 0 for share in found) or not math.isclose(sum(found), 1.0, abs_tol=1e-9):
        raise BadShares.not_shares(found)
    return found
