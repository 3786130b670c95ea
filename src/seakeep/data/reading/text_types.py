"""What the text of a CSV column stands for: inferred from all of its values, never from the first hundred.

Called by data.sources.csv. Every column is read as text; this module finds the first type of LADDER that fits all values and
converts to it, so that what was inferred can always be read. Types of different pieces and files are joined: a late float
makes whole numbers floats, a late word makes a column text, a column without any value stays without a type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRUE, _FALSE = ["true", "True", "TRUE"], ["false", "False", "FALSE"]
_SAMPLE = 200
COMMA = ","


@dataclass(frozen=True, slots=True)
class TextType:
    """A type that text can be read as. form: of dates and times, in strftime's notation; of numbers "," for a decimal comma."""

    dtype: pl.DataType
    form: str = ""

    def read(self, text: pl.Expr) -> pl.Expr:
        """The values; null where a text is not of this type."""
        if isinstance(self.dtype, pl.Boolean):
            return pl.when(text.is_in(_TRUE)).then(True).when(text.is_in(_FALSE)).then(False)
        if isinstance(self.dtype, pl.Date) and self.form:
            return text.str.to_date(self.form, strict=False)
        if self.form == COMMA:
            plain = text.str.replace(",", ".", literal=True).cast(self.dtype, strict=False)
            return pl.when(text.str.contains(".", literal=True).not_()).then(plain)
        if isinstance(self.dtype, pl.Datetime) and self.form:
            return text.str.to_datetime(self.form, strict=False, time_unit="us")
        return self._moment(text) if self.dtype.is_temporal() else text.cast(self.dtype, strict=False)

    def _moment(self, text: pl.Expr) -> pl.Expr:
        """A date or time that was asked for without its form: in any of the forms that are told by themselves."""
        if isinstance(self.dtype, pl.Date):
            return text.str.to_date("%Y-%m-%d", strict=False)
        zone = self.dtype.time_zone if isinstance(self.dtype, pl.Datetime) else None
        forms = [
            kind
            for kind in MOMENTS
            if isinstance(kind.dtype, pl.Datetime) and (kind.dtype.time_zone is None) == (zone is None)
        ]
        found = pl.coalesce(kind.read(text) for kind in forms)
        return found.cast(self.dtype) if zone is None else found.dt.convert_time_zone(zone).cast(self.dtype)


NOTHING, TEXT = TextType(pl.Null()), TextType(pl.String())
INTEGER, WIDE, NUMBER = TextType(pl.Int64()), TextType(pl.Int128()), TextType(pl.Float64())
COMMA_NUMBER = TextType(pl.Float64(), COMMA)
_NUMBERS = (INTEGER, WIDE, NUMBER, COMMA_NUMBER)
_UTC, _PLAIN = pl.Datetime("us", "UTC"), pl.Datetime("us")
MOMENTS = (
    TextType(pl.Date(), "%Y-%m-%d"),
    TextType(_UTC, "%Y-%m-%dT%H:%M:%S%.f%#z"),
    TextType(_UTC, "%Y-%m-%d %H:%M:%S%.f%#z"),
    TextType(_PLAIN, "%Y-%m-%dT%H:%M:%S%.f"),
    TextType(_PLAIN, "%Y-%m-%d %H:%M:%S%.f"),
    TextType(_PLAIN, "%Y-%m-%dT%H:%M"),
    TextType(_PLAIN, "%Y-%m-%d %H:%M"),
)
"""What text may be where numbers and booleans have types of their own, as in JSON."""
LADDER = (INTEGER, WIDE, NUMBER, TextType(pl.Boolean()), *MOMENTS)
COMMA_LADDER = (INTEGER, WIDE, COMMA_NUMBER, TextType(pl.Boolean()), *MOMENTS)


def joined(first: TextType, second: TextType) -> TextType:
    """The narrowest type that holds both columns' values.

    >>> joined(INTEGER, NUMBER).dtype, joined(NOTHING, INTEGER).dtype, joined(LADDER[3], INTEGER).dtype
    (Float64, Int64, String)
    """
    if second in (first, NOTHING):
        return first
    if first == NOTHING:
        return second
    if first in _NUMBERS and second in _NUMBERS:
        return max(first, second, key=_NUMBERS.index)
    return TEXT


def inferred(
    frame: pl.DataFrame, known: Mapping[str, TextType], *, ladder: Sequence[TextType] = LADDER
) -> dict[str, TextType]:
    """The type of every column of text in `frame`, the first of `ladder` that fits, joined with what was `known` of it before."""
    return read_as_inferred(frame, known, ladder=ladder)[0]


def read_as_inferred(
    frame: pl.DataFrame, known: Mapping[str, TextType], *, ladder: Sequence[TextType] = LADDER
) -> tuple[dict[str, TextType], pl.DataFrame]:
    """What `inferred` says, and the values, which are read to know it."""
    guessed = _first_fitting(_sampled(frame), ladder)
    types = {name: joined(known.get(name, NOTHING), guessed[name]) for name in frame.columns}
    values = _values(frame, types)
    wrong = [name for name in types if values[name].null_count() > frame[name].null_count()]
    if not wrong:
        return types, values
    fitting = _first_fitting(frame.select(wrong), ladder)
    types |= {name: joined(known.get(name, NOTHING), fitting[name]) for name in wrong}
    return types, values.with_columns(_values(frame.select(wrong), types))


def _values(frame: pl.DataFrame, types: Mapping[str, TextType]) -> pl.DataFrame:
    return frame.select(types[name].read(pl.col(name)).alias(name) for name in frame.columns)


def _sampled(frame: pl.DataFrame) -> pl.DataFrame:
    """The first values there are of every column, nulls below them; all values must be tried still with what they are."""
    return frame.select(pl.all().drop_nulls().head(_SAMPLE).extend_constant(None, _SAMPLE).head(_SAMPLE))


def _first_fitting(frame: pl.DataFrame, ladder: Sequence[TextType]) -> dict[str, TextType]:
    """The first type of `ladder` that every value of a column has, else text; nothing where there is no value.

    All columns are tried with a type at once: a query costs more than reading a sample.
    """
    types = {name: NOTHING if values.null_count() == len(values) else TEXT for name, values in frame.to_dict().items()}
    open_still = [name for name, kind in types.items() if kind is TEXT]
    for kind in ladder:
        fitting = {name for name, fits in _fit(frame, dict.fromkeys(open_still, kind)).items() if fits}
        types |= dict.fromkeys(fitting, kind)
        open_still = [name for name in open_still if name not in fitting]
    return types


def _fit(frame: pl.DataFrame, types: Mapping[str, TextType]) -> dict[str, bool]:
    """Whether every value of each column is of its type."""
    if not types:
        return {}
    tests = [
        (types[name].read(pl.col(name)).is_null() & pl.col(name).is_not_null()).any().alias(name) for name in types
    ]
    return {name: not failed for name, failed in frame.select(tests).row(0, named=True).items()}
