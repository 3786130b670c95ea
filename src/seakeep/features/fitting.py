"""fit: declared features and a table's statistics become fitted features.

Most of what operations need is in the training table's Statistics already, exactly, and no row is read: moments, extremes,
vocabularies. What comes after another operation is worked out from the column's value counts while those are exact (at most
2,048 different values). What is left is measured in one pass over the data for all features together; a second pass only
where two such operations follow each other in one chain. Every figure is an exact sum or count, rounded once, so that the
result does not depend on how the data are cut or in what order they are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.core.model import Input
from seakeep.core.statistics import ColumnStatistics
from seakeep.features.errors import CannotFit
from seakeep.features.fitted import FittedFeature, FittedFeatures
from seakeep.features.measuring import measured, pushed
from seakeep.features.nulls import MISSING_TEXT
from seakeep.features.operation import Form, Incoming, Need, Operation, State
from seakeep.features.texts import EXACT_INTEGERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.dataset import Dataset
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import Statistics
    from seakeep.features.declaration import Feature, Features

OUTPUTS = ("features", "probabilities", "decision", "value")
_KINDS = {
    "number": (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN),
    "boolean": (Kind.BOOLEAN,),
    "category": (Kind.STRING, Kind.INTEGER, Kind.BOOLEAN),
    "cross": (Kind.STRING, Kind.INTEGER, Kind.BOOLEAN),
    "timestamp": (Kind.TIMESTAMP,),
}
_STARTS = {
    Kind.STRING: "category",
    Kind.INTEGER: "number",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean",
    Kind.TIMESTAMP: "timestamp",
}


def fit(
    features: Features, statistics: Statistics, dataset: Dataset, *, schema: Schema | None = None
) -> FittedFeatures:
    """Features fitted on a training table.

    Parameters: statistics: `profile(dataset)`. schema: refuses columns that are not known when a prediction is asked for.
    Raises: UsageError, for a column that the table does not have; CannotFit, for one of another kind, the label, one
        from after the prediction, or values that an operation cannot be fitted on.
    """
    for feature in features.declared:
        _check(feature, statistics, dataset.label, schema)
    columns = {name: statistics[name] for name in features.columns}
    inputs = tuple(Input(name, column.kind) for name, column in columns.items())
    growing = [Growing(feature, columns) for feature in features.declared]
    while pending := [item for item in growing if not item.grow()]:
        requests = [(item.feature.sources, tuple(item.states), item.next.needs) for item in pending]
        for item, column in zip(pending, measured(requests, inputs, dataset), strict=True):
            item.add(column)
    return FittedFeatures(inputs, tuple(item.fitted() for item in growing))


class Growing:
    """One feature while it is fitted: the states so far, and what is known of the values that come out of them."""

    __slots__ = ("columns", "feature", "missing", "states")

    def __init__(self, feature: Feature, columns: Mapping[str, ColumnStatistics]) -> None:
        self.feature = feature
        self.columns = [columns[name] for name in feature.sources]
        self.states: list[State] = []
        self.missing = True

    @property
    def next(self) -> Operation:
        """The operation that is fitted next."""
        return self.feature.chain[len(self.states)]

    def grow(self) -> bool:
        """Fit as many operations as can be without reading rows; whether that was all of them."""
        while len(self.states) < len(self.feature.chain):
            column = self._at_hand()
            if column is None:
                return False
            self.add(column)
        return True

    def add(self, column: ColumnStatistics) -> None:
        """Fit the next operation on `column`, statistics of the values that reach it."""
        operation = self.next
        kinds = tuple(source.kind for source in self.columns)
        incoming = Incoming(str(self.feature), kinds, column, self._levels(), self.missing)
        previous = self.feature.chain[len(self.states) - 1] if self.states else None
        self.missing = operation.leaves_missing(self.missing, previous)
        self.states.append(operation.fit(incoming))

    def fitted(self) -> FittedFeature:
        """The fitted feature, once every operation is."""
        feature = self.feature
        return FittedFeature(
            str(feature), feature.label, feature.sources, feature.operations, tuple(self.states), feature.may_be_missing
        )

    def _levels(self) -> tuple[int, ...] | None:
        return self.states[-1].levels if self.states else None

    def _at_hand(self) -> ColumnStatistics | None:
        """Statistics of the values that reach the next operation, where they are known without reading rows."""
        need = self.next.needs
        if need is Need.NOTHING or (need is Need.COUNTS and self._levels() is not None):
            return ColumnStatistics(self._kind())
        source = self.columns[0]
        if len(self.columns) > 1:
            return None
        if self.states or (source.kind is Kind.BOOLEAN and need is Need.MOMENTS):
            return pushed(source, self.states)
        return source if need is Need.MOMENTS or source.top.is_exact else None

    def _kind(self) -> Kind:
        """The kind of the values that reach the next operation."""
        form = self.feature.chain[len(self.states) - 1].gives if self.states else None
        if form is None:
            return self.columns[0].kind
        return Kind.STRING if form is Form.CATEGORY else Kind.NUMBER


def _check(feature: Feature, statistics: Statistics, label: str | None, schema: Schema | None) -> None:
    for name in feature.sources:
        if name not in statistics.columns:
            raise UsageError.unknown_name("column", name, statistics.columns, where=str(feature))
        if name == label:
            raise CannotFit.label(str(feature), name)
        if name in OUTPUTS:
            raise CannotFit.name_of_output(str(feature), name)
        if schema is not None and name in schema.columns and not schema.expects(name, "serving"):
            raise CannotFit.unavailable(str(feature), name)
        if schema is not None and name in schema.columns and schema[name].deprecated:
            raise CannotFit.deprecated(str(feature), name, schema[name].deprecated)
        _check_column(feature, name, statistics[name])


def _check_column(feature: Feature, name: str, column: ColumnStatistics) -> None:
    expected = _KINDS[feature.start]
    if column.kind not in expected:
        start = _STARTS.get(column.kind)
        fix = f'Declare it {start}("{name}")' if start else "Leave it out"
        fix += f', or convert it on reading: derive={{"{name}": polars.col("{name}").cast(…)}}.'
        raise CannotFit.kind(str(feature), name, column.kind, [kind.value for kind in expected], fix=fix)
    if column.kind is Kind.STRING and MISSING_TEXT in column.top.values:
        raise CannotFit.reserved(str(feature), MISSING_TEXT)
    if column.kind is Kind.INTEGER and feature.start in ("category", "cross"):
        for bound in (column.minimum, column.maximum):
            if bound is not None and abs(bound) >= EXACT_INTEGERS:
                raise CannotFit.inexact_integers(str(feature), name, bound)
