"""What production has shown: windows that the monitor judged, and rollouts that came to an end, as the tests ask for them.

A window is about the release that answered in it. After a promotion the windows on record are the last champion's, which say
nothing of this one: they are counted, named and left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.codec import BadDocument, from_plain
from seakeep.pipeline.readiness import findings
from seakeep.pipeline.readiness.findings import Piece, Unproven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core import Check, Report
    from seakeep.pipeline.readiness.facts import Facts
    from seakeep.registry import Execution

LEAST_WINDOWS = 2
"""Windows that make a watch: one may be somebody's try, two are a repetition."""
_ENDED = ("promoted", "rolled_back", "aborted", "concluded")


@dataclass(frozen=True, slots=True)
class Span:
    """The times that a window lies between, as text."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Window:
    """A judged window, as its latest line in the journal has it. decay: rows of what labels showed. at: of that line."""

    window: Span
    release: str
    label: str
    revision: int
    verdict: str
    rows: int
    labelled: int
    report: str
    at: float
    decay: int

    @property
    def piece(self) -> Piece:
        """The window as evidence."""
        return Piece(
            f"window {self.window.start} to {self.window.end} of {self.label}", self.report, self.at, self.rows
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """A rollout that came to an end. phase: how. code: why. report: of its evidence. at: Unix seconds."""

    champion: str
    challenger: str
    phase: str
    code: str
    plan: str
    forced: str
    report: str
    at: float
    title: str

    @property
    def piece(self) -> Piece:
        """The rollout as evidence."""
        return Piece(f"{self.plan} rollout of {self.title}: {self.phase.replace('_', ' ')}", self.report, self.at)


def windows(facts: Facts) -> tuple[Window, ...]:
    """See Facts.windows."""
    found: dict[tuple[str, str], Window] = {}
    for entry in facts.journal("window"):
        told = entry.content
        try:
            kept = {name: told[name] for name in Window.__slots__ if name not in ("at", "decay")}  # type: ignore[index, call-overload]
            window = from_plain(Window, {**kept, "at": entry.at, "decay": len(told.get("decay") or ())})  # type: ignore[union-attr, arg-type]
        except (BadDocument, KeyError, TypeError, AttributeError):
            continue
        found[window.window.start, window.release] = window
    return tuple(sorted(found.values(), key=lambda each: (each.window.start, each.at)))


def watched(facts: Facts, *, least: int = LEAST_WINDOWS) -> tuple[Window, ...]:
    """Fresh windows of the champion that hold rows, in order, at least so many.

    Raises: Unproven, saying of which release or age those on record are.
    """
    champion = facts.in_charge()
    every = facts.windows
    own = [each for each in every if each.release == facts.digest and each.rows]
    fresh = tuple(each for each in own if facts.is_fresh(each.at))
    if len(fresh) >= least:
        return fresh
    fix = f"seakeep monitor {facts.name}"
    pieces = tuple(each.piece for each in fresh)
    if own and not fresh:
        raise Unproven(facts.too_old(f"the latest window of {champion.label}", own[-1].at, fix, own[-1].piece))
    others = sorted({each.label for each in every} - {champion.label})
    count = f"{len(fresh)} of {least} windows of {champion.label} are on record"
    if others and not fresh:
        theirs = sum(each.label != champion.label for each in every)
        said = f"{count}; the {theirs} that are were answered by {', '.join(others)}, which is not in charge"
        raise Unproven(findings.stale(said, fix, [every[-1].piece]))
    raise Unproven(findings.nothing(count, fix, pieces))


def latest(facts: Facts) -> tuple[Window, Report]:
    """The champion's latest window and its report. Raises Unproven where the champion is not watched."""
    window = watched(facts)[-1]
    return window, facts.kept(window.report, f"the report of window {window.window.start}")


def held(checks: Sequence[Check], piece: Piece, what: str) -> None:
    """Whether none of the checks failed. Raises Unproven where one did, or where there is none."""
    fix = f"seakeep show {piece.digest[:12]}"
    failed = [check for check in checks if check.verdict.value == "fail"]
    if failed:
        named = ", ".join(dict.fromkeys(f"{check.code} {check.subject}" for check in failed[:3]))
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        raise Unproven(findings.contradicted(f"{what} ran on the {piece.what} and failed: {named}{more}", fix, [piece]))
    if not checks:
        raise Unproven(findings.nothing(f"{what} did not run on the {piece.what}", fix, [piece]))


def rollouts(facts: Facts) -> tuple[Ended, ...]:
    """See Facts.rollouts."""
    if facts.registry is None:
        return ()
    found: dict[int, Ended] = {}
    for digest in facts.by_digest:
        for execution in facts.registry.executions.reading(digest):
            if execution.stage == "rollout" and execution.pipeline == facts.name:
                ended = _ended(execution)
                if ended is not None and facts.is_fresh(ended.at):
                    found[execution.id] = ended
    return tuple(found[number] for number in sorted(found))


def _ended(execution: Execution) -> Ended | None:
    """The rollout that this step ended; None where it went on."""
    told = {name: str(execution.parameters.get(name, "")) for name in ("phase", "code", "plan", "forced")}
    if told["phase"] not in _ENDED or len(execution.inputs) < 2 or not execution.outputs:
        return None
    champion, challenger = execution.inputs[:2]
    title = f"{challenger.name} beside {champion.name}"
    report = execution.outputs[0].digest
    return Ended(champion.digest, challenger.digest, **told, report=report, at=execution.started, title=title)
