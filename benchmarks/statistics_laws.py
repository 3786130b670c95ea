"""The laws of Statistics, at length: worst observed errors against each stated bound, under every kind of merge tree.

Draws tables of hard shapes in adversarial orders, cuts them into many parts, adds the parts along random, left-deep,
right-deep and balanced trees, and compares with the rows themselves. What adds exactly must be equal to the bit; what is
approximate must obey the bound that the statistics carry.

    python benchmarks/statistics_laws.py --examples 200 --rows 20000 --parts 400
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.data import profile_frame, total

if TYPE_CHECKING:
    from seakeep.core.statistics import ColumnStatistics, Statistics

SHAPES = {
    "normal": lambda r, n: r.normal(size=n),
    "lognormal": lambda r, n: r.lognormal(sigma=2, size=n),
    "Pareto 1.1": lambda r, n: r.pareto(1.1, size=n),
    "Cauchy": lambda r, n: r.standard_cauchy(n),
    "identifiers near 1e9": lambda r, n: 1e9 + r.integers(0, 100_000, n),
    "microseconds of a year": lambda r, n: 1.7e15 + r.integers(0, 365 * 86_400_000_000, n),
    "outliers of 1e300": lambda r, n: np.where(
        r.random(n) < 1e-3, r.choice([1e300, -1e300, 1e-300], n), r.normal(size=n)
    ),
    "nine tenths zero": lambda r, n: np.where(r.random(n) < 0.9, 0.0, r.lognormal(size=n)),
    "600 decades": lambda r, n: 10.0 ** r.uniform(-300, 300, n),
    "Zipf": lambda r, n: r.zipf(1.3, n).clip(max=1 << 52).astype(float),
    "two scales": lambda r, n: np.where(r.random(n) < 0.5, r.normal(size=n), 1e9 + r.integers(0, 100_000, n)),
}
ORDERS = ("as drawn", "ascending", "descending", "most frequent last")
TREES = ("left-deep", "right-deep", "balanced", "random", "total")
SHARES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)


@dataclass
class Seen:
    """Worst of what was observed, for one shape: observed error and stated bound, both as shares of the rows."""

    rank: float = 0.0
    rank_bound: float = 0.0
    top: float = 0.0
    top_bound: float = 0.0
    distinct: list[float] = field(default_factory=list)
    examples: int = 0


def ordered(values: np.ndarray, order: str) -> np.ndarray:
    """The same values in an order that is hard for sketches."""
    if order == "as drawn":
        return values
    if order == "most frequent last":
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        return values[np.argsort(counts[inverse], kind="stable")]
    found = np.sort(values)
    return found if order == "ascending" else found[::-1]


def added(parts: list[Statistics], tree: str, random: np.random.Generator) -> tuple[Statistics, int]:
    """The sum along a tree, and the tree's height."""
    if tree == "total":
        return total(parts), 1
    if tree == "left-deep":
        return reduce(add, parts), len(parts) - 1
    if tree == "right-deep":
        return reduce(lambda whole, part: part + whole, reversed(parts)), len(parts) - 1
    nodes = [(part, 0) for part in parts]
    while len(nodes) > 1:
        i = 0 if tree == "balanced" else int(random.integers(len(nodes) - 1))
        (one, high), (other, deep) = nodes.pop(i), nodes.pop(i)
        at = len(nodes) if tree == "balanced" else int(random.integers(len(nodes) + 1))
        nodes.insert(at, (one + other, max(high, deep) + 1))
    return nodes[0]


def exact_facts(column: ColumnStatistics) -> tuple[object, ...]:
    """What must be equal to the bit whatever the tree."""
    return (
        column.rows, column.missing, column.nan, column.zeros, column.minimum, column.maximum, column.total, column.squares,
        column.histogram, column.sketch,
    )  # fmt: skip


def measure(seen: Seen, column: ColumnStatistics, values: np.ndarray) -> None:
    """Hold a column against its rows; raises AssertionError where a bound is broken."""
    seen.examples += 1
    whole = np.sort(values)
    for share in SHARES:
        found = column.quantile(share)
        rank = max(1, int(np.ceil(share * len(whole))))
        low, high = np.searchsorted(whole, found, "left") + 1, np.searchsorted(whole, found, "right")
        off = max(low - rank, rank - max(high, low), 0) / len(whole)
        assert off <= column.rank_error + 1e-12, (share, off, column.rank_error)
        seen.rank = max(seen.rank, off)
    seen.rank_bound = max(seen.rank_bound, column.rank_error)
    counts = Counter(values.tolist())
    listed = column.top.as_dict()
    for value, count in counts.most_common(3_000):
        lacking = (count - listed.get(value, 0)) / len(whole)
        assert -1e-12 <= lacking <= column.top_error + 1e-12, (value, lacking, column.top_error)
        seen.top = max(seen.top, lacking)
    assert column.top_error <= 1 / 2049
    seen.top_bound = max(seen.top_bound, column.top_error)
    seen.distinct.append(column.distinct / len(counts) - 1 if column.distinct_error else 0.0)


def run(examples: int, rows: int, parts: int, seed: int) -> dict[str, Seen]:
    """Every shape, `examples` times, each in one order along one tree, all in turn."""
    found = {shape: Seen() for shape in SHAPES}
    longest = 0
    for shape, draw in SHAPES.items():
        for example in range(examples):
            random = np.random.default_rng((seed, example))
            order, tree = ORDERS[example % len(ORDERS)], TREES[example // len(ORDERS) % len(TREES)]
            values = ordered(draw(random, rows).astype(np.float64), order)
            cuts = np.sort(random.integers(0, rows + 1, random.integers(2, parts)))
            pieces = [profile_frame(pl.DataFrame({"x": piece})) for piece in np.split(values, cuts)]
            whole, height = added(pieces, tree, random)
            longest = max(longest, height)
            assert exact_facts(whole["x"]) == exact_facts(profile_frame(pl.DataFrame({"x": values}))["x"])
            measure(found[shape], whole["x"], values)
    print(f"{sum(one.examples for one in found.values()):,} examples, longest tree {longest:,} additions high")
    return found


def table(found: dict[str, Seen]) -> str:
    """Observed against stated, one line a shape."""
    lines = [
        f"{'shape':24} {'rank: seen':>11} {'stated':>9} {'count: seen':>12} {'stated':>9} {'distinct: rms':>14} {'worst':>8} {'stated':>8}"
    ]
    for shape, one in found.items():
        rms = float(np.sqrt(np.mean(np.square(one.distinct))))
        worst = max(map(abs, one.distinct))
        lines.append(
            f"{shape:24} {one.rank:11.4%} {one.rank_bound:9.4%} {one.top:12.4%} {one.top_bound:9.4%} {rms:14.3%} {worst:8.2%} {'1.625%':>8}"
        )
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--examples", type=int, default=40, help="of each shape")
    asked.add_argument("--rows", type=int, default=20_000)
    asked.add_argument("--parts", type=int, default=200, help="at most, of each table")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    began = time.perf_counter()
    print(table(run(given.examples, given.rows, given.parts, given.seed)))
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
