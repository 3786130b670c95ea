"""Attending to one pipeline: one look at what asks for a training, and whatever that look leads to. Called by `service`.

What is hard is to be killed anywhere. That a training has begun is written, with its start, before the process is started: who
comes next finds it, gives the same run to the runner again, which finds what is done, and no start is counted twice.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from seakeep.core import durations
from seakeep.core.codec import from_plain
from seakeep.core.errors import SeakeepError
from seakeep.pipeline.retraining.alarms import firing_alerts, open_incidents
from seakeep.pipeline.retraining.child import call
from seakeep.pipeline.retraining.feed import Feed, Window
from seakeep.pipeline.retraining.trainings import EXIT_CODES, Kept, Outcome, Training, outcome_of
from seakeep.pipeline.retraining.triggers import BadSpan, Decision, Facts, History, Incident, Policy, decide

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.core.codec import Json
    from seakeep.pipeline.project import Project
    from seakeep.pipeline.retraining.declared import Declared
    from seakeep.pipeline.settings import RetrainSettings
    from seakeep.registry import Registered, Registry

STATE, TRIGGER, OUTCOME = "retrain", "trigger", "retraining"
MOST_BEGINNINGS = 3


@dataclass(frozen=True, slots=True)
class Look:
    """One look. news: whether anything of it was put on record. outcome: of a training that ended in it.

    rollout: label of a release whose rollout was started in it, "" for none.
    """

    name: str
    at: float
    decision: Decision
    news: bool
    outcome: Outcome | None = None
    rollout: str = ""

    @property
    def exit_code(self) -> int:
        """0 where all is well, 1 where a check failed or a span blocks, 2 where nothing could be told, 3 where it broke."""
        if self.outcome is not None:
            return EXIT_CODES[self.outcome.result]
        return 1 if self.decision.code == "blocked" else 0


class Attending:
    """One look at one pipeline. clock: the time in Unix seconds. training: called with why, as a training begins."""

    def __init__(
        self,
        project: Project,
        registry: Registry,
        declared: Declared,
        clock: Callable[[], float],
        training: Callable[[str], None],
    ) -> None:
        self.project, self.registry, self.name = project, registry, declared.name
        self.clock, self.training = clock, training
        self.settings: RetrainSettings = project.settings.retrain
        limit, patience = self.settings.max_minutes * 60.0, _policy(self.settings).cooldown
        self.feed = Feed(registry, project, declared, limit_seconds=limit, patience=patience)
        document = registry.documents.get(STATE, self.name)
        self.revision = document.revision if document else 0
        self.kept = from_plain(Kept, document.content, path=f"{STATE} {self.name}") if document else Kept()

    def look(self, *, asked: bool) -> Look:
        """Go on with a training that was broken off; else decide, and train or not."""
        if self.kept.running is not None:
            return self._go_on(self.kept.running)
        at = self.clock()
        window = self.feed.window(at=at, skip=self.settings.skip_bad_spans)
        bad = tuple(BadSpan(each.span, each.why, each.verdict != "unjudged") for each in window.bad)
        facts = Facts(
            window.new,
            bad,
            window.short,
            self._alarms(),
            asked=asked,
        )
        self.kept = replace(self.kept, history=self._history().at(at))
        decision = decide(_policy(self.settings), facts, self.kept.history)
        news = self._tell(decision, facts, window, at)
        outcome = self._train(self.kept.running, decision.why) if self.kept.running is not None else None
        rolled = self._roll_out()
        return Look(self.name, at, decision, bool(news or outcome or rolled), outcome, rolled)

    def _alarms(self) -> tuple[Incident, ...]:
        """What asks for a training, and no training has answered."""
        answered = self.kept.answered
        alerts = firing_alerts(self.registry, self.name, answered=answered) if "alerts" in self.settings.on else ()
        return (*open_incidents(self.registry, self.name, answered=answered), *alerts)

    def _go_on(self, training: Training) -> Look:
        decision = Decision("retrain", "goes on with a training that was broken off")
        again = replace(training, beginnings=training.beginnings + 1)
        self._write(replace(self.kept, running=again))
        outcome = self._train(again, decision.why)
        return Look(self.name, self.clock(), decision, True, outcome, self._roll_out())

    def _history(self) -> History:
        """The history, with the newest release where it is younger than the latest training that a trigger started."""
        releases = self._releases()
        known = [self.kept.history.trained] if self.kept.history.trained is not None else []
        times = [*known, *([releases[-1].registered] if releases else [])]
        return replace(self.kept.history, trained=max(times, default=None))

    def _releases(self) -> tuple[Registered, ...]:
        return tuple(each for each in self.registry.releases() if each.release.name == self.name)

    def _tell(self, decision: Decision, facts: Facts, window: Window, at: float) -> bool:
        """Put a decision on record, with its facts and with the training that it starts. Returns whether it was news."""
        told = (decision.code, decision.why)
        if told == self.kept.told and not decision.acts:
            self._write(self.kept)
            return False
        with self.registry.transaction():
            content = self._content(decision, facts, window)
            number = self.registry.journal.append(TRIGGER, self.name, content, at=at)
            begun = self._begun(window, facts, number, at) if decision.acts else self.kept
            self._write(replace(begun, told=told))
        return True

    def _content(self, decision: Decision, facts: Facts, window: Window) -> dict[str, Json]:
        """A decision's line of the journal."""
        champion = self.registry.champion(self.name)
        return {
            "decision": decision.code,
            "why": decision.why,
            "triggers": list(decision.triggers),
            "until": decision.until,
            "champion": champion.label if champion else None,
            "new_spans": list(facts.new_spans),
            "bad_spans": {each.span: each.why for each in window.bad},
            "incidents": [asdict(each) for each in facts.incidents],
            "starts": list(self.kept.history.starts),
            "policy": {**asdict(_policy(self.settings)), "on": list(self.settings.on)},
        }

    def _begun(self, window: Window, facts: Facts, number: int, at: float) -> Kept:
        """What is remembered once a training has begun; from here on it counts as started."""
        upto = window.usable[-1] if window.usable else None
        bad = tuple(each.span for each in window.bad)
        latest = max((each.version for each in self._releases()), default=0)
        answers = tuple(each.id for each in facts.incidents)
        training = Training(number, at, window.usable, upto, bad, answers, latest)
        return replace(self.kept, history=self.kept.history.started(_policy(self.settings)), running=training)

    def _train(self, training: Training, why: str) -> Outcome:
        """Train, and put on record what came of it."""
        if training.beginnings > MOST_BEGINNINGS:
            broke = f"it was broken off {MOST_BEGINNINGS} times, by whatever ended this service"
            return self._end(training, Outcome("failed", broke, training.trigger))
        self.training(why)
        minutes, started = self.settings.max_minutes, time.monotonic()
        ended = call(self._arguments(training), limit_seconds=minutes * 60.0)
        seconds = time.monotonic() - started
        return self._end(training, outcome_of(training, ended, seconds=seconds, limit_minutes=minutes))

    def _arguments(self, training: Training) -> list[str]:
        """The command line of a training, its spans pinned."""
        project, spans = self.project, self.feed.declared.spans
        given = ["run", str(project.file), "--json", "--home", str(project.home), "--name", self.name]
        given += ["--span", training.upto] if training.upto is not None else []
        there = {span.name for span in spans.find(project.file.parent)} if spans else set()
        return [*given, *(part for name in training.without if name in there for part in ("--without", name))]

    def _end(self, training: Training, outcome: Outcome) -> Outcome:
        """Put an outcome on record; what a training that came to an end has answered asks for no other one."""
        answers = training.answers if outcome.ended else ()
        champion = self.registry.champion(self.name)
        waits = outcome.result == "released" and (champion is None or champion.release.digest != outcome.release)
        waiting = outcome.label if waits and self.settings.rollout != "none" else self.kept.waiting
        answered = tuple(dict.fromkeys((*self.kept.answered, *answers)))[-1000:]
        kept = replace(self.kept, running=None, answered=answered, waiting=waiting, refused="")
        with self.registry.transaction():
            self.registry.journal.append(OUTCOME, self.name, outcome, at=self.clock())
            if outcome.ended:
                self.feed.tried(training.spans)
            self._write(kept)
        return outcome

    def _roll_out(self) -> str:
        """Start the rollout of a release that waits for it. Returns its label, "" where none was started."""
        label = self.kept.waiting
        champion = self.registry.champion(self.name)
        if not label:
            return ""
        if self.settings.rollout == "none" or champion is None or champion.label == label:
            self._write(replace(self.kept, waiting="", refused=""))
            return ""
        from seakeep.pipeline import rollouts
        from seakeep.rollout.settings import known_settings

        plan, given = self.settings.rollout, self.project.settings.rollout
        try:
            rollouts.start(
                self.name,
                release=label,
                plan=plan,
                settings=given.of(known_settings(plan)),
                home=self.project.home,
                now=self.clock(),
            )
        except SeakeepError as error:
            self._refuse(label, error.found)
            return ""
        self._write(replace(self.kept, waiting="", refused=""))
        return label

    def _refuse(self, label: str, why: str) -> None:
        """Put on record, once, why a rollout cannot be started; the next look tries again."""
        if why != self.kept.refused:
            with self.registry.transaction():
                told = {"result": "waits", "label": label, "why": f"its rollout could not be started: {why}"}
                self.registry.journal.append(OUTCOME, self.name, told, at=self.clock())
                self._write(replace(self.kept, refused=why))

    def _write(self, kept: Kept) -> None:
        self.revision = self.registry.documents.put(STATE, self.name, kept, expected=self.revision)
        self.kept = kept


def _policy(settings: RetrainSettings) -> Policy:
    """The policy that the settings state."""
    return Policy(
        on=settings.on,
        every=durations.seconds(settings.every),
        cooldown=durations.seconds(settings.cooldown) or 0.0,
        most_runs=settings.most_runs,
        per=durations.seconds(settings.per) or 0.0,
        skip_bad_spans=settings.skip_bad_spans,
    )
