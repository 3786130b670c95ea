"""Compiled trees against ONNX Runtime: one model by both, in turns, one thread; what compiling takes; whether a bit differs.

Usage: python benchmarks/serving/trees.py [--turns N]

The model of `model.py` from raw columns to probabilities, then ensembles made by chance, from features to sums. Times are the least of
some turns, in microseconds; ONNX Runtime and the compiled trees by turns, so that a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from model import made

from seakeep.core.model import Model
from seakeep.features.nulls import feeds
from seakeep.features.session import Session
from seakeep.serving.runtimes.compiled import CompiledSession

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTS = (1, 8, 16, 64, 1024, 8192)
SHAPES = {
    "10 trees of 31 leaves": (10, 31, False),
    "200 trees of 31 leaves": (200, 31, False),
    "1,000 trees of 31 leaves": (1000, 31, False),
    "200 trees of 64 leaves, float32": (200, 64, True),
    "200 trees of 255 leaves": (200, 255, False),
    "100 trees of 4,000 leaves": (100, 4000, False),
}


def compare(name: str, graph: bytes, outputs: tuple[str, ...], arrays: dict[str, Any], *, turns: int) -> None:
    """Print the times of one graph."""
    whole = Session(graph)
    began, before = time.perf_counter(), resident()
    compiled = CompiledSession(graph, outputs, whole)
    print(f"\n{name}: ready in {time.perf_counter() - began:.2f} s, +{resident() - before:.0f} MiB")
    print(f"{'rows':>6} {'ONNX Runtime':>13} {'compiled':>10} {'as served':>10} {'ratio':>6} {'bits that differ':>17}")
    least = compiled.least_rows
    for count in COUNTS:
        given = {key: np.ascontiguousarray(values[:count]) for key, values in arrays.items()}
        compiled.least_rows = 1
        found, expected = compiled.run(outputs, given), whole.run(outputs, given)
        differ = sum(int((a.view("u1") != b.view("u1")).sum()) for a, b in zip(found, expected, strict=True))
        slow, quick = by_turns(lambda: whole.run(outputs, given), lambda: compiled.run(outputs, given), turns=turns)  # noqa: B023
        served = quick if count >= least else slow
        print(f"{count:>6} {slow:>13.1f} {quick:>10.1f} {served:>10.1f} {slow / served:>6.2f} {differ:>17}")
    print(f"compiled from {least} rows on")


def by_turns(one: Callable[[], object], other: Callable[[], object], *, turns: int) -> tuple[float, float]:
    """The least microseconds of each."""
    least = [float("inf"), float("inf")]
    for _ in range(turns):
        for i, run in enumerate((one, other)):
            began = time.perf_counter()
            run()
            least[i] = min(least[i], (time.perf_counter() - began) * 1e6)
    return least[0], least[1]


def resident() -> float:
    """MiB that the process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Compare them all."""
    sys.path.append(str(Path(__file__).parents[2]))
    from tests.serving.trees.forests import forest, graph, rows

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=30)
    turns = parser.parse_args().turns
    folder = made()
    model = Model.load(folder / "flights")
    table = feeds(pl.read_parquet(folder / "rows.parquet"), model.inputs)
    compare("flights, 200 trees", model.graph, ("probabilities", "decision"), dict(table), turns=turns)
    for name, (trees, leaves, single) in SHAPES.items():
        rng = np.random.default_rng(0)
        ensemble = forest(rng, trees, leaves, single=single, chains=0.0)
        compare(name, graph(ensemble), ("value",), {"x": rows(rng, ensemble, max(COUNTS))}, turns=turns)


if __name__ == "__main__":
    main()
