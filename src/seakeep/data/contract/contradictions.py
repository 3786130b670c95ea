"""What in a contract speaks against itself: two statements that no table, or no reader of it, could keep at once.

Pure: over a Schema, whatever it was made of. `reading` refuses the first with the lines of both sides, `writing` refuses to save one. A
contradiction that is not refused would show as a check that always fails, or worse, as one that can never fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.comparison.moves import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.schema import ColumnSchema, RowRule, Schema

Path = tuple[str, ...]
Limit = tuple[str, float | None]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """sides: where the two statements stand, as paths of keys from the document's top. found: one sentence. fix: what to do."""

    sides: tuple[Path, Path]
    found: str
    fix: str


def contradictions(schema: Schema) -> Iterator[Contradiction]:
    """Every contradiction, in the order of the contract. Patterns are held against listed values where both are given."""
    yield from _table(schema)
    for name, column in schema.columns.items():
        yield from _column(name, column, ("columns", name))
        yield from _presence(name, column, schema)
        yield from _environments(name, column)
    for rule in schema.rules:
        yield from _rule(rule, schema)


def _table(schema: Schema) -> Iterator[Contradiction]:
    yield from _crossed("the table", (), *_limits(schema, "rows"))
    yield from _crossed("the table", (), *_limits(schema, "growth"))
    for role in ("label", "time", "key"):
        name = getattr(schema, role)
        column = schema.columns.get(name)
        if column is None:
            continue
        at: Path = ("columns", name)
        if column.deprecated:
            found = f"{name!r} is the {role}, and deprecated: {column.deprecated}"
            yield Contradiction(((role,), (*at, "deprecated")), found, f"Name another {role}, or take deprecated out.")
        if role == "label" and not schema.expects(name, "training"):
            key = "not_in" if "training" in column.not_in else "in" if column.in_ else "default_in"
            side = (key,) if key == "default_in" else (*at, key)
            found = f"{name!r} is the label, and {key} says that training does not have it"
            yield Contradiction(
                (("label",), side), found, "A label is what training learns from: let training have it."
            )
        if role == "label" and "serving" in column.in_:
            found = f"{name!r} is the label, and in says that serving has it"
            yield Contradiction((("label",), (*at, "in")), found, "Serving has no label: take serving out of in.")


def _column(name: str, column: ColumnSchema, at: Path) -> Iterator[Contradiction]:
    """What a column says of its values, and its items and fields of theirs."""
    told = f"column {name!r}"
    yield from _bounds(told, column, at)
    yield from _crossed(told, at, *_limits(column, "length"))
    yield from _crossed(told, at, *_limits(column, "distinct"))
    yield from _values(told, column, at)
    if column.items is not None:
        yield from _column(f"{name}[]", column.items, (*at, "items"))
    for field, inner in column.fields.items():
        yield from _column(f"{name}.{field}", inner, (*at, "fields", field))


def _bounds(told: str, column: ColumnSchema, at: Path) -> Iterator[Contradiction]:
    low, high = column.minimum, column.maximum
    if low is not None and high is not None and low > high:
        words = [readable(value, column.kind) for value in (low, high)]
        found = f"{told}: minimum {words[0]} is above maximum {words[1]}"
        yield Contradiction(((*at, "minimum"), (*at, "maximum")), found, "Swap them, or correct one of them.")


def _values(told: str, column: ColumnSchema, at: Path) -> Iterator[Contradiction]:
    if column.values is None:
        return
    for key, outside in _outside(column):
        if outside:
            found = f"{told}: values lists {outside[0]!r}, which {key} {getattr(column, key)!r} does not allow"
            fix = f"Take it out of values, or correct {key}."
            yield Contradiction(((*at, "values"), (*at, key)), found, fix)
    most = column.distinct_at_least
    if most is not None and most > len(set(column.values)) and not column.others_at_most:
        found = f"{told}: distinct_at_least asks for {most}, and values allows {len(set(column.values))} different ones"
        yield Contradiction(((*at, "values"), (*at, "distinct_at_least")), found, "Lower distinct_at_least.")


