"""FittedFeatures: from raw columns to the feature vector, computed twice: as an ONNX graph and in NumPy.

The graph is what runs everywhere; the NumPy reference exists to be compared with it, and is slow. Both compute in float64
and cast once, at the end, to float32: that is the number contract of the estimator. They agree to the bit but for `log1p`
and `cyclic`, whose float64 differs by less than 1e-15: after the cast by at most one unit in the last place of a float32, or
by less than 1e-15 where a sine is zero but for rounding.
A fitted feature vector saves to plain JSON and reads back equal; nothing in it is code.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.codec import digest as digest_of
from seakeep.core.codec import from_json, to_json, to_plain
from seakeep.core.model import Input  # noqa: TC001  (the codec reads annotations when the program runs)
from seakeep.features import nulls
from seakeep.features.errors import BadFeature
from seakeep.features.operation import SavedState, State, computed, load_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx
    import polars as pl
    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder


@dataclass(frozen=True, slots=True)
class FittedFeature:
    """A declared feature with a state for each operation.

    written: as it was declared. label: what its items' names begin with. sources: raw columns. operations: public names.
    may_be_missing: whether an item can be NaN.
    """

    written: str
    label: str
    sources: tuple[str, ...]
    operations: tuple[str, ...]
    states: tuple[State, ...]
    may_be_missing: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its items of the feature vector."""
        return self.states[-1].names(self.label) if self.states else (self.label,)

    def reference(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Its items (items, rows) in float64, from raw columns that follow the null contract."""
        values = computed(self.states, [arrays[name] for name in self.sources])
        return np.asarray(np.atleast_2d(values), np.float64)


@dataclass(frozen=True, slots=True)
class FittedFeatures:
    """The feature vector of a model.

    inputs: raw columns that the graph reads, in order. fitted: the features, in the order of the vector.
    """

    inputs: tuple[Input, ...]
    fitted: tuple[FittedFeature, ...]

    def __post_init__(self) -> None:
        twice = [name for name, times in Counter(self.names).items() if times > 1]
        if twice:
            owners = [feature.written for feature in self.fitted for name in feature.names if name == twice[0]]
            raise BadFeature.named_twice(twice[0], owners[0], owners[1])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the items of the feature vector, in order: "distance.log1p", "carrier=UA", "scheduled.hour.sin"."""
        return tuple(name for feature in self.fitted for name in feature.names)

    @property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """The raw columns that each item reads, by its name."""
        return {name: feature.sources for feature in self.fitted for name in feature.names}

    @property
    def may_be_missing(self) -> tuple[str, ...]:
        """Names of the items that can be NaN; an estimator that cannot take NaN needs this to be empty."""
        return tuple(name for feature in self.fitted if feature.may_be_missing for name in feature.names)

    def append_to(self, builder: GraphBuilder) -> str:
        """Add the raw columns as inputs and all nodes to `builder`; returns the float32 tensor (rows, features)."""
        from seakeep.features.lowering import append

        return append(builder, self)

    def lower(self) -> onnx.ModelProto:
        """A graph from the raw columns to one output `features`, float32 (rows, features)."""
        from seakeep.features.graph import GraphBuilder

        builder = GraphBuilder()
        builder.output("features", self.append_to(builder), np.float32, ["rows", len(self.names)])
        return builder.build("features")

    def reference(self, frame: pl.DataFrame) -> NDArray[np.float32]:
        """What the graph gives for a frame's rows, in NumPy: float32 (rows, features). Raises as `nulls.feeds` does."""
        return self.reference_of(nulls.feeds(frame, self.inputs))

    def reference_of(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The same from arrays that follow the null contract."""
        items = np.concatenate([feature.reference(arrays) for feature in self.fitted])
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(items.T.astype(np.float32))

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return digest_of(self._saved())

    def to_json(self) -> str:
        """All of it as JSON text."""
        return to_json(self._saved())

    @classmethod
    def from_json(cls, text: str | bytes, *, path: str = "features") -> FittedFeatures:
        """What `to_json` wrote. Raises BadDocument, naming the place; UnknownOperation, where a plug-in is not installed."""
        saved = from_json(SavedFeatures, text, path=path)
        return cls(saved.inputs, tuple(feature.loaded() for feature in saved.fitted))

    def _saved(self) -> SavedFeatures:
        return SavedFeatures(self.inputs, tuple(SavedFeature.of(feature) for feature in self.fitted))


@dataclass(frozen=True, slots=True)
class SavedFeature:
    """A fitted feature as it stands in a file."""

    written: str
    label: str
    sources: tuple[str, ...]
    chain: tuple[SavedState, ...]
    may_be_missing: bool

    @classmethod
    def of(cls, feature: FittedFeature) -> SavedFeature:
        pairs = zip(feature.operations, feature.states, strict=True)
        chain = tuple(SavedState(operation, to_plain(state)) for operation, state in pairs)
        return cls(feature.written, feature.label, feature.sources, chain, feature.may_be_missing)

    def loaded(self) -> FittedFeature:
        """The fitted feature."""
        operations = tuple(saved.operation for saved in self.chain)
        states = tuple(load_state(saved) for saved in self.chain)
        return FittedFeature(self.written, self.label, self.sources, operations, states, self.may_be_missing)


@dataclass(frozen=True, slots=True)
class SavedFeatures:
    """Fitted features as they stand in a file."""

    inputs: tuple[Input, ...]
    fitted: tuple[SavedFeature, ...]
