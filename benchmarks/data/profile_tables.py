"""How fast are exact, additive statistics of real tables? Whole processes beside hand-written floors and other tools.

Usage: python benchmarks/data/profile_tables.py [--tables flights flights10 flights10-rounded flights30 csv] [--ways …] [--repeat 5]

The floor is Polars' streaming engine asked for the same facts, exactly, by a script without any abstraction: rows, missing,
different values, the 20 most frequent, 11 quantiles, moments. The script fails unless every fact that another way tells agrees
with ours: exactly where ours is exact, within the error that it states elsewhere, means and deviations to 1e-9 of themselves.
The other tools do less (TFDV: no different numbers; Evidently: only rows are compared) and are slow: ask for them by --ways, one
run each (--repeat 1). Targets, on flights10 and flights10-rounded: at most the floor's
wall and 450 MiB; on flights30: 7 s, 500 MiB, and within 25 % of flights10's memory; csv: 1.0 s.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import _profilers
from _turns import OURS, PEERS, TFDV, answer, in_turn, installed, show

PYTHON = {
    "seakeep": OURS,
    "polars": OURS,
    "pandas": OURS,
    "duckdb": PEERS,
    "tfdv": TFDV,
    "evidently": PEERS,
    "ydata": PEERS,
}
TOLERANCE = {"mean": 1e-9, "std": 1e-9}
LOOSE = {"mean": 1e-6, "minimum": 1e-6, "maximum": 1e-6}  # TFDV's and pandas' sums are rounded as they go


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tables", nargs="+", default=["flights", "flights10", "csv"])
    arguments.add_argument("--ways", nargs="+", choices=PYTHON, default=["polars"])
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--only", choices=PYTHON, help=argparse.SUPPRESS)
    arguments.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.only:
        answer(lambda: getattr(_profilers, given.only)(given.file))
        return
    for name in given.tables:
        compare(name, _table(name, given.folder), given.ways, given.repeat)


def _table(name: str, folder: Path | None) -> Path:
    from tables import FOLDER, table

    return table(name, folder or FOLDER)


def compare(name: str, path: Path, ways: list[str], repeat: int) -> None:
    """Run all ways in turn, check that they agree, print medians."""
    pythons = installed({way: PYTHON[way] for way in dict.fromkeys(("seakeep", *ways))})
    runs = in_turn(__file__, pythons, ["--file", str(path)], repeat=repeat)
    ours = runs["seakeep"][0]["facts"]
    compared = {way: check(ours, found[0]["facts"], way=way) for way, found in runs.items() if way != "seakeep"}
    rows = next(iter(ours.values()))["rows"]
    show(f"{name}: {rows:,} rows x {len(ours)} columns, {path.stat().st_size / 2**20:.0f} MiB", runs)
    print(f"  facts that agree: {', '.join(f'{way} {number}' for way, number in compared.items())}")


def check(ours: dict[str, Any], theirs: dict[str, Any], *, way: str) -> int:
    """Fail unless every fact that `theirs` tells agrees with ours; how many there are."""
    assert theirs.keys() == ours.keys(), (way, theirs.keys() ^ ours.keys())
    number = 0
    for name, told in theirs.items():
        for fact, value in told.items():
            own = ours[name].get(fact)
            if own is not None and value is not None:
                assert _agrees(fact, ours[name], value, way), (way, name, fact, own, value)
                number += 1
    return number


def _agrees(fact: str, own: dict[str, Any], value: Any, way: str) -> bool:
    if fact == "distinct" and not own["distinct_is_exact"]:
        return abs(own["distinct"] - value) <= 5 * 0.01625 * value
    if fact == "quantiles" and own["rank_error"]:
        return all(
            abs(share - found) <= own["rank_error"] + 1e-9 for share, found in zip(STEPS, own["shares"], strict=True)
        )
    if fact in LOOSE and way in ("tfdv", "ydata", "pandas"):
        return math.isclose(own[fact], value, rel_tol=LOOSE[fact])
    if fact in TOLERANCE:
        return math.isclose(own[fact], value, rel_tol=TOLERANCE[fact])
    return own[fact] == value


STEPS = _profilers.SHARES

if __name__ == "__main__":
    main()
