"""The rubric as data: 28 tests in four sections of seven, what each asks, and what a score means.

Source: Breck, Cai, Nielsen, Salib, Sculley 2017, "The ML Test Score: A Rubric for ML Production Readiness and Technical Debt
Reduction", IEEE Big Data, sections II to V for the tests and table V for the bands. Ids and short names follow the paper, so that
a reader finds each test there; the questions are ours, and narrower where Seakeep can only see a part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from seakeep.core.errors import UsageError, nearest

Section = Literal["data", "model", "infrastructure", "monitoring"]
SECTIONS: tuple[Section, ...] = get_args(Section)
TITLES = {
    "data": "Features and data",
    "model": "Model development",
    "infrastructure": "ML infrastructure",
    "monitoring": "Monitoring",
}
MOST = 7


@dataclass(frozen=True, slots=True)
class Test:
    """One test. id: as typed and as in the paper ("D1", "Mon3"). passes: what holds where it earns a full point."""

    __test__ = False  # no test of pytest's

    id: str
    section: Section
    title: str
    passes: str

    @property
    def code(self) -> str:
        """Of its check: "readiness.mon3"."""
        return f"readiness.{self.id.lower()}"


TESTS = (
    Test("D1", "data", "Feature expectations are captured in a schema",
         "The contract was enforced on rows that it was not inferred from, and says something of every input of the model."),
    Test("D2", "data", "All features are beneficial",
         "Permuting any one of the model's columns makes its held-out metric worse, with the whole interval."),
    Test("D3", "data", "No feature's cost is too much",
         "A test of the project's own holds each feature's cost against its benefit, and CI ran it."),
    Test("D4", "data", "Features adhere to meta-level requirements",
         "The contract forbids columns as features, and training refused none and used none of them."),
    Test("D5", "data", "The data pipeline has appropriate privacy controls",
         "A test of the project's own holds the pipeline to its privacy rules, and CI ran it."),
    Test("D6", "data", "New features can be added quickly",
         "A test of the project's own adds a feature end to end, and CI ran it."),
    Test("D7", "data", "All input feature code is tested",
         "The graph's features agree with their reference, and CI ran tests of the project's own feature code."),
    Test("M1", "model", "Every model specification is reviewed and checked in",
         "The champion's sources are committed, reviewed by another than their author, and checked for each pull request."),
    Test("M2", "model", "Offline and online metrics correlate",
         "Live labels said of at least three pairs of releases what the held-out rows had said."),
    Test("M3", "model", "All hyperparameters have been tuned",
         "A test of the project's own holds the hyperparameters to a search, and CI ran it."),
    Test("M4", "model", "The impact of model staleness is known",
         "The metric was measured on labels over at least four windows of a release's age."),
    Test("M5", "model", "A simpler model is not better",
         "The model beats its best baseline, with the whole interval of the difference."),
    Test("M6", "model", "Model quality is sufficient on important data slices",
         "Every column that the pipeline slices by has a metric's threshold, and every slice holds it."),
    Test("M7", "model", "The model is tested for considerations of inclusion",
         "At least one gap between groups is limited, and holds."),
    Test("I1", "infrastructure", "Training is reproducible",
         "CI trained the champion again from the same inputs, to the same digest."),
    Test("I2", "infrastructure", "Model specifications are unit tested",
         "Tests of the project's own speak of the model's specification, and CI ran them."),
    Test("I3", "infrastructure", "The full ML pipeline is integration tested",
         "A service or CI took the champion's code through all six stages in one run."),
    Test("I4", "infrastructure", "Model quality is validated before serving",
         "Everything that answers passed a metric's gate before, and none was forced."),
    Test("I5", "infrastructure", "The model is debuggable",
         "Contributions of single rows are on record and sum to the model's answers."),
    Test("I6", "infrastructure", "Models are canaried before serving",
         "The champion came in through a canary that answered live requests."),
    Test("I7", "infrastructure", "Serving models can be rolled back",
         "A rollback happened by itself, and the release to go back to is whole."),
    Test("Mon1", "monitoring", "Dependency changes result in notification",
         "Data is held to its contract as it arrives, and alert rules tell somebody."),
    Test("Mon2", "monitoring", "Data invariants hold for inputs",
         "Windows of the champion's live inputs were held to the contract, and the latest holds it."),
    Test("Mon3", "monitoring", "Training and serving are not skewed",
         "Graph and estimator agree row by row, and the latest window's inputs lie where training's lay."),
    Test("Mon4", "monitoring", "Models are not too stale",
         "A service looked whether to train again, and the champion is younger than its schedule allows."),
    Test("Mon5", "monitoring", "Models are numerically stable",
         "Every held-out score is finite, and the latest window holds no NaN or infinity that the contract forbids."),
    Test("Mon6", "monitoring", "Computing performance has not regressed",
         "Latency passed at the rollout and has an alert rule; training's time and memory a row did not grow."),
    Test("Mon7", "monitoring", "Prediction quality has not regressed",
         "On the latest labelled window no metric is worse than at release by more than its margin."),
)  # fmt: skip

BY_ID = {test.id: test for test in TESTS}
CODES = {test.code: test.passes for test in TESTS} | {
    "readiness.score": "The score is at least the one that `--at-least` asks for; only where it is given."
}
"""Every check code of a readiness report, with its meaning when it passes. The docs list them and a test holds them complete."""

BANDS = (
    (0.0, "research, not yet a system for production"),
    (1.0, "not wholly untested, but serious holes are possible"),
    (2.0, "a first pass at production; more investment may be needed"),
    (3.0, "reasonably tested; more of it may be automated"),
    (5.0, "strongly automated tests and monitoring, fit for critical systems"),
)
BEST = "exceptionally automated tests and monitoring"


def band(score: float) -> str:
    """What a score means, in our words for the paper's table V; each band's upper end belongs to it.

    >>> band(0), band(0.5) == band(1), band(5) == band(5.5)
    ('research, not yet a system for production', True, False)
    """
    return next((words for most, words in BANDS if score <= most), BEST)


def find(name: str) -> Test:
    """The test with this id, in any case. Raises UsageError with the nearest one."""
    lowered = {test.id.lower(): test for test in TESTS}
    if name.lower() in lowered:
        return lowered[name.lower()]
    near = nearest(name.lower(), lowered)
    raise UsageError(
        f"there is no test {name!r}",
        where="ML Test Score",
        cause=f"Did you mean {lowered[near].id} ({lowered[near].title})?" if near else "",
        fix="Known: D1 to D7, M1 to M7, I1 to I7, Mon1 to Mon7.",
        name=name,
    )
