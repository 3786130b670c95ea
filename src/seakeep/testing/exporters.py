"""The conformance suite of exporters: what `train` relies on, whoever wrote the exporter.

An exporter that is wrong on rare values makes a model that is wrong in production and right in every notebook. So its estimators
are fitted on a table made to break it (NaN, huge identifiers, decimals, ties, numbers next to zero) and compared with
themselves at and beside every split; a broken law raises AssertionError with the estimator, the law and the numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core import plugins
from seakeep.core.kinds import Task
from seakeep.training import estimators
from seakeep.training.ensemble import Ensemble, Exported, Linear
from seakeep.training.native import LIMIT, Native
from seakeep.training.parity import Compared, compare_vectors, estimator_session, outputs_of
from seakeep.training.replay import beside_splits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from seakeep.training.estimators import Prepared

ROWS = 2000
_SIZES = (1, 7, 64)


def check_exporter(name: str, cases: Iterable[tuple[object, Task]], *, rows: int = ROWS) -> None:
    """Raise AssertionError for the first law that an exporter breaks.

    Parameters: name: of the exporter, as `training.exporters` knows it. cases: unfitted estimators (objects, or
        `seakeep.training.estimator(…)`) and what each learns. rows: of the table that they are fitted on.
    """
    module = plugins.load("training.exporters", name)
    assert module.ESTIMATORS, f"exporter {name} names no estimators"
    for given, task in cases:
        prepared = estimators.prepare(given, seed=0)
        assert prepared.class_name in module.ESTIMATORS, f"{prepared.class_name} is not in {name}.ESTIMATORS"
        _check_case(prepared, task, rows)


def hard_table(rows: int, *, missing: bool, seed: int = 0) -> NDArray[np.float32]:
    """float32 (rows, 8): a normal number, a small count, identifiers near 1e8, Unix seconds, decimals, a heavy tail, a flag,
    and numbers within 1e-34 of zero; with `missing`, one value in twenty is NaN.
    """
    rng = np.random.default_rng(seed)
    table = np.column_stack(
        [
            rng.normal(size=rows),
            rng.integers(0, 5, rows),
            rng.integers(100_000_000, 100_000_300, rows),
            rng.integers(1_700_000_000, 1_700_100_000, rows),
            np.round(rng.normal(size=rows), 1),
            rng.exponential(size=rows) * 1e4,
            rng.random(rows) < 0.3,
            rng.integers(-3, 4, rows) * 1e-35,
        ]
    ).astype(np.float32)
    if missing:
        table[rng.random(table.shape) < 0.05] = np.nan
    return table


def hard_labels(table: NDArray[np.float32], task: Task, *, positive: bool = False, seed: int = 1) -> NDArray[Any]:
    """Labels that depend on all columns of `hard_table` and on chance: codes of 2 or 3 classes, or numbers (all above 0)."""
    rng = np.random.default_rng(seed)
    known = np.nan_to_num(table.astype(np.float64))
    score = known[:, 0] + 0.3 * known[:, 1] - 0.5 * known[:, 4] + known[:, 5] / 1e4 + (known[:, 2] % 7) / 7
    score += (known[:, 3] % 100) / 100 + 0.5 * (known[:, 7] > 0) + rng.normal(size=len(table))
    if task is Task.BINARY:
        return (score > np.median(score)).astype(np.int64)
    if task is Task.MULTICLASS:
        return np.digitize(score, np.quantile(score, [0.3, 0.7])).astype(np.int64)
    return np.exp(score / 4) if positive else score


def fit_and_export(prepared: Prepared, task: Task, table: NDArray[np.float32]) -> tuple[Exported, Native]:
    """The estimator fitted on the table, read by its exporter, and as its own oracle."""
    takes = prepared.exporter.takes(prepared.fitter)
    given = table.astype(np.float64) if takes.doubles_to_fit else table
    estimators.fit(prepared, given, hard_labels(table, task, positive=True))
    return prepared.exporter.export(prepared.fitter, task=task), Native(prepared.fitter, task, takes)


def compare_hard(exported: Exported, native: Native, *, rows: int, missing: bool, splits: int = ROWS) -> Compared:
    """Fresh rows of the hard table, and rows at and beside the splits, through the graph and through the library."""
    table = hard_table(rows, missing=missing, seed=7)
    session = estimator_session(exported, table.shape[1])
    compared = compare_vectors(session, native, table)
    if isinstance(exported.scores, Ensemble) and exported.scores.thresholds():
        compared += compare_vectors(session, native, beside_splits(exported.scores, table, rows=4 * splits).vectors)
    return compared


def _check_case(prepared: Prepared, task: Task, rows: int) -> None:
    text = prepared.text
    missing = prepared.exporter.takes(prepared.fitter).missing
    table = hard_table(rows, missing=missing)
    exported, native = fit_and_export(prepared, task, table)
    _check_arrays(exported, task, text)
    compared = compare_hard(exported, native, rows=rows, missing=missing)
    worst = int(compared.difference.argmax())
    assert compared.difference[worst] <= LIMIT, (
        f"{text}: the graph differs from the library by {compared.difference[worst]:.3g}, at most {LIMIT} is allowed"
        f" ({compared.why[worst]})"
    )
    flips = int(compared.flipped.sum())
    assert not flips, f"{text}: {flips} of {len(compared.flipped)} decisions differ from the library's"
    _check_batches(exported, native.task, table[:448], text)


def _check_arrays(exported: Exported, task: Task, text: str) -> None:
    classes = 0 if task is Task.REGRESSION else 2 if task is Task.BINARY else 3
    assert exported.labels == tuple(range(classes)), (
        f"{text}: labels are {exported.labels}, expected 0 to {classes - 1}"
    )
    assert exported.answers.task is task, f"{text}: answers are for {exported.answers.task}, expected {task}"
    assert isinstance(exported.scores, Ensemble | Linear), f"{text}: scores are neither trees nor weights"
    if isinstance(exported.scores, Ensemble):
        inner = np.flatnonzero(~exported.scores.is_leaf)
        for side in (exported.scores.left, exported.scores.right):
            assert np.all(side[inner] > inner), f"{text}: a node's child comes before it"


def _check_batches(exported: Exported, task: Task, table: NDArray[np.float32], text: str) -> None:
    session, names = estimator_session(exported, table.shape[1]), list(outputs_of(task))
    whole = session.run(names, {"features": table})
    for size in _SIZES:
        parts = [session.run(names, {"features": table[i : i + size]}) for i in range(0, len(table), size)]
        for place, name in enumerate(names):
            joined = np.concatenate([part[place] for part in parts])
            assert joined.tobytes() == whole[place].tobytes(), f"{text}: {name} changes with batches of {size}"
