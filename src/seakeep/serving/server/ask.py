"""Ask: what a request asks of a model, once it is read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.serving.server.converting import Values
    from seakeep.serving.server.intervals import Interval
    from seakeep.serving.server.marks import Mark

ROWS_TOGETHER = 256
"""At most so many rows are run together on the loop; an ask of more runs aside, by itself."""


@dataclass(slots=True)
class Ask:
    """What a request asks for.

    columns: values by input, in the model's order, None where missing. rows: how many. natural: whether it came as rows,
    and the answer goes as rows. id: the client's name for it. outputs: names of the tensors wanted, None for all.
    key: of the request, from its parameters. parameters: of the request, as they were sent. keys: of its rows, where the
    schema's key column was sent, as it was sent. marks: what the contract has against it, where it is answered all the same.
    binary: names of the tensors wanted as bytes. columnar: whether it came as columns, and the answer goes as columns.
    arrays: what the columns become as tensors, where they came as bytes; whoever changes a column makes it None. interval: how
    sure the answers are, where that is asked too.
    """

    columns: Sequence[Values]
    rows: int
    natural: bool
    id: str | None = None
    outputs: tuple[str, ...] | None = None
    key: str | None = None
    keys: Values | None = None
    parameters: Mapping[str, Any] | None = None
    marks: Sequence[Mark] = ()
    binary: tuple[str, ...] = ()
    columnar: bool = False
    arrays: Sequence[NDArray[Any]] | None = None
    interval: Interval | None = None
