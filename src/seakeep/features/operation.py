"""What a feature operation is: declared by the user, fitted to a State, computed twice: by ONNX Runtime and by NumPy.

One file an operation in `operations/`, found by its name; third parties add theirs with an entry point
`seakeep.features.operations` and use it as `number("x").then("their_name", …)`. `seakeep.testing.operations` holds both
computations against each other. Hard: they must agree to the last bit, or at most one in the last place of a float32,
for every value a table can hold, and a graph must answer the same whatever the number of rows. ONNX Runtime's Log and
Sin do not (see `log1p` and `cyclic` for what is done about it); arithmetic, comparisons and look-ups do.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (the codec reads annotations when the program runs)
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from seakeep.core import plugins
from seakeep.core.codec import Json, from_plain
from seakeep.core.errors import UsageError
from seakeep.features.errors import UnknownOperation

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from seakeep.core.kinds import Kind
    from seakeep.core.statistics import ColumnStatistics
    from seakeep.features.block import Block
    from seakeep.features.graph import GraphBuilder

GROUP = "features.operations"


class Form(Enum):
    """What flows between two operations of a chain, for one column.

    number: float64, NaN for missing. levels: the same, but one of few whole numbers known when fitted (a month, a bucket).
    category: text, MISSING_TEXT for missing, or whole float64, NaN for missing, where the raw column is integer or boolean.
    time: int64 microseconds. vector: finished, one or several items of the feature vector.
    """

    NUMBER = "a number"
    LEVELS = "one of few whole numbers"
    CATEGORY = "a category"
    TIME = "a point in time"
    VECTOR = "a finished feature"


NUMERIC = frozenset({Form.NUMBER, Form.LEVELS})


class Need(Enum):
    """What fitting must know of the values: nothing, their moments, extremes and quantiles, or the count of each."""

    NOTHING = "nothing"
    MOMENTS = "moments"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class Incoming:
    """What is known, when an operation is fitted, of the values that reach it.

    feature: how the user wrote it, for messages. kinds: of the raw columns that the feature reads. column: statistics of
    the values, empty but for the kind where the operation needs none. levels: the values possible where the form is
    levels. may_be_missing: whether a value can be missing here at all.
    """

    feature: str
    kinds: tuple[Kind, ...]
    column: ColumnStatistics
    levels: tuple[int, ...] | None = None
    may_be_missing: bool = True


class State(Protocol):
    """A fitted operation: all it needs to compute, as a frozen dataclass of plain values. Holds no code and no data."""

    __slots__ = ()

    @property
    def levels(self) -> tuple[int, ...] | None:
        """The values that can come out, where they are few whole numbers known by now; else None."""
        return None

    @property
    def alike(self) -> Hashable:
        """States of one type may be lowered in one block where this is equal too."""
        return None

    def names(self, label: str) -> tuple[str, ...]:
        """Names of what comes out of a feature called `label`, one an item of the feature vector."""
        return (label,)

    def reference(self, values: NDArray[Any]) -> NDArray[Any]:
        """What comes out, in NumPy: from (rows,) to (rows,), or (items, rows) for a finished feature."""
        ...

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Any]) -> Block:
        """The same as ONNX nodes, for several columns at once: states[i] is what was fitted for column i of `block`."""
        ...


class Operation(Protocol):
    """A declared operation: a frozen dataclass of its parameters, which it checks when made (BadFeature).

    takes, gives: forms. needs_missing: whether it has nothing to do where no value can be missing. advice: what to write
    instead, by the form that cannot be taken.
    """

    __slots__ = ()
    takes: ClassVar[frozenset[Form]]
    gives: ClassVar[Form]
    needs_missing: ClassVar[bool] = False
    advice: ClassVar[Mapping[Form, str]] = {}

    @property
    def needs(self) -> Need:
        """What fitting must know of the values."""
        return Need.NOTHING

    def fit(self, incoming: Incoming, /) -> State:
        """The state for these values. Raises CannotFit."""
        ...

    def leaves_missing(self, before: bool, _previous: Operation | None, /) -> bool:
        """Whether a value can be missing after this operation, if it could `before`."""
        return before


@dataclass(frozen=True, slots=True)
class SavedState:
    """A state as it stands in a file: the operation's public name and the state's plain values."""

    operation: str
    state: Json = field(default=None)


def computed(states: Sequence[State], sources: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """What comes out of a chain in NumPy. Infinities and NaN are ordinary values here: no warnings."""
    values: Any = sources if len(sources) > 1 else sources[0]
    with np.errstate(all="ignore"):
        for state in states:
            values = state.reference(values)
    result: NDArray[Any] = values
    return result


def known() -> tuple[str, ...]:
    """Public names of all operations."""
    return plugins.names(GROUP)


def module_of(name: str) -> ModuleType:
    """The file of operation `name`, which has `DECLARATION` and `STATE`. Raises UnknownOperation with the nearest name."""
    try:
        return plugins.load(GROUP, name)
    except UsageError as error:
        raise UnknownOperation.of(name, known()) from error


def load_state(saved: SavedState) -> State:
    """The state that was saved. Raises BadDocument where its fields are not what the operation reads."""
    state: State = from_plain(module_of(saved.operation).STATE, saved.state, path=saved.operation)
    return state
