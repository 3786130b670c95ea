"""The demo's first acts: real flights become a contract, a judged model, a release, live answers and a scored month."""

from __future__ import annotations

import importlib.util
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from seakeep.cli._demo.season import MODEL, as_json
from seakeep.cli._demo.server import ask
from seakeep.cli._demo.traffic import replay, wrong_requests
from seakeep.core import Kind, Report
from seakeep.views import figures, terminal

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from seakeep.cli._demo.server import Running
    from seakeep.cli._demo.telling import Telling
    from seakeep.core import Model
    from seakeep.pipeline import RunResult
    from seakeep.registry import Registered

WEEK = datetime(2013, 7, 1)  # noqa: DTZ001  (scheduled times are local, as on a departure board)


def data(telling: Telling) -> list[Path]:
    """Write the monthly tables and say what is in them."""
    telling.act("The data", "Every flight that left New York City in 2013, with the weather an hour before")
    started = time.perf_counter()
    paths: list[Path] = _module(telling.folder / "flights.py").prepare(telling.folder / "data")
    telling.figure("data", time.perf_counter() - started, note=f"{len(paths)} monthly tables")
    import polars as pl

    late = pl.col("arr_delay") > 15
    unknown = pl.col("arr_delay").null_count().alias("unknown")
    told = pl.scan_parquet(paths).select(pl.len(), late.mean(), unknown).collect().row(0)
    telling.say(
        f"{told[0]:,} flights in {len(paths)} monthly tables; {told[1]:.1%} arrived more than 15 minutes late; "
        f"{told[2]:,} never arrived as planned (cancelled, diverted) and have no label. January to June have arrived."
    )
    return paths


def run(telling: Telling) -> RunResult:
    """The first run of the pipeline."""
    import seakeep

    telling.act("The run", "seakeep run pipeline.py: read, profile, validate, train, evaluate, register")
    result = seakeep.run(telling.folder / "pipeline.py", observer=telling)
    telling.checks(result.not_passed)
    return result


def judgement(telling: Telling, release: Registered) -> None:
    """What stands in a release's reports."""
    telling.act("The judgement", f"What stands in {release.label}'s reports; June was held out")
    training, evaluation = _report(release, "training"), _report(release, "evaluation")
    telling.console.print(terminal.table(training.table("baselines")))
    shown = [row for row in evaluation.table("metrics").records() if row["metric"] == "roc_auc"]
    telling.table(
        "roc_auc by slice",
        ("slice", "value", "95 % interval", "rows"),
        (
            (
                str(row["slice"] or "all"),
                _short(row["value"]),
                f"{_short(row['low'])} to {_short(row['high'])}",
                f"{row['rows']:,}",
            )
            for row in sorted(shown, key=lambda row: -int(row["rows"] or 0))[:8]
        ),
    )
    telling.checks(evaluation.checks)


def explanation(telling: Telling, model: Model) -> None:
    """The flight that the model is most worried about, and why."""
    from seakeep.evaluation import explain
    from seakeep.serving import OnnxPredictor

    telling.act("One prediction, explained", "The flight of 1 July that the model is most worried about")
    predictor, frame = OnnxPredictor(model), _week(telling).head(800)
    worst = int(predictor.predict(frame).scores[:, 1].argmax())
    explained = explain(model, predictor, frame[worst : worst + 1])[0]
    flight = frame.row(worst, named=True)
    telling.say(
        f"{flight['flight_id']} to {flight['dest']}, scheduled {flight['scheduled']:%d %B %H:%M}: "
        f"probability of being late {explained.score:.2f}; it was {flight['arr_delay']:+} minutes."
    )
    rows = (
        (
            part.column,
            "missing" if part.value is None else figures.of_kind(Kind.NUMBER, part.value),
            f"{part.contribution:+.2f}",
        )
        for part in explained.contributions[:6]
    )
    telling.table("", ("because of", "which is", "log odds"), rows)


def live(telling: Telling, server: Running, model: Model) -> None:
    """A thousand flights, one request each, and the requests that must be refused."""
    telling.act("Live", f"seakeep serve {MODEL}, on {server.host}:{server.port}; 1 July, one request a flight")
    rows = as_json(_week(telling).head(1000).select([item.name for item in model.inputs]))
    replayed = replay(server, f"/v2/models/{MODEL}/infer", rows)
    telling.figure("replay", replayed.seconds, note=f"{len(rows):,} requests, {replayed.failed} failed")
    telling.say(
        f"It answered {server.seconds:.2f} s after its start. {len(rows):,} requests: "
        f"{replayed.per_second:,.0f} a second from one Python client, half within {replayed.latency(0.5) * 1e3:.1f} ms, "
        f"99 % within {replayed.latency(0.99) * 1e3:.1f} ms, {replayed.failed} failed."
    )
    _refusals(telling, server, rows[0])


def score(telling: Telling, release: Registered) -> Path:
    """A month through the batch path."""
    import seakeep
    from seakeep.serving import score as score_folder

    telling.act("A month in batch", "All of July through the same path: seakeep score")
    table = seakeep.read(telling.folder / "data" / "flights-2013-07.parquet", key="flight_id")
    out = telling.folder / "july.parquet"
    told = score_folder(release.folder, table, out, overwrite=True)
    telling.figure("score", told.seconds, note=f"{told.rows:,} rows")
    telling.say(f"{told.rows:,} rows in {told.seconds:.2f} s ({told.rows_per_second:,.0f} a second) to {told.path}")
    return out


def _refusals(telling: Telling, server: Running, row: dict[str, Any]) -> None:
    telling.act("Wrong requests", "Each is refused at the door, with the field and what was expected")
    told = []
    for wrong in wrong_requests(f"/v2/models/{MODEL}/infer", row):
        connection = server.connect()
        status, answer = ask(connection, wrong.path, wrong.body, wrong.kind)
        connection.close()
        told.append((wrong.what, str(status), figures.shortened(str(answer.get("error", answer)), 120)))
    telling.table("", ("request", "status", "answer"), told)


def _week(telling: Telling) -> pl.DataFrame:
    """The flights that arrived, of the week that begins with the first of July."""
    import polars as pl

    table = pl.scan_parquet(telling.folder / "data" / "flights-2013-07.parquet")
    arrived = pl.col("arr_delay").is_not_null()
    return table.filter(pl.col("scheduled") < WEEK + timedelta(days=7), arrived).sort("scheduled").collect()


def _report(release: Registered, kind: str) -> Report:
    return Report.load(release.folder / "reports" / f"{kind}.json")


def _module(path: Path) -> Any:
    """The project's own module, loaded from its file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _short(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "-"
