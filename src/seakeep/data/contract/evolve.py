"""How a contract changes: rename a column, tell two contracts apart.

The commands `seakeep schema rename|diff` call these; `update` accepts what was found, and `merge` makes one contract of two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seakeep.core.codec import to_plain
from seakeep.core.errors import UsageError
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.data.contract.nested import flattened
from seakeep.data.contract.reading import TABLE_KEYS as TABLE_FIELDS
from seakeep.data.contract.writing import key_of, rule_lines
from seakeep.data.rows.expression import Expression
from seakeep.data.rows.tree import Column, canonical, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seakeep.core.codec import Json, Scalar
    from seakeep.core.schema import RowRule

_MOST_SHOWN = 120


class CannotRename(UsageError):
    """A column cannot take a name."""

    @classmethod
    def taken(cls, old: str, new: str, schema: str) -> CannotRename:
        return cls(
            f"column {old!r} cannot be called {new!r}: another column is",
            where=f"schema {schema}",
            cause="Both columns are in the contract; a rename would lose one.",
            fix=f"Take {new!r} out of the contract first, or choose another name.",
            old=old,
            new=new,
        )


def rename_column(schema: Schema, old: str, new: str) -> Schema:
    """The contract with column `old` called `new`, in its place, with its roles, and in the rules that name it.

    Raises: UsageError with the nearest name, where there is no `old`; CannotRename, where `new` is another column.
    """
    schema[old]
    if new in schema.columns and new != old:
        raise CannotRename.taken(old, new, schema.name)
    columns = {new if name == old else name: column for name, column in schema.columns.items()}
    roles: dict[str, Any] = {role: new for role in ("label", "time", "key") if getattr(schema, role) == old}
    rules = tuple(_renamed(rule, old, new) for rule in schema.rules)
    return replace(schema, columns=columns, rules=rules, **roles)


def _renamed(rule: RowRule, old: str, new: str) -> RowRule:
    refers = tuple(new if name == old else name for name in rule.refers)
    return replace(rule, refers=refers, holds=renamed_in(rule.holds, old, new) if rule.holds else "")


def diff_schemas(first: Schema, second: Schema) -> Report:
    """What differs between two contracts: a check a difference (verdict fail), and a table "differences".

    Equal contracts give one passing check, so that the verdict says whether they differ, as `diff` does.
    """
    rows = tuple(_differences(first, second))
    checks = tuple(_difference_check(*row) for row in rows)
    equal = Check("contract.equal", first.name, Verdict.PASS, "Both contracts say the same.")
    table = Table("differences", "What changed", ("subject", "field", "before", "after"), rows)
    subject = f"{first.name}@{first.digest[:6]} against {second.name}@{second.digest[:6]}"
    return Report("schema_diff", "Differences of two contracts", subject, checks or (equal,), (table,) if rows else ())


def _differences(first: Schema, second: Schema) -> Iterator[tuple[str, str, Scalar, Scalar]]:
    for role in TABLE_FIELDS:
        before, after = (to_plain(getattr(each, role)) for each in (first, second))
        if before != after:
            yield "table", role, _told(before, after), _told(after, before)
    yield from _columns_differ(flattened(first.columns), flattened(second.columns))
    rules = [{rule.name: rule for rule in each.rules} for each in (first, second)]
    for name in dict.fromkeys((*rules[0], *rules[1])):
        old, new = (each.get(name) for each in rules)
        if old != new:
            yield f"rule {name}", "rule", _rule(old), _rule(new)


def _columns_differ(
    first: Mapping[str, ColumnSchema], second: Mapping[str, ColumnSchema]
) -> Iterator[tuple[str, str, Scalar, Scalar]]:
    for name in dict.fromkeys((*first, *second)):
        old, new = first.get(name), second.get(name)
        if old is None or new is None:
            kinds = (column.kind.value if column else None for column in (old, new))
            yield name, "column", *kinds  # type: ignore[misc]  # two of them
            continue
        for field in ColumnSchema.__slots__:
            if field in ("items", "fields"):
                continue  # they are flattened, and told by their paths
            pair = (to_plain(getattr(old, field)), to_plain(getattr(new, field)))
            if pair[0] != pair[1] or type(pair[0]) is not type(pair[1]):
                yield name, key_of(field), _told(pair[0], pair[1]), _told(pair[1], pair[0])


def _rule(rule: RowRule | None) -> str | None:
    """A rule in one line, as it stands in a contract."""
    return None if rule is None else ", ".join(line.strip() for line in rule_lines(rule))


def _told(value: Json, other: Json) -> Scalar:
    """A field's value as a cell: of long lists only what the other has not."""
    if isinstance(value, list):
        own = [item for item in value if not isinstance(other, list) or item not in other]
        text = ", ".join(str(item) for item in (own if isinstance(other, list) else value))
        return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
    return ", ".join(f"{key}: {item}" for key, item in value.items()) if isinstance(value, dict) else value


def _difference_check(subject: str, field: str, before: Scalar, after: Scalar) -> Check:
    if field == "column":
        code = "contract.column_added" if before is None else "contract.column_removed"
        verb = "was added" if before is None else "was taken out"
        message = f"Column {subject!r} ({after if before is None else before}) {verb}."
    else:
        table = (subject == "table" and field in TABLE_FIELDS) or field == "rule"
        code = "contract.table_changed" if table else "contract.column_changed"
        what = f"Column {subject!r}" if not table else "The table" if field != "rule" else subject.capitalize()
        message = f"{what}: {field} was {before!r} and is {after!r}."
    fix = "Read it over; tables that kept the old contract may break the new one, and the other way round."
    return Check(code, subject, Verdict.FAIL, message, after, before, fix, {"field": field})


def renamed_in(holds: str, old: str, new: str) -> str:
    """A rule's expression with column `old` called `new`; all else, spaces too, stays as it was written.

    >>> renamed_in("fare >= 0 and max(fare, tip) < 1e3", "fare", "the fare")
    '`the fare` >= 0 and max(`the fare`, tip) < 1e3'
    """
    text, end = "", 0
    for column in columns_of(Expression.of(holds).tree):
        if column.name == old:
            text, end = f"{text}{holds[end : column.place[0]]}{canonical(Column(new))}", column.place[1]
    return text + holds[end:]
