"""Declared features: what the user writes. Nothing is read and no heavy library is imported until `fit`.

    Features(
        number("distance").log1p().standardize(),
        category("carrier").one_hot(min_count=50),
        cross("origin", "dest").hash(512),
        timestamp("scheduled").hour().cyclic(24),
    )

A chain that could never work is refused here, with what to write instead. Every method below is a file in `operations/`
(a test holds them equal); they are written out so that an editor knows them.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from seakeep.features.errors import BadFeature, UnknownOperation
from seakeep.features.operation import Form, Operation, known, module_of

if TYPE_CHECKING:
    from collections.abc import Sequence

Start = Literal["number", "category", "timestamp", "boolean", "cross"]
_FORMS = {
    "number": Form.NUMBER,
    "boolean": Form.NUMBER,
    "category": Form.CATEGORY,
    "cross": Form.CATEGORY,
    "timestamp": Form.TIME,
}


@dataclass(frozen=True, slots=True)
class Feature:
    """A raw column, or several crossed, and what is done to it, in order. Made by number(), category() and their like.

    start: how the columns are read. sources: their names. chain: operations. operations: their public names.
    given_name: what `named` gave.
    """

    start: Start
    sources: tuple[str, ...]
    chain: tuple[Operation, ...] = ()
    operations: tuple[str, ...] = ()
    given_name: str = ""

    def then(self, operation: str, *parameters: Any, **named: Any) -> Feature:
        """This feature with one more operation, by its public name: what every method below does.

        Raises: BadFeature, where the operation cannot follow or a parameter is wrong; UnknownOperation.
        """
        if operation == "cross" and (self.chain or self.start != "cross"):
            raise BadFeature.cross_of(str(self))
        added: Operation = _made(operation, parameters, named)
        so_far = str(self)
        if self.form not in added.takes:
            expected = " or ".join(sorted(form.value for form in added.takes))
            advice = added.advice.get(self.form, "Make it the feature's last operation, or declare a second feature.")
            raise BadFeature.cannot_follow(so_far, operation, self.form.value, expected, advice=advice)
        if added.needs_missing and not self.may_be_missing:
            raise BadFeature.nothing_missing(so_far, operation)
        return replace(self, chain=(*self.chain, added), operations=(*self.operations, operation))

    def named(self, name: str) -> Feature:
        """This feature under a name of its own, which the names of its items begin with."""
        return replace(self, given_name=_checked_name(name))

    @property
    def form(self) -> Form:
        """What the chain gives so far."""
        return self.chain[-1].gives if self.chain else _FORMS[self.start]

    @property
    def may_be_missing(self) -> bool:
        """Whether a value can be missing (NaN) after the chain: any raw value can."""
        missing, previous = True, None
        for operation in self.chain:
            missing = operation.leaves_missing(missing, previous)
            previous = operation
        return missing

    @property
    def label(self) -> str:
        """The name: "distance.log1p.standardize", "origin×dest"; parts that finish a feature name its items."""
        pairs = zip(self.operations, self.chain, strict=True)
        steps = (name for name, operation in pairs if name != "cross" and operation.gives is not Form.VECTOR)
        return self.given_name or ".".join(("×".join(self.sources), *steps))

    def __str__(self) -> str:
        """The feature as it is written; equal features give equal text."""
        names = ", ".join(f'"{name}"' for name in self.sources)
        name = (f"named({self.given_name!r})",) if self.given_name else ()
        pairs = zip(self.operations, self.chain, strict=True)
        calls = (_written(name, operation) for name, operation in pairs if name != "cross")
        return ".".join((f"{self.start}({names})", *calls, *name))

    def fill(self, value: float | Literal["mean", "median"]) -> Feature:
        """What is missing becomes `value`, or the training data's mean or median."""
        return self.then("fill", value)

    def standardize(self) -> Feature:
        """Mean 0 and standard deviation 1 over the training data."""
        return self.then("standardize")

    def min_max(self) -> Feature:
        """The training data's range becomes 0 to 1."""
        return self.then("min_max")

    def log1p(self) -> Feature:
        """log(1 + x); the training data must lie above -1."""
        return self.then("log1p")

    def clip(self, low: float | None = None, high: float | None = None) -> Feature:
        """Values bounded by `low` and `high`, inclusive; None for no bound."""
        return self.then("clip", low, high)

    def bucketize(self, edges: Sequence[float] | int) -> Feature:
        """The number of the range a value lies in: of ranges between `edges`, or of so many of equal weight."""
        return self.then("bucketize", edges)

    def one_hot(self, *, min_count: int = 1, max_size: int = 256) -> Feature:
        """One item a word of the vocabulary, then `other` and `missing`.

        Parameters: min_count: rows that a word must have in the training data. max_size: most words, the most frequent.
        """
        return self.then("one_hot", min_count=min_count, max_size=max_size)

    def hash(self, buckets: int) -> Feature:
        """`buckets` items, 1.0 in the one that the value hashes to; a missing value is in none."""
        return self.then("hash", buckets)

    def missing_flag(self) -> Feature:
        """1.0 where the value is missing, else 0.0."""
        return self.then("missing_flag")

    def year(self) -> Feature:
        """The year of a time in UTC, 1 to 9999."""
        return self.then("year")

    def month(self) -> Feature:
        """The month of a time in UTC, 1 to 12."""
        return self.then("month")

    def day_of_year(self) -> Feature:
        """The day of a time's year in UTC, 1 to 366."""
        return self.then("day_of_year")

    def weekday(self) -> Feature:
        """The day of the week of a time in UTC: Monday is 1, Sunday 7."""
        return self.then("weekday")

    def hour(self) -> Feature:
        """The hour of a time in UTC, 0 to 23."""
        return self.then("hour")

    def minute(self) -> Feature:
        """The minute of a time's hour in UTC, 0 to 59."""
        return self.then("minute")

    def cyclic(self, period: float) -> Feature:
        """Sine and cosine of a number that comes round after `period`."""
        return self.then("cyclic", period)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            """A misspelt method is told the nearest name; an editor is told by the types."""
            if name.startswith("_"):
                raise AttributeError(name)
            raise UnknownOperation.of(name, known())


