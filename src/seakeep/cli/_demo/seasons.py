"""The demo's acts about time: a feed that arrives broken, a summer in which the world changes, and what is done about it."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.cli._demo.season import KEY, MODEL
from seakeep.core.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seakeep.cli._demo.season import Season
    from seakeep.cli._demo.telling import Telling
    from seakeep.monitoring import Monitor, WindowResult
    from seakeep.monitoring.incidents import Incident
    from seakeep.pipeline.retraining import Look

WEATHER = {"missing_at_most": 0.05}  # stations fail now and then
REVIEW: dict[str, dict[str, Any]] = {
    "temp": {**WEATHER, "minimum": -40, "maximum": 130},
    "dewp": {**WEATHER, "minimum": -60, "maximum": 110},
    "humid": WEATHER,
    "wind_dir": WEATHER,
    "wind_speed": {**WEATHER, "maximum": 150},
    "wind_gust": {"missing_at_most": 1.0},  # reported only when it blows
    "precip": {**WEATHER, "maximum": 10},
    "pressure": {"missing_at_most": 0.2},
    "visib": WEATHER,
    "tailnum": {"missing_at_most": 0.02},
    "distance": {"maximum": 5000},  # miles: nothing in the United States is farther
}
SEPTEMBER = datetime(2013, 9, 2)  # noqa: DTZ001  (scheduled times are local)


def arrive(telling: Telling, months: Sequence[Path]) -> None:
    """Deliver monthly tables to where the pipeline looks for them."""
    folder = telling.folder / "arrived"
    folder.mkdir(exist_ok=True)
    for month in months:
        shutil.copyfile(month, folder / month.name)


def reviewed(telling: Telling) -> None:
    """What a person who knows the data writes into the inferred contract before it is enforced."""
    from seakeep.data import load_schema, save_schema

    telling.act(
        "The contract is reviewed", "It was inferred from half a year; whoever knows the data says what else may be"
    )
    path = telling.folder / f"{MODEL}.schema.yaml"
    schema = load_schema(path)
    columns = {name: replace(schema[name], **REVIEW.get(name, {})) for name in schema.columns}
    save_schema(replace(schema, columns=columns), path)
    told = ((name, ", ".join(f"{item}: {value}" for item, value in change.items())) for name, change in REVIEW.items())
    telling.table("", ("column", "from now on"), told)


def summer(telling: Telling, season: Season) -> None:
    """Two months of traffic, watched by the week: first what moved, then, once the labels are there, what it cost."""
    import seakeep
    from seakeep.pipeline import predictions, verbs

    telling.act(
        "The summer",
        f"July and August as they happened, watched by the week: seakeep monitor {MODEL}",
    )
    started = time.perf_counter()
    landed = season.fly_until(SEPTEMBER)
    flown = season.flown
    telling.figure("traffic", time.perf_counter() - started, note=f"{flown.flights:,} flights")
    telling.say(f"{flown.flights:,} flights in {flown.requests:,} requests, {flown.failed} failed.")
    with seakeep.Registry(telling.home) as registry:
        monitor = verbs.monitor(registry, MODEL)
        results = _ticked(telling, monitor)
        telling.table("", ("week", "rows", "verdict", "what moved"), map(_week, results))
        told = predictions.add_labels(MODEL, landed, label="late", key=KEY, home=telling.home)
        telling.say(f"The airlines' file of what happened arrives: {told.added:,} labels.")
        results = _ticked(telling, monitor)
        telling.table("", ("week", "labelled", "what is worse than at the release"), map(_decay, results))
        costly = sorted(monitor.incidents(), key=_moved)[-6:]
        telling.table(
            "The incidents that moved most", ("column", "how", "with what effect"), map(_incident, reversed(costly))
        )
    telling.pages += [str(results[-1].page)] if results else []


def _ticked(telling: Telling, monitor: Monitor) -> tuple[WindowResult, ...]:
    started = time.perf_counter()
    results = monitor.tick(time.time())
    telling.figure("monitor", time.perf_counter() - started, note=f"{len(results)} windows")
    return results


def _decay(result: WindowResult) -> tuple[str, ...]:
    failed = (check for check in result.report.failed if check.code.startswith("decay."))
    worse = (f"{check.subject} {check.observed:.3f}, allowed {check.threshold:.3f}" for check in failed)
    return result.window.name, f"{result.labelled:,}", "; ".join(worse) or "nothing"


def _moved(incident: Incident) -> float:
    effect = incident.effect or {}
    return abs(float(effect.get("standard_deviations") or 0))


def _incident(incident: Incident) -> tuple[str, str, str]:
    metric = incident.metric
    cost = f"{metric['metric']} {metric['reference']:.3f} → {metric['value']:.3f}" if metric else "none seen"
    return incident.subject, str((incident.effect or {}).get("words", incident.message)), cost


def broken_feed(telling: Telling, july: Path, august: Path) -> None:
    """July arrives as it should and August broken, as feeds do: a column renamed, miles turned into kilometres."""
    telling.act(
        "A feed arrives broken", "August comes with 'visib' renamed to 'visibility' and distances in kilometres"
    )
    arrive(telling, [july])
    broken = pl.scan_parquet(august).rename({"visib": "visibility"})
    broken.with_columns((pl.col("distance") * 1.609).round().cast(pl.Int64)).sink_parquet(
        telling.folder / "arrived" / august.name
    )
    _look(telling)
    telling.say("August is delivered again, as it was agreed.")
    arrive(telling, [august])


def retrained(telling: Telling) -> str:
    """What the triggers decide now, and what came of it: the label of a release whose rollout has begun, or nothing."""
    telling.act(
        "Trained again", "seakeep retrain pipeline.py: new spans, drift and decay are reasons; the policy decides"
    )
    look = _look(telling)
    return look.rollout


def _look(telling: Telling) -> Look:
    from seakeep.pipeline import retraining

    started = time.perf_counter()
    look = retraining.retrain(telling.folder / "pipeline.py")
    telling.figure("retrain", time.perf_counter() - started, note=look.decision.code)
    telling.say(f"{look.decision.code}: {look.decision.why}")
    if look.outcome:
        telling.say(f"{look.outcome.result} after {look.outcome.seconds:.1f} s: {look.outcome.why}")
    if look.rollout:
        telling.say(f"The rollout of {look.rollout} has begun.")
    return look


def _week(result: WindowResult) -> tuple[str, ...]:
    moved = list(dict.fromkeys(check.subject for check in result.report.failed))
    return (
        result.window.name,
        f"{result.rows:,}",
        result.report.verdict.value,
        listed(moved, 6) or "nothing",
    )


def lineage(telling: Telling) -> None:
    """One prediction that a challenger gave, back to the files that its release was made from."""
    from seakeep.cli._main import code_of
    from seakeep.prediction_log import PredictionLog

    answered = PredictionLog.of(telling.home, MODEL).scan(roles=("challenger",))
    found = answered.filter(pl.col("@label").is_not_null()).select("@id").tail(1).collect()
    if found.height:
        one = str(found.item())
        telling.act(
            "Where an answer comes from", f"seakeep lineage {one}: the row, who answered and why, back to the files"
        )
        code_of(["lineage", one, "--home", str(telling.home)])
