"""Keys of the test set that are in the training set: another row of a customer that the model knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.frames import schema_of
from seakeep.data.quality.finding import Found
from seakeep.data.quality.findings.overlap import _Look, common
from seakeep.data.quality.telling import some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Table

MEANING = "No key of the other table is in this one."
COST = "both tables"
NEEDS: tuple[str, ...] = (
    "against",
    "key",
)
LEAST_ROWS = 1


def look(table: Table) -> _Look | None:
    """Looks at the key of both tables; nothing, where the other one has no such column."""
    assert table.against is not None
    key = str(table.key)
    return _Look([key], dict(table.types)) if key in schema_of(table.against) else None


def find(table: Table, look: _Look | None) -> Iterator[Found]:
    """Rows of the other table whose key stands in this one."""
    if look is None:
        return
    count, share, examples = common(look.test, look.training)
    if count:
        message = f"{count:,} rows of the other table have a key ({table.key!r}) that is in this one too, for example its row {examples[0]:,}."
        fix = "Split by key: seakeep.split(dataset, share=0.25) keeps the rows of a key together."
        yield Found(
            str(table.key),
            message,
            count,
            0,
            fix,
            {"rows": count, "share_looked_at": share, "examples": some(examples)},
        )