def _outside(column: ColumnSchema) -> Iterator[tuple[str, list[bool | int | str]]]:
    """By what allows less, the listed values that it does not allow."""
    listed = column.values or ()
    low, high = column.minimum, column.maximum
    if column.kind is Kind.INTEGER:
        yield "minimum", [value for value in listed if low is not None and not isinstance(value, str) and value < low]
        yield "maximum", [value for value in listed if high is not None and not isinstance(value, str) and value > high]
    texts = [value for value in listed if isinstance(value, str)]
    least, most = column.length_at_least, column.length_at_most
    yield "length_at_least", [text for text in texts if least is not None and len(text) < least]
    yield "length_at_most", [text for text in texts if most is not None and len(text) > most]
    if column.pattern and texts:
        from seakeep.data.contract.patterns import matches

        fits = matches(column.pattern, texts)
        yield "pattern", [text for text, fit in zip(texts, fits, strict=True) if not fit]


def _presence(name: str, column: ColumnSchema, schema: Schema) -> Iterator[Contradiction]:
    at: Path = ("columns", name)
    if column.deprecated and column.required:
        found = f"column {name!r} is deprecated ({column.deprecated}), and required, as columns are unless they say otherwise"
        yield Contradiction(((*at, "deprecated"), (*at, "required")), found, "Write required: false beside it.")
    most = schema.rows_at_most
    if most is not None and column.present_at_least > most:
        found = f"column {name!r}: present_at_least asks for {column.present_at_least:,} values, and rows_at_most allows {most:,} rows"
        yield Contradiction(((*at, "present_at_least"), ("rows_at_most",)), found, "Correct one of them.")
    if column.unique and column.distinct_at_most is not None and column.distinct_at_most < column.present_at_least:
        found = (
            f"column {name!r}: unique and present_at_least ask for {column.present_at_least:,} different values, "
            f"and distinct_at_most allows {column.distinct_at_most:,}"
        )
        yield Contradiction(((*at, "present_at_least"), (*at, "distinct_at_most")), found, "Correct one of them.")


def _environments(name: str, column: ColumnSchema) -> Iterator[Contradiction]:
    at: Path = ("columns", name)
    for both in (each for each in column.in_ if each in column.not_in):
        found = f"column {name!r}: in names {both}, and so does not_in"
        yield Contradiction(((*at, "in"), (*at, "not_in")), found, f"Take {both} out of one of them.")
    if column.available == "after" and "serving" in column.in_:
        found = f"column {name!r} comes after the prediction (available: after), and in says that serving has it"
        yield Contradiction(
            ((*at, "available"), (*at, "in")), found, "Take serving out of in, or set available: before."
        )


def _rule(rule: RowRule, schema: Schema) -> Iterator[Contradiction]:
    at: Path = ("rules", rule.name)
    if bool(rule.holds) == bool(rule.refers):
        found = f"rule {rule.name!r} says {'both' if rule.holds else 'neither'} holds {'and' if rule.holds else 'nor'} refers"
        fix = 'Give it one of them: {holds: "a > b"}, or {refers: origin, to: airports.parquet, by: faa}.'
        yield Contradiction(((*at, "holds"), (*at, "refers")), found, fix)
    elif rule.refers and not (rule.to and rule.by):
        found = (
            f"rule {rule.name!r} refers to a table, and does not say {'by which columns' if rule.to else 'to which'}"
        )
        yield Contradiction(((*at, "refers"), (*at, "to")), found, "Say it: to: airports.parquet, by: faa.")
    elif rule.refers and len(rule.refers) != len(rule.by):
        found = f"rule {rule.name!r} refers by {len(rule.refers)} columns to {len(rule.by)}"
        yield Contradiction(
            ((*at, "refers"), (*at, "by")), found, "Name as many columns in by as in refers, in one order."
        )
    elif rule.holds and (rule.to or rule.by):
        key = "to" if rule.to else "by"
        found = f"rule {rule.name!r} holds an expression, and {key} belongs to a rule that refers"
        yield Contradiction(((*at, "holds"), (*at, key)), found, f"Take {key} out, or write refers instead of holds.")
    for name in rule.refers:
        column = schema.columns.get(name)
        if column is None:
            found = f"rule {rule.name!r} refers by column {name!r}, and columns has none of that name"
            yield Contradiction(((*at, "refers"), ("columns",)), found, "Correct the name in refers.")


def _crossed(told: str, at: Path, least: Limit, most: Limit) -> Iterator[Contradiction]:
    (low_key, low), (high_key, high) = least, most
    if low is not None and high is not None and low > high:
        sides = ((*at, low_key), (*at, high_key))
        yield Contradiction(sides, f"{told}: {low_key} {low:,} is above {high_key} {high:,}", "Correct one of them.")


def _limits(noun: Schema | ColumnSchema, what: str) -> tuple[Limit, Limit]:
    least, most = f"{what}_at_least", f"{what}_at_most"
    return (least, getattr(noun, least)), (most, getattr(noun, most))
