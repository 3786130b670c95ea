"""The null contract: one stated representation of "missing" a kind, on the way from a table into a graph.

    integer, number, boolean    float64 (rows,), NaN for missing; NaN in the data is missing too
    string                      object array of str (rows,), MISSING_TEXT for missing; "" and "None" are ordinary texts
    timestamp                   int64 (rows,) microseconds since 1970 UTC, MISSING_TIME for missing; the graph counts every
                                time outside of the years 1 to 9999 as missing, before any arithmetic

Left to itself, ONNX Runtime writes None as "None" and NaN as "nan", and the smallest int64 becomes the year 294247.
A raw value equal to a reserved one is refused here, since it would silently count as missing. Integers beyond 2^53 become
the nearest double; features end as float32, so nothing that a model can see is lost, and categories refuse such columns.
Times without a zone are taken as UTC, those with one are converted. A server's worker imports this file: it must not
import Polars, which is only asked for through the frame that a caller already has.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.errors import SchemaMismatch, nearest
from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from seakeep.core.model import Input

MISSING_TEXT = "\ufdd0missing\ufdd0"
MISSING_TIME = -(2**63)
DTYPES: dict[Kind, np.dtype[Any]] = {
    Kind.INTEGER: np.dtype(np.float64),
    Kind.NUMBER: np.dtype(np.float64),
    Kind.BOOLEAN: np.dtype(np.float64),
    Kind.STRING: np.dtype(object),
    Kind.TIMESTAMP: np.dtype(np.int64),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000
_UNITS = {"ms": 1000, "us": 1, "ns": -1000}


class BadValue(SchemaMismatch):
    """A column or a value that the null contract cannot represent."""

    @classmethod
    def absent(cls, name: str, columns: Sequence[str]) -> BadValue:
        near = nearest(name, columns)
        return cls(
            f"column {name!r}, which the features read, is missing",
            where=f"found {', '.join(columns) or 'no columns'}",
            cause=f"Found {near!r}, which may be the same."
            if near
            else "The table is not the one that was trained on.",
            fix=f'Rename it on reading: seakeep.read(…, derive={{"{name}": polars.col("{near or "…"}")}}).',
            name=name,
        )

    @classmethod
    def kind(cls, name: str, found: str, expected: Kind) -> BadValue:
        return cls(
            f"column {name!r} is {found}, expected {expected.value}",
            cause="The file was written with another type, or its type was guessed from few rows.",
            fix=f'Convert it on reading: seakeep.read(…, derive={{"{name}": polars.col("{name}").cast(…)}}).',
            name=name,
            expected=expected,
        )

    @classmethod
    def reserved(cls, name: str, value: object) -> BadValue:
        return cls(
            f"column {name!r} holds {value!r}, which is reserved for missing values",
            cause="A tool before wrote its own mark for a missing value, or a graph's input was saved as data.",
            fix=f'Make it null on reading: seakeep.read(…, derive={{"{name}": polars.col("{name}").replace(…, None)}}).',
            name=name,
            value=value,
        )

    @classmethod
    def too_far(cls, name: str, value: int) -> BadValue:
        return cls(
            f"column {name!r} holds {value}, expected microseconds since 1970 within 64 bits",
            cause="The time was counted in nanoseconds, or is no time.",
            fix="Send microseconds (nanoseconds // 1000), or null.",
            name=name,
            value=value,
        )

    @classmethod
    def fraction(cls, name: str, value: float) -> BadValue:
        return cls(
            f"column {name!r} holds {value!r}, expected whole numbers",
            cause="The column was trained on as an integer; this table has fractions or infinities in it.",
            fix=f'Round it on reading, or train with derive={{"{name}": polars.col("{name}").cast(polars.Float64)}}.',
            name=name,
            value=value,
        )

    @classmethod
    def surrogate(cls, name: str, value: str) -> BadValue:
        return cls(
            f"column {name!r} holds {value!a}, which is not valid Unicode text",
            cause="A lone surrogate: text was cut in the middle of a character, or bytes were decoded leniently.",
            fix="Send well-formed text: value.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace').",
            name=name,
            value=value,
        )


def feeds(frame: pl.DataFrame, inputs: Sequence[Input]) -> dict[str, NDArray[Any]]:
    """One array an input, shape (rows,), by the contract above; what a graph's session is run on.

    Raises: BadValue (a SchemaMismatch), for a column that is absent, of a kind that does not fit, or holds a reserved value.
    A column of nulls fits any kind. Numeric columns without nulls are not copied.
    """
    return {item.name: _of_series(_column(frame, item.name), item) for item in inputs}


def tensor(values: Sequence[object], column: Input) -> NDArray[Any]:
    """Python values (a request's, say), None for missing, as one array by the contract above.

    Numbers take int and float; whole numbers int, and floats without a fraction; booleans bool only; texts str only;
    timestamps datetime (without a zone: UTC), date, or int microseconds since 1970 UTC. Raises: BadValue.
    """
    if column.kind is Kind.STRING:
        return _texts(values, column)
    if column.kind is Kind.TIMESTAMP:
        return np.array([_microseconds(value, column) for value in values], np.int64)
    return np.array([_float(value, column) for value in values], np.float64)


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    if name not in frame.columns:
        raise BadValue.absent(name, frame.columns)
    return frame.get_column(name)


def _of_series(series: pl.Series, column: Input) -> NDArray[Any]:
    dtype = series.dtype
    family = str(dtype.base_type())
    if family == "Null":
        return missing(len(series), column.kind)
    if column.kind is Kind.STRING and family in ("String", "Categorical", "Enum"):
        return _series_of_text(series)
    if column.kind is Kind.TIMESTAMP and family in ("Datetime", "Date"):
        return _series_of_times(series)
    is_number = dtype.is_numeric()
    if (family == "Boolean" and column.kind is Kind.BOOLEAN) or (is_number and column.kind is Kind.NUMBER):
        return _series_of_numbers(series)
    if is_number and column.kind is Kind.INTEGER:
        return _series_of_numbers(series) if dtype.is_integer() else _whole(_series_of_numbers(series), column.name)
    raise BadValue.kind(column.name, str(dtype), column.kind)


def missing(rows: int, kind: Kind) -> NDArray[Any]:
    """An array of `rows` missing values of a kind."""
    mark: object = MISSING_TEXT if kind is Kind.STRING else MISSING_TIME if kind is Kind.TIMESTAMP else np.nan
    return np.full(rows, mark, DTYPES[kind])


def _series_of_text(series: pl.Series) -> NDArray[np.object_]:
    import polars as pl

    texts = series.cast(pl.String)
    if (texts == MISSING_TEXT).any():
        raise BadValue.reserved(series.name, MISSING_TEXT)
    return texts.fill_null(MISSING_TEXT).to_numpy()


def _series_of_numbers(series: pl.Series) -> NDArray[np.float64]:
    import polars as pl

    return series.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _series_of_times(series: pl.Series) -> NDArray[np.int64]:
    """Microseconds. Multiplying stops well outside of the years 1 to 9999, which the graph counts as missing."""
    import polars as pl

    factor = _DAY if series.dtype == pl.Date else _UNITS[series.dtype.time_unit]  # type: ignore[attr-defined]
    present = series.to_physical().cast(pl.Int64)
    if (present == MISSING_TIME).any():
        raise BadValue.reserved(series.name, MISSING_TIME)
    numbers: NDArray[np.int64] = present.fill_null(MISSING_TIME).to_numpy()
    if factor == 1:
        return numbers
    if factor < 0:
        return np.where(numbers == MISSING_TIME, MISSING_TIME, numbers // -factor)
    most = (2**63 - 1) // factor
    return np.where(numbers == MISSING_TIME, MISSING_TIME, np.clip(numbers, -most, most) * factor)


def _whole(numbers: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    broken = numbers[(numbers != np.floor(numbers)) & ~np.isnan(numbers) | np.isinf(numbers)]
    if len(broken):
        raise BadValue.fraction(name, float(broken[0]))
    return numbers


def _texts(values: Iterable[object], column: Input) -> NDArray[np.object_]:
    texts = [MISSING_TEXT if value is None else _text(value, column) for value in values]
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def _text(value: object, column: Input) -> str:
    if not isinstance(value, str):
        raise BadValue.kind(column.name, f"{value!r} ({type(value).__name__})", column.kind)
    if value == MISSING_TEXT:
        raise BadValue.reserved(column.name, value)
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise BadValue.surrogate(column.name, value)
    return value


def _float(value: object, column: Input) -> float:
    if value is None:
        return float("nan")
    fits = isinstance(value, bool) if column.kind is Kind.BOOLEAN else isinstance(value, int | float)
    if not fits or (isinstance(value, bool) and column.kind is not Kind.BOOLEAN):
        raise BadValue.kind(column.name, f"{value!r} ({type(value).__name__})", column.kind)
    number = _nearest(value)  # type: ignore[arg-type]
    if column.kind is Kind.INTEGER and isinstance(value, float) and number == number and not number.is_integer():  # noqa: PLR0124
        raise BadValue.fraction(column.name, number)
    return number


def _nearest(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _microseconds(value: object, column: Input) -> int:
    if value is None:
        return MISSING_TIME
    if isinstance(value, datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (zoned - _EPOCH) // _MICROSECOND
    if isinstance(value, date):
        return (value.toordinal() - _EPOCH.toordinal()) * _DAY
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadValue.kind(column.name, f"{value!r} ({type(value).__name__})", column.kind)
    if value == MISSING_TIME:
        raise BadValue.reserved(column.name, value)
    if not MISSING_TIME < value < 2**63:
        raise BadValue.too_far(column.name, value)
    return value
