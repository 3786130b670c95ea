"""How a contract changes: accept what was found, rename a column, tell two contracts apart.

The commands `seakeep schema update|rename|diff` call these. A contract that is a nuisance to change gets deleted, so accepting a
table is one call; it changes nothing that the table keeps, so what people wrote (notes, thresholds, tighter limits) stays.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from seakeep.core.codec import to_plain
from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.data.contract.infer import MOST_VALUES, infer_column, missing_allowance, seen_twice
from seakeep.data.validation.rules import kind_fits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.codec import Json, Scalar
    from seakeep.core.schema import Environment
    from seakeep.core.statistics import ColumnStatistics, Statistics

_ROLES = ("name", "label", "time", "key", "rows_at_least")
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


def update_schema(schema: Schema, statistics: Statistics, *, environment: Environment = "training") -> Schema:
    """The contract, loosened just so far that a table with these statistics keeps it.

    New columns are inferred; columns that the table lacks become optional; kinds follow the table; limits that it breaks are
    widened to what was found (missing rates with the allowance of `infer`). All else stays. A table without rows changes
    nothing but the columns' presence.
    """
    expected = schema.expected(environment)
    columns = dict(schema.columns)
    for name, contract in expected.items():
        found = statistics.columns.get(name)
        if found is None:
            columns[name] = replace(contract, required=False)
        elif found.rows:
            columns[name] = _accepted(contract, found)
    if environment == "training":
        new = {name: infer_column(found) for name, found in statistics.columns.items() if name not in columns}
        columns.update(new)
        columns.update(
            {name: replace(columns[name], not_in=_without_training(columns[name])) for name in statistics.columns}
        )
    rows = min(schema.rows_at_least, statistics.rows) if statistics.rows else schema.rows_at_least
    return replace(schema, columns=columns, rows_at_least=rows)


def rename_column(schema: Schema, old: str, new: str) -> Schema:
    """The contract with column `old` called `new`, in its place and with its roles.

    Raises: UsageError with the nearest name, where there is no `old`; CannotRename, where `new` is another column.
    """
    schema[old]
    if new in schema.columns and new != old:
        raise CannotRename.taken(old, new, schema.name)
    columns = {new if name == old else name: column for name, column in schema.columns.items()}
    roles: dict[str, Any] = {role: new for role in ("label", "time", "key") if getattr(schema, role) == old}
    return replace(schema, columns=columns, **roles)


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


def _accepted(contract: ColumnSchema, found: ColumnStatistics) -> ColumnSchema:
    if found.kind is not Kind.NULL and not kind_fits(contract.kind, found.kind):
        fresh = infer_column(found)
        kept = {name: getattr(contract, name) for name in ("required", "available", "not_in", "note")}
        return replace(fresh, **kept)
    changes: dict[str, Any] = {}
    if found.missing_rate > contract.missing_at_most:
        changes["missing_at_most"] = missing_allowance(found)
    if found.positive_infinity + found.negative_infinity:
        changes["infinite"] = True
    if contract.unique and seen_twice(found):
        changes["unique"] = False
    if contract.values is not None:
        changes["values"] = _more_values(contract, found)
    if contract.minimum is not None and found.minimum is not None:
        changes["minimum"] = min(contract.minimum, found.minimum)
    if contract.maximum is not None and found.maximum is not None:
        changes["maximum"] = max(contract.maximum, found.maximum)
    return replace(contract, **changes)


def _more_values(contract: ColumnSchema, found: ColumnStatistics) -> tuple[bool | int | str, ...] | None:
    """The listed values and the new ones, where the tolerance did not cover those; None where the list is no closed one."""
    listed = {(isinstance(value, bool), value) for value in contract.values or ()}
    counts = found.top.as_dict()
    new = [v for v in counts if (isinstance(v, bool), v) not in listed and not isinstance(v, float)]
    kept = sum(count for value, count in counts.items() if (isinstance(value, bool), value) in listed)
    if found.finite - kept <= contract.others_at_most * found.finite:
        return contract.values
    too_many = len(listed) + len(new) > max(MOST_VALUES, len(listed))
    return None if too_many or not found.top.is_exact else (*(contract.values or ()), *sorted(new, key=str))


def _without_training(column: ColumnSchema) -> tuple[Environment, ...]:
    return tuple(environment for environment in column.not_in if environment != "training")


def _differences(first: Schema, second: Schema) -> Iterator[tuple[str, str, Scalar, Scalar]]:
    for role in _ROLES:
        before, after = getattr(first, role), getattr(second, role)
        if before != after:
            yield "table", role, before, after
    for name in dict.fromkeys((*first.columns, *second.columns)):
        old, new = first.columns.get(name), second.columns.get(name)
        if old is None or new is None:
            kinds = (column.kind.value if column else None for column in (old, new))
            yield name, "column", *kinds  # type: ignore[misc]  # two of them
            continue
        for field in fields(ColumnSchema):
            pair = (to_plain(getattr(old, field.name)), to_plain(getattr(new, field.name)))
            if pair[0] != pair[1] or type(pair[0]) is not type(pair[1]):
                yield name, field.name, _told(pair[0], pair[1]), _told(pair[1], pair[0])


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
        code = "contract.table_changed" if subject == "table" and field in _ROLES else "contract.column_changed"
        what = f"Column {subject!r}" if code == "contract.column_changed" else "The table"
        message = f"{what}: {field} was {before!r} and is {after!r}."
    fix = "Read it over; tables that kept the old contract may break the new one, and the other way round."
    return Check(code, subject, Verdict.FAIL, message, after, before, fix, {"field": field})
