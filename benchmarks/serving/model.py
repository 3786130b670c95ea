"""The model of these benchmarks: LightGBM, 200 trees of 31 leaves, on 12 numeric columns of real flights.

Usage: python benchmarks/serving/model.py [--folder DIR]

Makes DIR/flights (a model's folder: one graph from 12 raw columns to probabilities) and DIR/rows.parquet (10,000 flights that it
was not fitted on), once, and finds them again. Whether a flight arrives more than 15 minutes late; missing values are left missing.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))

FOLDER = Path(tempfile.gettempdir()) / "seakeep-serving"
COLUMNS = ("month", "day", "sched_dep_time", "dep_delay", "sched_arr_time", "flight", "distance", "hour", "minute")
COLUMNS += ("temp", "humid", "seats")
ROWS = 10_000


def made(folder: Path = FOLDER) -> Path:
    """The folder with the model, the rows and the raw graph, made now if they are not there."""
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        make(unfinished)
        unfinished.rename(folder)
    return folder


def make(folder: Path) -> None:
    from tables import flights

    import seakeep
    from seakeep.features import Features, number

    table = flights().drop_nulls("arr_delay").with_columns(late=pl.col("arr_delay") > 15)
    table = table.select("late", *(pl.col(name).cast(pl.Float64) for name in COLUMNS))
    table[-ROWS:].write_parquet(folder / "rows.parquet")
    dataset = seakeep.read(table[:-ROWS], label="late")
    statistics = seakeep.profile(dataset)
    schema = seakeep.infer_schema(statistics)
    estimator = seakeep.estimator("lightgbm.LGBMClassifier", n_estimators=200, num_leaves=31)
    trained = seakeep.train(
        dataset,
        Features(*map(number, COLUMNS)),
        estimator,
        schema=schema,
        statistics=statistics,
        name="flights",
    )
    trained.model.save(folder / "flights")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--folder", type=Path, default=FOLDER)
    print(made(arguments.parse_args().folder))
