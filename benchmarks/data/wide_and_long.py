"""Does time grow with columns and memory with neither? 1,000 columns x 200,000 rows, and 100 million rows x 10 columns.

Usage: python benchmarks/data/wide_and_long.py [--tables wide100 wide300 wide long10 long] [--repeat 1] [--folder DIR]

The wide table is also cut to 100 and 300 columns: time must be linear in them. long10 has a tenth of the long table's rows, and
memory must be much the same. The long table takes 5 GiB on the disk and some
minutes to make; ask for it by name, and remove it afterwards. What was counted is checked against Polars' own streaming sums of
the same file: rows, missing values, extremes exactly, means to 1e-9. Targets: 60 s and 2 GiB for 1,000 columns.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

from _turns import OURS, answer, in_turn, median, show
from tables import FOLDER, table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tables", nargs="+", default=["wide100", "wide300", "wide", "long10"])
    arguments.add_argument("--repeat", type=int, default=1)
    arguments.add_argument("--folder", type=Path, default=FOLDER)
    arguments.add_argument("--only", choices=["seakeep"], help=argparse.SUPPRESS)
    arguments.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.only:
        answer(lambda: by_seakeep(given.file))
        return
    seconds = {}
    for name in given.tables:
        path = table(name, given.folder)
        runs = in_turn(__file__, {"seakeep": OURS}, ["--file", str(path)], repeat=given.repeat)
        facts = runs["seakeep"][0]["facts"]
        check(path, facts)
        rows = next(iter(facts.values()))["rows"]
        show(f"{name}: {rows:,} rows x {len(facts)} columns, {path.stat().st_size / 2**20:,.0f} MiB", runs)
        seconds[len(facts)] = median(runs["seakeep"], "cpu") / len(facts)
    print("\n  CPU ms a column:", ", ".join(f"{1e3 * each:.1f} of {columns}" for columns, each in seconds.items()))


def by_seakeep(path: Path) -> dict[str, Any]:
    from seakeep.data import profile, read

    start = time.perf_counter()
    found = profile(read(path))
    inside = time.perf_counter() - start
    wanted = ("rows", "missing", "minimum", "maximum", "mean")
    facts = {name: {fact: getattr(column, fact) for fact in wanted} for name, column in found.columns.items()}
    return {"inside": inside, "facts": facts}


def check(path: Path, facts: dict[str, dict[str, Any]]) -> None:
    """Fail unless Polars finds the same, some columns at a time."""
    import polars as pl

    frame = pl.scan_parquet(path)
    names = list(frame.collect_schema())
    assert names == list(facts)
    for start in range(0, len(names), 50):
        some = frame.select(names[start : start + 50])
        numeric = [name for name, kind in some.collect_schema().items() if kind.is_numeric()]
        wanted = [pl.all().null_count().name.suffix("|missing")]
        wanted += [getattr(pl.col(numeric), f)().name.suffix(f"|{t}") for f, t in EXPRESSIONS]
        row = some.select(*wanted).collect(engine="streaming").row(0, named=True)
        for key, value in row.items():
            name, _, fact = key.rpartition("|")
            same = (
                math.isclose(facts[name][fact], value, rel_tol=1e-9, abs_tol=1e-12)
                if fact == "mean"
                else facts[name][fact] == value
            )
            assert same, (key, facts[name][fact], value)


EXPRESSIONS = (("min", "minimum"), ("max", "maximum"), ("mean", "mean"))

if __name__ == "__main__":
    main()
