"""The parity gate: one graph over raw columns answers as the estimator does, or the model is not released.

Called by `trainer` after every training. Three comparisons: the graph's features with their NumPy reference, the graph's answers
with the estimator's own on those features (real rows, nulls, unseen and huge values), and the estimator's nodes alone
with the estimator at and beside its splits. Together they cover what converters get wrong silently: missing values,
float32 thresholds, links, ties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Task
from seakeep.core.report import Check, Verdict
from seakeep.features import GraphBuilder, Session, feeds
from seakeep.training.ensemble import Ensemble
from seakeep.training.lowering import add_estimator
from seakeep.training.native import LIMIT, Answer, scaled_difference
from seakeep.training.replay import Rows, beside_splits, raw_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from seakeep.core.codec import Json
    from seakeep.core.model import Model
    from seakeep.features import FittedFeatures
    from seakeep.training.ensemble import Exported
    from seakeep.training.native import Native

FEATURES_LIMIT = 1e-6
REFERENCE_ROWS = 2000
BATCH_SIZES = (1, 7, 64)
BATCH_ROWS = 448


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One comparison. difference: (rows,) scaled, the row's largest. flipped: bool (rows,). why: what each row is for.

    refused: rows that the library takes no answer for, left out.
    """

    difference: NDArray[np.float64]
    flipped: NDArray[np.bool_]
    why: tuple[str, ...]
    refused: int

    def __add__(self, other: Compared) -> Compared:
        return Compared(
            np.concatenate([self.difference, other.difference]),
            np.concatenate([self.flipped, other.flipped]),
            self.why + other.why,
            self.refused + other.refused,
        )


def parity(
    model: Model, features: FittedFeatures, exported: Exported, native: Native, *, real: pl.DataFrame, alone: Session
) -> tuple[Check, ...]:
    """The gate's checks: parity.features, .max_difference, .flips (classification), .batch_invariance.

    Parameters: real: raw training rows, evenly sampled (replay.sampled). alone: `estimator_session(exported, …)`. Cost: some 17,000 rows through both.
    """
    session = Session(model.graph)
    scores = exported.scores
    thresholds = scores.thresholds() if isinstance(scores, Ensemble) else {}
    rows = raw_rows(real, features, thresholds)
    vectors, whole = compare_raw(session, model.task, features, native, rows)
    evidence: dict[str, Json] = {"raw_rows": len(rows.why)}
    if isinstance(scores, Ensemble) and thresholds:
        beside = beside_splits(scores, vectors[: real.height])
        whole = whole + compare_vectors(alone, native, beside.vectors)
        evidence |= {"rows_beside_splits": len(beside.vectors), "splits_tried": beside.tried, "splits": beside.splits}
    evidence["rows_the_library_refuses"] = whole.refused
    return (
        _features_check(features, rows, vectors, real.height),
        *_answer_checks(model, whole, evidence),
        _invariance_check(session, model, features, rows.frame),
    )


def compare_raw(
    session: Session, task: Task, features: FittedFeatures, native: Native, rows: Rows
) -> tuple[NDArray[np.float32], Compared]:
    """The graph's features of raw rows, and its answers compared with the estimator's on those features."""
    names = ["features", *outputs_of(task)]
    vectors, *ours = session.run(names, feeds(rows.frame, features.inputs))
    return vectors, _compared(_answer(ours), native, vectors, rows.why)


def compare_vectors(session: Session, native: Native, vectors: NDArray[np.float32]) -> Compared:
    """The estimator's nodes alone, compared on feature vectors."""
    ours = session.run(list(outputs_of(native.task)), {"features": vectors})
    return _compared(_answer(ours), native, vectors, ("at or beside a split",) * len(vectors))


def batch_differences(session: Session, model: Model, features: FittedFeatures, frame: pl.DataFrame) -> tuple[int, int]:
    """Rows of `frame`, evenly sampled, whose answers change bits with the batch's size, and how many were looked at."""
    chosen = frame[np.linspace(0, frame.height - 1, min(BATCH_ROWS, frame.height)).astype(np.int64)]
    given, names = feeds(chosen, features.inputs), list(outputs_of(model.task))
    whole = session.run(names, given)
    differing = np.zeros(chosen.height, dtype=np.bool_)
    for size in BATCH_SIZES:
        for start in range(0, chosen.height, size):
            part = session.run(names, {name: values[start : start + size] for name, values in given.items()})
            for ours, all_of in zip(part, whole, strict=True):
                differing[start : start + size] |= _differ(ours, all_of[start : start + size])
    return int(differing.sum()), chosen.height


def estimator_session(exported: Exported, width: int) -> Session:
    """The estimator's nodes alone, over a float32 input `features` (rows, width)."""
    builder = GraphBuilder()
    add_estimator(builder, builder.input("features", np.float32, ["rows", width]), exported)
    return Session(builder.build("estimator").SerializeToString())


