"""Packed: few rows of numbers that came as bytes side by side, taken apart by one call of `struct`: sooner than arrays are made of them.

Whoever knows where a body's values are (forms.binary, grpc.layouts) writes that down once as pieces, and lets the values of every
such body in by them.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from seakeep.serving.server.raw import FLOATS, LETTERS, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seakeep.serving.server.columns import Column
    from seakeep.serving.server.converting import Values

FEW_ROWS = 16
"""Up to so many rows lists are fed to the model sooner than arrays."""
NUMBERS = frozenset(LETTERS) - {"BOOL"}
"""Datatypes of which `struct` says all that there is to say: a boolean's byte may be neither 0 nor 1."""


class Piece(NamedTuple):
    """One input's values. place: of the input. values: their places among all that is taken out of a body. admit: lets them in."""

    place: int
    name: str
    values: slice
    is_float: bool
    admit: Callable[[Any], Values]


def piece(column: Column, place: int, datatype: str, values: slice) -> Piece:
    """The piece of an input whose values come in this datatype, one of NUMBERS and the column's."""
    admit = column.admit_natural
    if datatype != column.natural:

        def admit(own: Values) -> Values:
            return column.admit(own, datatype)

    return Piece(place, column.name, values, datatype in FLOATS, admit)


def admitted(found: Sequence[Any], pieces: Sequence[Piece]) -> list[Values]:
    """The values of all inputs, in the order of their places. Parameters: found: the numbers of a body. Raises: Refusal."""
    columns: list[Any] = [None] * len(pieces)
    if isfinite(sum(found)):  # so that there is neither a NaN nor an infinity among them
        for place, _, values, _, admit in pieces:
            columns[place] = admit(found[values])
    else:
        for place, name, values, is_float, admit in pieces:
            own = found[values]
            columns[place] = admit(numbers(own, name) if is_float else own)
    return columns
