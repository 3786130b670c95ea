"""The seven tests of monitoring, each as a question to the record. A function is named by its test's id."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING

from seakeep.core import Verdict, durations
from seakeep.core.codec import BadDocument, from_plain
from seakeep.core.words import listed
from seakeep.pipeline.readiness import files
from seakeep.pipeline.readiness.findings import Piece, Unproven, automatic, contradicted, nothing
from seakeep.pipeline.readiness.production import held, latest, watched
from seakeep.pipeline.retraining.trainings import Kept

if TYPE_CHECKING:
    from seakeep.pipeline.readiness.facts import Facts
    from seakeep.pipeline.readiness.findings import Finding
    from seakeep.registry import Execution, Registered

PARITY = ("parity.features", "parity.max_difference", "parity.flips", "parity.batch_invariance")
GROWTH = 1.5
"""How much more time or memory a row the champion's training may have taken than the median of those before it."""
_COMPARED = 10
_SECONDS, _BYTES = 1.0, 256 * 1024 * 1024
_LATENCY = re.compile(r"seakeep_request_seconds|latency", re.IGNORECASE)


def mon1(facts: Facts) -> Finding:
    """Spans judged as they arrived, and rules that tell somebody."""
    facts.in_charge()
    judged = facts.journal("span")
    fresh = [Piece(f"span {_field(entry.content, 'span')} {_field(entry.content, 'verdict')}",
                   _field(entry.content, "report"), entry.at) for entry in judged if facts.is_fresh(entry.at)]  # fmt: skip
    if judged and not fresh:
        return facts.too_old("the latest span that was judged", judged[-1].at, f"seakeep retrain {facts.file}")
    if not fresh:
        return nothing("nobody holds arriving data to the contract", f"seakeep retrain {facts.file}")
    rules = files.alert_rules(facts.project.root)
    if not rules:
        fix = f"seakeep export prometheus {facts.name} -o alerts"
        return nothing(
            f"{len(fresh)} spans were judged as they arrived, but no alert rule of the project tells anybody",
            fix,
            fresh,
        )
    said = f"{len(fresh)} spans were judged as they arrived, and {listed([each.name for each in rules])} alerts"
    return automatic(said, [*fresh, *(Piece(f"alert rules {each.name}") for each in rules)])


def mon2(facts: Facts) -> Finding:
    """The contract, held against the champion's live inputs."""
    every = watched(facts)
    window, report = latest(facts)
    held([check for check in report.checks if check.code.startswith("schema.")], window.piece, "the contract")
    return automatic(f"the contract holds on the latest of {len(every)} windows", [each.piece for each in every])


def mon3(facts: Facts) -> Finding:
    """The same answers from the graph and the estimator, and inputs that lie where training's lay."""
    report, piece = facts.report("training", "train")
    missing = [
        code
        for code in PARITY
        if not any(check.code == code and check.verdict is Verdict.PASS for check in report.checks)
    ]
    if missing:
        failed = any(check.code in missing and check.verdict is Verdict.FAIL for check in report.checks)
        return (contradicted if failed else nothing)(
            f"{listed(missing)} does not pass", f"seakeep run {facts.file}", [piece]
        )
    window, seen = latest(facts)
    apart = [check for check in seen.checks if check.code.startswith(("drift.", "skew."))]
    held(apart, window.piece, "drift from training")
    return automatic(
        f"graph and estimator agree ({len(PARITY)} checks), and no input has drifted from training's",
        [piece, window.piece],
    )


def mon4(facts: Facts) -> Finding:
    """When a service looked whether to train again, and how old the champion is."""
    champion = facts.in_charge()
    fix = f"seakeep retrain {facts.file} --every 3600"
    assert facts.registry is not None
    document = facts.registry.documents.get("retrain", facts.name)
    try:
        looked = from_plain(Kept, document.content).history.looked if document else 0.0
    except BadDocument:
        looked = 0.0
    if not looked:
        return nothing("no service looks whether to train again", fix)
    look = Piece("the retraining service looked", at=looked)
    if not facts.is_fresh(looked):
        return facts.too_old("its latest look", looked, fix, look)
    every = durations.seconds(facts.project.settings.retrain.every) if facts.project.settings.retrain.every else None
    allowed = min(every * 2 if every else facts.fresh_seconds, facts.fresh_seconds)
    age = facts.now - champion.registered
    piece = Piece(f"{champion.label} was made", facts.digest, champion.registered)
    if age > allowed:
        said = f"{champion.label} is {durations.text(round(age / 3600) * 3600.0)} old, more than the {durations.text(allowed)} allowed"
        return contradicted(said, f"seakeep retrain {facts.file} --now", [look, piece])
    return automatic(
        f"a service looks whether to train again, and {champion.label} is within the {durations.text(allowed)} allowed",
        [look, piece],
    )