def outputs_of(task: Task) -> tuple[str, ...]:
    """Names of the graph's answers."""
    return ("value",) if task is Task.REGRESSION else ("probabilities", "decision")


def _answer(outputs: list[NDArray[Any]]) -> Answer:
    return Answer(outputs[0].reshape(len(outputs[0]), -1), outputs[1] if len(outputs) > 1 else None)


def _compared(ours: Answer, native: Native, vectors: NDArray[np.float32], why: tuple[str, ...]) -> Compared:
    accepted = native.accepts(vectors)
    kept = tuple(reason for reason, is_kept in zip(why, accepted.tolist(), strict=True) if is_kept)
    if not kept:
        return Compared(np.zeros(0), np.zeros(0, dtype=np.bool_), (), len(why))
    theirs = native.answer(vectors[accepted])
    difference = scaled_difference(ours.scores[accepted], theirs.scores).max(axis=1)
    flipped = np.zeros(len(kept), dtype=np.bool_)
    if ours.decision is not None and theirs.decision is not None:
        flipped = ours.decision[accepted] != theirs.decision
    return Compared(difference, flipped, kept, len(why) - len(kept))


def _features_check(features: FittedFeatures, rows: Rows, vectors: NDArray[np.float32], real: int) -> Check:
    """The reference is slow, so it sees some of the real rows and all of the others."""
    chosen = np.concatenate([np.arange(0, real, max(1, real // REFERENCE_ROWS)), np.arange(real, rows.frame.height)])
    reference = features.reference(rows.frame[chosen])
    difference = scaled_difference(vectors[chosen], reference)
    row, item = np.unravel_index(int(difference.argmax()), difference.shape)
    observed = float(difference[row, item])
    name = features.names[int(item)]
    told = f"largest difference {observed:.2g} over {len(chosen):,} rows"
    if observed <= FEATURES_LIMIT:
        return Check(
            "parity.features", "features", Verdict.PASS, f"graph and reference agree: {told}", observed, FEATURES_LIMIT
        )
    return Check(
        "parity.features",
        name,
        Verdict.FAIL,
        f"the graph's feature {name} differs from its NumPy reference: {told}, where {rows.why[int(chosen[row])]}",
        observed,
        FEATURES_LIMIT,
        fix=f"Leave {name} out, and report it: one of its operations lowers wrongly.",
    )


def _answer_checks(model: Model, compared: Compared, evidence: dict[str, Json]) -> tuple[Check, ...]:
    worst = int(compared.difference.argmax())
    observed, total = float(compared.difference[worst]), len(compared.difference)
    checks = [
        Check(
            "parity.max_difference",
            model.name,
            Verdict.PASS if observed <= LIMIT else Verdict.FAIL,
            f"graph and {model.estimator} differ by at most {observed:.2g} over {total:,} rows"
            + ("" if observed <= LIMIT else f"; the worst is a row where: {compared.why[worst]}"),
            observed,
            LIMIT,
            fix="" if observed <= LIMIT else _fix(compared.why[worst]),
            evidence=evidence,
        )
    ]
    if model.task is not Task.REGRESSION:
        checks.append(_flips_check(model, compared))
    return tuple(checks)


def _flips_check(model: Model, compared: Compared) -> Check:
    flips = np.flatnonzero(compared.flipped)
    causes = sorted({compared.why[row] for row in flips.tolist()})
    listed: list[Json] = [*causes[:20]]
    return Check(
        "parity.flips",
        model.name,
        Verdict.FAIL if len(flips) else Verdict.PASS,
        f"{len(flips):,} of {len(compared.flipped):,} decisions differ from {model.estimator}'s own"
        + (f", where: {'; '.join(causes[:3])}" if causes else ""),
        len(flips),
        0,
        fix=_fix(causes[0]) if causes else "",
        evidence={"causes": listed},
    )


def _fix(why: str) -> str:
    column = why.partition(" is ")[0]
    if why in ("real", "at or beside a split", "every column is null"):
        return "Use another estimator, and report this configuration: its exporter is wrong."
    return f"Bound or fill column {column!r} in the features (.clip, .fill), and report this configuration."


def _invariance_check(session: Session, model: Model, features: FittedFeatures, frame: pl.DataFrame) -> Check:
    count, rows = batch_differences(session, model, features, frame)
    return Check(
        "parity.batch_invariance",
        model.name,
        Verdict.FAIL if count else Verdict.PASS,
        f"{count} of {rows:,} rows change with the size of the batch (1, 7, 64, all)",
        count,
        0,
        fix="Report this estimator: one of its nodes rounds differently at a batch's end." if count else "",
    )


def _differ(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    """Rows whose bytes differ."""
    bits = [np.ascontiguousarray(array).view(np.uint8).reshape(len(array), -1) for array in (first, second)]
    return np.asarray((bits[0] != bits[1]).any(axis=1))
