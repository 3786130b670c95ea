"""What can be wrong with declared features, and what can be wrong with fitting them. The wording of every message.

UsageError ── BadFeature            refused while declaring, before any data is read
              └── UnknownOperation  also an AttributeError, so that hasattr and editors behave
ModelError ── CannotFit             the data does not have what an operation needs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import ModelError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seakeep.core.kinds import Kind


class BadFeature(UsageError):
    """A declaration that could never be fitted or lowered."""

    @classmethod
    def none_declared(cls) -> BadFeature:
        return cls(
            "Features() declares no feature, expected at least one",
            cause="A model without inputs can only learn a constant, which the baselines are already.",
            fix='Declare one: Features(number("distance")).',
        )

    @classmethod
    def not_a_feature(cls, value: object) -> BadFeature:
        name = value if isinstance(value, str) else "column"
        return cls(
            f"found {value!r}, expected a declared feature",
            where="Features(…)",
            cause="A column's name does not say how the column is to be read.",
            fix=f'Write number("{name}"), category("{name}"), boolean("{name}") or timestamp("{name}").',
            value=value,
        )

    @classmethod
    def duplicate(cls, label: str) -> BadFeature:
        return cls(
            f"two features are called {label!r}",
            where="Features(…)",
            cause="A name is made of the column and its operations, not of their parameters.",
            fix='Leave one out, or name one: ….named("another").',
            label=label,
        )

    @classmethod
    def bad_name(cls, name: object) -> BadFeature:
        return cls(
            f"found {name!r}, expected the name of a column: a text that is not empty",
            cause="A feature was put where a column's name belongs; operations are chained, not nested."
            if not isinstance(name, str)
            else "",
            fix='Write the name: number("distance").',
            name=name,
        )

    @classmethod
    def cross_of(cls, found: object) -> BadFeature:
        return cls(
            f"cross({found}) cannot be made; expected the names of two or more different columns",
            cause="Outputs of operations do not cross: a cross joins the raw values of columns.",
            fix='Write cross("origin", "dest").hash(512); cut numbers into ranges first, with derive= on reading.',
            crossed=found,
        )

    @classmethod
    def cannot_follow(cls, so_far: str, operation: str, found: str, expected: str, *, advice: str) -> BadFeature:
        return cls(
            f"{operation} cannot follow {so_far}, which gives {found}; expected {expected}",
            where="Features(…)",
            cause="Each operation takes what the one before it gives.",
            fix=advice,
            operation=operation,
        )

    @classmethod
    def nothing_missing(cls, so_far: str, operation: str) -> BadFeature:
        return cls(
            f"{operation} after {so_far} never has anything to do: no value can be missing there",
            where="Features(…)",
            cause="An operation before it has filled the missing values.",
            fix=f"Leave {operation} out, or declare it as a feature of its own on the raw column.",
            operation=operation,
        )

    @classmethod
    def unfinished_time(cls, so_far: str, name: str) -> BadFeature:
        return cls(
            f"{so_far} is a point in time, which a model cannot take",
            where="Features(…)",
            cause="Time only grows: no time to come lies in the range that a model was trained on.",
            fix=f'Take a part of it: timestamp("{name}").hour().cyclic(24).',
        )

    @classmethod
    def parameter(cls, operation: str, found: str, expected: str, *, fix: str) -> BadFeature:
        return cls(
            f"found {found}, expected {expected}",
            where=f"{operation}(…)",
            cause="The operation would not be defined for some row.",
            fix=fix,
            operation=operation,
        )

    @classmethod
    def named_twice(cls, label: str, first: str, second: str) -> BadFeature:
        return cls(
            f"two items of the feature vector are called {label!r}: one of {first}, one of {second}",
            where="Features(…)",
            cause="A value of one column reads like the name of another.",
            fix='Name one of them: ….named("another").',
            label=label,
        )


class UnknownOperation(BadFeature, AttributeError):
    """There is no operation of this name."""

    @classmethod
    def of(cls, operation: str, known: Iterable[str]) -> UnknownOperation:
        known = sorted(known)
        near = nearest(operation, known)
        return cls(
            f"there is no operation {operation!r}",
            where="Features(…)",
            cause=f"Did you mean {near!r}?"
            if near
            else "What ONNX cannot express is best derived on reading (derive=).",
            fix=f"Known: {', '.join(known)}.",
            operation=operation,
        )


class CannotFit(ModelError):
    """A declared feature cannot be fitted on these data."""

    @classmethod
    def label(cls, feature: str, name: str) -> CannotFit:
        return cls(
            f"{feature} reads {name!r}, which is the label",
            where="features",
            cause="A model that sees the answer learns nothing else, and has nothing to see when it is asked.",
            fix=f"Leave {feature} out.",
            name=name,
        )

    @classmethod
    def unavailable(cls, feature: str, name: str) -> CannotFit:
        return cls(
            f"{feature} reads {name!r}, which is not known when a prediction is asked for",
            where="features, against the schema",
            cause=f"The schema says so of {name!r} (available: after, or by not_in, in or default_in).",
            fix=f"Leave {feature} out, or correct the schema if the value is known in time.",
            name=name,
        )

    @classmethod
    def deprecated(cls, feature: str, name: str, reason: str) -> CannotFit:
        return cls(
            f"{feature} reads {name!r}, which is deprecated",
            where="features, against the schema",
            cause=f"The schema says: {reason}",
            fix=f"Leave {feature} out, or take deprecated out of the schema if the column is to stay.",
            name=name,
            reason=reason,
        )

    @classmethod
    def kind(cls, feature: str, name: str, found: Kind, expected: Sequence[str], *, fix: str) -> CannotFit:
        return cls(
            f"column {name!r} is {found.value}, expected {' or '.join(expected)}",
            where=feature,
            cause="The column was declared as another kind than the data has."
            if found.value != "null"
            else "The training data has no value in it at all.",
            fix=fix,
            name=name,
            kind=found,
        )

    @classmethod
    def no_values(cls, feature: str, operation: str) -> CannotFit:
        return cls(
            f"{operation} has no finite value to be fitted on",
            where=feature,
            cause="Every value of the column is missing, NaN or infinite in the training data.",
            fix="Leave the feature out, or state the value: ….fill(0.0).",
            operation=operation,
        )

    @classmethod
    def too_far_apart(cls, feature: str, operation: str) -> CannotFit:
        return cls(
            f"the values spread so far that {operation} overflows",
            where=feature,
            cause="The column holds values near the largest double, most likely marks for something else.",
            fix=f"Bound them before: ….clip(-1e9, 1e9).{operation}().",
            operation=operation,
        )

    @classmethod
    def too_low_for_log(cls, feature: str, minimum: float) -> CannotFit:
        return cls(
            f"found {minimum:g} among the values, expected numbers above -1",
            where=f"{feature}, log1p",
            cause="log(1 + x) does not exist at or below -1: such rows would silently count as missing.",
            fix="Bound them before: ….clip(0, None).log1p().",
            minimum=minimum,
        )

    @classmethod
    def inexact_integers(cls, feature: str, name: str, value: float) -> CannotFit:
        return cls(
            f"column {name!r} holds {value}, expected integers within ±2^53 for a category",
            where=feature,
            cause="Integers travel as doubles: beyond 2^53 different values would become the same category.",
            fix=f'Read them as text: derive={{"{name}": polars.col("{name}").cast(polars.String)}}.',
            name=name,
            value=value,
        )

    @classmethod
    def no_categories(cls, feature: str) -> CannotFit:
        return cls(
            "every value of the category is missing, expected some",
            where=f"{feature}, one_hot",
            cause="The column is empty in the training rows, or is only filled later.",
            fix="Leave the feature out, or look at its column: seakeep profile DATA.",
        )

    @classmethod
    def empty_vocabulary(cls, feature: str, min_count: int, most: str) -> CannotFit:
        return cls(
            f"no value occurs {min_count} times; {most}",
            where=f"{feature}, one_hot",
            cause="The column is an identifier, or the training data is small.",
            fix="Lower it: ….one_hot(min_count=1), or use ….hash(256).",
            min_count=min_count,
        )

    @classmethod
    def name_of_output(cls, feature: str, name: str) -> CannotFit:
        return cls(
            f"column {name!r} has the name of one of the graph's outputs",
            where=feature,
            cause="A graph's inputs are named as the columns, and its outputs are features, probabilities, decision, value.",
            fix=f'Rename it on reading: seakeep.read(…, derive={{"{name}_column": polars.col("{name}")}}).',
            name=name,
        )

    @classmethod
    def reserved(cls, feature: str, value: str) -> CannotFit:
        return cls(
            f"the training data holds {value!r}, which is reserved for missing values",
            where=feature,
            cause="A tool before wrote its own mark for a missing value, or a graph's input was saved as data.",
            fix='Make it null on reading: derive={"…": polars.col("…").replace(…, None)}.',
            value=value,
        )
