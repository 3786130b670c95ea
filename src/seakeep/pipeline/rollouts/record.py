"""What is kept of a rollout: its state and place in the log as a document, its decisions in the journal and in the lineage.

Called by `verbs`, always within a transaction of the registry, since a state without its route, or a promotion without its
reason, is what must never be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep import rollout as room
from seakeep.core import Report, Task, Verdict  # noqa: TC001  (the codec reads annotations when the program runs)
from seakeep.core.codec import from_plain
from seakeep.core.moments import microseconds
from seakeep.pipeline.recording import record_of_step
from seakeep.pipeline.rollouts.errors import CannotRollOut
from seakeep.registry import Artifact
from seakeep.rollout import Rollout  # noqa: TC001

if TYPE_CHECKING:
    from seakeep.pipeline.measuring import Cost
    from seakeep.registry import Registry

KIND = "rollout"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is written between looks.

    task: what the model predicts. same_contract: whether both releases let in the same requests. read: microseconds since 1970
    UTC up to which the log was read. look_seconds: a look's window. settle_seconds: how long after it was answered a request
    may need to be on the disk. forced: why a release was let in that did not pass, or "".
    """

    rollout: Rollout
    read: int
    task: Task
    same_contract: bool = True
    look_seconds: int = 10
    settle_seconds: int = 2
    forced: str = ""

    def end(self, now: float) -> int:
        """Where the last window ends that can be looked at at time `now`: every answer before is in the log."""
        width, settled = self.look_seconds * 1_000_000, microseconds(now - self.settle_seconds)
        return self.read + max(0, settled - self.read) // width * width


@dataclass(frozen=True, slots=True)
class Status:
    """A rollout as it stands. waiting: for what its step waits, in words. next_look: Unix seconds, None where it ended."""

    rollout: Rollout
    report: Report
    waiting: tuple[str, ...]
    next_look: float | None
    forced: str

    @property
    def verdict(self) -> Verdict:
        """Pass where the release was let in, fail where it was sent back, inconclusive while that is open."""
        return room.verdict(self.rollout)


def load(registry: Registry, name: str) -> tuple[Kept, int]:
    """The latest rollout of `name` and the revision of its document. Raises CannotRollOut where there is none."""
    document = registry.documents.get(KIND, name)
    if document is None:
        raise CannotRollOut.none(name)
    return _read(document.content, name), document.revision


def refuse_running(registry: Registry, name: str) -> int:
    """The revision of the name's latest rollout, which is over; 0 where there was none."""
    document = registry.documents.get(KIND, name)
    if document is None:
        return 0
    rollout = _read(document.content, name).rollout
    if not rollout.ended:
        raise CannotRollOut.running(name, rollout.challenger.version, rollout.title)
    return document.revision


def status_of(kept: Kept) -> Status:
    """How it stands, with its report."""
    rollout = kept.rollout
    following = None if rollout.ended else kept.read / 1e6 + kept.look_seconds + kept.settle_seconds
    return Status(rollout, room.report(rollout), room.waiting(rollout), following, kept.forced)


def write(registry: Registry, kept: Kept, *, expected: int, decided: int, cost: Cost, routed: bool = True) -> None:
    """Write the state, and of its last `decided` decisions the route, the journal and the record. Within a transaction."""
    rollout = kept.rollout
    registry.documents.put(KIND, rollout.name, kept, expected=expected)
    for decision in rollout.decisions[len(rollout.decisions) - decided :]:
        told = {"rollout": rollout.id, "challenger": rollout.challenger, "decision": decision, "forced": kept.forced}
        registry.journal.append(KIND, rollout.name, told, at=decision.at)
    if not decided:
        return
    latest = rollout.decisions[-1]
    if rollout.phase == "promoted":
        registry.promote(rollout.name, rollout.challenger.version, why=f"rollout: {latest.why}", at=latest.at)
    elif routed:
        present = registry.route(rollout.name)
        wanted = room.route(rollout, revision=present.revision)
        if wanted != present:
            registry.set_route(wanted, why=f"rollout: {latest.why}", at=latest.at)
    _record(registry, kept, cost)


def _record(registry: Registry, kept: Kept, cost: Cost) -> None:
    """Keep the report, and the decision as a stage that read both releases and wrote it."""
    rollout = kept.rollout
    report = room.report(rollout)
    registry.put(report)
    inputs = tuple(
        Artifact(f"{rollout.name}@{party.version}", "release", party.release)
        for party in (rollout.champion, rollout.challenger)
    )
    outputs = (Artifact("rollout", "report", report.digest),)
    latest = rollout.decisions[-1]
    told = {"phase": rollout.phase, "why": latest.why, "code": latest.code, "plan": rollout.plan.name}
    if kept.forced:
        told["forced"] = kept.forced
    verdict = room.verdict(rollout)
    registry.record(record_of_step(KIND, rollout.name, cost, inputs, outputs, verdict=verdict, parameters=told))


def _read(content: object, name: str) -> Kept:
    return from_plain(Kept, content, path=f"{KIND} {name}")  # type: ignore[arg-type]
