"""What a check, a delivery or a retraining came to, as plain data for any view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core import Report, Verdict

if TYPE_CHECKING:
    from seakeep.pipeline.results import RunResult
    from seakeep.pipeline.retraining import Look


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a check. name: "contract", "data", "training" or "gates". report: None where it was not come to, and why.

    seconds: wall clock.
    """

    name: str
    title: str
    report: Report | None = None
    seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A change, checked.

    pipeline: its name. file: relative to the repository's folder where it lies there. schema: path of its contract, likewise.
    base: the commit that it was compared with, as named; "" for none. beside: what the trial's model was judged beside, in
    words; "" where it was not come to. sample: what it was tried on, in words. parts: in the order they were done.
    """

    pipeline: str
    file: str
    schema: str
    base: str
    beside: str
    sample: str
    parts: tuple[Part, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the parts that were come to."""
        return Verdict.worst(tuple(part.report.verdict for part in self.parts if part.report is not None))


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a merge led to.

    run: the full run. exported: folders of manifests by target. rollout: label of the release whose rollout is open, "" for
    none; told: why, in words. held: whether a release that passed stays out, since another rollout is under way or its own ended.
    """

    run: RunResult
    exported: dict[str, str]
    rollout: str = ""
    told: str = ""
    held: bool = False

    @property
    def verdict(self) -> Verdict:
        """Of the run; inconclusive where its release passed and is held."""
        return Verdict.worst((self.run.verdict, Verdict.INCONCLUSIVE)) if self.held else self.run.verdict


@dataclass(frozen=True, slots=True)
class Retrained:
    """A look at what asks for a training, and the manifests of the release that came of it by target."""

    look: Look
    exported: dict[str, str]
