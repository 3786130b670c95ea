"""Traffic of two arms on the edge of what a sequential test calls good, as batches; used by `check_sequential_test`.

Each kind of traffic breaks another wrong test: rare hits one that trusts a normal approximation, values of unequal spread one
that compares ranks or permutes, rates that drift one that pools, single rows one that divides by a batch's variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

LOOKS = 30
Counts = tuple[int, int]
Values = list[float]
Batch = tuple[Counts | Values, Counts | Values]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Traffic whose challenger's mean is the champion's plus `difference`, in every batch. `batches`: one run of them."""

    name: str
    difference: float
    batches: Callable[[Generator], list[Batch]]


def _counted(generator: Generator, rows: tuple[int, int], rates: tuple[float, float]) -> Batch:
    hits, others = (int(generator.binomial(count, rate)) for count, rate in zip(rows, rates, strict=True))
    return (hits, rows[0]), (others, rows[1])


def _rare(generator: Generator) -> list[Batch]:
    return [_counted(generator, (60, 540), (0.02, 0.02)) for _ in range(LOOKS)]


def _drifting(generator: Generator) -> list[Batch]:
    rates = [0.15 + 0.13 * math.sin(look / 4) for look in range(LOOKS)]
    rows = generator.integers(10, 200, (LOOKS, 2))
    return [_counted(generator, (int(a), int(b)), (rate, rate)) for (a, b), rate in zip(rows, rates, strict=True)]


def _single(generator: Generator) -> list[Batch]:
    return [_counted(generator, (1, 1), (0.5, 0.5)) for _ in range(2 * LOOKS)]


def _torn(generator: Generator) -> list[Batch]:
    """The rows of a day cut anywhere, so that many batches lack an arm."""
    rows = generator.poisson((1.0, 6.0), (2 * LOOKS, 2))
    return [_counted(generator, (int(a), int(b)), (0.3, 0.3)) for a, b in rows]


def _large_challenger(generator: Generator) -> list[Batch]:
    return [_counted(generator, (300, 30), (0.9, 0.9)) for _ in range(LOOKS)]


def _worse(generator: Generator) -> list[Batch]:
    return [_counted(generator, (100, 300), (0.15, 0.10)) for _ in range(LOOKS)]


def _spread(generator: Generator) -> list[Batch]:
    return [((generator.random(20) < 0.3).astype(float).tolist(), [0.3] * 100) for _ in range(LOOKS)]


def _skewed(generator: Generator) -> list[Batch]:
    return [(generator.beta(2, 6, 30).tolist(), generator.beta(0.1, 0.3, 60).tolist()) for _ in range(LOOKS)]


EDGES = (
    Traffic("rare errors", 0.0, _rare),
    Traffic("rates that drift together", 0.0, _drifting),
    Traffic("batches of one row", 0.0, _single),
    Traffic("batches that lack an arm", 0.0, _torn),
    Traffic("a challenger larger than the champion", 0.0, _large_challenger),
    Traffic("a difference that the margin allows", 0.05, _worse),
    Traffic("a constant champion", 0.0, _spread),
    Traffic("arms of unequal spread", 0.0, _skewed),
)


def planted(generator: Generator) -> list[Batch]:
    """Errors of 8 % against 2 %, 60 and 540 rows a look: any sound test finds it."""
    return [_counted(generator, (60, 540), (0.08, 0.02)) for _ in range(LOOKS)]


def planted_values(generator: Generator) -> list[Batch]:
    """Values about 0.4 against 0.3, standard deviation 0.1."""
    return [(generator.beta(9.6, 14.4, 60).tolist(), generator.beta(6, 14, 540).tolist()) for _ in range(LOOKS)]


def seeded(seed: int) -> Generator:
    return np.random.Generator(np.random.PCG64(seed))
