"""What is checked of an engine on a cluster: the laws of engines, equal answers of every verb, and a machine killed in mid-job.

Imported by ray_cluster.py and spark_cluster.py, which start the cluster; run with .platforms/ray or .platforms/spark.
"""

import itertools
import json
import threading
import time
import warnings

warnings.simplefilter("ignore")
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from engine_functions import slowly  # noqa: E402

from seakeep import data, evaluation, serving  # noqa: E402
from seakeep.core.codec import to_json  # noqa: E402
from seakeep.core.schema import RowRule  # noqa: E402
from seakeep.data.engines import connect, each  # noqa: E402
from seakeep.prediction_log import PredictionLog  # noqa: E402
from seakeep.serving.scoring import LogTo  # noqa: E402
from seakeep.testing import check_engine  # noqa: E402
from seakeep.testing.example_models import example_frame, example_model, example_schema  # noqa: E402

ROWS, SECONDS = 600_000, 2.0


def checked(address, folder, kill_machine):
    """Writes one JSON line: seconds of each part, whether answers are equal, and whether rows survived the killed machine."""
    marks = [time.perf_counter()]
    engine = connect(address, seconds=120)
    marks.append(time.perf_counter())
    try:
        (folder / "laws").mkdir()
        check_engine(engine, folder / "laws")
        marks.append(time.perf_counter())
        dataset = flights(folder)
        equal = equal_answers(engine, dataset, folder)
        marks.append(time.perf_counter())
        survived = rows_survive(engine, dataset, kill_machine)
        equal["after the kill"] = data.profile(dataset, engine=engine).digest == data.profile(dataset).digest
        marks.append(time.perf_counter())
    finally:
        engine.close()
    seconds = [round(after - before, 1) for before, after in itertools.pairwise(marks)]
    print(json.dumps({"seconds": seconds, "equal": equal, "survived": survived}), flush=True)


def flights(folder):
    frame = example_frame(ROWS, seed=7)
    random = np.random.default_rng(1)
    tails = [f"N{number}" for number in random.integers(0, 9000, ROWS)]
    frame = frame.with_columns(late=pl.Series(random.random(ROWS) < 0.3), tail=pl.Series(tails))
    for number in range(4):
        frame[number * ROWS // 4 : (number + 1) * ROWS // 4].write_parquet(folder / f"flights-{number}.parquet")
    return data.read(str(folder / "flights-*.parquet"), label="late")


def equal_answers(engine, dataset, folder):
    """Whether what an engine answers is what this machine answers, by verb."""
    model, schema = example_model(), example_schema()
    object.__setattr__(schema, "rules", (RowRule("far", holds="distance > 300", broken_at_most=0.5),))
    predictor = serving.OnnxPredictor(model)
    verbs = {
        "profile": lambda on: data.profile(dataset, engine=on).digest,
        "rows": lambda on: to_json(data.validate_rows(dataset, schema, engine=on)),
        "evaluate": lambda on: to_json(evaluation.evaluate(predictor, model, dataset, explain=False, engine=on)),
        "score": lambda on: scored(model, dataset, folder / ("there.parquet" if on else "here.parquet"), on),
        "parts": lambda on: in_parts(model, dataset, folder / ("there" if on else "here"), on),
    }
    return {name: answer(None) == answer(engine) for name, answer in verbs.items()}


def scored(model, dataset, path, engine):
    serving.score(model, dataset, path, engine=engine)
    return path.read_bytes()


def in_parts(model, dataset, folder, engine):
    """Everything that a run in parts leaves, its workers writing them: parts, quarantine, statistics, counts, and logged rows."""
    log = LogTo(folder / "home")
    out, aside = f"{folder}/out/", f"{folder}/bad/"
    made = serving.score(
        model, dataset, out, part_rows=100_000, quarantine=aside, statistics=True, log=log, engine=engine
    )
    parts = {path.name: path.read_bytes() for path in folder.glob("*/part-*")}
    rows = PredictionLog.of(folder / "home", model.name).scan().collect()
    told = rows.drop("@id", "@time").select(pl.all().hash().sum()).row(0)
    return parts, made.statistics.digest, made.broken, made.rows, rows["@id"].n_unique(), told


def rows_survive(engine, dataset, kill_machine):
    """Whether every row is there once in its order, although a machine is killed while they are worked on."""
    size = ROWS // 24
    timer = threading.Timer(SECONDS, kill_machine)
    timer.start()
    found = list(each(engine, dataset, slowly, rows=size, columns=["distance"]))
    timer.join()
    expected = list(each(connect("local"), dataset, slowly, rows=size, columns=["distance"]))
    return found == expected
