"""Parties: who may stand against whom in a rollout: champion and challenger, what they have in common, and why they may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from seakeep.core import Schema, Statistics, Task, Verdict
from seakeep.core.codec import from_json
from seakeep.core.model import FACTS_FILE, SCHEMA_FILE, STATISTICS_FILE, Facts
from seakeep.pipeline.rollouts.errors import CannotRollOut
from seakeep.pipeline.rollouts.record import refuse_running
from seakeep.pipeline.settings import load_settings
from seakeep.pipeline.trying import check as trial_of
from seakeep.pipeline.trying import verdict_of
from seakeep.registry import Artifact, Registered, Registry
from seakeep.rollout import Party, Plan


def parties_of(registry: Registry, name: str, release: str | None) -> tuple[Registered, Registered]:
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


def check_parties(registry: Registry, champion: Registered, challenger: Registered, *, forced: bool) -> Task:
    """Refuse a release that did not pass, or whose answers are of another kind; else what both predict."""
    refuse_running(registry, champion.release.name)
    if challenger.release.verdict is not Verdict.PASS and not forced:
        raise CannotRollOut.not_passed(challenger.label, challenger.release.verdict)
    ours, theirs = _facts(challenger).task, _facts(champion).task
    if ours is not theirs and Task.REGRESSION in (ours, theirs):
        raise CannotRollOut.other_answers(challenger.label, champion.label, ours.value, theirs.value)
    return theirs


def check_trial(registry: Registry, challenger: Registered, home: Path | str | None) -> None:
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


def contract_of(release: Registered) -> object:
    """What decides whether a request is let in: the inputs, and what the schema says of them."""
    inputs, columns = _facts(release).inputs, _schema(release).columns
    return inputs, [columns.get(each.name) for each in inputs]


def _schema(release: Registered) -> Schema:
    path = release.folder / SCHEMA_FILE
    return from_json(Schema, path.read_bytes(), path=str(path))


def with_range(plan: Plan, champion: Registered, task: Task) -> Plan:
    """The plan with the range of a regression's errors: that from the 1st to the 99th percentile of the training labels."""
    if task is not Task.REGRESSION or plan.rules.loss_range is not None:
        return plan
    column = Statistics.load(champion.folder / STATISTICS_FILE).columns.get(_schema(champion).label or "")
    low, high = (column.quantile(0.01), column.quantile(0.99)) if column else (None, None)
    spread = 1.0 if low is None or high is None or high <= low else high - low
    return replace(plan, rules=replace(plan.rules, loss_range=spread))


def party_of(release: Registered) -> Party:
    return Party(release.release.digest, release.version)


def artifact_of(release: Registered) -> Artifact:
    return Artifact(release.label, "release", release.release.digest)
