"""cross: the combination of several columns' values as one category: "JFK" and "LAX" become one value of their own.

Texts are joined by a character that does not occur in ordinary text (U+001F, the unit separator); whole numbers come as their
decimal digits. A missing part counts as a value of its own, and so a cross is never missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from seakeep.features.block import Block
from seakeep.features.operation import Form, Incoming, Operation, State
from seakeep.features.texts import is_text, lower_texts, texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder

SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Crossed(State):
    """text: for each part, whether it comes as text."""

    text: tuple[bool, ...]

    def reference(self, values: NDArray[Any]) -> NDArray[np.object_]:
        """From the parts (parts, rows), an array of arrays where they differ in dtype, to the joined texts (rows,)."""
        parts = [texts_of(part) for part in values]
        joined = np.empty(len(parts[0]), object)
        joined[:] = [SEPARATOR.join(row) for row in zip(*parts, strict=True)]
        return joined

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Crossed]) -> Block:
        """`block.flat` holds the parts of all crosses, one after the other."""
        tensors, joined = list(block.flat), []
        for state in states:
            parts, tensors = tensors[: len(state.text)], tensors[len(state.text) :]
            joined.append(state._joined(builder, parts))
        return Block(flat=tuple(joined))

    def _joined(self, builder: GraphBuilder, parts: Sequence[str]) -> str:
        texts = [part if text else lower_texts(builder, part) for part, text in zip(parts, self.text, strict=True)]
        separator = builder.constant(np.array([SEPARATOR], object))
        joined = texts[0]
        for text in texts[1:]:
            joined = builder.node("StringConcat", [builder.node("StringConcat", [joined, separator]), text])
        return joined


@dataclass(frozen=True, slots=True)
class Cross(Operation):
    """What `cross(…)` begins with."""

    takes: ClassVar = frozenset({Form.CATEGORY})
    gives: ClassVar = Form.CATEGORY
    advice: ClassVar = dict.fromkeys(Form, 'Cross raw columns: cross("origin", "dest").hash(512).')

    def fit(self, incoming: Incoming, /) -> Crossed:
        return Crossed(tuple(is_text(kind) for kind in incoming.kinds))

    def leaves_missing(self, _before: bool, _previous: Operation | None, /) -> bool:
        return False


DECLARATION = Cross
STATE = Crossed
