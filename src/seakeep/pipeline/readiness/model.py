"""The seven tests of model development, each as a question to the record. A function is named by its test's id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seakeep.core import Verdict
from seakeep.core.words import listed
from seakeep.pipeline.readiness import files, findings
from seakeep.pipeline.readiness.findings import Piece, automatic, by_hand, contradicted, nothing
from seakeep.pipeline.readiness.proofs import attest_line, by_person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core import Check, Report
    from seakeep.pipeline.readiness.facts import Facts
    from seakeep.pipeline.readiness.findings import Finding
    from seakeep.pipeline.readiness.production import Ended

LEAST_PAIRS, LEAST_AGES = 3, 4
_SLICE = re.compile(r"^[^\[]+\[(.+)\]$")
_COLUMN = re.compile(r"(.+?)(?:=| in \(|≤|>| missing$| present$)")


def m1(facts: Facts) -> Finding:
    """The champion's sources are git's, reviewed by another person, and checked for each pull request."""
    champion = facts.in_charge()
    dirty = files.uncommitted(facts.project)
    if dirty is None:
        return nothing("git does not hold the pipeline's file", f"git add {facts.file} && git commit", ())
    if facts.sources != facts.code:
        said = f"the sources here are not those of {champion.label}, so their review says nothing of it"
        return findings.stale(said, f"seakeep run {facts.file}", [Piece("sources in charge", facts.code)])
    if dirty:
        return nothing(f"{listed(dirty)} is not committed as it is here", "git add -u && git commit", ())
    commit = files.last_commit(facts.project)
    if commit is None:
        return nothing("no commit of the sources was found", "git commit", ())
    piece = Piece(f"commit by {commit.author}", commit.hash, commit.at)
    if not commit.reviewers:
        fix = f"{attest_line(facts, 'M1')}, or a trailer 'Reviewed-by: NAME <MAIL>' on the commit"
        return nothing(
            "nobody but its author is on record as having reviewed the latest commit of the sources", fix, [piece]
        )
    said = f"the sources are committed and reviewed by {listed(commit.reviewers)}"
    flows = files.workflows(facts.project.root)
    if not flows:
        fix = f"seakeep export github-actions {facts.file} -o ."
        return by_hand(said, "no workflow checks each pull request by seakeep ci", fix, [piece])
    return automatic(f"{said}; {flows[0].name} checks each pull request", [piece, Piece(f"workflow {flows[0].name}")])


def m2(facts: Facts) -> Finding:
    """Pairs of releases that were compared on held-out rows and on live labels, and whether both said the same."""
    facts.in_charge()
    both = [(ended, same) for ended in facts.rollouts for same in [_both_said(facts, ended)] if same is not None]
    pairs = {frozenset((ended.champion, ended.challenger)): (ended, same) for ended, same in both}.values()
    pieces = [ended.piece for ended, _ in pairs]
    apart = [ended for ended, same in pairs if not same]
    fix = f"seakeep rollout start {facts.name} --plan experiment"
    if apart:
        return contradicted(f"live labels contradicted the held-out rows: {_said(apart)}", fix, pieces)
    if len(pairs) < LEAST_PAIRS:
        return nothing(
            f"{len(pairs)} of {LEAST_PAIRS} pairs of releases were compared both offline and by live labels",
            fix,
            pieces,
        )
    return automatic(f"of {len(pairs)} pairs of releases, live labels contradicted the held-out rows in none", pieces)


def m3(facts: Facts) -> Finding:
    """Tuning: a person's word, or a test of the project's own; Seakeep keeps no record of searches."""
    facts.in_charge()
    return by_person(facts, "M3")


def m4(facts: Facts) -> Finding:
    """The metric by age: labelled windows of the champion, or of the one before it, whose age is known too."""
    champion = facts.in_charge()
    both = [each for each in (champion, facts.previous) if each]
    every = [each for each in facts.windows if each.labelled and each.decay]
    best: list[Piece] = []
    for release in both:
        digest = release.release.digest
        own = [each for each in every if each.release == digest]
        fresh = [each.piece for each in own if facts.is_fresh(each.at)]
        if len({each.window.start for each in own if facts.is_fresh(each.at)}) >= LEAST_AGES:
            return automatic(
                f"the metric of {release.label} was measured on labels over {len(fresh)} windows of its age", fresh
            )
        best = max(best, fresh, key=len)
    fix = f"seakeep labels {facts.name} FILE --label COLUMN && seakeep monitor {facts.name}"
    digests = {release.release.digest for release in both}
    old = [each for each in every if each.release in digests]
    if old and not best:
        return facts.too_old(f"the labelled windows of {old[-1].label}", old[-1].at, fix, old[-1].piece)
    return nothing(
        f"{len(best)} of {LEAST_AGES} labelled windows of one release in charge, now or before, are on record",
        fix,
        best,
    )


def m5(facts: Facts) -> Finding:
    """The comparison with baselines that every training makes."""
    report, piece = facts.report("training", "train")
    return _by_checks(
        facts, [check for check in report.checks if check.code == "baseline.better"], piece, "no baseline was fitted"
    )


def m6(facts: Facts) -> Finding:
    """A threshold for every slice of every column that is sliced by."""
    report, piece = facts.report("evaluation", "evaluate")
    sliced = _sliced(report)
    judged = [check for check in report.checks if check.code.startswith("metric.") and _SLICE.search(check.subject)]
    fix = (
        f'require=[..., seakeep.at_least("METRIC", VALUE, by="COLUMN")] in {facts.file}, then: seakeep run {facts.file}'
    )
    if not sliced:
        return nothing("no slices are declared", f'slices=["COLUMN"] in {facts.file}; {fix}', [piece])
    covered = {_columns(match[1]) for check in judged for match in [_SLICE.search(check.subject)] if match}
    open_ = sorted(" and ".join(columns) for columns in sliced - covered)
    failed = [check for check in judged if check.verdict is Verdict.FAIL]
    if open_ and not failed:
        return nothing(f"slices by {listed(open_)} are measured, and no threshold says what is enough", fix, [piece])
    return _by_checks(facts, judged, piece, "no slice was judged")


def m7(facts: Facts) -> Finding:
    """Gaps between groups, each with a limit."""
    report, piece = facts.report("evaluation", "evaluate")
    fix = f'require=[..., seakeep.gap_at_most("equal_opportunity", by="COLUMN", most=0.1)] in {facts.file}'
    checks = [check for check in report.checks if check.code.startswith("fairness.")]
    return _by_checks(facts, checks, piece, "no gap between groups is limited", fix)


def _by_checks(facts: Facts, checks: list[Check], piece: Piece, none: str, fix: str = "") -> Finding:
    """Automatic where there are checks and all pass."""
    fix = fix or f"seakeep run {facts.file}"
    if not checks:
        return nothing(none, fix, [piece])
    failed = [check for check in checks if check.verdict is Verdict.FAIL]
    undecided = [check for check in checks if check.verdict is Verdict.INCONCLUSIVE]
    if failed:
        return contradicted(failed[0].message, failed[0].fix or fix, [piece])
    if undecided:
        return nothing(
            f"{len(undecided)} of {len(checks)} checks are undecided: {undecided[0].message}",
            undecided[0].fix or fix,
            [piece],
        )
    return automatic(checks[0].message if len(checks) == 1 else f"all {len(checks)} hold; {checks[0].message}", [piece])


def _both_said(facts: Facts, ended: Ended) -> bool | None:
    """Whether live labels said of a pair what the held-out rows had said of its newer one; None where either is silent."""
    goal = next(
        (
            c
            for c in facts.kept(ended.report, ended.title).checks
            if c.code == "rollout.goal" and c.observed is not None
        ),
        None,
    )
    challenger, champion = facts.by_digest.get(ended.challenger), facts.by_digest.get(ended.champion)
    if goal is None or challenger is None or champion is None:
        return None
    low, high = goal.evidence.get("low"), goal.evidence.get("high")
    if challenger.release.made_from.get("champion") == ended.champion:
        newer, worse = challenger, goal.verdict is Verdict.FAIL or (isinstance(low, int | float) and low > 0)
    elif champion.release.made_from.get("champion") == ended.challenger:
        newer, worse = champion, isinstance(high, int | float) and high < 0
    else:
        return None
    report = facts.report_of(newer, "evaluation")
    offline = next((c for c in report.checks if c.code == "metric.no_worse_than"), None) if report else None
    if offline is None or offline.verdict is Verdict.INCONCLUSIVE:
        return None
    return (offline.verdict is Verdict.PASS) is not worse


def _said(ended: list[Ended]) -> str:
    return listed([f"{each.title} ({each.phase.replace('_', ' ')})" for each in ended])


def _sliced(report: Report) -> set[tuple[str, ...]]:
    """The columns, or groups of columns, that the report's metrics are sliced by."""
    return {columns for columns in map(_columns, _slice_names(report)) if columns}


def _slice_names(report: Report) -> Iterator[str]:
    for table in report.tables:
        if table.name == "metrics" and "slice" in table.columns:
            place = table.columns.index("slice")
            yield from {str(row[place]) for row in table.rows}


def _columns(name: str) -> tuple[str, ...]:
    """The columns of a slice's name: "origin=EWR & distance>500" is of origin and distance."""
    found = (_COLUMN.match(part) for part in name.split(" & "))
    return tuple(match[1] for match in found if match)
