"""The plan of one judgement: what each row of a table is asked, and what could not be asked.

Called by `judge` and by `splitting`. Everything that can be told without reading a row is told here: a rule with a wrong name or
kinds is an error, a required column that the table lacks a failed check, a rule that rests on it inconclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import UsageError, nearest
from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Verdict
from seakeep.data.kinds import kind_of
from seakeep.data.rows.criteria import Criterion, column_criteria
from seakeep.data.rows.errors import BadRule
from seakeep.data.rows.expression import Expression
from seakeep.data.rows.kinds import same_family
from seakeep.data.rows.lookups import OWN, Lookup
from seakeep.data.validation.kind_rule import kind_fits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seakeep.core.schema import ColumnSchema, Environment, RowRule, Schema


@dataclass(frozen=True, slots=True)
class Asks:
    """How the plan learns what rows cannot tell alone. repeats: values of an expression that more than one row has; None where only
    a part of the table is at hand. reference: the lookup of a rule that refers to another table; None likewise.
    """

    repeats: Callable[[pl.Expr], pl.DataFrame] | None
    reference: Callable[[RowRule], Lookup] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """criteria: what each row is asked. lookups: joined before. checks: what is told without reading rows."""

    criteria: tuple[Criterion, ...]
    lookups: tuple[Lookup, ...]
    checks: tuple[Check, ...]

    def masked(self, piece: pl.LazyFrame, numbers: Sequence[int] | None = None) -> pl.LazyFrame:
        """The piece, what the lookups add, and for each criterion (or those of `numbers`) a column: whether a row breaks it."""
        for lookup in self.lookups:
            piece = lookup.joined(piece)
        wanted = range(len(self.criteria)) if numbers is None else numbers
        masks = [self.criteria[number].broken.fill_null(False).alias(mask(number)) for number in wanted]
        return piece.with_columns(masks) if masks else piece

    def is_broken(self) -> pl.Expr:
        """Whether a row of a masked piece is broken."""
        marking = [pl.col(mask(number)) for number, each in enumerate(self.criteria) if each.marks]
        return pl.any_horizontal(marking) if marking else pl.lit(False)


def mask(number: int) -> str:
    """The column that is true where a row breaks a criterion."""
    return f"{OWN}mask {number}"


def asked(number: int) -> str:
    """The column that is true where a criterion has something to judge."""
    return f"{OWN}asked {number}"


def check_rules(schema: Schema) -> None:
    """Hold every row rule of a contract to its columns, without any table. Raises BadRule, naming the rule and the place."""
    kinds = {name: column.kind for name, column in schema.columns.items()}
    for rule in schema.rules:
        if rule.holds:
            _expression(rule, schema).typed(kinds)


def plan_of(schema: Schema, dtypes: pl.Schema, environment: Environment, asks: Asks) -> Plan:
    """What to ask the rows of a table of these types. Raises BadRule; UsageError, for an unknown environment."""
    if environment not in schema.known_environments:
        raise UsageError.unknown_name("environment", environment, schema.known_environments)
    check_rules(schema)
    made = _Making(schema, dtypes, environment, asks)
    criteria = (*made.of_columns(), *made.of_rules())
    return Plan(criteria, tuple(made.lookups), tuple(made.checks))


class _Making:
    """A plan in the making. lookups, checks: found so far."""

    def __init__(self, schema: Schema, dtypes: pl.Schema, environment: Environment, asks: Asks) -> None:
        self.schema, self.dtypes, self.environment, self.asks = schema, dtypes, environment, asks
        self.lookups: list[Lookup] = []
        self.checks: list[Check] = []

    def of_columns(self) -> Iterator[Criterion]:
        for name, contract in self.schema.expected(self.environment).items():
            if name not in self.dtypes:
                if contract.required:
                    self.checks.append(_missing_column(name, self.dtypes))
                continue
            absent = _missing_fields(name, contract, self.dtypes[name])
            self.checks.extend(_missing_column(path, pl.Schema()) for path in absent)
            yield from column_criteria(name, contract, self.dtypes[name])
            if (
                contract.unique
                and self.asks.repeats
                and kind_fits(contract.kind, kind_of(self.dtypes[name], name=name))
            ):
                yield self._unique(name)

    def _unique(self, name: str) -> Criterion:
        from seakeep.data.rows.lowering import plain

        assert self.asks.repeats is not None
        value = plain(pl.col(name), self.dtypes[name])
        lookup = Lookup(f"{OWN}repeated {name}", (value,), self.asks.repeats(value))
        self.lookups.append(lookup)
        broken = pl.col(lookup.flag).is_not_null()
        told = "have a value that occurs more than once"
        return Criterion(f"{name}.unique", "rows.unique", name, told, (name,), broken, "unique: true")

    def of_rules(self) -> Iterator[Criterion]:
        for rule in self.schema.rules:
            names = rule.refers or _expression(rule, self.schema).columns
            if self.environment in rule.not_in or not all(self._expects(name) for name in names):
                continue
            reason = self._why_not(rule, names)
            if reason:
                self.checks.append(_not_judged(rule, reason))
            elif rule.holds:
                yield self._holds(rule, names)
            elif self.asks.reference is not None and all(name in self.dtypes for name in names):
                yield self._refers(rule)

    def _expects(self, name: str) -> bool:
        return self.schema.expects(name, self.environment)

    def _why_not(self, rule: RowRule, names: tuple[str, ...]) -> str:
        """Why a rule cannot be judged on this table; "" where it can."""
        for name in names:
            contract = self.schema[name]
            if name not in self.dtypes and contract.required:
                return f"the table has no column {name!r}"
            got = kind_of(self.dtypes[name], name=name) if name in self.dtypes else Kind.NULL
            if got is not Kind.NULL and rule.holds and not same_family(contract.kind, got):
                return f"column {name!r} is {got.value} in the table, and {contract.kind.value} in the contract"
        return ""

    def _holds(self, rule: RowRule, names: tuple[str, ...]) -> Criterion:
        expression = _expression(rule, self.schema)
        kinds = {name: self.schema[name].kind for name in names}
        kept = expression.polars(self.dtypes, kinds)
        return Criterion(
            rule.name,
            "rows.holds",
            rule.name,
            f"break {str(expression)!r}",
            names,
            ~kept,
            str(expression),
            rule.broken_at_most,
            asked=kept.is_not_null(),
            optional=any(name not in self.dtypes for name in names),
        )

    def _refers(self, rule: RowRule) -> Criterion:
        assert self.asks.reference is not None
        lookup = self.asks.reference(rule)
        self.lookups.append(lookup)
        refers = pl.all_horizontal([part.is_not_null() for part in lookup.on])
        told = f"refer to nothing in {rule.to}"
        expected = f"{', '.join(rule.refers)} in {rule.to} by {', '.join(rule.by)}"
        broken = refers & pl.col(lookup.flag).is_null()
        columns, most = rule.refers, rule.broken_at_most
        return Criterion(rule.name, "rows.refers", rule.name, told, columns, broken, expected, most, asked=refers)


def _expression(rule: RowRule, schema: Schema) -> Expression:
    """A rule's expression, its kinds checked against the contract. Raises BadRule, naming the rule."""
    try:
        expression = Expression.of(rule.holds)
        expression.typed({name: column.kind for name, column in schema.columns.items()})
    except BadRule as error:
        raise error.of_rule(rule.name, schema.name) from None
    return expression


