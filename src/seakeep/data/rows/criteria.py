"""What a contract says of one row: each rule as a Criterion, whose expression is true where a row breaks it.

Called by `plan`. A column's rules (missing, NaN, kind, infinities, values, bounds, length, pattern) look at one value; those of a list's
items and a struct's fields are the same rules one level down. Shares that a contract allows (`missing_at_most`, `others_at_most`)
are a judgement of the column, and no row is at fault for them alone: such a criterion counts, and marks no row.
"""

from __future__ import annotations

import functools
import math
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.comparison.moves import readable
from seakeep.data.kinds import kind_of
from seakeep.data.rows.lowering import plain
from seakeep.data.rows.patterns import whole
from seakeep.data.validation.kind_rule import kind_fits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seakeep.core.schema import ColumnSchema


@dataclass(frozen=True, slots=True)
class Short:
    """What a piece tells of a criterion without looking at every row, as aggregates.

    count: how many rows break it. clear: whether none does, where counting them is dearer; null for none to judge. asked: how many rows
    have something to judge; None for all.
    """

    count: pl.Expr | None = None
    clear: pl.Expr | None = None
    asked: pl.Expr | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One rule that a row keeps or breaks.

    name: stable, as in the quarantine's `@broken`: "fare.bounds", or the name of a row rule. code: of its check. subject: what is
    judged. told: what broken rows do, as in "7 rows are missing". columns: whose values are shown. broken: true where a row breaks
    it, else false or null. expected: what the contract says, as text. tolerance: largest share of broken rows; marks: whether a row
    that breaks it is broken. asked: true where there is something to judge; None for every row. short: a cheaper way to count; None
    where there is none. optional: whether it rests on columns that the table may lack, and lacks.
    """

    name: str
    code: str
    subject: str
    told: str
    columns: tuple[str, ...]
    broken: pl.Expr
    expected: str
    tolerance: float = 0.0
    marks: bool = True
    asked: pl.Expr | None = None
    short: Short | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """A value of each row that a column's contract speaks of: a column, a struct's field, or each item of a list.

    name: "address.zip", "tags[]". column: the table's. value: the expression; of type `dtype`.
    """

    name: str
    column: str
    value: pl.Expr
    dtype: pl.DataType

    def criterion(
        self,
        what: str,
        told: str,
        broken: pl.Expr,
        *,
        expected: str,
        tolerance: float = 0.0,
        marks: bool = True,
        asked: pl.Expr | None = None,
        short: Short | None = None,
    ) -> Criterion:
        """The rule `what` of this value."""
        name, columns = f"{self.name}.{what}", (self.column,)
        return Criterion(
            name, f"rows.{what}", self.name, told, columns, broken, expected, tolerance, marks, asked, short
        )


def column_criteria(name: str, contract: ColumnSchema, dtype: pl.DataType) -> Iterator[Criterion]:
    """The rules of one column that the table has."""
    return value_criteria(Subject(name, name, pl.col(name), dtype), contract)


def value_criteria(subject: Subject, contract: ColumnSchema) -> Iterator[Criterion]:
    """The rules of a value; where its type is not the contract's, only the values that are the reason why."""
    got = kind_of(subject.dtype, name=subject.column)
    if got is not Kind.NULL and not kind_fits(contract.kind, got):
        yield _kind(subject, contract, got)
        return
    yield from _missing(subject, contract, got)
    if got is Kind.NULL:
        return
    yield from _plain_rules(subject, contract, got)
    if contract.fields:
        yield from _fields(subject, contract)
    if contract.items is not None:
        yield from _items(subject, contract.items)


def _kind(subject: Subject, contract: ColumnSchema, got: Kind) -> Criterion:
    """Values that cannot be read as the contract's kind; where none is the reason, no row is at fault, and yet the column is."""
    broken = _unreadable(subject.value, got, contract.kind)
    told = f"hold what is no {contract.kind.value}"
    return subject.criterion("kind", told, broken, expected=contract.kind.value)


def _unreadable(value: pl.Expr, got: Kind, wanted: Kind) -> pl.Expr:
    """Where a value cannot be converted; nowhere, for kinds that have no conversion."""
    types = {Kind.INTEGER: pl.Int64, Kind.NUMBER: pl.Float64}
    if got is Kind.STRING and wanted in types:
        return value.is_not_null() & value.cast(pl.String).str.strip_chars().cast(types[wanted], strict=False).is_null()
    if got is Kind.STRING and wanted is Kind.BOOLEAN:
        return ~value.cast(pl.String).str.to_lowercase().is_in(["true", "false"])
    if got is Kind.STRING and wanted is Kind.TIMESTAMP:
        iso = r"^\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?\s*$"
        return ~value.cast(pl.String).str.contains(iso)
    if got is Kind.NUMBER and wanted is Kind.INTEGER:
        number = value.cast(pl.Float64)
        return number.is_infinite() | ((number != number.floor()) & number.is_not_nan())
    return value.is_null() & False


def _missing(subject: Subject, contract: ColumnSchema, got: Kind) -> Iterator[Criterion]:
    value, is_float = subject.value, subject.dtype.is_float()
    nan_is_missing = is_float and contract.nan == "missing"
    missing = value.is_null() | value.is_nan() if nan_is_missing else value.is_null()
    count = value.null_count() + value.is_nan().sum() if nan_is_missing else value.null_count()
    most, short = contract.missing_at_most, Short(count)
    expected = f"missing_at_most: {most:g}"
    if got is not Kind.NULL or contract.kind is not Kind.NULL:
        yield subject.criterion(
            "missing", "are missing", missing, tolerance=most, marks=not most, short=short, expected=expected
        )
    if is_float and contract.nan == "refused":
        yield subject.criterion("nan", "are NaN", value.is_nan(), expected="nan: refused")
    if is_float and not contract.infinite:
        within = Short(clear=(value.min() > -math.inf) & (value.max() < math.inf))
        yield subject.criterion(
            "infinite", "are infinite", value.is_infinite(), short=within, expected="infinite: false"
        )


