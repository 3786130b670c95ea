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
UNITS = {"temp": "°F", "dewp": "°F", "wind_speed": "miles an hour", "precip": "inches", "distance": "miles"}
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
    told = ((name, _allowed(change), _bounds(name, change)) for name, change in REVIEW.items())
    telling.table("", ("column", "may be missing", "bounds"), told)


def _allowed(change: dict[str, Any]) -> str:
    return f"in {change['missing_at_most']:.0%} of the rows" if "missing_at_most" in change else "as inferred"


def _bounds(name: str, change: dict[str, Any]) -> str:
    words = (("from", change.get("minimum")), ("to", change.get("maximum")))
    told = " ".join(f"{word} {value:,}" for word, value in words if value is not None)
    return f"{told} {UNITS[name]}" if told else "as inferred"


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
        telling.table(
            "", ("week of", "rows", "verdict", "columns that moved or broke the contract"), map(_week, results)
        )
        told = predictions.add_labels(MODEL, landed, label="late", key=KEY, home=telling.home)
        telling.say(f"The airlines' file of what happened arrives: {told.added:,} labels.")
        results = _ticked(telling, monitor)
        telling.table("", ("week of", "labelled", "what is worse than at the release"), map(_decay, results))
        costly = sorted(monitor.incidents(), key=_moved)[-6:]
        telling.table(
            "The incidents that moved most", ("column", "how", "at what cost"), map(_incident, reversed(costly))
        )
    for result in results[-1:]:
        telling.opened(result.page)


def _ticked(telling: Telling, monitor: Monitor) -> tuple[WindowResult, ...]:
    started = time.perf_counter()
    results = monitor.tick(time.time())
    telling.figure("monitor", time.perf_counter() - started, note=f"{len(results)} windows")
    return results


def _decay(result: WindowResult) -> tuple[str, ...]:
    failed = (check for check in result.report.failed if check.code.startswith("decay."))
    worse = (f"{check.subject} {check.observed:.3f}, allowed {check.threshold:.3f}" for check in failed)
    return _day(result), f"{result.labelled:,}", "; ".join(worse) or "nothing"


def _day(result: WindowResult) -> str:
    """The first day of a week."""
    return result.window.name.partition("T")[0]


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
    if look.decision.code == "blocked":
        _blocked(telling)
        return look
    telling.say(f"Decision: {look.decision.code}, because of {look.decision.why}.")
    if look.outcome:
        telling.say(f"{look.outcome.result.capitalize()} after {look.outcome.seconds:.1f} s: {look.outcome.why}.")
    if look.rollout:
        telling.say(f"The rollout of {look.rollout} has begun.")
    return look


def _blocked(telling: Telling) -> None:
    """Why nothing was trained: the latest span that was judged, and the checks of the contract that it failed."""
    import seakeep
    from seakeep.core import Report
    from seakeep.pipeline.retraining.feed import KIND

    with seakeep.Registry.existing(telling.home) as registry:
        judged: list[Any] = [entry.content for entry in registry.journal.entries(kind=KIND, name=MODEL)]
        arrival = next(one for one in reversed(judged) if one["verdict"] == "quarantined")
        report = registry.get(Report, arrival["report"])
    telling.say(f"Decision: blocked. Nothing is trained while the span {arrival['span']} breaks the contract:")
    telling.checks(report.failed, fixes=True)
    telling.page(report, f"span-{arrival['span']}")


def _week(result: WindowResult) -> tuple[str, ...]:
    moved = list(dict.fromkeys(check.subject for check in result.report.failed))
    return (
        _day(result),
        f"{result.rows:,}",
        result.report.verdict.value,
        listed(moved, 6) or "nothing",
    )


def lineage(telling: Telling) -> None:
    """One prediction that the champion gave while it was let in, back to the files that it was made from."""
    from seakeep.prediction_log import PredictionLog

    answered = PredictionLog.of(telling.home, MODEL).scan(roles=("challenger",))
    its = pl.col("@release") == telling.release().release.digest
    found = answered.filter(its, pl.col("@label").is_not_null()).select("@id").tail(1).collect()
    if found.height:
        _traced(telling, str(found.item()))


def _traced(telling: Telling, one: str) -> None:
    """Who answered and why that release did, and the files it learned from: the first lines of what the verb draws."""
    import seakeep
    from seakeep.cli import _prediction
    from seakeep.views import terminal
    from seakeep.views.rows import LineageRow

    telling.act(
        "Where an answer comes from", f"seakeep lineage {one}: the row, who answered and why, back to the files"
    )
    with seakeep.Registry.existing(telling.home) as registry:
        trace = _prediction.traced(registry, one)
    if trace is None:
        return
    rows = [
        LineageRow(depth, artifact.kind, artifact.name, stage, artifact.digest, repeated)
        for depth, stage, artifact, repeated in trace.lineage.walk()
    ]
    first = next((at for at, row in enumerate(rows) if row.repeated), len(rows))
    telling.say(f"{_prediction.head(trace)}\n")
    telling.console.print(terminal.lineage(rows[:first]))
    if rows[first:]:
        telling.say(
            f"and {len(rows) - first} more: held-out rows, statistics, contract, reports, the champion at that time"
        )
