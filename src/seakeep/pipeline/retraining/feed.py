"""The feed: which spans have arrived, which of them no training has seen, and which break the contract and are kept apart.

Each new span is judged once, in a process of its own, and what came of it is a document (kind "span") with the sights of its
files: a look at what is known costs one stat a file. A span that fails is quarantined: it is named, not trained on, and not
judged again until its file changes, or the contract does. A span that could not be judged, because the project's own code
broke or the machine did, is judged again with other code, or after a while.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from seakeep.core import Report, Verdict
from seakeep.core.codec import from_plain
from seakeep.core.words import listed
from seakeep.pipeline.reading import spans_of
from seakeep.pipeline.retraining.child import call
from seakeep.pipeline.sights import current, look_at_file, look_at_path
from seakeep.registry import Sight  # noqa: TC001  (read by the codec)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.pipeline.project import Project
    from seakeep.pipeline.retraining.declared import Declared
    from seakeep.pipeline.spans import Span
    from seakeep.registry import Registry

KIND = "span"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of one span.

    verdict: "accepted", "quarantined" (it breaks the contract), "unjudged" (the project's code broke while judging it).
    why: what is wrong with it, in words. report: digest of its validation. code: of the sources that judged it.
    sights: of its files, and of the contract where it was not accepted. at: when it was judged, Unix seconds. tried: whether a
    training that came to an end used it.
    """

    span: str
    path: str
    verdict: Literal["accepted", "quarantined", "unjudged"]
    why: str = ""
    report: str = ""
    code: str = ""
    sights: tuple[Sight, ...] = ()
    at: float = 0.0
    tried: bool = False

    def holds(self, code: str, *, now: float, patience: float) -> bool:
        """Whether it speaks of the span as it is now.

        code: of the present sources. patience: seconds until a span that could not be judged is judged again.
        """
        waits = self.code == code and 0 <= now - self.at < patience
        return (self.verdict != "unjudged" or waits) and all(current(sight) for sight in self.sights)


@dataclass(frozen=True, slots=True)
class Window:
    """The spans of the next training. usable: in order. new: those of them no training has seen. bad: those kept apart.

    short: why there are too few to train on, or "".
    """

    usable: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    bad: tuple[Arrival, ...] = ()
    short: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """The spans of one pipeline. limit_seconds: of judging one. patience: see Arrival.holds."""

    registry: Registry
    project: Project
    declared: Declared
    limit_seconds: float = 3600.0
    patience: float = 3600.0

    def window(self, *, at: float, skip: bool) -> Window:
        """The spans that a training would use now; new ones are judged first. at: Unix seconds. skip: leave bad ones out.

        Without `skip` a bad span keeps its place in the window, so that a training waits for it.
        """
        spans = self.declared.spans
        if spans is None:
            return Window()
        seen = self._trained_on()
        usable, new, bad = list[str](), list[str](), list[Arrival]()
        for span in reversed(spans.find(self.project.file.parent)):
            if spans.newest is not None and len(usable) + (0 if skip else len(bad)) >= spans.newest:
                break
            arrival = None if self._is_seen(span, seen) else self._arrival(span, at=at)
            if arrival is not None and arrival.verdict != "accepted":
                bad.append(arrival)
                continue
            usable.append(span.name)
            if arrival is not None and not arrival.tried:
                new.append(span.name)
        least = spans.held_out + 1
        short = f"{len(usable)} spans can be used, expected at least {least}" if len(usable) < least else ""
        return Window(tuple(usable[::-1]), tuple(new[::-1]), tuple(bad[::-1]), short)

    def tried(self, names: Sequence[str]) -> None:
        """Remember that a training that came to an end used these spans. Within a transaction."""
        for name in names:
            document = self.registry.documents.get(KIND, self._key(name))
            if document is not None:
                arrival = replace(from_plain(Arrival, document.content), tried=True)
                self.registry.documents.put(KIND, self._key(name), arrival, expected=document.revision)

    def _arrival(self, span: Span, *, at: float) -> Arrival:
        """What is known of a span; it is judged where that does not hold any more."""
        document = self.registry.documents.get(KIND, self._key(span.name))
        if document is not None:
            known = from_plain(Arrival, document.content)
            if known.holds(self.declared.code, now=at, patience=self.patience):
                return known
        found = replace(self._judged(span), at=at)
        with self.registry.transaction():
            revision = document.revision if document else 0
            self.registry.documents.put(KIND, self._key(span.name), found, expected=revision)
            told = {"span": found.span, "verdict": found.verdict, "why": found.why, "report": found.report}
            self.registry.journal.append(KIND, self.declared.name, told, at=at)
        return found

    def _judged(self, span: Span) -> Arrival:
        """Judge a span in a process of its own."""
        sights = look_at_path(span.path)
        project = self.project
        arguments = ["validate", str(project.file), "--span", span.name, "--name", self.declared.name, "--json"]
        ended = call([*arguments, "--home", str(project.home)], limit_seconds=self.limit_seconds)
        found = Arrival(span.name, str(span.path), "accepted", code=self.declared.code, sights=sights)
        contract = look_at_file(Path(self.declared.schema))
        if ended.code not in (0, 1, 2) or ended.answer is None:
            why = f"it took more than {self.limit_seconds:.0f} s" if ended.overdue else ended.trouble
            return replace(found, verdict="unjudged", why=why, sights=(*sights, contract))
        report = from_plain(Report, {name: part for name, part in ended.answer.items() if name != "verdict"})
        found = replace(found, report=report.digest)
        if report.verdict is not Verdict.FAIL:
            return found
        failed = [f"{check.code} {check.subject}: {check.message}" for check in report.failed]
        why = listed(failed, between="; ")
        return replace(found, verdict="quarantined", why=why, sights=(*sights, contract))

    def _trained_on(self) -> dict[str, tuple[Sight, ...]]:
        """The spans of the newest release by name, with the sights of the files that were read then."""
        if self.declared.name not in {each.release.name for each in self.registry.releases()}:
            return {}
        training = self.registry.releases(self.declared.name)[-1].release.made_from.get("training", "")
        for execution in self.registry.executions.writing(training):
            parts = spans_of(execution.parameters)
            if parts:
                files = tuple(sight for sight in execution.looked_at if sight.kind == "file")
                return {name: files for names in parts.values() for name in names}
        return {}

    def _is_seen(self, span: Span, seen: dict[str, tuple[Sight, ...]]) -> bool:
        """Whether the newest release was trained on this span, and its files are as they were."""
        own = [sight for sight in seen.get(span.name, ()) if Path(sight.path).is_relative_to(span.path)]
        return bool(own) and all(current(sight) for sight in own)

    def _key(self, span: str) -> str:
        return f"{self.declared.name}/{span}"
