"""The seven tests of ML infrastructure, each as a question to the record. A function is named by its test's id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core import Verdict
from seakeep.core.codec import from_plain
from seakeep.pipeline.readiness.findings import Piece, automatic, by_hand, contradicted, nothing
from seakeep.pipeline.readiness.proofs import own_tests, proofs
from seakeep.pipeline.retraining.trainings import Outcome
from seakeep.registry.charge import Promotion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.pipeline.readiness.facts import Facts
    from seakeep.pipeline.readiness.findings import Finding
    from seakeep.pipeline.readiness.production import Ended
    from seakeep.registry import Artifact, Execution, Registered

STAGES = ("read", "profile", "validate", "train", "evaluate", "register")


def i1(facts: Facts) -> Finding:
    """The champion's training, done more than once from the same inputs."""
    champion = facts.in_charge()
    fix = f"seakeep readiness {facts.file} --prove reproducible"
    made = [proof for proof in proofs(facts, "reproducible") if proof.release == facts.digest]
    model = champion.release.made_from.get("model", "")
    pieces = [Piece(f"trained in run {run.run}", made.digest, run.started) for run, made in _trainings(facts, model)]
    if any(piece.digest != model for piece in pieces) or any(not proof.holds for proof in made):
        said = "the same inputs gave another model when they were trained on again"
        return contradicted(said, fix, [*pieces, *(proof.piece for proof in made)])
    fresh = [proof for proof in made if facts.is_fresh(proof.at)]
    proven = [*pieces, *(proof.piece for proof in fresh)]
    said = f"{champion.label} was trained {len(pieces)} times from the same inputs, to the same digest"
    if any(proof.by for proof in fresh):
        return automatic(f"{said}, the latest by {fresh[-1].by or 'hand'}", proven)
    if len(pieces) < 2:
        return nothing(f"{champion.label} was trained once", fix, pieces)
    if not facts.is_fresh(pieces[-1].at or 0.0):
        return facts.too_old(
            f"the last time that {champion.label} was trained again", pieces[-1].at or 0.0, fix, *pieces
        )
    return by_hand(said, "no CI job does it again and again", f"In a CI job: {fix}", proven)


def i2(facts: Facts) -> Finding:
    """Tests of the project's own that say that they are of the model's specification."""
    facts.in_charge()
    return own_tests(facts, "I2")


def i3(facts: Facts) -> Finding:
    """One run through all six stages at the champion's code, and who started it."""
    champion = facts.in_charge()
    own = own_tests(facts, "I3")
    if own.how in ("automatic", "contradicted"):
        return own
    whole = [run for run in _runs(facts, champion) if _is_whole(run)]
    fresh = [run for run in whole if facts.is_fresh(run[0].started)]
    fix = f'In a test: record_property("readiness", "I3"); or let a service train: seakeep retrain {facts.file}'
    pieces = [
        Piece(f"run {run[0].run} through all {len(STAGES)} stages", run[-1].outputs[-1].digest, run[0].started)
        for run in fresh
    ]
    served = {told.run for entry in facts.journal("retraining") for told in _read(entry.content)}
    by_service = [run[0].run for run in fresh if run[0].run in served]
    if by_service:
        return automatic(
            f"the retraining service took these sources through all six stages in run {by_service[-1]}", pieces
        )
    if own.how == "by hand":
        return own
    if fresh:
        return by_hand(
            "the sources in charge went through all six stages", "nothing does it again and again", fix, pieces
        )
    if whole:
        return facts.too_old("the latest run through all six stages", whole[-1][0].started, fix)
    return nothing(
        "no single run took the sources in charge through all six stages", f"seakeep run {facts.file} --no-cache"
    )


def i4(facts: Facts) -> Finding:
    """The gates of everything that answers, passed before it did."""
    champion = facts.in_charge()
    report, piece = facts.report("evaluation", "evaluate")
    assert facts.registry is not None
    answering = [
        facts.registry.resolve(digest) for digest in {*facts.registry.route(facts.name).releases, facts.digest}
    ]
    ungated = sorted(each.label for each in answering if each.release.verdict is not Verdict.PASS)
    forced = [ended.piece for ended in facts.rollouts if ended.challenger == facts.digest and ended.forced]
    if ungated or forced:
        named = ", ".join(ungated) or champion.label
        return contradicted(
            f"{named} answers without having passed its gates",
            f"seakeep rollout rollback {facts.name} --reason WHY",
            [piece, *forced],
        )
    gates = [check for check in report.checks if check.code.startswith("metric.") and check.verdict is Verdict.PASS]
    if not any(check.observed is not None for check in gates):
        return nothing(
            "no metric had to reach a threshold",
            f'require=[seakeep.at_least("METRIC", VALUE)] in {facts.file}',
            [piece],
        )
    return automatic(
        f"{champion.label} passed {len(gates)} metric gates before it answered: {gates[0].message}", [piece]
    )


def i5(facts: Facts) -> Finding:
    """Contributions of single rows, which sum to the answer."""
    report, piece = facts.report("evaluation", "evaluate")
    checks = [check for check in report.checks if check.code == "explain.additivity"]
    rows = sum(len(table.rows) for table in report.tables if table.name == "contributions")
    if any(check.verdict is Verdict.FAIL for check in checks):
        return contradicted(checks[0].message, f"seakeep show {report.digest[:12]}", [piece])
    if not checks or checks[0].verdict is not Verdict.PASS or not rows:
        return nothing(
            "no contributions of single rows are on record for this estimator", f"seakeep run {facts.file}", [piece]
        )
    said = f"{checks[0].message.rstrip('.')}; a prediction is traced by seakeep show ID"
    return automatic(said, [piece, Piece("contributions of single rows", report.digest, count=rows)])