def _plain_rules(subject: Subject, contract: ColumnSchema, got: Kind) -> Iterator[Criterion]:
    value = plain(subject.value, subject.dtype)
    present = value.is_not_null()
    if contract.values is not None:
        most = contract.others_at_most
        allowed = [each for each in contract.values if _can_occur(each, got)]
        listed = value.is_in(pl.Series(allowed, dtype=_TYPES.get(got, pl.String)).implode())
        expected = f"one of {len(allowed)} values"
        yield subject.criterion(
            "domain",
            "hold none of the listed values",
            ~listed,
            tolerance=most,
            marks=not most,
            asked=present,
            expected=expected,
        )
    if contract.minimum is not None or contract.maximum is not None:
        yield _bounds(subject, contract, got)
    if contract.length_at_least is not None or contract.length_at_most is not None:
        yield _length(subject, contract, got)
    if contract.pattern and got is Kind.STRING:
        broken, most = ~value.str.contains(whole(contract.pattern)), contract.others_at_most
        yield subject.criterion(
            "pattern",
            "do not match",
            broken,
            tolerance=most,
            marks=not most,
            asked=present,
            expected=contract.pattern,
        )


def _can_occur(value: bool | int | str, got: Kind) -> bool:
    """Whether a column of this kind can hold the value at all."""
    if isinstance(value, int) and not isinstance(value, bool):
        return got is Kind.INTEGER and -_LARGEST <= value < _LARGEST
    return type(value) is {Kind.STRING: str, Kind.BOOLEAN: bool}.get(got)


def _bounds(subject: Subject, contract: ColumnSchema, got: Kind) -> Criterion:
    """Finite values outside of the bounds. NaN is greater than anything in Polars, and infinities have a rule of their own."""
    low, high = contract.minimum, contract.maximum
    value = plain(subject.value, subject.dtype)
    sides, clear = [], []
    if low is not None:
        least = _bound(low, got, math.ceil)
        sides.append((value < least) & (value > -math.inf) if got is Kind.NUMBER else value < least)
        clear.append(value.min() >= least)
    if high is not None:
        most = _bound(high, got, math.floor)
        sides.append((value > most) & (value < math.inf) if got is Kind.NUMBER else value > most)
        clear.append(value.max() <= most)
    broken = functools.reduce(operator.or_, sides)
    told = [readable(bound, contract.kind) if bound is not None else "any" for bound in (low, high)]
    short = Short(clear=functools.reduce(operator.and_, clear))
    expected = f"{told[0]} to {told[1]}"
    return subject.criterion("bounds", "lie outside of the bounds", broken, short=short, expected=expected)


def _bound(bound: float, got: Kind, towards: Callable[[float], int]) -> pl.Expr:
    """The bound in the column's own numbers, so that whole numbers beyond 2^53 compare exactly."""
    if got is Kind.NUMBER or math.isinf(bound):
        return pl.lit(float(bound))
    whole_number = towards(bound)
    return pl.lit(whole_number, dtype=pl.Int64 if -_LARGEST <= whole_number < _LARGEST else pl.Int128)


def _length(subject: Subject, contract: ColumnSchema, got: Kind) -> Criterion:
    least, most = contract.length_at_least or 0, contract.length_at_most
    length = length_of(subject.value, subject.dtype, got)
    broken = length < least if most is None else (length < least) | (length > most)
    expected = f"{least} to {'any' if most is None else most}"
    return subject.criterion("length", "are of another length", broken, expected=expected)


def length_of(value: pl.Expr, dtype: pl.DataType, got: Kind) -> pl.Expr:
    """Characters of a text, bytes of a binary value, items of a list."""
    if got is Kind.STRING:
        return value.cast(pl.String).str.len_chars()
    if got is Kind.BINARY:
        return value.bin.size()
    return (value.arr.to_list() if isinstance(dtype, pl.Array) else value).list.len()


def _fields(subject: Subject, contract: ColumnSchema) -> Iterator[Criterion]:
    """The rules of a struct's fields; those of a struct that is missing break none, and count for no share."""
    there = subject.value.is_not_null()
    types = {field.name: field.dtype for field in subject.dtype.fields} if isinstance(subject.dtype, pl.Struct) else {}
    for name, dtype in pl.Schema(types).items():
        value = subject.value.struct.field(name)
        inner = Subject(f"{subject.name}.{name}", subject.column, value, dtype)
        for each in value_criteria(inner, contract.fields[name]) if name in contract.fields else ():
            asked = there if each.asked is None else there & each.asked
            yield replace(each, broken=each.broken & there, asked=asked, short=None)


def _items(subject: Subject, contract: ColumnSchema) -> Iterator[Criterion]:
    """The rules of a list's items: a row breaks one if any of its items does. A share of items that may is not judged by rows."""
    if not isinstance(subject.dtype, pl.List | pl.Array):
        return
    listed = subject.value.arr.to_list() if isinstance(subject.dtype, pl.Array) else subject.value
    (inner,) = pl.Schema({"item": subject.dtype.inner}).dtypes()
    for each in value_criteria(Subject(f"{subject.name}[]", subject.column, pl.element(), inner), contract):
        if each.marks:
            broken = listed.list.eval(each.broken.fill_null(False)).list.any()
            yield replace(each, broken=broken, asked=None, short=None)


_TYPES = {Kind.STRING: pl.String, Kind.INTEGER: pl.Int64, Kind.BOOLEAN: pl.Boolean}
_LARGEST = 1 << 63
