"""Categories as text: those of integer and boolean columns travel as doubles and become their decimal digits.

Called by the operations that hash or join values. Beyond 2^53 doubles are no longer single integers; fitting refuses such
columns, and values that come later are bounded there before the cast, which is undefined for what no int64 can hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.features.nulls import MISSING_TEXT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder

EXACT_INTEGERS = 2.0**53


def is_text(kind: Kind) -> bool:
    """Whether a column of this kind comes as text."""
    return kind is Kind.STRING


def texts_of(values: NDArray[Any]) -> list[str]:
    """Each value as text, MISSING_TEXT where it is missing. O(rows)."""
    if values.dtype == object:
        texts: list[str] = values.tolist()
        return texts
    bounded = np.clip(values, -EXACT_INTEGERS, EXACT_INTEGERS).tolist()
    return [MISSING_TEXT if value != value else str(int(value)) for value in bounded]  # noqa: PLR0124


def lower_texts(builder: GraphBuilder, tensor: str) -> str:
    """The tensor of `texts_of`, from whole float64 with NaN for missing."""
    missing = builder.node("IsNaN", [tensor])
    low, high = builder.constant(np.array(-EXACT_INTEGERS)), builder.constant(np.array(EXACT_INTEGERS))
    present = builder.node("Where", [missing, builder.constant(np.array(0.0)), tensor])
    whole = builder.cast(builder.node("Clip", [present, low, high]), np.int64)
    mark = builder.constant(np.array(MISSING_TEXT, object))
    return builder.node("Where", [missing, mark, builder.cast(whole, object)])