def i6(facts: Facts) -> Finding:
    """How the champion came to be in charge."""
    champion = facts.in_charge()
    fix = f"seakeep rollout start {facts.name} && seakeep rollout serve {facts.name}"
    promoted = [e for e in facts.rollouts if e.challenger == facts.digest and e.phase == "promoted"]
    if promoted:
        return _canaried(facts, champion, promoted[-1], fix)
    lines = [(entry, from_plain(Promotion, entry.content)) for entry in facts.journal("champion")]
    own = [entry for entry, told in lines if told.release == facts.digest]
    if own and not facts.is_fresh(own[-1].at):
        return facts.too_old(f"the promotion of {champion.label}", own[-1].at, fix)
    how = "was the first of its name, in charge at once" if not own else "was put in charge without a rollout"
    return nothing(f"{champion.label} {how}", fix)


def i7(facts: Facts) -> Finding:
    """A rollback that happened, and whether what there is to go back to is whole."""
    facts.in_charge()
    previous = facts.previous
    fix = f"seakeep rollout rollback {facts.name} --reason drill"
    if previous is None:
        nowhere = f"seakeep rollout start {facts.name} && seakeep rollout serve {facts.name}"
        return nothing("there is no earlier champion to go back to", nowhere)
    if not facts.is_whole(previous):
        said = f"{previous.label}, the release to go back to, is torn or lost"
        return contradicted(said, "seakeep gc", [Piece(previous.label, previous.release.digest)])
    whole = Piece(f"{previous.label}, whole", previous.release.digest, previous.registered, len(previous.release.files))
    sent_back = [each for each in facts.rollouts if each.phase in ("rolled_back", "aborted") and _answered(facts, each)]
    alone = [each for each in sent_back if each.phase == "rolled_back"]
    if alone:
        said = (
            f"{alone[-1].title} answered live requests and was sent back by the evidence, and {previous.label} is whole"
        )
        return automatic(said, [alone[-1].piece, whole])
    lines = [(entry.at, from_plain(Promotion, entry.content)) for entry in facts.journal("champion")]
    backs = [Piece(f"went back to version {told.version}", told.release, at) for at, told in lines if told.back]
    done = [*(each.piece for each in sent_back), *(each for each in backs if facts.is_fresh(each.at or 0.0))]
    if done:
        return by_hand("a rollback was done by hand", "none happened by itself", fix, [*done, whole])
    if backs:
        return facts.too_old("the latest rollback", backs[-1].at or 0.0, fix, whole)
    return nothing(
        "no release that answered live requests was ever sent back, so going back is not known to work", fix, [whole]
    )


def _canaried(facts: Facts, champion: Registered, ended: Ended, fix: str) -> Finding:
    count = _answered(facts, ended)
    piece = Piece(ended.piece.what, ended.report, ended.at, count)
    if ended.forced:
        return contradicted(f"{champion.label} was let in by force: {ended.forced}", fix, [piece])
    if not count:
        return nothing(f"{champion.label} came in without a canary that answered", fix, [piece])
    return automatic(
        f"{champion.label} answered {count:,} requests beside its predecessor before it was in charge", [piece]
    )


def _answered(facts: Facts, ended: Ended) -> int:
    """Live requests that a rollout's challenger answered; copies that a shadow got are none."""
    report = facts.kept(ended.report, f"the rollout of {ended.title}")
    counted, since = 0, None
    for row in (row for table in report.tables if table.name == "decisions" for row in table.records()):
        requests = row.get("challenger requests")
        seen = requests if isinstance(requests, int) else 0
        since = seen if since is None and row.get("to") in ("canary", "experiment") else since
        counted = seen
    return counted - since if since is not None else 0


def _trainings(facts: Facts, model: str) -> list[tuple[Execution, Artifact]]:
    """Every training from the sources and inputs that made this model, and what it made; oldest first."""
    if facts.registry is None:
        return []
    executions = facts.registry.executions
    wrote = [each for each in reversed(executions.writing(model)) if each.stage == "train"]
    alike = [each for each in wrote if _given(each) == _given(wrote[0])]
    every = {
        each.id: each
        for each in (*alike, *(e for key in {a.key for a in alike} - {""} for e in executions.with_key(key)))
    }
    found = [(every[number], every[number].output("model")) for number in sorted(every)]
    return [(execution, output) for execution, output in found if output is not None]


def _given(execution: Execution) -> tuple[str, frozenset[tuple[str, str]]]:
    """What decides what a training makes, but for what is installed: the same model from other packages is proof all the more."""
    return execution.code, frozenset((artifact.name, artifact.digest) for artifact in execution.inputs)


def _runs(facts: Facts, champion: Registered) -> list[Sequence[Execution]]:
    """Runs that registered a release of the champion's sources, oldest first."""
    assert facts.registry is not None
    same = [
        each for each in facts.recent if each.release.made_from.get("code") == champion.release.made_from.get("code")
    ]
    wrote = [
        e for each in same for e in facts.registry.executions.writing(each.release.digest) if e.stage == "register"
    ]
    return [
        facts.registry.executions.of_run(run) for run in dict.fromkeys(e.run for e in sorted(wrote, key=lambda e: e.id))
    ]


def _is_whole(run: Sequence[Execution]) -> bool:
    """Whether a run performed every stage, and none failed."""
    done = {each.stage for each in run if each.verdict in ("pass", "done")}
    return done >= set(STAGES) and all(each.verdict in ("pass", "done") for each in run)


def _read(content: object) -> list[Outcome]:
    from seakeep.core.codec import BadDocument

    try:
        return [from_plain(Outcome, content)]  # type: ignore[arg-type]
    except BadDocument:
        return []
