"""Accepting what was found: the contract, loosened just so far that a table keeps it.

`seakeep schema update` calls this. A contract that is a nuisance to change gets deleted, so accepting a table is one call; it changes
nothing that the table keeps, so what people wrote (notes, thresholds, tighter limits) stays. What the table breaks is what
`validate` says it breaks, check by check, so each can be accepted by its name, CODE:SUBJECT, and the others left to be corrected.
Drift and skew are not accepted here: their thresholds are a person's judgement of size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from seakeep.core.errors import UsageError, nearest
from seakeep.core.report import Verdict
from seakeep.data.contract.infer import MOST_VALUES, infer_column, missing_allowance
from seakeep.data.contract.nested import nested
from seakeep.data.validation.limits import DISTINCT_SLACK, count_missing
from seakeep.data.validation.rules import check_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from seakeep.core.report import Report
    from seakeep.core.schema import ColumnSchema, Environment, Schema
    from seakeep.core.statistics import ColumnStatistics, Statistics


class NothingToAccept(UsageError):
    """What is to be accepted is nothing that the table breaks."""

    @classmethod
    def of(cls, wanted: str, broken: Sequence[str], schema: str) -> NothingToAccept:
        near = nearest(wanted, broken)
        return cls(
            f"{wanted!r} cannot be accepted: the table breaks no such rule",
            where=f"schema {schema}",
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"What it breaks: {', '.join(broken) or 'nothing that an update could accept'}.",
            wanted=wanted,
            broken=tuple(broken),
        )


@dataclass(slots=True)
class Acceptance:
    """Which checks are accepted: all where `wanted` is None; else those named by CODE:SUBJECT, or by CODE alone. broken: all seen."""

    wanted: frozenset[str] | None
    broken: list[str]

    def __call__(self, code: str, subject: str) -> bool:
        """Whether this check, which the table breaks, is accepted."""
        self.broken.append(f"{code}:{subject}")
        return self.wanted is None or not self.wanted.isdisjoint((code, f"{code}:{subject}"))


def update_schema(
    schema: Schema,
    statistics: Statistics,
    *,
    environment: Environment = "training",
    accept: Iterable[str] | None = None,
) -> Schema:
    """The contract, loosened just so far that a table with these statistics keeps it.

    New columns are inferred; columns that the table lacks become optional; kinds follow the table; limits that it breaks are
    widened to what was found (missing rates with the allowance of `infer`); what cannot be widened (a pattern) is taken out. All
    else stays. A table without rows changes nothing but the columns' presence.

    Parameters: accept: the checks to accept, "schema.domain:carrier" or "schema.domain" for every column; None for all.
    Raises: NothingToAccept, where the table breaks no such rule; UsageError, for an environment that the contract does not know.
    """
    if environment not in schema.known_environments:
        raise UsageError.unknown_name("environment", environment, schema.known_environments)
    accepts = Acceptance(None if accept is None else frozenset(accept), [])
    columns = {
        name: _expected(name, column, statistics, schema, accepts) if schema.expects(name, environment) else column
        for name, column in schema.columns.items()
    }
    if environment == "training":
        columns |= _unexpected(columns, statistics, schema, accepts)
    updated = replace(schema, columns=columns, **_rows(schema, statistics, accepts))
    for wanted in accepts.wanted or ():
        if not any(wanted in (broken, broken.partition(":")[0]) for broken in accepts.broken):
            raise NothingToAccept.of(wanted, accepts.broken, schema.name)
    return updated


def acceptable(report: Report) -> tuple[str, ...]:
    """The failed checks of a report that an update can accept, as CODE:SUBJECT."""
    known = {*_ACCEPTED, "schema.missing_column", "schema.unexpected_column", "schema.rows", "schema.rows_at_most"}
    return tuple(f"{check.code}:{check.subject}" for check in report.failed if check.code in known)


def _rows(schema: Schema, statistics: Statistics, accepts: Acceptance) -> dict[str, Any]:
    found, changes = statistics.rows, {}
    if 0 < found < schema.rows_at_least and accepts("schema.rows", "table"):
        changes["rows_at_least"] = found
    if schema.rows_at_most is not None and found > schema.rows_at_most and accepts("schema.rows_at_most", "table"):
        changes["rows_at_most"] = found
    return changes


def _expected(
    name: str, contract: ColumnSchema, statistics: Statistics, schema: Schema, accepts: Acceptance
) -> ColumnSchema:
    found = statistics.columns.get(name)
    if found is not None:
        return _accepted(name, contract, found, schema, accepts) if found.rows else contract
    optional = contract.required and accepts("schema.missing_column", name)
    return replace(contract, required=False) if optional else contract


def _unexpected(
    columns: dict[str, ColumnSchema], statistics: Statistics, schema: Schema, accepts: Acceptance
) -> dict[str, ColumnSchema]:
    found = {}
    for name, column in statistics.columns.items():
        known = name in columns
        if (known and schema.expects(name, "training")) or not accepts("schema.unexpected_column", name):
            continue
        found[name] = _in_training(columns[name], schema) if known else infer_column(column)
    return found


def _in_training(column: ColumnSchema, schema: Schema) -> ColumnSchema:
    without = tuple(environment for environment in column.not_in if environment != "training")
    named = column.in_ or schema.default_in
    return replace(
        column, not_in=without, in_=(*named, "training") if named and "training" not in named else column.in_
    )


def _accepted(
    name: str, contract: ColumnSchema, found: ColumnStatistics, schema: Schema, accepts: Acceptance
) -> ColumnSchema:
    """The contract with what these statistics break accepted, and so inside of lists and structs."""
    flat = replace(contract, items=None, fields={})
    changes: dict[str, Any] = {}
    for check in check_column(name, flat, found, schema=schema):
        settled = check.verdict is Verdict.PASS or (check.verdict is not Verdict.FAIL and check.code != "schema.domain")
        if settled or check.code not in _ACCEPTED or not accepts(check.code, name):
            continue
        if check.code == "schema.kind":
            return _of_other_kind(contract, found)
        changes |= _ACCEPTED[check.code](contract, found)
    inner = contract if contract.deprecated else _inside(name, contract, found, schema, accepts)
    return replace(inner, **changes)


def _inside(
    name: str, contract: ColumnSchema, found: ColumnStatistics, schema: Schema, accepts: Acceptance
) -> ColumnSchema:
    """The contract of a list or struct with what lies inside of it accepted."""
    if contract.kind is not found.kind or not found.present:
        return contract
    items, fields = contract.items, dict(contract.fields)
    for path, inner, inside, _ in nested(name, contract, found):
        field = path[len(name) + 1 :]
        if inside is None:
            absent = contract.fields and found.fields and inner.required and accepts("schema.missing_column", path)
            after = replace(inner, required=False) if absent else inner
        else:
            after = _accepted(path, inner, inside, schema, accepts) if inside.rows else inner
        if path == f"{name}[]" and contract.items is not None:
            items = after
        else:
            fields[field] = after
    for field, inside in found.fields.items() if contract.fields else ():
        if field not in fields and accepts("schema.unexpected_column", f"{name}.{field}"):
            fields[field] = infer_column(inside)
    return replace(contract, items=items, fields=fields)


def _of_other_kind(contract: ColumnSchema, found: ColumnStatistics) -> ColumnSchema:
    kept = ("required", "available", "in_", "not_in", "note")
    sensitive: Literal["", "drop"] = "drop" if contract.sensitive else ""  # values of some kinds cannot be hashed
    return replace(infer_column(found), **{name: getattr(contract, name) for name in kept}, sensitive=sensitive)


def _missing(contract: ColumnSchema, found: ColumnStatistics) -> dict[str, Any]:
    nan_is_value = contract.nan != "missing"
    return {"missing_at_most": missing_allowance(replace(found, nan=0) if nan_is_value else found)}


def _bounds(contract: ColumnSchema, found: ColumnStatistics) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if contract.minimum is not None and found.minimum is not None:
        changes["minimum"] = min(contract.minimum, found.minimum)
    if contract.maximum is not None and found.maximum is not None:
        changes["maximum"] = max(contract.maximum, found.maximum)
    return changes


def _lengths(contract: ColumnSchema, found: ColumnStatistics) -> dict[str, Any]:
    lengths, changes = found.lengths, {}
    if lengths is not None and contract.length_at_least is not None and lengths.minimum is not None:
        changes["length_at_least"] = min(contract.length_at_least, lengths.minimum)
    if lengths is not None and contract.length_at_most is not None and lengths.maximum is not None:
        changes["length_at_most"] = max(contract.length_at_most, lengths.maximum)
    return changes


def _distinct(contract: ColumnSchema, found: ColumnStatistics) -> dict[str, Any]:
    slack, count, changes = (DISTINCT_SLACK if found.sketch else 0.0), found.distinct, {}
    if contract.distinct_at_least is not None:
        changes["distinct_at_least"] = min(contract.distinct_at_least, math.floor(count * (1 - slack)))
    if contract.distinct_at_most is not None:
        changes["distinct_at_most"] = max(contract.distinct_at_most, math.ceil(count * (1 + slack)))
    return changes


def _values(contract: ColumnSchema, found: ColumnStatistics) -> dict[str, Any]:
    """The listed values and the new ones, where the tolerance did not cover those; None where the list is no closed one."""
    listed = {(isinstance(value, bool), value) for value in contract.values or ()}
    counts = found.top.as_dict()
    new = [v for v in counts if (isinstance(v, bool), v) not in listed and not isinstance(v, float)]
    too_many = len(listed) + len(new) > max(MOST_VALUES, len(listed))
    open_list = too_many or not found.top.is_exact
    return {"values": None if open_list else (*(contract.values or ()), *sorted(new, key=str))}


def _present(contract: ColumnSchema, found: ColumnStatistics) -> dict[str, Any]:
    return {"present_at_least": found.rows - count_missing(contract, found)}


def _set(**changes: Any) -> Callable[[ColumnSchema, ColumnStatistics], dict[str, Any]]:
    return lambda _contract, _found: changes


_ACCEPTED: dict[str, Callable[[ColumnSchema, ColumnStatistics], dict[str, Any]]] = {
    "schema.kind": _set(),
    "schema.missing_rate": _missing,
    "schema.all_missing": _missing,
    "schema.nan": _missing,
    "schema.present": _present,
    "schema.nan_refused": _set(nan="allowed"),
    "schema.infinite": _set(infinite=True),
    "schema.unique": _set(unique=False),
    "schema.domain": _values,
    "schema.bounds": _bounds,
    "schema.length": _lengths,
    "schema.distinct": _distinct,
    "schema.pattern": _set(pattern=""),
    "schema.semantics": _set(semantics=""),
}
"""What each check changes in a column's contract when it is accepted. A kind brings a new contract (see `_of_other_kind`)."""
