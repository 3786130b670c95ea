"""What lies inside of columns: items of lists and fields of structs, each with a path that reads like a column's name.

Called where columns are judged, compared, inferred and updated. A list's items are `tags[]`, a struct's field is `place.city`, and so on
inwards: `stops[].city`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seakeep.core.schema import ColumnSchema
    from seakeep.core.statistics import ColumnStatistics

C = TypeVar("C", "ColumnSchema", "ColumnStatistics")
Inside = tuple[str, "ColumnSchema", "ColumnStatistics | None", "ColumnStatistics | None"]


def nested(
    name: str, contract: ColumnSchema, found: ColumnStatistics, reference: ColumnStatistics | None = None
) -> Iterator[Inside]:
    """Each part that the contract knows inside of a column: its path, contract, statistics, and those of the reference."""
    if contract.items is not None:
        yield f"{name}[]", contract.items, found.items, reference.items if reference else None
    for field, inner in contract.fields.items():
        before = reference.fields.get(field) if reference else None
        yield f"{name}.{field}", inner, found.fields.get(field), before


def holds_nested(found: ColumnStatistics) -> bool:
    """Whether statistics tell what is inside of a column; those of lists that are all empty need not."""
    if found.kind is Kind.LIST:
        return found.items is not None or (found.lengths is not None and not found.lengths.total)
    return bool(found.fields) or found.kind is not Kind.STRUCT or not found.present


def flattened(columns: Mapping[str, C]) -> dict[str, C]:
    """Every column, be it a contract or statistics, and what lies inside of it, by path."""
    found: dict[str, C] = {}
    for name, column in columns.items():
        found[name] = column
        inner: dict[str, Any] = {f"{name}.{field}": each for field, each in column.fields.items()}
        if column.items is not None:
            inner[f"{name}[]"] = column.items
        for path, each in (flattened(inner) if inner else {}).items():
            found.setdefault(path, each)  # a column of the table that is called like a path is itself
    return found
