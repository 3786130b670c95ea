"""hash: one of a fixed number of buckets, by a hash of the value; no vocabulary, so any number of values. `buckets` items.

1.0 in the value's bucket, 0.0 elsewhere; a missing value is in no bucket, which is a state of its own. Values that share a
bucket cannot be told apart: with as many buckets as values, about a third share one. MurmurHash3 (x86, 32 bits, seed 0,
unsigned) of the UTF-8 bytes, modulo the buckets: equal to `mmh3.hash(text, signed=False) % buckets`. Whole numbers are
hashed as their decimal digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seakeep.features.block import Block, parameter, side_by_side
from seakeep.features.errors import BadFeature
from seakeep.features.graph import MICROSOFT
from seakeep.features.murmur import murmur3
from seakeep.features.nulls import MISSING_TEXT
from seakeep.features.operation import Form, Incoming, Operation, State
from seakeep.features.texts import is_text, lower_texts, texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder

MOST = 2**20


@dataclass(frozen=True, slots=True)
class Hashed(State):
    """buckets: how many. text: whether values come as text. may_be_missing: whether some can be missing."""

    buckets: int
    text: bool
    may_be_missing: bool

    def names(self, label: str) -> tuple[str, ...]:
        return tuple(f"{label}#{bucket}" for bucket in range(self.buckets))

    def reference(self, values: NDArray[Any]) -> NDArray[np.float64]:
        hashes = [-1 if text == MISSING_TEXT else murmur3(text.encode()) % self.buckets for text in texts_of(values)]
        return np.equal(np.array(hashes, np.int64), np.arange(self.buckets)[:, None]).astype(np.float64)

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Hashed]) -> Block:
        columns = block.columns(builder, len(states))
        flags = [state._flags(builder, column) for state, column in zip(states, columns, strict=True)]
        return side_by_side(builder, flags, [state.buckets for state in states])

    def _flags(self, builder: GraphBuilder, column: str) -> str:
        text = column if self.text else lower_texts(builder, column)
        hashed = builder.node("MurmurHash3", [text], domain=MICROSOFT, positive=1, seed=0)
        bucket = builder.node("Mod", [hashed, builder.constant(np.array(self.buckets, np.uint32))])
        flags = builder.node("Equal", [bucket, builder.constant(parameter(range(self.buckets), np.uint32))])
        if not self.may_be_missing:
            return flags
        missing = builder.node("Equal", [text, builder.constant(np.array(MISSING_TEXT, object))])
        return builder.node("And", [flags, builder.node("Not", [missing])])


@dataclass(frozen=True, slots=True)
class Hash(Operation):
    """buckets: 2 to 1,048,576."""

    buckets: int
    takes: ClassVar = frozenset({Form.CATEGORY})
    gives: ClassVar = Form.VECTOR
    advice: ClassVar = {
        Form.NUMBER: 'Declare the column a category: category("flight").hash(512).',
        Form.LEVELS: "There are few values: write .one_hot().",
        Form.TIME: 'Take a part of the time: timestamp("scheduled").weekday().one_hot().',
    }

    def __post_init__(self) -> None:
        fits = isinstance(self.buckets, int) and not isinstance(self.buckets, bool) and 2 <= self.buckets <= MOST
        if not fits:
            expected = f"a number of buckets from 2 to {MOST}"
            raise BadFeature.parameter("hash", repr(self.buckets), expected, fix="Write hash(512).")

    def fit(self, incoming: Incoming, /) -> Hashed:
        return Hashed(self.buckets, is_text(incoming.column.kind), incoming.may_be_missing)

    def leaves_missing(self, _before: bool, _previous: Operation | None, /) -> bool:
        return False


DECLARATION = Hash
STATE = Hashed
