"""What can go wrong between a table and a trained model, each with its four parts in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ConfigurationRefused(ModelError):
    """An estimator, or one of its parameters, whose export is known to be wrong or not possible. `name`: of the refusal."""

    @classmethod
    def of(cls, name: str, *, found: str, reason: str, fix: str) -> ConfigurationRefused:
        return cls(found, where=f"refused: {name}", cause=reason, fix=fix, name=name)

    @classmethod
    def no_exporter(cls, estimator: str, nearest: str, known: Sequence[str]) -> ConfigurationRefused:
        return cls(
            f"{estimator} has no exporter to ONNX, so it cannot be released",
            where="refused: no_exporter",
            cause=f"Seakeep exports {', '.join(known)}.",
            fix=f"The nearest one is {nearest}: estimator={nearest}(…)" if nearest.isidentifier() else nearest,
            name="no_exporter",
            estimator=estimator,
            nearest=nearest,
        )


class CannotTrain(ModelError):
    """The data do not allow this estimator to be fitted."""

    @classmethod
    def no_label(cls, dataset: str) -> CannotTrain:
        return cls(
            "the dataset has no label column, expected one to learn",
            where=dataset,
            cause="read was called without label.",
            fix='seakeep.read(…, label="NAME")',
        )

    @classmethod
    def no_label_kind(cls, label: str, kind: str, dataset: str) -> CannotTrain:
        return cls(
            f"label {label!r} is of kind {kind}, expected a boolean, an integer, a number or a string",
            where=dataset,
            cause=f"No estimator learns a {kind} value.",
            fix=f'Derive one on reading: seakeep.read(…, derive={{"{label}": …}}), or name another column as label.',
            label=label,
            kind=kind,
        )

    @classmethod
    def label_absent(cls, label: str, dataset: str) -> CannotTrain:
        return cls(
            f"every row's label {label!r} is missing, expected some",
            where=dataset,
            cause="The label has not arrived yet, or a join or a derivation left it empty.",
            fix=f"seakeep validate the table, or look at it: seakeep.profile(dataset)[{label!r}]",
            label=label,
        )

    @classmethod
    def one_class(cls, label: str, value: object, rows: int) -> CannotTrain:
        return cls(
            f"label {label!r} is {value!r} in all {rows:,} rows, expected two classes or more",
            cause="A filter or the split by time left one class only, or the label is derived wrongly.",
            fix=f"Count it: seakeep.profile(dataset)[{label!r}].top",
            label=label,
            value=value,
        )

    @classmethod
    def not_a_class(cls, label: str, kind: str, estimator: str, near: str) -> CannotTrain:
        return cls(
            f"label {label!r} is a {kind}, and {estimator} learns classes (booleans, integers or strings)",
            cause=f"A {kind} was given to a classifier.",
            fix=f'Use a regressor ({near}), or derive a class: seakeep.read(…, derive={{"{label}": polars.col("{label}") > 0}})',
            label=label,
            kind=kind,
        )

    @classmethod
    def not_a_number(cls, label: str, kind: str, estimator: str) -> CannotTrain:
        return cls(
            f"label {label!r} is a {kind}, and {estimator} learns numbers",
            cause="A class was given to a regressor.",
            fix=f"Use a classifier, or derive a number: seakeep.read(…, derive={{"
            f'"{label}": polars.col("{label}").cast(polars.Float64)}})',
            label=label,
            kind=kind,
        )

    @classmethod
    def too_many_classes(cls, label: str, classes: int, most: int) -> CannotTrain:
        return cls(
            f"label {label!r} has {classes:,} different values, expected at most {most:,} classes",
            cause="It is an identifier or an amount, not a class.",
            fix="Use a regressor, or derive fewer classes.",
            label=label,
            classes=classes,
        )

    @classmethod
    def label_not_finite(cls, label: str, rows: int, total: int) -> CannotTrain:
        return cls(
            f"label {label!r} is NaN or infinite in {rows:,} of {total:,} rows, expected finite numbers",
            cause="A division by zero or a failed conversion; a missing label would be null and is left out.",
            fix=f'seakeep.read(…, where=polars.col("{label}").is_finite())',
            label=label,
            rows=rows,
        )

    @classmethod
    def empty_feature(cls, feature: str, sources: Sequence[str], rows: int) -> CannotTrain:
        return cls(
            f"feature {feature!r} is missing in all {rows:,} rows, expected some values",
            where=f"made from {', '.join(sources)}",
            cause="The column is empty in the training rows, or is only filled later.",
            fix="Leave the feature out, or give it a value: .fill(0) with .missing_flag()",
            feature=feature,
        )

    @classmethod
    def missing_values(cls, estimator: str, feature: str, sources: Sequence[str], rows: int) -> CannotTrain:
        return cls(
            f"feature {feature!r} is missing in {rows:,} rows, and {estimator} takes no missing values",
            where=f"made from {', '.join(sources)}",
            cause="Linear models have no side for a missing value to go to.",
            fix='Fill it: .fill("mean") (add .missing_flag() to keep the fact), or use a tree model.',
            feature=feature,
            rows=rows,
        )

    @classmethod
    def may_be_missing(cls, estimator: str, feature: str, source: str) -> CannotTrain:
        return cls(
            f"feature {feature!r} may be missing where the model is served, and {estimator} takes no missing values",
            where=f"the schema lets column {source!r} be missing",
            cause="The model would answer NaN there.",
            fix=f'Fill it: .fill("mean"), or set missing_at_most: 0 for {source} in the schema, or use a tree model.',
            feature=feature,
            source=source,
        )

    @classmethod
    def infinite_feature(cls, feature: str, sources: Sequence[str], rows: int) -> CannotTrain:
        return cls(
            f"feature {feature!r} is infinite in {rows:,} rows (or above float32's 3.4e38), expected finite numbers",
            where=f"made from {', '.join(sources)}",
            cause="A division by zero upstream, a logarithm of zero, or numbers too large for float32.",
            fix="Bound it: .clip(low, high)",
            feature=feature,
            rows=rows,
        )

    @classmethod
    def library_said(cls, estimator: str, error: Exception) -> CannotTrain:
        return cls(
            f"{estimator} could not be fitted: {error}",
            cause="The library refused these parameters or this data.",
            fix="Change the parameter that it names.",
            estimator=estimator,
        )

    @classmethod
    def library_not_loaded(cls, library: str, error: OSError) -> CannotTrain:
        openmp = "libgomp" in str(error)
        return cls(
            f"{library} is installed but cannot be loaded: {error}",
            cause="Its wheel leaves GNU OpenMP to the system, and this one has none."
            if openmp
            else "The system lacks a library.",
            fix="sudo apt-get install libgomp1" if openmp else f'See which: python -c "import {library}"',
            library=library,
        )
