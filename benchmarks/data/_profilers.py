"""The ways to profile a table, and the facts that each finds, in the same words: what profile_tables compares.

Each function does the whole work of one way and is run in a process of its own, by the Python that has the tool. A fact that a
tool does not give, or gives only roughly, is left out. What is hard: quantiles are by rank ceil(share · rows) everywhere, since
that is a value of the column and can be compared.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SHARES = [step / 10 for step in range(11)]
TOP = 20
Found = dict[str, Any]


def seakeep(path: Path) -> Found:
    """Statistics, saved to a file."""
    from seakeep.data import profile, read

    start = time.perf_counter()
    found = profile(read(path))
    found.save(path.with_suffix(".statistics.json"))
    inside = time.perf_counter() - start
    return {"inside": inside, "facts": {name: _plain(column) for name, column in found.columns.items()}}


def _plain(column: Any) -> Found:
    facts: Found = {"rows": column.rows, "missing": column.missing, "distinct": column.distinct}
    exact = column.top.is_exact
    facts |= {"distinct_is_exact": exact, "top": sorted(column.top.counts[:TOP], reverse=True) if exact else None}
    if column.lengths is not None:
        return {**facts, "mean": column.lengths.mean}
    if column.kind.value == "timestamp":
        return facts
    quantiles = [column.quantile(share) for share in SHARES]
    return {
        **facts,
        **{fact: getattr(column, fact) for fact in ("minimum", "maximum", "mean", "std", "zeros")},
        "rank_error": column.histogram.rank_error,
        "quantiles": quantiles,
        "shares": [column.histogram.share_below(value) for value in quantiles],
    }


def polars(path: Path) -> Found:
    """The floor: Polars' streaming engine, asked for the same facts exactly by a script without any abstraction."""
    import numpy as np
    import polars as pl

    start = time.perf_counter()
    if _is_csv(path):  # its types are inferred once, from many rows; all rows would take a hundred times as long
        found = pl.scan_csv(path, try_parse_dates=True, infer_schema_length=100_000).collect_schema()
        frame = pl.scan_csv(path, schema=found)
    else:
        frame = pl.scan_parquet(path)
    schema = frame.collect_schema()
    wanted = []
    for name, kind in schema.items():
        column = pl.col(name)
        text = column if kind == pl.String else column.dt.to_string()
        number = column if kind.is_numeric() else text.str.len_chars()
        wanted += [pl.len().alias(f"{name}|rows"), column.null_count().alias(f"{name}|missing")]
        wanted += [number.mean().alias(f"{name}|mean"), number.std().alias(f"{name}|std")]
        wanted += [number.min().alias(f"{name}|minimum"), number.max().alias(f"{name}|maximum")]
        wanted += [(number == 0).sum().alias(f"{name}|zeros")]
    scalars = frame.select(wanted).collect(engine="streaming").row(0, named=True)
    facts = {name: {} for name in schema}
    for key, value in scalars.items():
        name, _, fact = key.rpartition("|")
        facts[name][fact] = value
    for name, kind in schema.items():
        counts = frame.group_by(name).len().collect(engine="streaming").drop_nulls()
        facts[name]["distinct"] = counts.height
        facts[name]["top"] = counts.top_k(TOP, by="len")["len"].sort(descending=True).to_list()
        if kind.is_numeric() and counts.height:
            ordered = counts.sort(name)
            seen = ordered["len"].cum_sum()
            at = np.searchsorted(seen.to_numpy(), [max(1, math.ceil(seen[-1] * share)) for share in SHARES])
            facts[name]["quantiles"] = [ordered[name][int(place)] for place in at]
    return {"inside": time.perf_counter() - start, "facts": facts}


