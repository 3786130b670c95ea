"""Proofs: what `--prove` ran and put on record (kind "proof" in the journal), and what the tests make of it.

Two things can be proven by doing them: that the champion's training gives the same model again, and that the project's own tests
pass. A proof made by a person earns half a point, one made by a continuous integration job a full one: that is a system that does
it again and again. A test of the project says which test of the rubric it is by `record_property("readiness", "D7")`.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (the codec reads annotations when the program runs)
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from seakeep.core.codec import BadDocument, from_plain
from seakeep.pipeline.readiness import findings
from seakeep.pipeline.readiness.findings import Finding, Piece

if TYPE_CHECKING:
    from seakeep.pipeline.readiness.facts import Facts

KIND = "proof"
What = Literal["reproducible", "tests"]
PROOFS: tuple[What, ...] = ("reproducible", "tests")
_JOBS = (("GITHUB_ACTIONS", "GitHub Actions"), ("GITLAB_CI", "GitLab CI"), ("CI", "a CI job"))


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof.

    holds: whether what was to be proven is so. code: digest of the sources. release: digest of the champion, for "reproducible".
    model, again: digests of the champion's model and of the one that training made again. passed, failed: tests of the project.
    covers: names of passed tests by the rubric's test that they say they are. by: the CI system, "" for a person. at: of the line.
    """

    what: What
    holds: bool
    code: str
    by: str = ""
    seconds: float = 0.0
    release: str = ""
    model: str = ""
    again: str = ""
    passed: int = 0
    failed: int = 0
    covers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    at: float = 0.0

    @property
    def piece(self) -> Piece:
        """The proof as evidence."""
        where = self.by or "by hand"
        if self.what == "tests":
            return Piece(
                f"the project's tests, {where}: {self.passed} passed, {self.failed} failed",
                self.code,
                self.at,
                self.passed,
            )
        same = "the same model" if self.holds else "another model"
        return Piece(f"trained again, {where}: {same}", self.again, self.at)


def job_of(environment: Mapping[str, str]) -> str:
    """Which system of continuous integration runs this process; "" for none.

    >>> job_of({"CI": "true"}), job_of({"CI": "false"}), job_of({"GITLAB_CI": "true", "CI": "true"})
    ('a CI job', '', 'GitLab CI')
    """
    return next((words for name, words in _JOBS if environment.get(name, "").lower() in ("1", "true")), "")


def proofs(facts: Facts, what: What) -> tuple[Proof, ...]:
    """Proofs of a kind, in order, whatever their age; a line that cannot be read counts for nothing."""
    found: list[Proof] = []
    for entry in facts.journal(KIND):
        try:
            told = from_plain(Proof, entry.content)
        except BadDocument:
            continue
        found += [replace(told, at=entry.at)] if told.what == what else []
    return tuple(found)


def own_tests(facts: Facts, test: str) -> Finding:
    """What the latest run of the project's own tests says of one test of the rubric."""
    fix = f"seakeep readiness {facts.file} --prove tests"
    runs = proofs(facts, "tests")
    about = [each for each in runs if each.code == facts.code]
    if not about:
        return _no_run(facts, test, fix, runs)
    last = about[-1]
    if not facts.is_fresh(last.at):
        return facts.too_old("the latest run of the project's tests", last.at, fix, last.piece)
    if last.failed:
        return findings.contradicted(f"{last.failed} of the project's tests fail", fix, [last.piece])
    names = last.covers.get(test, ())
    if not names:
        return findings.nothing(
            f"none of the {last.passed} tests of the project says that it is {test}",
            f'In such a test: record_property("readiness", "{test}"); then: {fix}',
            [last.piece],
        )
    said = f"{len(names)} test{'s' if len(names) > 1 else ''} of the project pass ({', '.join(names[:3])})"
    if last.by:
        return findings.automatic(f"{said}, run by {last.by}", [last.piece])
    return findings.by_hand(said, "no CI job has run them", f"In a CI job: {fix}", [last.piece])


def _no_run(facts: Facts, test: str, fix: str, runs: tuple[Proof, ...]) -> Finding:
    from seakeep.pipeline.readiness.files import test_files

    if runs:
        return findings.stale("the project's tests ran for other sources than those in charge", fix, [runs[-1].piece])
    if not test_files(facts.project.root):
        fix = f'Write tests/test_*.py with record_property("readiness", "{test}"); then: {fix}'
        return findings.nothing("the project has no tests of its own", fix)
    return findings.nothing("no run of the project's tests is on record", fix)


def by_person(facts: Facts, test: str) -> Finding:
    """What is known of a test that Seakeep cannot run: a tagged test of the project, or nothing but a person's word."""
    found = own_tests(facts, test)
    if found.how != "nothing":
        return found
    missing = f"nobody has signed it off, and no test of the project that is on record says that it is {test}"
    return replace(found, missing=missing, fix=attest_line(facts, test))


def attest_line(facts: Facts, test: str) -> str:
    """The line by which a person signs a test off."""
    return f"seakeep readiness {facts.file} --attest {test} --by NAME --evidence TEXT|FILE"