def mon5(facts: Facts) -> Finding:
    """Finite scores offline, and live values that hold no NaN or infinity that the contract forbids."""
    report, piece = facts.report("evaluation", "evaluate")
    scores = [check for check in report.checks if check.code == "evaluation.scores"]
    if not scores or scores[0].verdict is not Verdict.PASS:
        said = scores[0].message if scores else "nobody looked whether scores are finite"
        return (contradicted if scores else nothing)(said, f"seakeep run {facts.file}", [piece])
    window, seen = latest(facts)
    held([c for c in seen.checks if c.code == "monitoring.answered"], window.piece, "answering")
    bad = [c for c in seen.checks if c.code in ("schema.nan", "schema.infinite") and c.verdict is Verdict.FAIL]
    held(
        [*bad, *(c for c in seen.checks if c.code == "schema.kind")],
        window.piece,
        "the contract on NaN and infinity",
    )
    return automatic(
        f"every held-out score is finite, and so are the live inputs of {window.window.start}", [piece, window.piece]
    )


def mon6(facts: Facts) -> Finding:
    """Latency at the rollout and in an alert rule; training's time and memory a row beside those before it."""
    champion = facts.in_charge()
    let_in = [e for e in facts.rollouts if e.challenger == facts.digest and e.phase == "promoted"]
    if not let_in:
        fix = f"seakeep rollout start {facts.name} && seakeep rollout serve {facts.name}"
        return nothing(f"no rollout compared the latency of {champion.label}", fix)
    latency = [c for c in facts.kept(let_in[-1].report, let_in[-1].title).checks if c.code == "rollout.latency"]
    held(latency, let_in[-1].piece, "latency")
    if latency[0].verdict is not Verdict.PASS:
        return nothing(
            f"the latency of {champion.label} is undecided", f"seakeep rollout status {facts.name}", [let_in[-1].piece]
        )
    pieces = [let_in[-1].piece, *_training_costs(facts, champion)]
    rules = [each.name for each in files.alert_rules(facts.project.root) if _LATENCY.search(each.text)]
    if not rules:
        fix = f"seakeep export prometheus {facts.name} -o alerts"
        return nothing("latency passed at the rollout, but no alert rule of the project watches it since", fix, pieces)
    return automatic(
        f"latency passed at the rollout and is watched by {rules[0]}; training's cost a row did not grow", pieces
    )


def mon7(facts: Facts) -> Finding:
    """The metric on the latest labelled window, against the one at release."""
    labelled = [each for each in watched(facts) if each.labelled]
    fix = f"seakeep labels {facts.name} FILE --label COLUMN && seakeep monitor {facts.name}"
    if not labelled:
        return nothing("no window of the champion has labels", fix, [each.piece for each in watched(facts)])
    window = labelled[-1]
    report = facts.kept(window.report, f"the report of window {window.window.start}")
    checks = [check for check in report.checks if check.code.startswith("decay.")]
    held(checks, window.piece, "decay")
    open_ = [check for check in checks if check.verdict is Verdict.INCONCLUSIVE]
    if open_:
        return nothing(f"{len(open_)} of {len(checks)} metrics are undecided: {open_[0].message}", fix, [window.piece])
    return automatic(f"{checks[0].message.rstrip('.')}; {len(checks)} metrics hold", [each.piece for each in labelled])


def _training_costs(facts: Facts, champion: Registered) -> list[Piece]:
    """The champion's training and its price. Raises Unproven where it grew, or where there is nothing to compare it with."""
    compared = [each for each in facts.recent if each.version <= champion.version][-_COMPARED - 1 :]
    known = [(each, cost) for each in compared for cost in [_cost(facts, each)] if cost]
    own = next((cost for each, cost in known if each.release.digest == facts.digest), None)
    before = [cost for each, cost in known if each.version < champion.version]
    if own is None or not before:
        said = f"no training before that of {champion.label} is on record to compare its time and memory with"
        raise Unproven(nothing(said, f"seakeep run {facts.file}"))
    execution, seconds, memory = own
    piece = Piece(
        f"training of {champion.label}: {execution.wall_seconds:.1f} s, {execution.peak_bytes / 2**20:.0f} MiB",
        at=execution.started,
    )
    slow = execution.wall_seconds > _SECONDS and seconds > GROWTH * statistics.median(each[1] for each in before)
    large = execution.peak_bytes > _BYTES and memory > GROWTH * statistics.median(each[2] for each in before)
    if slow or large:
        what = " and ".join(word for word, is_so in (("time", slow), ("memory", large)) if is_so)
        said = f"training took more than {GROWTH:g} times the {what} a row of the {len(before)} before it"
        raise Unproven(contradicted(said, f"seakeep run {facts.file} --stage train --no-cache", [piece]))
    return [
        piece,
        *(
            Piece(f"earlier training: {e.wall_seconds:.1f} s, {e.peak_bytes / 2**20:.0f} MiB", at=e.started)
            for e, _, _ in before
        ),
    ]


def _cost(facts: Facts, release: Registered) -> tuple[Execution, float, float] | None:
    """A release's training, its seconds and its bytes a row; None where either is not on record."""
    execution = facts.execution(release.release.made_from.get("model", ""), "train")
    report = facts.report_of(release, "training")
    checks = report.checks if report else ()
    rows = next((check.observed for check in checks if check.code == "training.rows"), None)
    if execution is None or not isinstance(rows, int) or rows < 1:
        return None
    return execution, execution.wall_seconds / rows, execution.peak_bytes / rows


def _field(content: object, name: str) -> str:
    return str(content.get(name, "")) if isinstance(content, dict) else ""