def _missing_fields(name: str, contract: ColumnSchema, dtype: pl.DataType) -> Iterator[str]:
    """The fields that the contract requires of a struct and its type lacks, at any depth, as in "place.city" and "tags[].name"."""
    if isinstance(dtype, pl.List | pl.Array) and contract.items is not None:
        (inner,) = pl.Schema({"item": dtype.inner}).dtypes()
        yield from _missing_fields(f"{name}[]", contract.items, inner)
    if isinstance(dtype, pl.Struct) and contract.kind is Kind.STRUCT:
        types = dtype.to_schema()
        for field, wanted in contract.fields.items():
            if field in types:
                yield from _missing_fields(f"{name}.{field}", wanted, pl.Schema({field: types[field]})[field])
            elif wanted.required:
                yield f"{name}.{field}"


def _missing_column(name: str, dtypes: pl.Schema) -> Check:
    near = nearest(name, dtypes)
    like = f" It has {near!r}, which is like it." if near else ""
    message = f"Column {name!r} is missing from the table.{like}"
    fix = f"Restore it. If it may be absent, set required: false for {name} in the contract."
    return Check("rows.missing_column", name, Verdict.FAIL, message, fix=fix)


def _not_judged(rule: RowRule, reason: str) -> Check:
    code = "rows.holds" if rule.holds else "rows.refers"
    message = f"Rule {rule.name!r} was not judged: {reason}."
    fix = "Correct the column first; the rule is judged then."
    return Check(code, rule.name, Verdict.INCONCLUSIVE, message, None, rule.broken_at_most, fix)
