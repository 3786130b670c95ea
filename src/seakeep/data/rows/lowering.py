"""A typed rule as one Polars expression: true, false, or null where it cannot be told because a value is missing.

Columns are brought to one form a kind first: NaN is missing, times and durations are whole microseconds (UTC), categoricals are
text, decimals are doubles; whole numbers stay exact. Arithmetic is in doubles. What has no answer (a division by zero, 0 * infinity)
is missing. The meaning is written down in docs/guides/rows.md, and an evaluator in plain Python holds this file to it in the tests.
What is hard: Polars repeats an expression that is used twice, so sums of sums would double at every step; within arithmetic NaN
therefore stands for missing, and becomes null where a number is compared.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.kinds import kind_of
from seakeep.data.rows.patterns import whole
from seakeep.data.rows.tree import Column, Value

if TYPE_CHECKING:
    from seakeep.data.rows.kinds import Typed

_WIDE = (pl.UInt64, pl.Int128, pl.UInt128)
_DAY = 86_400_000_000


def lowered(part: Typed, dtypes: pl.Schema) -> pl.Expr:
    """The Polars expression of a typed rule, for a table of these column types; typed with the table's own kinds."""
    node = part.node
    if isinstance(node, Column):
        return _column(node.name, part.kind, dtypes)
    if isinstance(node, Value):
        return pl.lit(node.value, dtype=_LITERALS[part.kind])
    arguments = tuple(lowered(argument, dtypes) for argument in part.arguments)
    kinds = tuple(argument.kind for argument in part.arguments)
    if node.name == "matches":
        return arguments[0].str.contains(whole(str(_literal(part.arguments[1]))))
    if node.name == "in":
        return _listed(arguments[0], part)
    if node.name == "length":
        return _length(arguments[0], part.arguments[0], dtypes)
    return _CALLS[node.name](arguments, kinds)


def _column(name: str, kind: Kind, dtypes: pl.Schema) -> pl.Expr:
    """A column of the table; one that the table lacks, or that holds no value at all, is missing in every row."""
    if name not in dtypes:
        return pl.lit(None, dtype=_LITERALS.get(kind, pl.Null))
    if dtypes[name] == pl.Null and kind in _LITERALS:
        return pl.col(name).cast(_LITERALS[kind])
    column = pl.col(name)
    return column.cast(pl.Float64) if kind is Kind.NUMBER else plain(column, dtypes[name])


