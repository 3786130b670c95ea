"""Requirements: what a model must reach to be released, as frozen values that read as sentences and save as JSON.

Written in the user's pipeline, digested by it, judged by `gates`. Metrics' names are checked when the pipeline is declared, so that a
misspelt one fails in the first second and not after an hour of training; `checking` holds them to the task before any row is judged.

How a gate decides, on purpose the same for all: the interval wholly on the right side passes, wholly on the wrong side fails. Where it
straddles the threshold, the observed value decides if it rests on ENOUGH_ROWS rows or more, and fewer are inconclusive; with
`confident=True` straddling is always inconclusive. Non-inferiority always needs the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args, overload

from seakeep.core import plugins
from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.kinds import Task

ENOUGH_ROWS = 1000
Fairness = Literal["demographic_parity", "equal_opportunity", "equalized_odds"]
FAIRNESS: tuple[Fairness, ...] = get_args(Fairness)
By = tuple[str, ...]


class BadRequirement(UsageError):
    """A requirement cannot be judged as it is written."""

    @classmethod
    def wrong_task(
        cls, text: str, name: str, tasks: Sequence[Task], task: Task, known: Sequence[str]
    ) -> BadRequirement:
        return cls(
            f"{name} judges {' and '.join(each.value for each in tasks)} models, and this one is {task.value}",
            where=text,
            cause="The requirement was written for another model.",
            fix=f"Metrics of this task: {', '.join(known)}.",
            metric=name,
            task=task,
        )

    @classmethod
    def out_of_range(cls, text: str, what: str, value: float, within: tuple[float, float]) -> BadRequirement:
        percent = within[1] <= 1 < value <= 100
        return cls(
            f"{what} lies between {within[0]:g} and {within[1]:g}, and {value!r} is asked of it",
            where=text,
            cause="It is a share, not a percentage." if percent else "No model can meet it, or every model does.",
            fix=f"Write {value / 100:g}." if percent else "Choose a value inside the range.",
            value=value,
            within=within,
        )

    @classmethod
    def no_direction(cls, text: str, name: str) -> BadRequirement:
        return cls(
            f"{name} has no better direction, so neither model can be the worse",
            where=text,
            cause="It is best near zero, from either side.",
            fix=f'Bound it instead: at_most("{name}", …) and at_least("{name}", …).',
            metric=name,
        )

    @classmethod
    def not_fairness(cls, name: str) -> UsageError:
        return cls.unknown_name("fairness measure", name, FAIRNESS)

    @classmethod
    def only_champion(cls, name: str) -> BadRequirement:
        return cls(
            f"found {name!r} to compare with, expected 'champion'",
            cause="A release is compared with the one it would replace.",
            fix='no_worse_than("champion", "roc_auc", margin=0.005)',
            other=name,
        )

    @classmethod
    def both(cls, text: str) -> BadRequirement:
        return cls(
            "a requirement is about one slice or about every slice by a column, not both",
            where=text,
            fix='Write at_least(…, slice="carrier=UA") or at_least(…, by="carrier").',
        )

    @classmethod
    def not_a_requirement(cls, found: object) -> BadRequirement:
        return cls(
            f"found {found!r} among the requirements, expected at_least, at_most, no_worse_than or gap_at_most",
            cause="A threshold stands there without its verb." if isinstance(found, int | float) else "",
            fix='require=[seakeep.at_least("roc_auc", 0.70)]',
            found_value=found,
        )


@dataclass(frozen=True, slots=True)
class Threshold:
    """A metric against a value, over all rows, in one slice, or in every slice `by` columns. See the module for `confident`."""

    kind: Literal["at_least", "at_most"]
    metric: str
    value: float
    slice: str | None = None
    by: By | None = None
    confident: bool = False

    def __str__(self) -> str:
        where = f" where {self.slice}" if self.slice else f" for every {' and '.join(self.by)}" if self.by else ""
        return f"{self.metric} {self.kind.replace('_', ' ')} {self.value:g}{where}{_sure(self.confident)}"


@dataclass(frozen=True, slots=True)
class NoWorse:
    """Non-inferiority: the metric is not worse than the champion's by `margin` (in the metric's unit) or more."""

    kind: Literal["no_worse_than"]
    metric: str
    margin: float

    def __str__(self) -> str:
        return f"{self.metric} no worse than the champion's by {self.margin:g}"


@dataclass(frozen=True, slots=True)
class Gap:
    """The largest difference of rates between two groups by a column. See the module for `confident`."""

    kind: Literal["gap_at_most"]
    fairness: Fairness
    by: By
    most: float
    confident: bool = False

    def __str__(self) -> str:
        return f"{self.fairness} gap by {' and '.join(self.by)} at most {self.most:g}{_sure(self.confident)}"


Requirement = Threshold | NoWorse | Gap


def at_least(
    metric: str,
    value: float,
    *,
    slice: str | None = None,  # noqa: A002  (the field's word)
    by: str | Sequence[str] | None = None,
    confident: bool = False,
) -> Threshold:
    """The metric is `value` or more: over all rows, in the `slice` named ("carrier=UA"), or in every slice `by` a column.

    >>> str(at_least("roc_auc", 0.7, by="carrier"))
    'roc_auc at least 0.7 for every carrier'
    """
    return _checked(Threshold("at_least", metric, float(value), slice, _columns(by), confident))


def at_most(
    metric: str,
    value: float,
    *,
    slice: str | None = None,  # noqa: A002
    by: str | Sequence[str] | None = None,
    confident: bool = False,
) -> Threshold:
    """The metric is `value` or less. See at_least."""
    return _checked(Threshold("at_most", metric, float(value), slice, _columns(by), confident))


def no_worse_than(other: str, metric: str, *, margin: float) -> NoWorse:
    """The metric is not worse than the champion's by more than `margin`, in the metric's unit, above 0.

    With the champion at hand, both answer the same rows and the interval of the paired difference decides; with only its report, the
    wider interval of unpaired numbers does. Where there is no champion yet the check passes and says so.
    """
    if other != "champion":
        raise BadRequirement.only_champion(other)
    return NoWorse("no_worse_than", metric, float(margin))


def gap_at_most(fairness: Fairness, *, by: str | Sequence[str], most: float, confident: bool = False) -> Gap:
    """No two groups by a column differ by more than `most` (0 to 1) in a rate: decided positive (demographic_parity), found
    among the positive rows (equal_opportunity), or found and falsely alarmed, whichever is worse (equalized_odds).
    """
    if fairness not in FAIRNESS:
        raise BadRequirement.not_fairness(fairness)
    gap = Gap("gap_at_most", fairness, _columns(by), float(most), confident)
    if not 0 <= gap.most <= 1:
        raise BadRequirement.out_of_range(str(gap), "a gap of rates", gap.most, (0.0, 1.0))
    return gap


def check_names(require: Sequence[Requirement]) -> None:
    """What can be told without knowing the task. Imports no metric.

    Raises: BadRequirement, for what is no requirement; UsageError, with the nearest name of a metric that does not exist.
    """
    known = plugins.names("evaluation.metrics") if require else ()
    for each in require:
        if not isinstance(each, Requirement):
            raise BadRequirement.not_a_requirement(each)
        if not isinstance(each, Gap) and each.metric not in known:
            raise UsageError.unknown_name("metric", each.metric, known, where=str(each))


def _checked(made: Threshold) -> Threshold:
    if made.slice is not None and made.by is not None:
        raise BadRequirement.both(str(made))
    return made


@overload
def _columns(by: str | Sequence[str]) -> By: ...


@overload
def _columns(by: None) -> None: ...


def _columns(by: str | Sequence[str] | None) -> By | None:
    return (by,) if isinstance(by, str) else None if by is None else tuple(dict.fromkeys(by))


def _sure(confident: bool) -> str:
    return ", confidently" if confident else ""
