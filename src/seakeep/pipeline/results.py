"""What a run tells: its stages as they go (Observer) and all of it at the end (RunResult), as plain data for any view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from seakeep.core.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core import Check
    from seakeep.registry import Artifact
    from seakeep.registry.executions import Outcome


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage of a run.

    verdict: of its reports; "done" where it does not judge. cached: whether an earlier execution was found instead; the costs
    are then those of finding it, and `first_seconds` what the work took when it was done. execution: its record's number.
    pages: paths of the HTML pages of its reports and statistics. notes: what else a person should know.
    """

    stage: str
    verdict: Outcome
    cached: bool
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    first_seconds: float
    execution: int
    inputs: tuple[Artifact, ...]
    outputs: tuple[Artifact, ...]
    pages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run. file, home: absolute paths. not_passed: the checks that failed or are inconclusive.

    release: digest, label ("trips@3") and folder of the release it made or found; empty where there is none.
    champion: label of the release in charge of its name when the run ended; empty where there is none. metrics: over all
    held-out rows, those that were asked for; empty where the run did not come to its evaluation.
    """

    run: str
    pipeline: str
    file: str
    home: str
    stages: tuple[StageResult, ...]
    not_passed: tuple[Check, ...] = ()
    release: str = ""
    label: str = ""
    folder: str = ""
    champion: str = ""
    metrics: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """Whether the release passed and another one is in charge: a rollout decides which of them is."""
        return bool(self.label) and self.verdict is Verdict.PASS and self.label != self.champion

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the stages that judge; inconclusive where none did, except when a non-judging stage ran alone."""
        judged = tuple(
            Verdict(stage.verdict) for stage in self.stages if stage.verdict in ("pass", "fail", "inconclusive")
        )
        return Verdict.worst(judged) if judged else Verdict.PASS if self.stages else Verdict.INCONCLUSIVE

    def stage(self, name: str) -> StageResult | None:
        """The stage of this name, or None where the run did not come to it."""
        return next((stage for stage in self.stages if stage.stage == name), None)


class Observer(Protocol):
    """Follows a run. Called in the run's own thread."""

    def started(self, stage: str) -> None:
        """A stage that was not found in the cache begins."""

    def finished(self, result: StageResult) -> None:
        """A stage is done, or was found."""

    def noted(self, message: str) -> None:
        """Something a person may want to know: waiting for another run, leftovers removed."""


class Silent:
    """The observer that says nothing."""

    def started(self, stage: str) -> None:
        """Nothing."""

    def finished(self, result: StageResult) -> None:
        """Nothing."""

    def noted(self, message: str) -> None:
        """Nothing."""