@dataclass(frozen=True, slots=True, init=False)
class Features:
    """The features of a model, in the order of the feature vector. A category without an operation is one-hot encoded."""

    declared: tuple[Feature, ...]

    def __init__(self, *declared: Feature) -> None:
        if not declared:
            raise BadFeature.none_declared()
        for feature in declared:
            if not isinstance(feature, Feature):
                raise BadFeature.not_a_feature(feature)
            if feature.form is Form.TIME:
                raise BadFeature.unfinished_time(str(feature), feature.sources[0])
        finished = tuple(item.one_hot() if item.form is Form.CATEGORY else item for item in declared)
        seen: set[tuple[str, object]] = set()
        for feature in finished:
            key = (feature.label, type(feature.chain[-1]) if feature.form is Form.VECTOR else None)
            if key in seen:
                raise BadFeature.duplicate(feature.label)
            seen.add(key)
        object.__setattr__(self, "declared", finished)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the raw columns that are read, in order of first use."""
        return tuple(dict.fromkeys(name for feature in self.declared for name in feature.sources))

    def __str__(self) -> str:
        """The declaration as it was written; equal declarations give equal text."""
        return "Features({})".format(", ".join(map(str, self.declared)))


def number(name: str) -> Feature:
    """A column of numbers, integers or booleans. Without an operation it passes as it is, NaN for missing."""
    return Feature("number", (_checked_name(name),))


def boolean(name: str) -> Feature:
    """A column of booleans: 0.0, 1.0, NaN for missing."""
    return Feature("boolean", (_checked_name(name),))


def category(name: str) -> Feature:
    """A column of texts, integers or booleans whose values are names. Without an operation it is one-hot encoded."""
    return Feature("category", (_checked_name(name),))


def timestamp(name: str) -> Feature:
    """A column of times or dates; take a part of it."""
    return Feature("timestamp", (_checked_name(name),))


def cross(*names: str) -> Feature:
    """The combination of several columns' values as one category. Without an operation it is one-hot encoded."""
    if len(names) < 2 or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise BadFeature.cross_of(", ".join(str(name) for name in names))
    return Feature("cross", tuple(map(_checked_name, names))).then("cross")


def _made(operation: str, parameters: Sequence[Any], named: dict[str, Any]) -> Operation:
    declaration: type[Operation] = module_of(operation).DECLARATION
    try:
        return declaration(*parameters, **named)
    except TypeError as error:
        given = ", ".join((*map(repr, parameters), *(f"{name}={value!r}" for name, value in named.items())))
        fix = "See help(seakeep.features.Feature)."
        raise BadFeature.parameter(operation, given, f"parameters that fit: {error}", fix=fix) from error


def _written(name: str, operation: Operation) -> str:
    """The call as it is written: parameters that are left as they are by default are left out."""
    all_fields: tuple[Field[Any], ...] = fields(operation)  # type: ignore[arg-type]
    given = {item.name: getattr(operation, item.name) for item in all_fields}
    chosen = {item.name: given[item.name] for item in all_fields if given[item.name] != item.default}
    if len(all_fields) == 1:
        return f"{name}({', '.join(map(repr, chosen.values()))})"
    return f"{name}({', '.join(f'{parameter}={value!r}' for parameter, value in chosen.items())})"


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise BadFeature.bad_name(name)
    return name