def plain(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A column in the one form that rules compare: see the module."""
    kind = kind_of(dtype)
    if kind is Kind.NUMBER:
        return column.cast(pl.Float64).fill_nan(None)
    if kind is Kind.INTEGER:
        return column.cast(pl.Int128 if dtype in _WIDE else pl.Int64)
    if kind is Kind.TIMESTAMP:
        return column.cast(pl.Datetime("us")).cast(pl.Int64)
    if kind is Kind.DURATION:
        return _whole_microseconds(column, dtype)
    if kind is Kind.STRING:
        return column.cast(pl.String)
    return column


def _whole_microseconds(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Durations in whole microseconds; those in nanoseconds are cut downwards, as profile does (Polars' cast cuts towards 0)."""
    if dtype == pl.Duration("ns"):
        return column.to_physical().floordiv(1000)
    return column.cast(pl.Duration("us")).cast(pl.Int64)


def _literal(part: Typed) -> bool | int | float | str:
    assert isinstance(part.node, Value)
    return part.node.value


def _listed(column: pl.Expr, part: Typed) -> pl.Expr:
    """Whether a value is one of those listed; numbers as doubles where one of them is no whole number."""
    kinds = {argument.kind for argument in part.arguments}
    values = [_literal(argument) for argument in part.arguments[1:]]
    if Kind.NUMBER in kinds:
        return column.cast(pl.Float64).fill_nan(None).is_in(pl.Series(map(float, values), dtype=pl.Float64).implode())
    return column.is_in(pl.Series(values, dtype=_LITERALS[part.arguments[0].kind]).implode())


def _length(column: pl.Expr, part: Typed, dtypes: pl.Schema) -> pl.Expr:
    """Characters of a text, items of a list, bytes of a binary value."""
    if part.kind is Kind.STRING:
        return column.str.len_chars().cast(pl.Int64)
    if part.kind is Kind.BINARY:
        return column.bin.size().cast(pl.Int64)
    assert isinstance(part.node, Column)
    dtype = dtypes.get(part.node.name, pl.Null())
    if dtype == pl.Null:
        return column.cast(pl.Int64)
    return (column.arr.to_list() if isinstance(dtype, pl.Array) else column).list.len().cast(pl.Int64)


Arguments = tuple[pl.Expr, ...]
Kinds = tuple[Kind, ...]
Lowering = Callable[[Arguments, Kinds], pl.Expr]


def _compare(sign: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Lowering:
    def compare(arguments: Arguments, kinds: Kinds) -> pl.Expr:
        first, second = _alike(arguments, kinds)
        return _compared(sign, first, second)

    return compare


def _compared(sign: Callable[[pl.Expr, pl.Expr], pl.Expr], first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """The comparison, a value without columns on the right: on the left, streaming loses rows beside a coalesce (Polars 2.1)."""
    return sign(first, second) if first.meta.root_names() else _TURNED[sign](second, first)


def _between(arguments: Arguments, kinds: Kinds) -> pl.Expr:
    low = _alike((arguments[0], arguments[1]), (kinds[0], kinds[1]))
    high = _alike((arguments[0], arguments[2]), (kinds[0], kinds[2]))
    return _compared(operator.ge, *low) & _compared(operator.le, *high)


def _alike(arguments: Arguments, kinds: Kinds) -> Arguments:
    """Numbers as doubles where one of them is, NaN as null; everything else as it is."""
    if Kind.NUMBER not in kinds:
        return arguments
    return tuple(argument.fill_nan(None) for argument in _doubles(arguments))


def _doubles(arguments: Arguments) -> Arguments:
    return tuple(argument.cast(pl.Float64) for argument in arguments)


def _arithmetic(sign: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Lowering:
    """Numbers in doubles; times and durations in whole microseconds, where there is a result in 64 bits."""

    def compute(arguments: Arguments, kinds: Kinds) -> pl.Expr:
        if Kind.TIMESTAMP in kinds or kinds == (Kind.DURATION, Kind.DURATION):
            wide = tuple(argument.cast(pl.Int128) for argument in arguments)
            return sign(*wide).cast(pl.Int64, strict=False)
        return _finished(sign(*_doubles(arguments)), kinds)

    return compute


def _divide(arguments: Arguments, kinds: Kinds) -> pl.Expr:
    first, second = _doubles(arguments)
    divided = first / second.replace(0.0, None)
    return divided if kinds[1] is Kind.DURATION else _finished(divided, kinds)


def _finished(number: pl.Expr, kinds: Kinds) -> pl.Expr:
    """The result of numbers; or of a duration and a number, in whole microseconds, missing beyond 64 bits."""
    return number.round().cast(pl.Int64, strict=False) if Kind.DURATION in kinds else number


def _negative(arguments: Arguments, kinds: Kinds) -> pl.Expr:
    return -arguments[0] if kinds[0] is Kind.DURATION else -_doubles(arguments)[0]


def _absolute(arguments: Arguments, kinds: Kinds) -> pl.Expr:
    return arguments[0].abs() if kinds[0] is Kind.DURATION else _doubles(arguments)[0].abs()


def _extreme(choose: Callable[..., pl.Expr]) -> Lowering:
    """The least or greatest, missing where one of them is."""

    def extreme(arguments: Arguments, kinds: Kinds) -> pl.Expr:
        alike = _alike(arguments, kinds)
        known = functools.reduce(operator.and_, (argument.is_not_null() for argument in alike))
        return pl.when(known).then(choose(*alike))

    return extreme


def _clock(read: Callable[[pl.Expr], pl.Expr]) -> Lowering:
    return lambda arguments, _: read(arguments[0].cast(pl.Datetime("us"))).cast(pl.Int64)


def _both(call: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Lowering:
    return lambda arguments, _: call(arguments[0], arguments[1])


def _one(call: Callable[[pl.Expr], pl.Expr]) -> Lowering:
    return lambda arguments, _: call(arguments[0])


_LITERALS = {
    Kind.BOOLEAN: pl.Boolean,
    Kind.INTEGER: pl.Int64,
    Kind.NUMBER: pl.Float64,
    Kind.STRING: pl.String,
    Kind.TIMESTAMP: pl.Int64,
    Kind.DURATION: pl.Int64,
}
_TURNED: dict[Callable[..., pl.Expr], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    operator.eq: operator.eq,
    operator.ne: operator.ne,
    operator.lt: operator.gt,
    operator.le: operator.ge,
    operator.gt: operator.lt,
    operator.ge: operator.le,
}
_CALLS: dict[str, Lowering] = {
    "and": lambda arguments, _: functools.reduce(operator.and_, arguments),
    "or": lambda arguments, _: functools.reduce(operator.or_, arguments),
    "not": lambda arguments, _: ~arguments[0],
    "if": lambda arguments, _: ~arguments[0] | arguments[1],
    "=": _compare(operator.eq),
    "!=": _compare(operator.ne),
    "<": _compare(operator.lt),
    "<=": _compare(operator.le),
    ">": _compare(operator.gt),
    ">=": _compare(operator.ge),
    "between": _between,
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _divide,
    "%": lambda arguments, _: operator.mod(*_doubles(arguments)),
    "negative": _negative,
    "abs": _absolute,
    "round": lambda arguments, _: _doubles(arguments)[0].round(),
    "floor": lambda arguments, _: _doubles(arguments)[0].floor(),
    "ceil": lambda arguments, _: _doubles(arguments)[0].ceil(),
    "is_missing": lambda arguments, kinds: _alike(arguments, kinds)[0].is_null(),
    "lower": _one(lambda value: value.str.to_lowercase()),
    "upper": _one(lambda value: value.str.to_uppercase()),
    "starts_with": _both(lambda value, part: value.str.starts_with(part)),
    "ends_with": _both(lambda value, part: value.str.ends_with(part)),
    "contains": _both(lambda value, part: value.str.contains(part, literal=True)),
    "min": _extreme(pl.min_horizontal),
    "max": _extreme(pl.max_horizontal),
    "coalesce": lambda arguments, kinds: pl.coalesce(*_alike(arguments, kinds)),
    "year": _clock(lambda time: time.dt.year()),
    "month": _clock(lambda time: time.dt.month()),
    "day": _clock(lambda time: time.dt.day()),
    "hour": _clock(lambda time: time.dt.hour()),
    "weekday": _clock(lambda time: time.dt.weekday()),
    "days_between": lambda arguments, _: (arguments[1].cast(pl.Int128) - arguments[0]).cast(pl.Float64) / _DAY,
}
