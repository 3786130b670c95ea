"""One contract of two: the widest, which every table that keeps either keeps; or the strictest, whose tables keep both.

`seakeep schema merge` calls this, for two teams that wrote a contract of one table, or two branches. Limits have a wider and a stricter
side, so they merge by a rule. Facts have none (which column is the label, what a value stands for): where both contracts state one and
differ, that is a conflict; the first contract's is taken, and the report names it. Without conflicts the order of the two makes no
difference but to the order of columns, and a contract merged with itself is itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from seakeep.core import plugins
from seakeep.core.codec import to_plain
from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Report, Verdict
from seakeep.core.schema import ColumnSchema, Schema
from seakeep.data.contract.writing import key_of, refuse_contradictions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Scalar
    from seakeep.core.schema import RowRule

How = Literal["widest", "strictest"]
_NAN = ("refused", "missing", "allowed")
_SENSITIVE = ("", "hash", "drop")
_LEAST = ("minimum", "present_at_least", "length_at_least", "distinct_at_least", "rows_at_least", "growth_at_least")
_MOST = (
    "maximum", "missing_at_most", "others_at_most", "length_at_most", "distinct_at_most", "rows_at_most", "growth_at_most",
    "broken_at_most",
)  # fmt: skip
_ASKED = ("required", "unique")


def merge_schemas(first: Schema, second: Schema, *, how: How = "widest") -> tuple[Schema, Report]:
    """The merged contract, and a report of kind "schema_merge": a check a conflict (inconclusive), or one that passes.

    Columns and rules that one contract has alone: the widest makes the columns optional and leaves the rules out; the strictest keeps both.
    Raises: BadContract, where the strictest asks for what no table could keep.
    """
    merging = _Merging(how)
    merged = merging.table(first, second)
    refuse_contradictions(merged, Path(f"{first.name} and {second.name}"))
    fine = Check("contract.conflict", merged.name, Verdict.PASS, "No fact is stated in two ways.")
    checks = tuple(merging.conflicts) or (fine,)
    return merged, Report("schema_merge", f"The {how} of two contracts", merged.name, checks)


class _Merging:
    """How two contracts become one, and the conflicts met on the way."""

    def __init__(self, how: How) -> None:
        self.widest = how == "widest"
        self.conflicts: list[Check] = []

    def table(self, first: Schema, second: Schema) -> Schema:
        roles = {
            name: self.fact("table", name, getattr(first, name), getattr(second, name))
            for name in ("name", "label", "time", "key", "default_in")
        }
        limits = {name: self.limit(name, first, second) for name in (*_LEAST, *_MOST) if hasattr(first, name)}
        environments = tuple(dict.fromkeys((*first.environments, *second.environments)))
        columns = self.columns("", first.columns, second.columns)
        rules = self.rules(first.rules, second.rules)
        return Schema(columns=columns, environments=environments, rules=rules, **roles, **limits)

    def columns(
        self, path: str, first: Mapping[str, ColumnSchema], second: Mapping[str, ColumnSchema]
    ) -> dict[str, ColumnSchema]:
        found = {}
        for name in dict.fromkeys((*first, *second)):
            own, their = first.get(name), second.get(name)
            if own is not None and their is not None:
                found[name] = self.column(path + name, own, their)
            else:
                alone = own if own is not None else their
                found[name] = replace(alone, required=False) if self.widest else alone  # type: ignore[type-var, assignment]
        return found

    def column(self, name: str, first: ColumnSchema, second: ColumnSchema) -> ColumnSchema:
        kinds = {first.kind, second.kind}
        if len(kinds) > 1 and kinds != {Kind.INTEGER, Kind.NUMBER}:
            self.conflict(name, "kind", first.kind.value, second.kind.value)
            return first
        kind = first.kind if len(kinds) == 1 else Kind.NUMBER if self.widest else Kind.INTEGER
        merged: dict[str, Any] = {
            each: self.limit(each, first, second) for each in (*_LEAST, *_MOST) if hasattr(first, each)
        }
        for each in (*_ASKED, "infinite"):
            demands = (getattr(first, each), getattr(second, each))
            merged[each] = any(demands) if (each == "infinite") is self.widest else all(demands)
        for each in ("available", "in_", "not_in", "semantics", "deprecated", "note"):
            merged[each] = self.fact(name, each, getattr(first, each), getattr(second, each))
        merged["nan"] = (max if self.widest else min)(first.nan, second.nan, key=_NAN.index)
        merged["sensitive"] = max(first.sensitive, second.sensitive, key=_SENSITIVE.index)
        merged["values"] = self.values(name, first.values, second.values)
        merged["pattern"] = self.pattern(name, first.pattern, second.pattern)
        for each in ("drift", "skew"):
            merged[each] = self.thresholds(getattr(first, each), getattr(second, each))
        merged["items"] = self.items(name, first.items, second.items)
        merged["fields"] = self.fields(name, first.fields, second.fields)
        merged["required"] = merged["required"] and not merged["deprecated"]
        return _fitting(ColumnSchema(kind, **merged))

    def limit(self, name: str, first: object, second: object) -> Any:
        """A limit: the widest has none where one of them has none."""
        given = [value for value in (getattr(first, name), getattr(second, name)) if value is not None]
        if len(given) < 2:
            return None if self.widest or not given else given[0]
        return min(given) if (name in _LEAST) is self.widest else max(given)

    def fact(self, subject: str, name: str, first: Any, second: Any) -> Any:
        """A fact that both may state, or one of them: what is usual (`before`, nothing) counts as not stated."""
        if first == second:
            return first
        stated = [value for value in (first, second) if value not in (None, "", (), "before")]
        if len(stated) > 1:
            self.conflict(subject, key_of(name), _told(first), _told(second))
        return stated[0]

    def conflict(self, subject: str, name: str, first: Scalar, second: Scalar) -> None:
        what = "The table" if subject == "table" else f"{subject!r}"
        message = (
            f"{what}: {name} is {first!r} in the first contract and {second!r} in the second; the first was taken."
        )
        fix = f"Agree on one, and correct {name} in the merged contract if it is the other."
        check = Check("contract.conflict", subject, Verdict.INCONCLUSIVE, message, first, second, fix, {"field": name})
        self.conflicts.append(check)

    def values(
        self, name: str, first: tuple[Any, ...] | None, second: tuple[Any, ...] | None
    ) -> tuple[Any, ...] | None:
        if first is None or second is None:
            return None if self.widest else first if second is None else second
        if set(first) == set(second):
            return first
        both = tuple(dict.fromkeys((*first, *second)))
        if self.widest:
            return both
        common = tuple(value for value in both if value in first and value in second)
        if not common:
            self.conflict(name, "values", _told(first), _told(second))
        return common or first

    def pattern(self, name: str, first: str, second: str) -> str:
        if first == second:
            return first
        if not (first and second):
            return "" if self.widest else first or second
        if self.widest:
            return "|".join(f"(?:{each})" for each in sorted((first, second)))
        self.conflict(name, "pattern", first, second)
        return first

    def thresholds(self, first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
        if self.widest:
            return {name: max(limit, second[name]) for name, limit in first.items() if name in second}
        names = dict.fromkeys((*first, *second))
        return {name: min(each[name] for each in (first, second) if name in each) for name in names}

    def items(self, name: str, first: ColumnSchema | None, second: ColumnSchema | None) -> ColumnSchema | None:
        if first is None or second is None:
            return None if self.widest else first or second
        return self.column(f"{name}[]", first, second)

    def fields(
        self, name: str, first: Mapping[str, ColumnSchema], second: Mapping[str, ColumnSchema]
    ) -> Mapping[str, ColumnSchema]:
        if not (first and second):
            return {} if self.widest else first or second
        return self.columns(f"{name}.", first, second)

    def rules(self, first: tuple[RowRule, ...], second: tuple[RowRule, ...]) -> tuple[RowRule, ...]:
        theirs, found = {rule.name: rule for rule in second}, []
        for rule in first:
            other = theirs.pop(rule.name, None)
            if other is not None:
                found.append(self.rule(rule, other))
            elif not self.widest:
                found.append(rule)
        return (*found, *(() if self.widest else theirs.values()))

    def rule(self, first: RowRule, second: RowRule) -> RowRule:
        subject, merged = f"rule {first.name}", {}
        for name in ("holds", "refers", "to", "by"):
            if getattr(first, name) != getattr(second, name):
                self.conflict(subject, name, _told(getattr(first, name)), _told(getattr(second, name)))
        for name in ("not_in", "note"):
            merged[name] = self.fact(subject, name, getattr(first, name), getattr(second, name))
        return replace(first, broken_at_most=self.limit("broken_at_most", first, second), **merged)


def _fitting(column: ColumnSchema) -> ColumnSchema:
    """The column without what is said of integers alone or of numbers alone, where the other contract has the other kind."""
    fits: dict[str, Any] = {
        field: {name: most for name, most in getattr(column, field).items() if column.kind in _compared_by(name)}
        for field in ("drift", "skew")
    }
    if column.kind is Kind.NUMBER:
        sensitive: Literal["", "drop"] = "drop" if column.sensitive else ""  # a number cannot be hashed
        return replace(column, values=None, semantics="", sensitive=sensitive, **fits)
    return replace(column, nan="missing", **fits) if column.kind is Kind.INTEGER else column


def _compared_by(distance: str) -> frozenset[Kind]:
    found: frozenset[Kind] = plugins.load("evidence.distances", distance).KINDS
    return found


def _told(value: object) -> Scalar:
    plain = to_plain(value)
    return ", ".join(map(str, plain)) if isinstance(plain, list) else plain  # type: ignore[return-value]  # no objects here
