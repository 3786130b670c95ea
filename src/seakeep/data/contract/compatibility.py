"""Whether a changed contract breaks those who kept the old one: producers of its tables, and programs that send requests.

Called where a change is reviewed, before it lands (see pipeline.ci). `evolve.diff_schemas` says what differs; here each difference is judged:
a contract that asks for more breaks tables and requests that were right yesterday, one that asks for less breaks nobody.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from seakeep.core.report import Check, Report, Verdict
from seakeep.core.schema import ColumnSchema
from seakeep.data.contract.evolve import diff_schemas
from seakeep.data.validation.rules import kind_fits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seakeep.core.schema import Schema

CODE = "contract.compatible"
_HARMLESS = ("drift", "note")
_ROLES = ("label", "time", "key")


def compare_contracts(before: Schema, after: Schema, *, accepted: bool = False) -> Report:
    """What `after` asks for that `before` did not, a check a column; a table "differences" has every change.

    Parameters: accepted: whether a person has agreed to a break; it is then told and passes.
    Returns: report of kind "schema_diff"; one passing check where nothing breaks.
    """
    changed = diff_schemas(before, after)
    breaks = dict(_breaks(before, after))
    checks = tuple(_check(subject, why, accepted=accepted) for subject, why in breaks.items())
    count = sum(len(table.rows) for table in changed.tables)
    told = f"{count} changes, and none of them breaks" if count > 1 else "One change, and it does not break"
    message = f"{told} a table or request that kept the old contract." if count else "The contract is unchanged."
    fine = Check(CODE, after.name, Verdict.PASS, message)
    return Report("schema_diff", "Contract", after.name, checks or (fine,), changed.tables)


def _check(subject: str, why: tuple[str, ...], *, accepted: bool) -> Check:
    what = f"Column {subject!r}" if subject != "table" else "The table"
    message = f"{what} asks for more than before: {'; '.join(why)}."
    if accepted:
        return Check(CODE, subject, Verdict.PASS, f"{message} This was accepted.", evidence={"breaks": list(why)})
    fix = "Tell those who write this table and send these requests, then accept it; or loosen the contract again."
    return Check(CODE, subject, Verdict.FAIL, message, fix=fix, evidence={"breaks": list(why)})


def _breaks(before: Schema, after: Schema) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What breaks, by column; "table" for what concerns all of it."""
    table = [f"{role} was {getattr(before, role)!r} and is {getattr(after, role)!r}" for role in _ROLES
             if getattr(before, role) not in (None, getattr(after, role))]  # fmt: skip
    if after.rows_at_least > before.rows_at_least:
        table.append(f"at least {after.rows_at_least:,} rows, before {before.rows_at_least:,}")
    if table:
        yield "table", tuple(table)
    for name, column in after.columns.items():
        why = tuple(_narrower(before.columns[name], column)) if name in before.columns else tuple(_new(column))
        if why:
            yield name, why
    for name, column in before.columns.items():
        if name not in after.columns:
            yield name, (f"the column ({column.kind.value}) was taken out, so tables that have it are refused",)


def _new(column: ColumnSchema) -> Iterator[str]:
    if column.required:
        yield f"a new column ({column.kind.value}) that must be there"


def _narrower(before: ColumnSchema, after: ColumnSchema) -> Iterator[str]:
    """In which ways a column that keeps `before` may break `after`."""
    if not kind_fits(after.kind, before.kind):
        yield f"kind was {before.kind.value} and is {after.kind.value}"
    for field in fields(ColumnSchema):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new and field.name not in _HARMLESS and field.name != "kind":
            yield from _NARROWER[field.name](old, new) if field.name in _NARROWER else ()


def _raised(name: str, old: float | None, new: float | None) -> Iterator[str]:
    if new is not None and (old is None or new > old):
        yield f"{name} was {_told(old)} and is {_told(new)}"


def _lowered(name: str, old: float | None, new: float | None) -> Iterator[str]:
    if new is not None and (old is None or new < old):
        yield f"{name} was {_told(old)} and is {_told(new)}"


def _values(old: tuple[object, ...] | None, new: tuple[object, ...] | None) -> Iterator[str]:
    if new is None:
        return
    if old is None:
        yield "values are listed, before any was allowed"
        return
    gone = [str(value) for value in old if value not in new]
    if gone:
        yield f"values taken out: {', '.join(gone[:5])}{' …' if len(gone) > 5 else ''}"


def _switched(wanted: bool, words: str, new: bool) -> Iterator[str]:
    if new is wanted:
        yield words


def _when(old: str, new: str) -> Iterator[str]:
    if (old, new) == ("after", "before"):
        yield "it must now be sent with a request"


def _where(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[str]:
    now = [name for name in old if name not in new]
    if now:
        yield f"it is now expected in {' and '.join(now)}"


def _told(value: float | None) -> str:
    return "not given" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


_NARROWER: dict[str, Callable[[Any, Any], Iterator[str]]] = {
    "required": lambda _old, new: _switched(True, "it was optional and must now be there", new),
    "missing_at_most": lambda old, new: _lowered("missing_at_most", old, new),
    "others_at_most": lambda old, new: _lowered("others_at_most", old, new),
    "values": _values,
    "minimum": lambda old, new: _raised("minimum", old, new),
    "maximum": lambda old, new: _lowered("maximum", old, new),
    "infinite": lambda _old, new: _switched(False, "infinities are no longer allowed", new),
    "unique": lambda _old, new: _switched(True, "a value may now occur once only", new),
    "available": _when,
    "not_in": _where,
}
