"""Rollouts of a project's releases: start, advance by what the prediction log says, abort, go back, and a loop that does it.

`rollout` decides and is pure; here its state is read, given the log's new rows, and written again. State, route, champion,
journal, lineage and the place in the log up to which it was read change in one transaction, so that a kill leaves the world
before a look or after it, and whoever goes on sees the same looks again (see looking). Two that advance at once do no harm: the
second finds that the state has changed, and leaves it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep import rollout as room
from seakeep.core import Verdict
from seakeep.core.errors import DataError, RegistryError
from seakeep.core.moments import microseconds
from seakeep.pipeline.measuring import Cost
from seakeep.pipeline.recording import record_of_step
from seakeep.pipeline.rollouts.errors import CannotRollOut
from seakeep.pipeline.rollouts.parties import (
    artifact_of,
    check_parties,
    check_trial,
    contract_of,
    parties_of,
    party_of,
    with_range,
)
from seakeep.pipeline.rollouts.record import KIND, Kept, Status, load, refuse_running, status_of, write
from seakeep.pipeline.rollouts.stretches import is_displaced, look_at_stretch, settle_seconds
from seakeep.pipeline.settings import load_settings
from seakeep.pipeline.verbs import find_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.registry import Registered


__all__ = ["Status", "abort", "advance", "rollback", "serve", "start", "status"]


def start(
    name: str,
    *,
    release: str | None = None,
    plan: str | None = None,
    settings: Mapping[str, object] | None = None,
    force: str | None = None,
    home: Path | str | None = None,
    now: float | None = None,
) -> Status:
    """Begin to roll out a release of `name` beside its champion.

    Parameters: release: what names it; by default the newest. plan: "canary", "experiment", "immediate" or a plug-in; by default
        the project's. settings: of the plan, over those of seakeep.toml. force: why a release that did not pass its checks is
        let in all the same. now: Unix seconds.
    Raises: CannotRollOut, if there is no champion, the release did not pass, answers something else, or another rollout is
        under way; BadRollout, if it is the champion; BadPlan; BadReference; TornRelease; UnreadableRegistry.
    """
    read = microseconds(time.time() if now is None else now)
    at = read / 1e6
    found = load_settings(Path.cwd())
    project = found.rollout
    chosen = plan or project.plan
    made = room.make_plan(chosen, {**project.of(room.known_settings(chosen)), **(settings or {})})
    if force is not None and not force.strip():
        raise CannotRollOut.no_reason("forcing a release")
    with find_registry(home) as registry:
        champion, challenger = parties_of(registry, name, release)
        task = check_parties(registry, champion, challenger, forced=force is not None)
        if force is None:
            check_trial(registry, challenger, home)
        with Cost() as cost:
            ranged = with_range(made, champion, task)
            begun = room.begin(ranged, name=name, champion=party_of(champion), challenger=party_of(challenger), at=at)
        same, forced = contract_of(champion) == contract_of(challenger), (force or "").strip()
        kept = Kept(begun, read, task, same, project.look_seconds, settle_seconds(found), forced)
        with registry.transaction():
            revision = refuse_running(registry, name)
            write(registry, kept, expected=revision, decided=1, cost=cost)
        return status_of(kept)


def status(name: str, *, home: Path | str | None = None) -> Status:
    """The latest rollout of `name`, under way or over. Raises CannotRollOut where there is none."""
    with find_registry(home) as registry:
        return status_of(load(registry, name)[0])


def advance(name: str, *, home: Path | str | None = None, now: float | None = None) -> Status:
    """Look at everything in the log that was not looked at yet, and do what it demands.

    Raises: CannotRollOut where there is no rollout; UnreadableRegistry, if another program holds the registry.
    """
    at = time.time() if now is None else now
    with find_registry(home) as registry:
        while look_at_stretch(registry, name, at):
            continue
        return status_of(load(registry, name)[0])


def abort(name: str, *, reason: str, home: Path | str | None = None, now: float | None = None) -> Status:
    """End a rollout: the champion answers alone. Raises CannotRollOut, if there is none, it is over, or there is no reason."""
    if not reason.strip():
        raise CannotRollOut.no_reason("aborting a rollout")
    with find_registry(home) as registry, registry.transaction():
        kept, revision = load(registry, name)
        if kept.rollout.ended:
            raise CannotRollOut.over(name, kept.rollout.challenger.version, kept.rollout.title)
        with Cost() as cost:
            ended = room.abort(kept.rollout, reason=reason.strip(), at=time.time() if now is None else now)
        kept = replace(kept, rollout=ended)
        write(registry, kept, expected=revision, decided=1, cost=cost, routed=not is_displaced(registry, ended))
        return status_of(kept)


def rollback(name: str, *, reason: str, home: Path | str | None = None, now: float | None = None) -> Registered:
    """Put the champion before the present one back in charge: model, features and schema, since a release holds all three.

    Raises: CannotRollOut, if there was none, a rollout is under way, or there is no reason; TornRelease, if it is not whole.
    """
    if not reason.strip():
        raise CannotRollOut.no_reason("going back")
    at = time.time() if now is None else now
    with find_registry(home) as registry, registry.transaction():
        refuse_running(registry, name)
        with Cost() as cost:
            present, before = registry.champion(name), registry.previous_champion(name)
            if present is None or before is None:
                raise CannotRollOut.no_previous(name)
            registry.resolve(before.label, check=True)
        back = registry.promote(name, before.version, why=reason.strip(), at=at, back=True)
        told = {"rollback": reason.strip(), "from": present.version, "to": before.version}
        registry.journal.append(KIND, name, told, at=at)
        inputs = (artifact_of(present), artifact_of(before))
        registry.record(record_of_step(KIND, name, cost, inputs, (), verdict=Verdict.FAIL, parameters=told))
        return back


def serve(
    name: str,
    *,
    every: float = 5.0,
    home: Path | str | None = None,
    told: Callable[[Status], None] | None = None,
    troubled: Callable[[Exception], None] | None = None,
) -> Status:
    """Advance every so many seconds until the rollout ends. A registry that is locked for a while, or a log
    that cannot be read, is tried again.

    told: called with the status after each change of phase, and at the beginning. troubled: called with what went wrong.
    Ends with KeyboardInterrupt on SIGINT or where the caller makes SIGTERM raise one: between or within looks, to no harm.
    """
    found = status(name, home=home)
    decided = -1
    while True:
        if len(found.rollout.decisions) != decided:
            decided = len(found.rollout.decisions)
            if told is not None:
                told(found)
        if found.rollout.ended:
            return found
        time.sleep(every)
        try:
            found = advance(name, home=home)
        except (RegistryError, DataError) as error:
            if troubled is not None:
                troubled(error)
