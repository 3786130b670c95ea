"""Stretches: what has happened to a rollout since somebody last looked, and what of it ends it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from seakeep import rollout as room
from seakeep.pipeline.measuring import Cost
from seakeep.pipeline.rollouts.record import Kept, load, write
from seakeep.registry.documents import DocumentChanged
from seakeep.registry.errors import TornRelease

if TYPE_CHECKING:
    from seakeep.pipeline.settings import Settings
    from seakeep.registry import Registry
    from seakeep.rollout import Rollout


LONGEST_STRETCH = 3600
"""Seconds of the log that are read at once; a longer absence is caught up in stretches of so much."""


def look_at_stretch(registry: Registry, name: str, now: float) -> bool:
    """Look at one stretch of the log, up to the first decision. Returns whether there may be more to look at now."""
    from seakeep.monitoring.reading import explained
    from seakeep.pipeline.rollouts.looking import see
    from seakeep.prediction_log import PredictionLog

    kept, revision = load(registry, name)
    until = min(kept.end(now), kept.read + _longest(kept))
    if kept.rollout.ended:
        return False
    lost = _lost(registry, kept, now)
    if lost:
        _close(registry, kept, revision, now, reason=lost)
        return False
    if until <= kept.read:
        return False
    with Cost() as cost:
        width, route = kept.look_seconds * 1_000_000, registry.route(name).revision
        log = PredictionLog.of(registry.home, name)
        given = {"since": kept.read, "until": until, "width": width}
        with explained(log):
            seen = see(log, kept.rollout, **given, task=kept.task, same_contract=kept.same_contract)
            moved = kept
            quiet = seen.look(kept.rollout, end=until, revision=route) if seen.is_quiet else None
            for end in range(kept.read + width, until + 1, width):
                look = quiet or seen.look(moved.rollout, end=end, revision=route)
                moved = replace(moved, rollout=room.observe(moved.rollout, look, at=end / 1e6), read=end)
                if len(moved.rollout.decisions) != len(kept.rollout.decisions):
                    break
    decided = len(moved.rollout.decisions) - len(kept.rollout.decisions)
    torn = _torn(registry, moved.rollout) if decided else ""
    if torn:
        _close(registry, kept, revision, now, reason=torn)
        return False
    try:
        with registry.transaction():
            if _lost(registry, kept, now):
                return True
            write(registry, moved, expected=revision, decided=decided, cost=cost)
    except DocumentChanged:  # another process has looked, or ended it, meanwhile
        return False
    return True


def _longest(kept: Kept) -> int:
    """The longest stretch in microseconds: whole windows, at least one."""
    return max(1, LONGEST_STRETCH // kept.look_seconds) * kept.look_seconds * 1_000_000


def is_displaced(registry: Registry, rollout: Rollout) -> bool:
    """Whether somebody put another release in charge while the rollout was under way."""
    champion = registry.champion(rollout.name)
    return champion is None or champion.release.digest != rollout.champion.release


def _rerouted(registry: Registry, rollout: Rollout) -> bool:
    """Whether the route is not the one that the rollout set: somebody changed it by hand."""
    present = registry.route(rollout.name)
    return room.route(rollout, revision=present.revision) != present


def _lost(registry: Registry, kept: Kept, now: float) -> str:
    """Why a rollout that is under way cannot go on, in words; "" where it can."""
    if is_displaced(registry, kept.rollout):
        return "another release was put in charge meanwhile"
    if _rerouted(registry, kept.rollout):
        return "its route was changed by hand meanwhile"
    if kept.read / 1e6 - now > LONGEST_STRETCH:
        hours = (kept.read / 1e6 - now) / 3600
        return f"the clock went back by {hours:,.1f} hours, to before what was looked at: nothing new can be seen"
    return ""


def _torn(registry: Registry, rollout: Rollout) -> str:
    """What is wrong with the files of a challenger that is to get more traffic, or all; "" where it is whole or gets none."""
    if rollout.phase not in ("canary", "experiment", "promoted"):
        return ""
    try:
        registry.resolve(rollout.challenger.release, check=True)
    except TornRelease as error:
        return f"{rollout.name}@{rollout.challenger.version} cannot be served any more: {error.found}"
    return ""


def _close(registry: Registry, kept: Kept, revision: int, now: float, *, reason: str) -> None:
    """End a rollout that cannot go on. Where its route is still its own the champion answers alone; else who answers stays."""
    ended = room.abort(kept.rollout, reason=reason, at=now)
    moved = replace(kept, rollout=ended)
    with contextlib.suppress(DocumentChanged), registry.transaction():
        own = not is_displaced(registry, kept.rollout) and not _rerouted(registry, kept.rollout)
        write(registry, moved, expected=revision, decided=1, cost=Cost(), routed=own)


def settle_seconds(settings: Settings) -> int:
    """How long after it was answered a request may need to be in the log; a sample gets there when its minute is over."""
    serve, own = settings.serve, settings.rollout.settle_seconds
    return own + serve.log_sample_seconds if serve.log == "sampled" else own
