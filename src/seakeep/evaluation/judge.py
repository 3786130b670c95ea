"""`evaluate`: a model's answers to labelled rows become a Report. Called by the pipeline, the command line and notebooks.

It composes the rest of the room: collect once, then tables (metrics by slice, curves, fairness, importance, contributions, errors)
and checks (requirements, and whether there was anything to judge). What is hard is what must not pass: no label, no finite score, no
requirement each leave an inconclusive or failing check, so that a judgement that did not happen lets nothing through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.core.kinds import Task
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.core.words import listed
from seakeep.data.frames import schema_of
from seakeep.evaluation import champion as champions
from seakeep.evaluation import fairness
from seakeep.evaluation.additivity import additivity
from seakeep.evaluation.checking import check_requirements, columns_needed
from seakeep.evaluation.collect import Champion, Collected, collect
from seakeep.evaluation.conformal import conformal
from seakeep.evaluation.curves import curves
from seakeep.evaluation.error_analysis import error_table
from seakeep.evaluation.estimate import measure, metrics_of
from seakeep.evaluation.gates import Rules, thresholds
from seakeep.evaluation.importance import importance_table
from seakeep.evaluation.requirements import Gap, NoWorse, Requirement, Threshold
from seakeep.evaluation.residuals import residuals
from seakeep.evaluation.slices import ALL, By, Slice, columns_of, slices_by
from seakeep.evidence.intervals import BadInterval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.core.prediction import Predictor
    from seakeep.data.engines import Engine

UNKNOWN_AT_MOST = 0.01
CROSSED_AT_MOST = 4


class TooManyCrossed(UsageError):
    """A cross of very many columns was asked for."""

    @classmethod
    def of(cls, by: By) -> TooManyCrossed:
        return cls(
            f"a slice crosses {len(by)} columns, at most {CROSSED_AT_MOST} are possible",
            where=", ".join(by),
            cause="Nearly every row would be a slice of its own.",
            fix=f"slices=[{by[:2]!r}, …]",
            by=by,
        )


@dataclass(frozen=True, slots=True)
class _Rival:
    """The champion: what can be asked, or else its report, or else why neither can be used; nothing where there is none yet."""

    asked: Champion | None
    report: Report | None
    reason: str


def evaluate(
    predictor: Predictor,
    model: Model,
    dataset: Dataset,
    *,
    slices: Sequence[str | tuple[str, ...]] = (),
    require: Sequence[Requirement] = (),
    champion: Report | None = None,
    champion_predictor: Predictor | None = None,
    champion_model: Model | None = None,
    min_rows: int = 100,
    level: float = 0.95,
    explain: bool = True,
    seed: int = 0,
    engine: Engine | None = None,
) -> Report:
    """Judge `model`, run by `predictor`, on the labelled rows of `dataset`.

    Parameters: slices: columns, or tuples of columns for crosses. require: made by at_least, at_most, no_worse_than, gap_at_most.
        champion: the report of the model in production; champion_predictor (and champion_model, where its inputs or classes
        differ): the champion itself, for the narrower paired comparison. min_rows: smallest slice or group that is judged.
        level: of every interval. explain: whether to compute importance and contributions (they ask the predictor some
        3 times 5,000 rows for each raw column). seed: of the samples; equal seeds give equal reports.
        engine: whose workers answer for the rows (see data.engines); the report is the same to the bit.
    Returns: Report of kind "evaluation". Tables: metrics, errors; roc, precision_recall, calibration, confusion or residuals,
        predicted_actual; conformal, fairness, importance, contributions. Memory: about 16 bytes a row, 8 for each class, 4 for each grouped column.
    Raises: UsageError for unknown names and impossible requirements, before any row is read; DataError, SchemaMismatch,
        ModelError from reading and predicting.
    """
    check_requirements(require, model.task)
    if not 0 < level < 1:
        raise BadInterval.level(level)
    bys = _slicings(slices)
    rival = _rival(champion, _champion(champion_predictor, champion_model or model), model, dataset)
    columns = (*(column for by in bys for column in by), *columns_needed(require))
    seen = collect(predictor, model, dataset, columns=columns, champion=rival.asked, seed=seed, engine=engine)
    rules = Rules(min_rows, level)
    checks = (*_foundations(seen, require), *_required(require, seen, rival, rules, seed))
    tables = (_metrics(seen, bys, rules), *_pictures(seen, model, rules), *conformal(seen.sample))
    tables += _fairness(require, seen, rules)
    report = Report("evaluation", f"Evaluation of {model.name}", model.name, checks, tables)
    analysed = Report("", "", "", (), error_table(seen, rules=rules))
    return report + analysed + (_explained(predictor, model, seen, rules, seed) if explain else Report("", "", ""))


def _slicings(slices: Sequence[str | tuple[str, ...]]) -> tuple[By, ...]:
    bys = tuple(dict.fromkeys(columns_of(each) for each in slices))
    for by in bys:
        if len(by) > CROSSED_AT_MOST:
            raise TooManyCrossed.of(by)
    return bys


def _champion(predictor: Predictor | None, model: Model) -> Champion | None:
    return None if predictor is None else Champion(predictor, model)


def _rival(report: Report | None, asked: Champion | None, model: Model, dataset: Dataset) -> _Rival:
    """What to compare with: the champion itself, or its report where it cannot be asked about this table."""
    if asked is None:
        return _Rival(None, report, "")
    reason = champions.comparable(asked.model, model)
    if reason:
        return _Rival(None, None, reason)
    known = schema_of(dataset)
    lacking = [each.name for each in asked.model.inputs if each.name not in known]
    if lacking:
        return _Rival(None, report, f"the champion reads {', '.join(lacking)}, which this table does not have")
    return _Rival(asked, report, "")


def _foundations(seen: Collected, require: Sequence[Requirement]) -> Iterator[Check]:
    """Whether there was anything to judge."""
    yield _labels(seen)
    yield from _unknown_labels(seen)
    if seen.sample.rows:
        yield _scores(seen)
    if not require:
        message = "No requirement was stated, so nothing was passed."
        fix = 'evaluate(…, require=[seakeep.at_least("roc_auc", 0.70)])'
        yield Check("evaluation.requirements", "requirements", Verdict.INCONCLUSIVE, message, 0, 1, fix)


def _labels(seen: Collected) -> Check:
    rows, left_out = seen.sample.rows, seen.missing
    told = f"; {left_out:,} rows without a label are left out" if left_out else ""
    message = f"{rows:,} rows have a label in column {seen.label!r}{told}."
    verdict = Verdict.PASS if rows else Verdict.INCONCLUSIVE
    fix = "" if rows else "Evaluate on a table with labels: production rows get theirs later."
    return Check("evaluation.labels", seen.label, verdict, message, rows, 1, fix, {"rows": rows, "missing": left_out})


def _unknown_labels(seen: Collected) -> Iterator[Check]:
    count = sum(seen.unknown.values())
    if not count:
        return
    share = count / (count + seen.sample.rows)
    common = dict(sorted(seen.unknown.items(), key=lambda item: (-item[1], item[0]))[:5])
    shown = ", ".join(f"{value!r} ({rows:,})" for value, rows in common.items())
    yield Check(
        "evaluation.unknown_labels",
        seen.label,
        Verdict.FAIL if share > UNKNOWN_AT_MOST else Verdict.INCONCLUSIVE,
        f"{count:,} rows ({share:.2%}) have a label that the model cannot answer, and are left out: {shown}.",
        share,
        UNKNOWN_AT_MOST,
        "Write the labels as in training, or train again on rows that have them.",
        {"rows": count, "values": dict(common)},
    )


def _scores(seen: Collected) -> Check:
    sample = seen.sample
    bad = 0 if sample.is_finite else int((abs(sample.scores).max(axis=1) < float("inf")).__invert__().sum())
    message = (
        f"{bad:,} of {sample.rows:,} rows have a score that is not a finite number."
        if bad
        else "Every score is a number."
    )
    fix = "Look at these rows' raw values; add .fill(…) to the features that read them." if bad else ""
    verdict = Verdict.FAIL if bad else Verdict.PASS
    return Check("evaluation.scores", "scores", verdict, message, bad, 0, fix, {"rows": sample.rows})


def _required(
    require: Sequence[Requirement], seen: Collected, rival: _Rival, rules: Rules, seed: int
) -> Iterator[Check]:
    for each in require:
        if isinstance(each, Threshold):
            yield from thresholds(each, seen, rules=rules)
        elif isinstance(each, Gap):
            yield fairness.gap(each, seen, rules=rules)
        else:
            yield _no_worse(each, seen, rival, rules, seed)


def _no_worse(requirement: NoWorse, seen: Collected, rival: _Rival, rules: Rules, seed: int) -> Check:
    if seen.champion is not None:
        return champions.paired(requirement, seen.sample, seen.champion, level=rules.level, seed=seed)
    if rival.report is not None:
        return champions.unpaired(requirement, seen.sample, rival.report, level=rules.level)
    if rival.reason:
        return champions.incomparable(requirement, rival.reason)
    return champions.first(requirement)


def _metrics(seen: Collected, bys: Sequence[By], rules: Rules) -> Table:
    """Every metric of the task over all rows and in every slice that is large enough; the note names the others."""
    names = metrics_of(seen.sample.task)
    every, notes = [(ALL, seen.sample)], []
    for by in bys:
        found = slices_by(seen.groups, by)
        every += [(each.name, seen.sample.take(each.rows)) for each in found.slices if len(each.rows) >= rules.min_rows]
        small = [each for each in found.slices if len(each.rows) < rules.min_rows]
        notes += _small_note(small, rules) + _rare_note(found.left_out, found.rows_left_out, by)
    measured = [(where, measure(name, sample, level=rules.level)) for where, sample in every for name in names]
    rows = tuple((where, m.metric, m.value, m.low, m.high, m.rows) for where, m in measured)
    return Table("metrics", "Metrics", ("slice", "metric", "value", "low", "high", "rows"), rows, " ".join(notes))


def _small_note(small: Sequence[Slice], rules: Rules) -> list[str]:
    names = listed([each.name for each in small], 5)
    return [f"Fewer than {rules.min_rows} rows, not judged: {names}."] if small else []


def _rare_note(left_out: int, rows: int, by: By) -> list[str]:
    return [f"{left_out} rarer slices by {' and '.join(by)} ({rows:,} rows) are left out."] if left_out else []


def _pictures(seen: Collected, model: Model, rules: Rules) -> tuple[Table, ...]:
    if model.task is Task.REGRESSION:
        return residuals(seen.sample, level=rules.level)
    return curves(seen.sample, model.classes, level=rules.level)


def _fairness(require: Sequence[Requirement], seen: Collected, rules: Rules) -> tuple[Table, ...]:
    bys = tuple(dict.fromkeys(each.by for each in require if isinstance(each, Gap)))
    return (fairness.table(bys, seen, rules=rules),) if bys and seen.sample.rows else ()


def _explained(predictor: Predictor, model: Model, seen: Collected, rules: Rules, seed: int) -> Report:
    tables = importance_table(predictor, model, seen.raw, level=rules.level, seed=seed)
    check, contributions = additivity(predictor, model, seen.raw)
    return Report("", "", "", check, (*tables, *contributions))
