"""The page of a schema: one row a column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.views import figures
from seakeep.views.pages.parts import Grid, Item, grid

if TYPE_CHECKING:
    from seakeep.core.schema import ColumnSchema, Schema

COLUMNS = ("column", "kind", "role", "presence", "may be missing", "values", "known", "largest drift", "note")
_VALUES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class SchemaPage:
    """Everything the template of a schema asks for."""

    kind: str
    title: str
    subject: str
    digest: str
    numbers: tuple[Item, ...]
    grid: Grid


def schema_page(schema: Schema, *, title: str = "") -> SchemaPage:
    """The page of `schema`."""
    after = sum(1 for column in schema.columns.values() if column.available == "after")
    numbers: tuple[Item, ...] = (
        Item("columns", figures.number(len(schema.columns))),
        Item("expected when serving", figures.number(len(schema.expected("serving")))),
        Item("known only after the prediction", figures.number(after)),
        Item("rows at least", figures.number(schema.rows_at_least)),
    )
    if schema.rules:
        numbers = (*numbers, Item("rules of rows", figures.number(len(schema.rules))))
    rows = [row(schema, name) for name in schema.columns]
    used = [i for i in range(len(COLUMNS)) if not rows or any(each[i] for each in rows)]
    columns = [COLUMNS[i] for i in used]
    shown = grid(
        "The contract of every column, in the table's order", columns, [[each[i] for i in used] for each in rows]
    )
    name = figures.visible(schema.name)
    return SchemaPage("Schema", title or f"Schema {name}", "", schema.digest, numbers, shown)


def row(schema: Schema, name: str) -> tuple[str, ...]:
    """One column's contract as text, in the order of COLUMNS."""
    column = schema.columns[name]
    return (
        name,
        column.kind.value,
        ", ".join(role for role in ("label", "time", "key") if getattr(schema, role) == name),
        _presence(column),
        f"up to {figures.share(column.missing_at_most)}" if column.missing_at_most else "never",
        values(column),
        "afterwards" if column.available == "after" else "beforehand",
        ", ".join(f"{distance} {figures.number(most)}" for distance, most in column.drift.items()),
        column.note,
    )


def values(column: ColumnSchema) -> str:
    """What values a column may hold, in words."""
    parts = []
    if column.values is not None:
        listed = ", ".join(figures.of_kind(column.kind, value) for value in column.values[:_VALUES_SHOWN])
        more = len(column.values) - _VALUES_SHOWN
        parts.append(f"one of {listed}" + (f" and {figures.number(more)} more" if more > 0 else ""))
        if column.others_at_most:
            parts.append(f"others up to {figures.share(column.others_at_most)}")
    low, high = (figures.of_kind(column.kind, bound) for bound in (column.minimum, column.maximum))
    if column.minimum is not None and column.maximum is not None:
        parts.append(f"{low} to {high}")
    elif column.minimum is not None:
        parts.append(f"at least {low}")
    elif column.maximum is not None:
        parts.append(f"at most {high}")
    parts += _said(column)
    return "; ".join(parts) or "any"


_KEPT = {"hash": "hashed in logs", "drop": "left out of logs"}


def _said(column: ColumnSchema) -> list[str]:
    """What a column's contract says of values beside which they are."""
    parts = ["all different"] if column.unique else []
    parts += ["infinities allowed"] if column.infinite else []
    parts += [f"NaN {column.nan}"] if column.nan != "missing" else []
    unit = {Kind.BINARY: "bytes", Kind.LIST: "items"}.get(column.kind, "characters")
    parts += _limits(column.length_at_least, column.length_at_most, unit)
    parts += _limits(column.distinct_at_least, column.distinct_at_most, "different")
    parts += [f"matching {column.pattern}"] if column.pattern else []
    parts += [column.semantics.replace("_", " ")] if column.semantics else []
    parts += [f"sensitive, {_KEPT[column.sensitive]}"] if column.sensitive else []
    parts += [f"items: {column.items.kind.value}, {values(column.items)}"] if column.items else []
    parts += [f"{name}: {inner.kind.value}, {values(inner)}" for name, inner in column.fields.items()]
    return parts


def _limits(least: int | None, most: int | None, unit: str) -> list[str]:
    if least is not None and most is not None:
        same = least == most
        return [
            f"{figures.number(least)} {unit}" if same else f"{figures.number(least)} to {figures.number(most)} {unit}"
        ]
    said = [f"at least {figures.number(least)} {unit}"] if least is not None else []
    return said + ([f"at most {figures.number(most)} {unit}"] if most is not None else [])


def _presence(column: ColumnSchema) -> str:
    word = "deprecated" if column.deprecated else "required" if column.required else "optional"
    word += f", in {' and '.join(column.in_)} only" if column.in_ else ""
    return f"{word}, not in {' or '.join(column.not_in)}" if column.not_in else word
