"""Kolmogorov–Smirnov and PSI of 20 columns, 100,000 rows against 100,000: from rows, and from Statistics.

Usage: python benchmarks/data/drift_raw.py [--repeat 5] [--ways scipy numpy evidently]

Ten of twenty normal columns are shifted by 0.05 standard deviations. seakeep profiles both tables and compares the Statistics;
scipy's ks_2samp and a NumPy script by sorting are exact; Evidently reports by its own KS test. Every way's largest gaps must
agree with scipy's within the error that our histograms state. `from Statistics` is what a monitor pays for each window,
timed in the same process: first, and again with the same reference. Targets: 0.15 s from rows, 2 ms from Statistics.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from _turns import OURS, PEERS, answer, in_turn, installed, show

ROWS, COLUMNS, SHIFTED, SHIFT = 100_000, 20, 10, 0.05
PYTHON = {"seakeep": OURS, "numpy": OURS, "scipy": PEERS, "evidently": PEERS}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--ways", nargs="+", choices=PYTHON, default=["numpy", "scipy"])
    arguments.add_argument("--only", choices=PYTHON, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.only:
        answer(globals()[f"by_{given.only}"])
        return
    ways = installed({way: PYTHON[way] for way in dict.fromkeys(("seakeep", *given.ways))})
    runs = in_turn(__file__, ways, [], repeat=given.repeat)
    show(f"KS and PSI, {COLUMNS} columns, {ROWS:,} rows against {ROWS:,}", runs)
    ours = runs["seakeep"]
    for which in ("first", "again"):
        print(
            f"  from Statistics, {which}: {1e3 * statistics.median(run[which] for run in ours):.2f} ms for all columns"
        )
    for way, found in runs.items():
        if gaps := found[0].get("gaps"):
            close = [abs(own - gap) <= ours[0]["error"] + 1e-9 for own, gap in zip(ours[0]["gaps"], gaps, strict=True)]
            assert all(close), (way, ours[0]["gaps"], gaps)
    print(f"  gaps agree within {ours[0]['error']:.5f}, the error that the Statistics state")


def tables() -> tuple[dict[str, Any], dict[str, Any]]:
    """Both tables, column by column; the same in every process."""
    import numpy as np

    generator = np.random.default_rng(5)
    reference = {f"c{i}": generator.normal(0, 1, ROWS) for i in range(COLUMNS)}
    return reference, {f"c{i}": generator.normal(SHIFT * (i < SHIFTED), 1, ROWS) for i in range(COLUMNS)}


def by_seakeep() -> dict[str, Any]:
    import polars as pl

    from seakeep.data import profile, read
    from seakeep.evidence.distances import kolmogorov_smirnov, psi

    first, second = (pl.DataFrame(table) for table in tables())

    def compared() -> list[tuple[float, float]]:
        pairs = [(reference[name], current[name]) for name in reference.columns]
        return [(kolmogorov_smirnov.distance(*pair), psi.distance(*pair)) for pair in pairs]

    start = time.perf_counter()
    reference, current = profile(read(first)), profile(read(second))
    profiled = time.perf_counter()
    found = compared()
    done = time.perf_counter()
    compared()
    again = time.perf_counter() - done
    error = 2 * max(column.histogram.rank_error for table in (reference, current) for column in table.columns.values())
    costs = {"inside": done - start, "first": done - profiled, "again": again}
    return {**costs, "gaps": [gap for gap, _ in found], "error": error}


def by_numpy() -> dict[str, Any]:
    """The floor: exact by sorting; PSI in deciles."""
    import numpy as np

    reference, current = tables()
    start = time.perf_counter()
    gaps = []
    for name, values in reference.items():
        first, second = np.sort(values), np.sort(current[name])
        every = np.concatenate([first, second])
        below = [np.searchsorted(own, every, side="right") / ROWS for own in (first, second)]
        gaps.append(float(np.max(np.abs(below[0] - below[1]))))
        edges = first[ROWS // 10 :: ROWS // 10][:9]
        shares = [np.diff(np.searchsorted(own, edges), prepend=0, append=ROWS) / ROWS for own in (first, second)]
        float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))
    return {"inside": time.perf_counter() - start, "gaps": gaps}


def by_scipy() -> dict[str, Any]:
    from scipy.stats import ks_2samp

    reference, current = tables()
    start = time.perf_counter()
    gaps = [float(ks_2samp(values, current[name]).statistic) for name, values in reference.items()]
    return {"inside": time.perf_counter() - start, "gaps": gaps}


def by_evidently() -> dict[str, Any]:
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    first, second = (pd.DataFrame(table) for table in tables())
    start = time.perf_counter()
    both = [Dataset.from_pandas(frame, data_definition=DataDefinition()) for frame in (second, first)]
    Report([DataDriftPreset(num_method="ks")]).run(*both).json()
    return {"inside": time.perf_counter() - start}


if __name__ == "__main__":
    main()
