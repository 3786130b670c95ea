"""one_hot: one item a value of the vocabulary, 1.0 where it is met. Nothing is ever missing in what comes out.

Of a category: one item a word of the vocabulary, sorted, then `other` for every value outside of it, then `missing`. All
three kinds are always there, so that the feature vector has the same form whether or not the training data lacked values.
Of a bucket or a part of a time, which can only be one of known whole numbers: one item a number, then `missing`.
Words are looked up as they are: case, spaces and Unicode forms matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seakeep.features.block import Block, parameter, side_by_side
from seakeep.features.errors import BadFeature, CannotFit
from seakeep.features.graph import ML
from seakeep.features.nulls import MISSING_TEXT
from seakeep.features.operation import Form, Incoming, Need, Operation, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder

EXACT_INTEGERS = 2**53


@dataclass(frozen=True, slots=True)
class OneHot(State):
    """words: the vocabulary, texts or whole numbers, sorted. other: whether values outside of it can come."""

    words: tuple[int, ...] | tuple[str, ...]
    other: bool

    def names(self, label: str) -> tuple[str, ...]:
        rest = ("other", "missing") if self.other else ("missing",)
        return (*(f"{label}={word}" for word in self.words), *(f"{label} {state}" for state in rest))

    def reference(self, values: NDArray[Any]) -> NDArray[np.float64]:
        codes: dict[object, int] = {word: code for code, word in enumerate(self.words)}
        codes[MISSING_TEXT] = self._missing
        default = len(self.words) if self.other else -1
        found = [self._missing if value != value else codes.get(value, default) for value in values.tolist()]  # noqa: PLR0124
        return np.equal(np.array(found, np.int64), np.arange(self._missing + 1)[:, None]).astype(np.float64)

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[OneHot]) -> Block:
        columns = block.columns(builder, len(states))
        flags = [state._flags(builder, column) for state, column in zip(states, columns, strict=True)]
        return side_by_side(builder, flags, [state._missing + 1 for state in states])

    @property
    def _missing(self) -> int:
        """The code of a missing value, which is the last one."""
        return len(self.words) + int(self.other)

    def _flags(self, builder: GraphBuilder, column: str) -> str:
        """(items, rows): the value's code against every code. LabelEncoder takes NaN for a key like any other."""
        from onnx.numpy_helper import from_array

        text = isinstance(self.words[0], str)
        keys = np.array([*self.words, MISSING_TEXT if text else np.nan], object if text else np.float64)
        codes = np.array([*range(len(self.words)), self._missing], np.float64)
        default = np.array([len(self.words) if self.other else -1], np.float64)
        code = builder.node(
            "LabelEncoder",
            [column],
            domain=ML,
            keys_tensor=from_array(keys, "keys"),
            values_tensor=from_array(codes, "values"),
            default_tensor=from_array(default, "default"),
        )
        return builder.node("Equal", [code, builder.constant(parameter(range(self._missing + 1)))])


@dataclass(frozen=True, slots=True)
class Encode(Operation):
    """min_count: rows of training data that a word of the vocabulary must have. max_size: most words, the most frequent."""

    min_count: int = 1
    max_size: int = 256
    takes: ClassVar = frozenset({Form.CATEGORY, Form.LEVELS})
    gives: ClassVar = Form.VECTOR
    advice: ClassVar = {
        Form.NUMBER: 'Cut the number into ranges first, number("distance").bucketize(10).one_hot(), '
        'or declare the column a category: category("month").one_hot().',
        Form.TIME: 'Take a part of the time first: timestamp("scheduled").weekday().one_hot().',
    }

    def __post_init__(self) -> None:
        for name, value in (("min_count", self.min_count), ("max_size", self.max_size)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                found = f"{name}={value!r}"
                raise BadFeature.parameter(
                    "one_hot", found, "a whole number of at least 1", fix=f"Write one_hot({name}=50)."
                )

    @property
    def needs(self) -> Need:
        return Need.COUNTS

    def fit(self, incoming: Incoming, /) -> OneHot:
        if incoming.levels is not None:
            return OneHot(incoming.levels, other=False)
        top = incoming.column.top
        frequent = [value for value, count in zip(top.values, top.counts, strict=True) if count >= self.min_count][
            : self.max_size
        ]
        if not top.values:
            raise CannotFit.no_categories(incoming.feature)
        if not frequent:
            most = f"the most frequent, {top.values[0]!r}, {top.counts[0]}"
            raise CannotFit.empty_vocabulary(incoming.feature, self.min_count, most)
        if isinstance(frequent[0], str):
            return OneHot(tuple(sorted(str(word) for word in frequent)), other=True)
        return OneHot(tuple(sorted(int(word) for word in frequent)), other=True)

    def leaves_missing(self, _before: bool, _previous: Operation | None, /) -> bool:
        return False


DECLARATION = Encode
STATE = OneHot
