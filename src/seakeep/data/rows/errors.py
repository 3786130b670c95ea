"""The errors of row rules: what is wrong with a rule's text, with a caret below the very place.

DataError
├── BadRule         a rule's text cannot be read, or does not fit the columns it speaks of
├── BadReference    the table that a rule refers to cannot be compared with
├── BadQuarantine   the broken or the good rows cannot be written as asked
└── BadKey          two tables cannot be joined by the key
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import DataError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from seakeep.data.rows.tree import Place

WIDTH = 100
_GRAMMAR = "See the grammar in docs/guides/rows.md."


class BadRule(DataError):
    """A row rule cannot be read, or does not fit the columns that it speaks of. `position`: the character, from 0."""

    @classmethod
    def at(cls, found: str, text: str, place: Place, *, cause: str = "", fix: str = "", **values: object) -> BadRule:
        """`found` is wrong at this place of `text`, which is drawn with a caret below it."""
        drawn = drawn_at(text, place)
        told = f"{drawn}\n  {cause}" if cause else drawn
        error = cls(found, cause=told, fix=fix or _GRAMMAR, text=text, position=place[0], place=place)
        error.values |= values
        return error

    def of_rule(self, name: str, schema: str) -> BadRule:
        """The same error, saying whose rule it is."""
        where = f"rule {name!r} of schema {schema}"
        error = BadRule(self.found, where=where, cause=self.cause, fix=self.fix)
        error.values |= {**self.values, "rule": name}
        return error

    @classmethod
    def sign(cls, text: str, at: int) -> BadRule:
        meant = {"&": "and", "|": "or", "!": "not", "{": "(", "[": "(", "}": ")", "]": ")", ";": "and"}.get(text[at])
        cause = f"Did you mean {meant!r}?" if meant else "Text goes in quotes, odd column names in backticks (`)."
        return cls.at(f"{text[at]!r} has no meaning here", text, (at, at + 1), cause=cause)

    @classmethod
    def open_quote(cls, text: str, at: int) -> BadRule:
        quote = text[at]
        cause = f"It needs another {quote} at its end; a {quote} within is written {'``' if quote == '`' else chr(92) + quote}."
        return cls.at("a quote is not closed", text, (at, at + 1), cause=cause)

    @classmethod
    def escape(cls, text: str, at: int) -> BadRule:
        known = "Known: \\\" \\' \\\\ \\n \\t \\r and \\uXXXX; a backslash itself is written \\\\."
        return cls.at("a backslash stands before a character without a meaning", text, (at, at + 2), cause=known)

    @classmethod
    def unit(cls, text: str, place: Place, unit: str) -> BadRule:
        cause = "A length of time has one unit: w, d, h, m or s, as in 2h or 45s."
        return cls.at(f"{unit!r} is no unit", text, place, cause=cause, unit=unit)

    @classmethod
    def number(cls, text: str, place: Place) -> BadRule:
        cause = "Numbers have 64 bits; a length of time at most some 290,000 years."
        return cls.at("the number is out of range", text, place, cause=cause)

    @classmethod
    def expected(cls, wanted: str, found: str, text: str, place: Place, *, cause: str = "") -> BadRule:
        return cls.at(f"{wanted} is expected, found {found or 'the end'}", text, place, cause=cause)

    @classmethod
    def chained(cls, text: str, place: Place) -> BadRule:
        cause = "Comparisons are not chained."
        fix = "Write: a between 0 and 10, or: 0 < a and a < 10."
        return cls.at("a comparison of a comparison", text, place, cause=cause, fix=fix)

    @classmethod
    def too_long(cls, text: str, most: int) -> BadRule:
        return cls(
            f"the rule has {len(text):,} characters, at most {most:,} are read",
            cause="A list of so many values belongs into a column's values, or into a table that the rule refers to.",
            fix="rules: {known: {refers: carrier, to: carriers.parquet, by: code}}",
            text=text,
        )

    @classmethod
    def too_deep(cls, text: str, place: Place, most: int) -> BadRule:
        cause = f"A rule may be nested {most} deep."
        return cls.at("the rule is nested too deeply", text, place, cause=cause, fix="Write two rules.")

    @classmethod
    def unknown_column(cls, name: str, text: str, place: Place, known: Iterable[str]) -> BadRule:
        near = nearest(name, known)
        cause = f"Did you mean {near!r}?" if near else f"Known: {', '.join(sorted(known)[:20]) or 'none'}."
        fix = f"Write {near} there, or add the column to the contract." if near else "Add the column to the contract."
        return cls.at(f"there is no column {name!r}", text, place, cause=cause, fix=fix, name=name, nearest=near)

    @classmethod
    def unknown_function(cls, name: str, text: str, place: Place, known: Iterable[str]) -> BadRule:
        near = nearest(name, known)
        cause = f"Did you mean {near!r}?" if near else ""
        if name in ("today", "now"):
            cause = "What depends on the clock would judge the same table differently tomorrow."
        fix = f"Known: {', '.join(sorted(known))}."
        return cls.at(f"there is no function {name!r}", text, place, cause=cause, fix=fix, name=name, nearest=near)

    @classmethod
    def arguments(cls, name: str, usage: str, text: str, place: Place, *, count: int) -> BadRule:
        return cls.at(f"{name} does not take {count} arguments", text, place, fix=f"Write {usage}.", name=name)

    @classmethod
    def kinds(cls, found: str, text: str, place: Place, *, cause: str = "", fix: str = "") -> BadRule:
        return cls.at(found, text, place, cause=cause, fix=fix or "Compare what is of one kind.")

    @classmethod
    def pattern(cls, pattern: str, reason: str, text: str, place: Place) -> BadRule:
        cause = "Patterns are those of Rust's regex crate: no look-around and no references back."
        return cls.at(f"the regular expression {pattern!r} cannot be read: {reason}", text, place, cause=cause)

    @classmethod
    def moment(cls, value: str, text: str, place: Place) -> BadRule:
        cause = "A text beside a timestamp is read as ISO 8601, in UTC where it names no zone."
        return cls.at(
            f"{value!r} is no date or time",
            text,
            place,
            cause=cause,
            fix='Write "2013-01-01" or "2013-01-01T05:00:00Z".',
        )

    @classmethod
    def not_boolean(cls, kind: str, text: str) -> BadRule:
        cause = "A rule is true or false of every row."
        fix = "Compare it with something, for example: distance > 0."
        return cls.at(f"the rule is a {kind}", text, (0, len(text)), cause=cause, fix=fix, kind=kind)

    @classmethod
    def no_column(cls, text: str) -> BadRule:
        cause = "It is true or false of all rows alike."
        return cls.at("the rule names no column", text, (0, len(text)), cause=cause, fix="Name one: distance > 0.")


class BadReference(DataError):
    """The table that a rule refers to cannot be compared with."""

    @classmethod
    def kinds(cls, rule: str, column: str, kind: str, *, other: str, found: str, to: str) -> BadReference:
        return cls(
            f"column {column!r} is {kind} and {other!r} of {to} is {found}; they can never be equal",
            where=f"rule {rule!r}",
            cause="One of the two was read as text, or the rule names the wrong column.",
            fix=f"Correct `by` of rule {rule}, or write {to} with the same type.",
            rule=rule,
            column=column,
        )

    @classmethod
    def unknown_column(cls, rule: str, name: str, known: Sequence[str], *, to: str) -> BadReference:
        near = nearest(name, known)
        return cls(
            f"there is no column {name!r} in {to}",
            where=f"rule {rule!r}",
            cause=f"Did you mean {near!r}?" if near else f"It has: {', '.join(known[:20])}.",
            fix=f"Write by: {near or known[0] if known else '…'} in rule {rule}.",
            rule=rule,
            name=name,
            nearest=near,
        )

    @classmethod
    def unreadable(cls, rule: str, to: str, error: DataError) -> BadReference:
        return cls(
            f"the table that rule {rule!r} refers to cannot be read: {error.found}",
            where=error.where,
            cause=error.cause or "Its path is relative to the contract's file.",
            fix=error.fix or f"Correct `to` of rule {rule}.",
            rule=rule,
            to=to,
        )


class BadQuarantine(UsageError):
    """The broken or the good rows cannot be written as asked; nothing was written."""

    @classmethod
    def ending(cls, path: Path, option: str) -> BadQuarantine:
        return cls(
            f"{option} is {path.name!r}, expected a name that ends in .parquet",
            cause="Rows are written as Parquet, which keeps every type.",
            fix=f"Name it {path.with_suffix('.parquet')}.",
            path=str(path),
        )

    @classmethod
    def own_input(cls, path: Path, table: str) -> BadQuarantine:
        return cls(
            f"{path} is a file of the table that is judged",
            where=table,
            cause="Overwriting it would lose the rows that are judged.",
            fix=f"Name another file: {path.with_name(f'{path.stem}-rows{path.suffix}')}",
            path=str(path),
        )

    @classmethod
    def same(cls, path: Path) -> BadQuarantine:
        return cls(
            f"the broken and the good rows would go to the same file {path}",
            fix=f"Name another for the good ones: {path.with_name(f'{path.stem}-good{path.suffix}')}",
            path=str(path),
        )

    @classmethod
    def taken(cls, name: str, table: str) -> BadQuarantine:
        return cls(
            f"the table has a column {name!r} already, which the quarantine adds",
            where=table,
            cause="It may be a quarantine file itself.",
            fix=f"Leave it out on reading: seakeep.read(…, drop=[{name!r}]).",
            name=name,
        )


class BadKey(UsageError):
    """Two tables cannot be joined by the key."""

    @classmethod
    def absent(cls, key: str, table: str, known: Sequence[str]) -> BadKey:
        near = nearest(key, known)
        return cls(
            f"there is no column {key!r} to join by",
            where=table,
            cause=f"Did you mean {near!r}?" if near else f"It has: {', '.join(known[:20])}.",
            fix=f"Pass key={near!r}." if near else "Pass the key that both tables have: key='…'.",
            key=key,
            nearest=near,
        )

    @classmethod
    def none(cls) -> BadKey:
        return cls(
            "no column is named to join the rows by",
            cause="Rows are compared one with one, so each needs a name that is its own.",
            fix="Pass key='flight_id', or read the tables with their key.",
        )

    @classmethod
    def kinds(cls, key: str, first: str, second: str) -> BadKey:
        return cls(
            f"key column {key!r} is {first} in training and {second} in serving; they can never be equal",
            cause="One of the two was read as text.",
            fix=f"Give it one type on reading: seakeep.read(…, derive={{{key!r}: polars.col({key!r}).cast(…)}}).",
            key=key,
        )


def drawn_at(text: str, place: Place) -> str:
    r"""The text around a place, and carets below the place; the first line is set in by whoever joins it, the second here.

    >>> drawn_at("a > b", (4, 5))
    '  a > b\n        ^'
    """
    start, end = place
    low = max(0, start - WIDTH // 2)
    shown = "".join(character if character.isprintable() else " " for character in text[low : low + WIDTH])
    carets = max(1, min(end, low + len(shown)) - start)
    left, right = ("…" if low else ""), ("…" if low + WIDTH < len(text) else "")
    return f"  {left}{shown}{right}\n  {'  ' if low == 0 else '   '}{' ' * (start - low)}{'^' * carets}"
