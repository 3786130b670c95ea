"""How fast is every row judged by 36 rules? Whole processes beside pandera and a hand-written Polars query.

Usage: python benchmarks/data/row_rules.py [--table flights10] [--repeat 5] [--ways polars pandera]

Each of the 36 columns has one rule: bounds for the 27 numbers, a length for the 9 texts; missing values keep every rule. Two rules are
broken by real rows (delays above 600 minutes, distances above 4,000 miles). Every way must count the same broken rows, column by
column. Target: 2.5 s for flights10, as pandera on Polars takes, which holds the whole table in memory.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from _turns import OURS, PEERS, answer, in_turn, installed, show

PYTHON = {"seakeep": OURS, "polars": OURS, "pandera": PEERS}
MOST = {"dep_delay": 600.0, "distance": 4000.0}
BOUND, LONGEST = 1e6, 60


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--table", default="flights10")
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--ways", nargs="+", choices=PYTHON, default=["polars", "pandera"])
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--only", choices=PYTHON, help=argparse.SUPPRESS)
    arguments.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.only:
        answer(lambda: globals()[f"by_{given.only}"](given.file))
        return
    from tables import FOLDER, table

    path = table(given.table, given.folder or FOLDER)
    ways = installed({way: PYTHON[way] for way in dict.fromkeys(("seakeep", *given.ways))})
    runs = in_turn(__file__, ways, ["--file", str(path)], repeat=given.repeat)
    broken = runs["seakeep"][0]["broken"]
    for way, found in runs.items():
        assert found[0]["broken"] == broken, (way, found[0]["broken"], broken)
    show(f"{given.table}: 36 rules, every row", runs)
    print(f"  rows broken: {broken}, the same by every way")


def by_seakeep(path: Path) -> dict[str, Any]:
    from seakeep.core.kinds import Kind
    from seakeep.core.schema import ColumnSchema, Schema
    from seakeep.data import read, validate_rows
    from seakeep.data.frames import schema_of
    from seakeep.data.kinds import kind_of

    start = time.perf_counter()
    dataset = read(path)
    columns = {}
    for name, dtype in schema_of(dataset).items():
        kind = kind_of(dtype, name=name)
        text = {"length_at_most": LONGEST}
        number = {"minimum": -BOUND, "maximum": MOST.get(name, BOUND), "infinite": True}
        columns[name] = ColumnSchema(kind, missing_at_most=1.0, **(text if kind is Kind.STRING else number))
    report = validate_rows(dataset, Schema("flights", columns), examples=0)
    return {"inside": time.perf_counter() - start, "broken": _counts(report)}


def _counts(report: Any) -> dict[str, int]:
    """Broken rows by column; those without any are left out."""
    counted = {
        check.subject: check.evidence["broken"]
        for check in report.checks
        if check.code not in ("rows.table", "rows.missing")
    }
    return {name: broken for name, broken in counted.items() if broken}


def by_polars(path: Path) -> dict[str, Any]:
    """The floor: one streaming query by hand."""
    import polars as pl

    start = time.perf_counter()
    frame = pl.scan_parquet(path)
    wanted = []
    for name, dtype in frame.collect_schema().items():
        column = pl.col(name)
        kept = (
            column.is_between(-BOUND, MOST.get(name, BOUND))
            if dtype.is_numeric()
            else column.str.len_chars() <= LONGEST
        )
        wanted.append((~kept).sum().alias(name))
    row = frame.select(wanted).collect(engine="streaming").row(0, named=True)
    return {"inside": time.perf_counter() - start, "broken": {name: count for name, count in row.items() if count}}


def by_pandera(path: Path) -> dict[str, Any]:
    import pandera.polars as pa
    import polars as pl
    from pandera.errors import SchemaErrors

    start = time.perf_counter()
    frame = pl.read_parquet(path)
    columns = {}
    for name, dtype in frame.schema.items():
        kept = (
            pa.Check.in_range(-BOUND, MOST.get(name, BOUND))
            if dtype.is_numeric()
            else pa.Check.str_length(None, LONGEST)
        )
        columns[name] = pa.Column(dtype, kept, nullable=True)
    broken = {}
    try:
        pa.DataFrameSchema(columns).validate(frame, lazy=True)
    except SchemaErrors as error:
        broken = dict(error.failure_cases.group_by("column").len().rows())
    return {"inside": time.perf_counter() - start, "broken": broken}


if __name__ == "__main__":
    main()
