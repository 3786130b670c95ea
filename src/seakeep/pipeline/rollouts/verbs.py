"""Rollouts of a project's releases: start, advance by what the prediction log says, abort, go back, and a loop that does it.

`rollout` decides and is pure; here its state is read, given the log's new rows, and written again. State, route, champion,
journal, lineage and the place in the log up to which it was read change in one transaction, so that a kill leaves the world
before a look or after it, and whoever goes on sees the same looks again (see looking). Two that advance at once do no harm: the
second finds that the state has changed, and leaves it.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep import rollout as room
from seakeep.core import Schema, Statistics, Task, Verdict
from seakeep.core.codec import from_json
from seakeep.core.errors import DataError, RegistryError
from seakeep.core.model import FACTS_FILE, SCHEMA_FILE, STATISTICS_FILE, Facts
from seakeep.core.moments import microseconds
from seakeep.pipeline.measuring import Cost
from seakeep.pipeline.recording import record_of_step
from seakeep.pipeline.rollouts.errors import CannotRollOut
from seakeep.pipeline.rollouts.record import KIND, Kept, Status, load, refuse_running, status_of, write
from seakeep.pipeline.settings import load_settings
from seakeep.pipeline.trying import check as trial_of
from seakeep.pipeline.trying import verdict_of
from seakeep.pipeline.verbs import find_registry
from seakeep.registry import Artifact, Registered, Registry
from seakeep.registry.documents import DocumentChanged
from seakeep.registry.errors import TornRelease
from seakeep.rollout import Party, Plan, Rollout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.pipeline.settings import Settings

__all__ = ["Status", "abort", "advance", "rollback", "serve", "start", "status"]
LONGEST_STRETCH = 3600
"""Seconds of the log that are read at once; a longer absence is caught up in stretches of so much."""


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
        champion, challenger = _parties(registry, name, release)
        task = _check(registry, champion, challenger, forced=force is not None)
        if force is None:
            _check_trial(registry, challenger, home)
        with Cost() as cost:
            ranged = _ranged(made, champion, task)
            begun = room.begin(ranged, name=name, champion=_party(champion), challenger=_party(challenger), at=at)
        same, forced = _contract(champion) == _contract(challenger), (force or "").strip()
        kept = Kept(begun, read, task, same, project.look_seconds, _settle_seconds(found), forced)
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
        while _stretch(registry, name, at):
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
        write(registry, kept, expected=revision, decided=1, cost=cost, routed=not _displaced(registry, ended))
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
        inputs = (_artifact(present), _artifact(before))
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


def _stretch(registry: Registry, name: str, now: float) -> bool:
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


def _displaced(registry: Registry, rollout: Rollout) -> bool:
    """Whether somebody put another release in charge while the rollout was under way."""
    champion = registry.champion(rollout.name)
    return champion is None or champion.release.digest != rollout.champion.release


def _rerouted(registry: Registry, rollout: Rollout) -> bool:
    """Whether the route is not the one that the rollout set: somebody changed it by hand."""
    present = registry.route(rollout.name)
    return room.route(rollout, revision=present.revision) != present


def _lost(registry: Registry, kept: Kept, now: float) -> str:
    """Why a rollout that is under way cannot go on, in words; "" where it can."""
    if _displaced(registry, kept.rollout):
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
        own = not _displaced(registry, kept.rollout) and not _rerouted(registry, kept.rollout)
        write(registry, moved, expected=revision, decided=1, cost=Cost(), routed=own)


def _settle_seconds(settings: Settings) -> int:
    """How long after it was answered a request may need to be in the log; a sample gets there when its minute is over."""
    serve, own = settings.serve, settings.rollout.settle_seconds
    return own + serve.log_sample_seconds if serve.log == "sampled" else own


def _parties(registry: Registry, name: str, release: str | None) -> tuple[Registered, Registered]:
    """The champion and the challenger, whose files are compared with its manifest."""
    releases = registry.releases(name)
    champion = registry.champion(name)
    if champion is None:
        raise CannotRollOut.no_champion(name, release or releases[-1].label)
    if release is None and releases[-1].version <= champion.version:
        raise CannotRollOut.nothing_later(name, champion.version)
    registry.resolve(champion.label, check=True)
    challenger = registry.resolve(release or releases[-1].label, check=True)
    if challenger.release.name != name:
        raise CannotRollOut.other_name(name, challenger.label)
    return champion, challenger


def _check(registry: Registry, champion: Registered, challenger: Registered, *, forced: bool) -> Task:
    """Refuse a release that did not pass, or whose answers are of another kind; else what both predict."""
    refuse_running(registry, champion.release.name)
    if challenger.release.verdict is not Verdict.PASS and not forced:
        raise CannotRollOut.not_passed(challenger.label, challenger.release.verdict)
    ours, theirs = _facts(challenger).task, _facts(champion).task
    if ours is not theirs and Task.REGRESSION in (ours, theirs):
        raise CannotRollOut.other_answers(challenger.label, champion.label, ours.value, theirs.value)
    return theirs


def _check_trial(registry: Registry, challenger: Registered, home: Path | str | None) -> None:
    """Refuse a release that failed when it was served for a trial; where it must have passed, it is tried now if it was not yet."""
    found, needed = verdict_of(registry, challenger.release.digest), load_settings(Path.cwd()).rollout.needs_check
    if found is None and needed:
        found = trial_of([challenger.label], home=home).verdict
    if found is Verdict.FAIL:
        raise CannotRollOut.failed_trial(challenger.label)
    if found is not Verdict.PASS and needed:
        raise CannotRollOut.undecided_trial(challenger.label)


def _facts(release: Registered) -> Facts:
    path = release.folder / FACTS_FILE
    return from_json(Facts, path.read_bytes(), path=str(path))


def _contract(release: Registered) -> object:
    """What decides whether a request is let in: the inputs, and what the schema says of them."""
    inputs, columns = _facts(release).inputs, _schema(release).columns
    return inputs, [columns.get(each.name) for each in inputs]


def _schema(release: Registered) -> Schema:
    path = release.folder / SCHEMA_FILE
    return from_json(Schema, path.read_bytes(), path=str(path))


def _ranged(plan: Plan, champion: Registered, task: Task) -> Plan:
    """The plan with the range of a regression's errors: that from the 1st to the 99th percentile of the training labels."""
    if task is not Task.REGRESSION or plan.rules.loss_range is not None:
        return plan
    column = Statistics.load(champion.folder / STATISTICS_FILE).columns.get(_schema(champion).label or "")
    low, high = (column.quantile(0.01), column.quantile(0.99)) if column else (None, None)
    spread = 1.0 if low is None or high is None or high <= low else high - low
    return replace(plan, rules=replace(plan.rules, loss_range=spread))


def _party(release: Registered) -> Party:
    return Party(release.release.digest, release.version)


def _artifact(release: Registered) -> Artifact:
    return Artifact(release.label, "release", release.release.digest)
