"""Requirements against the model's task, before any row is read. Called by `evaluate`; names alone are known to `Pipeline`, see `requirements`.

Apart from `requirements`, which is plain data, because it loads the metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Task
from seakeep.evaluation.estimate import metric, metrics_of
from seakeep.evaluation.requirements import BadRequirement, Gap, NoWorse, Requirement, Threshold
from seakeep.evaluation.slices import columns_in

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_requirements(require: Sequence[Requirement], task: Task) -> None:
    """Raise where a requirement cannot be judged for `task`: UsageError with the nearest metric, BadRequirement, BadSlice."""
    for each in require:
        if isinstance(each, Gap):
            _check_gap(each, task)
        elif isinstance(each, Threshold):
            _check_metric(each, each.metric, task)
            _check_value(each)
        elif isinstance(each, NoWorse):
            _check_metric(each, each.metric, task)
            _check_margin(each)
        else:
            raise BadRequirement.not_a_requirement(each)


def columns_needed(require: Sequence[Requirement]) -> tuple[str, ...]:
    """The columns that the requirements group rows by."""
    found: dict[str, None] = {}
    for each in require:
        if isinstance(each, Gap):
            found.update(dict.fromkeys(each.by))
        elif isinstance(each, Threshold):
            found.update(dict.fromkeys(each.by or ()))
            found.update(dict.fromkeys(columns_in(each.slice) if each.slice is not None else ()))
    return tuple(found)


def _check_metric(requirement: Requirement, name: str, task: Task) -> None:
    tasks = metric(name).TASKS
    if task not in tasks:
        raise BadRequirement.wrong_task(str(requirement), name, tasks, task, metrics_of(task))


def _check_value(requirement: Threshold) -> None:
    low, high = metric(requirement.metric).RANGE
    if not low <= requirement.value <= high:
        raise BadRequirement.out_of_range(str(requirement), requirement.metric, requirement.value, (low, high))
    if requirement.slice is not None:
        columns_in(requirement.slice)


def _check_margin(requirement: NoWorse) -> None:
    chosen = metric(requirement.metric)
    if chosen.GREATER_IS_BETTER is None:
        raise BadRequirement.no_direction(str(requirement), requirement.metric)
    span = (0.0, chosen.RANGE[1] - chosen.RANGE[0])
    if not span[0] < requirement.margin <= span[1]:
        raise BadRequirement.out_of_range(str(requirement), "the margin", requirement.margin, span)


def _check_gap(requirement: Gap, task: Task) -> None:
    if task is not Task.BINARY:
        name = requirement.fairness
        raise BadRequirement.wrong_task(str(requirement), name, (Task.BINARY,), task, metrics_of(task))
