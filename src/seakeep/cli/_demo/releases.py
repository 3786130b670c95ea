"""The demo's acts about releases: one that is let in on evidence, one that is sent back, and two that are compared.

Traffic goes on the whole time. What happens to it is decided by the rollout alone: these acts begin one, look on, and say what
it did.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from seakeep.cli._demo.season import MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.cli._demo.season import Season
    from seakeep.cli._demo.telling import Telling
    from seakeep.pipeline.rollouts.record import Status
    from seakeep.rollout import Rollout
    from seakeep.rollout.state import Decision

FLIGHTS_A_LOOK, SECONDS_A_LOOK = 1500, 1.0
CELSIUS = "(pl.col({0!r}) - 32) / 1.8"


def followed(telling: Telling, season: Season, *, title: str, what: str) -> Status:
    """Let traffic flow and the rollout look at it until it has decided, or until no flight is left.

    Looks are `look_seconds` apart, so a quick machine waits for the next rather than let the year pass between two of them.
    """
    from seakeep.pipeline import rollouts

    telling.act(title, what)
    started, told = time.perf_counter(), 0
    while True:
        due = time.monotonic() + SECONDS_A_LOOK
        season.fly(FLIGHTS_A_LOOK)
        time.sleep(max(0.0, due - time.monotonic()))
        status = rollouts.advance(MODEL, home=telling.home)
        for decision in status.rollout.decisions[told:]:
            telling.say(_words(decision))
        told = len(status.rollout.decisions)
        if status.rollout.ended or season.over:
            break
    telling.figure("rollout", time.perf_counter() - started, note=f"{status.rollout.plan.name}: {status.rollout.title}")
    telling.say(_ended(status.rollout))
    telling.say(f"Requests that failed since July: {season.flown.failed} of {season.flown.requests:,}.")
    telling.page(status.report, f"rollout-{status.rollout.challenger.version}-{status.rollout.plan.name}")
    return status


def _words(decision: Decision) -> str:
    """One decision: after how many requests the challenger had, copies included, and why."""
    return f"  after {decision.rows:,} requests: {decision.why}" if decision.rows else f"  {decision.why}"


def _ended(rollout: Rollout) -> str:
    """How it ended, and what it took."""
    last = rollout.decisions[-1]
    took = f"{rollout.title.capitalize()}, after {last.rows:,} requests of {rollout.name}@{rollout.challenger.version}"
    copies = ", all of them copies: none of its answers went to a client" if last.before == "shadow" else ""
    return f"{took}{copies}."


def mistaken(telling: Telling) -> str:
    """Make a release whose training data were converted to degrees Celsius, which production does not send. Its digest."""
    import seakeep

    file = telling.folder / "pipeline.py"
    honest = file.read_text("utf-8")
    late = '"late": pl.col("arr_delay") > 15'
    converted = ", ".join(f'"{name}": {CELSIUS.format(name)}' for name in ("temp", "dewp"))
    telling.act(
        "A mistake",
        "The warehouse's reader now converts temperatures to Celsius. Training and held-out data agree, so every gate passes; "
        "but production goes on sending Fahrenheit.",
    )
    file.write_text(honest.replace(late, f"{late}, {converted}"), "utf-8")
    try:
        result = seakeep.run(file, observer=telling)
    finally:
        file.write_text(honest, "utf-8")
    telling.checks(result.not_passed)
    return result.label


def begun(telling: Telling, release: str, plan: str, settings: Mapping[str, object] | None = None) -> Status:
    """Begin a rollout, as `seakeep rollout start` does."""
    from seakeep.pipeline import rollouts

    return rollouts.start(MODEL, release=release, plan=plan, settings=settings, home=telling.home)
