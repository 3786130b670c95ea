"""Whether a changed contract breaks those who kept the old one: producers of its tables, and programs that send requests.

Called where a change is reviewed, before it lands (see pipeline.ci). `evolve.diff_schemas` says what differs; here each difference is judged:
a contract that asks for more breaks tables and requests that were right yesterday, one that asks for less breaks nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.core.report import Check, Report, Verdict
from seakeep.data.contract.evolve import diff_schemas
from seakeep.data.validation.kind_rule import kind_fits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from seakeep.core.schema import ColumnSchema, RowRule, Schema

CODE = "contract.compatible"
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
    what = "The table" if subject == "table" else f"Column {subject!r}"
    what = subject.capitalize() if subject.startswith("rule ") else what
    message = f"{what} asks for more than before: {'; '.join(why)}."
    if accepted:
        return Check(CODE, subject, Verdict.PASS, f"{message} This was accepted.", evidence={"breaks": list(why)})
    fix = "Tell those who write this table and send these requests, then accept it; or loosen the contract again."
    return Check(CODE, subject, Verdict.FAIL, message, fix=fix, evidence={"breaks": list(why)})


def _breaks(before: Schema, after: Schema) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What breaks, by column; "table" for what concerns all of it."""
    table = [*_table(before, after)]
    if table:
        yield "table", tuple(table)
    yield from _columns(before.columns, after.columns)
    rules = {rule.name: rule for rule in before.rules}
    for rule in after.rules:
        why = tuple(_rule(rules.get(rule.name), rule))
        if why:
            yield f"rule {rule.name}", why


def _table(before: Schema, after: Schema) -> Iterator[str]:
    for role in _ROLES:
        if getattr(before, role) not in (None, getattr(after, role)):
            yield f"{role} was {getattr(before, role)!r} and is {getattr(after, role)!r}"
    if after.rows_at_least > before.rows_at_least:
        yield f"at least {after.rows_at_least:,} rows, before {before.rows_at_least:,}"
    yield from _lowered("rows_at_most", before.rows_at_most, after.rows_at_most)
    yield from _raised("growth_at_least", before.growth_at_least, after.growth_at_least)
    yield from _lowered("growth_at_most", before.growth_at_most, after.growth_at_most)
    yield from (f"default_in: {why}" for why in _in(before.default_in, after.default_in))
    gone = [name for name in before.environments if name not in after.known_environments]
    if gone:
        yield f"environments taken out: {', '.join(gone)}"


def _columns(
    before: Mapping[str, ColumnSchema], after: Mapping[str, ColumnSchema]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What breaks in columns, and in what lies inside of them, by path."""
    for name, column in after.items():
        why = tuple(_narrower(before[name], column)) if name in before else tuple(_new(column))
        if why:
            yield name, why
        if name in before:
            yield from _inside(name, before[name], column)
    for name, column in before.items():
        if name not in after:
            yield name, (f"the column ({column.kind.value}) was taken out, so tables that have it are refused",)


def _inside(name: str, before: ColumnSchema, after: ColumnSchema) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Items and fields that were free may be anything, so to state what they must be narrows."""
    if after.items is not None and before.items is None:
        yield name, ("what its items must be is stated, before they were free",)
    elif after.items is not None and before.items is not None:
        yield from _columns({f"{name}[]": before.items}, {f"{name}[]": after.items})
    if not after.fields:
        return
    if not before.fields:
        yield name, ("its fields are listed, before any were allowed",)
        return
    old, new = ({f"{name}.{field}": each for field, each in side.fields.items()} for side in (before, after))
    yield from _columns(old, new)


def _rule(before: RowRule | None, after: RowRule) -> Iterator[str]:
    if before is None:
        yield "a new rule that every row must keep"
        return
    if (before.holds, before.refers, before.to, before.by) != (after.holds, after.refers, after.to, after.by):
        yield "it says something else"
    yield from _lowered("broken_at_most", before.broken_at_most, after.broken_at_most)
    yield from _where(before.not_in, after.not_in)


def _new(column: ColumnSchema) -> Iterator[str]:
    if column.required:
        yield f"a new column ({column.kind.value}) that must be there"


def _narrower(before: ColumnSchema, after: ColumnSchema) -> Iterator[str]:
    """In which ways a column that keeps `before` may break `after`."""
    if not kind_fits(after.kind, before.kind):
        yield f"kind was {before.kind.value} and is {after.kind.value}"
    if after.deprecated:
        yield from (
            () if before.deprecated else (f"it is deprecated, so models that read it are refused: {after.deprecated}",)
        )
        return
    if before.deprecated:
        yield "it is no longer deprecated, so its values are judged again"
    for field, narrows in _NARROWER.items():
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield from narrows(old, new)


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


def _in(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[str]:
    """Environments that it is named in now; one that it is no longer named in may refuse it, which is as much a break."""
    if old and not new:
        yield "it is now expected in every environment"
    elif set(new) != set(old):
        yield f"it is now in {' and '.join(new)} only" + (f", before in {' and '.join(old)}" if old else "")


def _pattern(old: str, new: str) -> Iterator[str]:
    if new:
        yield f"pattern was {_quoted(old)} and is {_quoted(new)}"


def _semantics(old: str, new: str) -> Iterator[str]:
    if new == "url":
        yield f"its values must be URLs{f', before {old}' if old else ''}"


def _nan(old: str, new: str) -> Iterator[str]:
    order = ("allowed", "missing", "refused")
    if order.index(new) > order.index(old):
        yield f"NaN was {old} and is {new}"


def _quoted(text: str) -> str:
    return repr(text) if text else "not given"


def _told(value: float | None) -> str:
    return "not given" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


NEUTRAL = ("kind", "drift", "skew", "note", "sensitive", "deprecated", "items", "fields")
"""Fields that are judged elsewhere, or break nobody: thresholds are a reader's own alarm."""
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
    "in_": _in,
    "present_at_least": lambda old, new: _raised("present_at_least", old, new),
    "length_at_least": lambda old, new: _raised("length_at_least", old, new),
    "length_at_most": lambda old, new: _lowered("length_at_most", old, new),
    "distinct_at_least": lambda old, new: _raised("distinct_at_least", old, new),
    "distinct_at_most": lambda old, new: _lowered("distinct_at_most", old, new),
    "nan": _nan,
    "pattern": _pattern,
    "semantics": _semantics,
}