def duckdb(path: Path) -> Found:
    """The same by DuckDB: one query of scalars, one of groups a column."""
    import duckdb

    start = time.perf_counter()
    reader = f"read_csv('{path}', sample_size=-1)" if _is_csv(path) else f"read_parquet('{path}')"
    connection = duckdb.connect(":memory:")
    described = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()
    texts = {name for name, kind, *_ in described if kind in ("VARCHAR", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")}
    facts = {}
    for name, *_ in described:
        number = f'length("{name}"::VARCHAR)' if name in texts else f'"{name}"'
        query = f'SELECT count(*), count(*) - count("{name}"), avg({number}), stddev({number}), min({number}), '
        query += f"max({number}), count(*) FILTER ({number} = 0)"
        query += "" if name in texts else f', quantile_disc("{name}", {SHARES})'
        row = connection.execute(f"{query} FROM {reader}").fetchone()
        facts[name] = dict(zip(("rows", "missing", "mean", "std", "minimum", "maximum", "zeros"), row, strict=False))
        counted = f'SELECT count(*) AS n FROM {reader} WHERE "{name}" IS NOT NULL GROUP BY "{name}"'
        groups = f"WITH c AS ({counted}) SELECT (SELECT count(*) FROM c), list(n) FROM (SELECT n FROM c ORDER BY n DESC LIMIT {TOP})"
        distinct, top = connection.execute(groups).fetchone()
        facts[name] |= {"distinct": distinct, "top": sorted(top or [], reverse=True)}
        if name not in texts:
            facts[name]["quantiles"] = row[-1]
    return {"inside": time.perf_counter() - start, "facts": facts}


def tfdv(path: Path) -> Found:
    """TensorFlow Data Validation by its documented calls: of a file of text, or of a table in memory."""
    import tensorflow_data_validation as validation

    start = time.perf_counter()
    if _is_csv(path):
        found = validation.generate_statistics_from_csv(str(path))
    else:
        import pandas as pd

        found = validation.generate_statistics_from_dataframe(pd.read_parquet(path))
    facts = {feature.path.step[0]: _from_proto(feature) for feature in found.datasets[0].features}
    return {"inside": time.perf_counter() - start, "facts": facts}


def _from_proto(feature: Any) -> Found:
    numeric = feature.WhichOneof("stats") == "num_stats"
    common = feature.num_stats.common_stats if numeric else feature.string_stats.common_stats
    facts: Found = {"rows": common.num_non_missing + common.num_missing, "missing": common.num_missing}
    if numeric:
        stats = feature.num_stats
        return {**facts, "mean": stats.mean, "minimum": stats.min, "maximum": stats.max, "zeros": stats.num_zeros}
    return {**facts, "distinct": feature.string_stats.unique}


def evidently(path: Path) -> Found:
    """Evidently's summary of a dataset. Its facts of columns are within its report; rows and columns are compared."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataSummaryPreset

    start = time.perf_counter()
    frame = _pandas(path)
    report = Report([DataSummaryPreset()]).run(Dataset.from_pandas(frame, data_definition=DataDefinition()), None)
    report.json()
    return {"inside": time.perf_counter() - start, "facts": {name: {"rows": len(frame)} for name in frame.columns}}


def ydata(path: Path) -> Found:
    """ydata-profiling's minimal description, without its page."""
    from ydata_profiling import ProfileReport

    start = time.perf_counter()
    variables = ProfileReport(_pandas(path), minimal=True, progress_bar=False).get_description().variables
    facts = {name: _from_ydata(column) for name, column in variables.items()}
    return {"inside": time.perf_counter() - start, "facts": facts}


def _from_ydata(column: Any) -> Found:
    facts: Found = {
        "rows": int(column["n"]),
        "missing": int(column["n_missing"]),
        "distinct": int(column["n_distinct"]),
    }
    if column["type"] == "Numeric":
        facts |= {"mean": float(column["mean"]), "minimum": float(column["min"]), "maximum": float(column["max"])}
        facts |= {"zeros": int(column["n_zeros"])}
    return facts


def pandas(path: Path) -> Found:
    """pandas, in one thread and all in memory: the second opinion on results."""
    start = time.perf_counter()
    frame = _pandas(path)
    facts: dict[str, Found] = {}
    for name in frame.columns:
        column, counts = frame[name], frame[name].value_counts()
        facts[name] = {"rows": len(column), "missing": int(column.isna().sum()), "distinct": len(counts)}
        facts[name]["top"] = counts.head(TOP).tolist()
        if column.dtype.kind in "if":
            facts[name] |= {"mean": float(column.mean()), "std": float(column.std())}
            facts[name] |= {
                "minimum": float(column.min()),
                "maximum": float(column.max()),
                "zeros": int((column == 0).sum()),
            }
    return {"inside": time.perf_counter() - start, "facts": facts}


def _pandas(path: Path) -> Any:
    import pandas as pd

    return pd.read_csv(path) if _is_csv(path) else pd.read_parquet(path)


def _is_csv(path: Path) -> bool:
    return path.suffix == ".csv"
